"""Finds what is misspelt in a question, since an answer to another question than was meant is none."""

import difflib
from collections.abc import Iterable

from octokube_hub.policy import globs, kinds, verbs
from octokube_hub.policy.rows import CLUSTER_SCOPED
from octokube_hub.policy.subjects import AccessRequest

_VERBS = (*verbs.KUBERNETES_VERBS, *verbs.OPERATIONS)


def find_fault(request: AccessRequest) -> str | None:
    """Says what cannot be meant as it is written, or None. For people's questions: the hub answers whatever is asked.

    ``secret`` instead of ``secrets`` would be allowed by a row for every type, and denied by none that names Secrets.
    A verb or subresource that is like no other is taken as it is, and denied.
    """
    type_name, slash, subresource = request.resource.partition("/")
    return find_fault_of_object(request.cluster, request.namespace, type_name, request.name) or _find_fault_of_verb(
        request.verb, subresource if slash else None
    )


def find_fault_of_object(cluster: str, namespace: str, type_name: str, name: str) -> str | None:
    """The same for the object alone."""
    for what, said in (("cluster", cluster), ("namespace", namespace), ("type", type_name), ("name", name)):
        if not globs.is_literal(said):
            return f"a question is about one {what}, and {said!r} is a pattern; name one"
    if not cluster or not type_name:
        return "a question names a cluster and a type"
    if type_name != type_name.lower():
        return f"types are written as Kubernetes plurals in lower case; write {type_name.lower()}"
    fault = kinds.find_fault(type_name)
    if fault is not None:
        return fault
    if type_name in kinds.NAMESPACED and not namespace:
        return f"{type_name} live in namespaces; name one"
    if type_name in kinds.CLUSTER_SCOPED and namespace:
        return f"{type_name} are cluster-scoped; give the word {CLUSTER_SCOPED} for the namespace"
    return None


def _find_fault_of_verb(verb: str, subresource: str | None) -> str | None:
    if verb in verbs.VERB_SETS:
        return f"{verb!r} is a set of verbs, for rows; ask about one of {', '.join(verbs.VERB_SETS[verb])}"
    if verb not in _VERBS:
        near = _find_near(verb, _VERBS)
        return None if near is None else f"unknown verb {verb!r}; did you mean {near}?"
    if subresource is not None and subresource not in verbs.SUBRESOURCES:
        near = _find_near(subresource, verbs.SUBRESOURCES)
        return None if near is None else f"there is no subresource {subresource!r}; did you mean {near}?"
    return None


def _find_near(word: str, known: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.7)), None)
