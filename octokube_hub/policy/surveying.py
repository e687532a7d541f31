"""Lists who may do what, at places taken from an inventory or from the rows themselves."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from octokube_hub.policy import kinds, verbs
from octokube_hub.policy.policyset import PolicySet
from octokube_hub.policy.rows import CLUSTER_SCOPED
from octokube_hub.policy.subjects import Subject

# A name that no literal pattern means, so that "pods/*" is asked about a pod like any other.
_ANY = "any"
_GENERIC_TYPES = ("pods", "deployments.apps", "secrets", "configmaps", "services", "nodes", "namespaces")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One object to ask about. ``namespace`` is "" for a cluster-scoped one."""

    cluster: str
    namespace: str
    resource: str
    name: str

    def __str__(self) -> str:
        return f"{self.cluster}/{self.namespace or CLUSTER_SCOPED} {self.resource}/{self.name}"


def people_of(*policies: PolicySet) -> dict[str, Subject]:
    """Everybody whom the rows name, by the name to show; and for each team, somebody who is in nothing else."""
    names = {row.subject for policy in policies for row in policy.rows}
    for policy in policies:
        for membership in policy.memberships:
            names.update((membership.member, membership.group))
    people = {name: Subject(name) for name in names if name.startswith(("user:", "service:"))}
    people |= {f"members of {n}": Subject("user:-", frozenset({n})) for n in names if n.startswith("team:")}
    people["anybody else"] = Subject("user:-")
    return dict(sorted(people.items()))


def places_of(*policies: PolicySet) -> tuple[Place, ...]:
    """An example for each combination that some row describes; a pattern stands for one name that it matches.

    Not guaranteed: that every difference between two patterns is seen. An inventory of real objects shows all.
    """
    rules = [row.rule for policy in policies for row in policy.rows]
    types = {rule.type_pattern for rule in rules} - {"*"} | set(_GENERIC_TYPES)
    clusters = sorted({_example(rule.cluster) for rule in rules})
    spots = sorted({("" if r.namespace == CLUSTER_SCOPED else _example(r.namespace), _example(r.name)) for r in rules})
    spots += [("", _ANY)] if ("", _ANY) not in spots else []
    return tuple(
        Place(cluster, namespace, resource, name)
        for cluster in clusters
        for resource in sorted(_example(pattern) for pattern in types)
        for namespace, name in spots
        if _exists(resource, namespace)
    )


def survey(policy: PolicySet, subject: Subject, places: Iterable[Place], at: datetime) -> dict[Place, tuple[str, ...]]:
    """The verbs that are allowed at each place, those without any left out."""
    scope = policy.scope(subject, at)
    found = {}
    for place in places:
        allowed = tuple(
            shown
            for shown, resource, verb in _questions(place.resource)
            if scope.allows(place.cluster, resource, place.namespace, place.name, verb)
        )
        if allowed:
            found[place] = allowed
    return found


def _questions(resource: str) -> Iterator[tuple[str, str, str]]:
    """What to show, and the resource and verb to ask, for every action that a type knows; each action once."""
    asked: set[tuple[str, str]] = set()
    for verb in (*verbs.KUBERNETES_VERBS, *verbs.OPERATIONS):
        action = verbs.find_action(resource, verb)
        if action is not None and action not in asked:
            asked.add(action)
            yield verb, resource, verb
    for name, subresource in verbs.SUBRESOURCES.items():
        for verb in subresource.verbs:
            action = verbs.find_action(f"{resource}/{name}", verb)
            if action is not None and action not in asked:
                asked.add(action)
                yield f"{name}:{verb}", f"{resource}/{name}", verb


def _exists(resource: str, namespace: str) -> bool:
    if resource in kinds.NAMESPACED:
        return namespace != ""
    return resource not in kinds.CLUSTER_SCOPED or namespace == ""


def _example(pattern: str) -> str:
    if not pattern.strip("*"):
        return _ANY
    one_of = re.sub(r"\[([^!\]])[^\]]*\]", r"\1", pattern)
    return one_of.replace("*", "x").replace("?", "x")
