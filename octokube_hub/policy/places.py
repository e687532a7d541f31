"""Finds objects that tell rules apart: one for every combination of rules that an object can be subject to."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from octokube_hub.policy import globs, kinds, verbs
from octokube_hub.policy.examples import find_examples
from octokube_hub.policy.rows import CLUSTER_SCOPED, Rule, is_namespace_match
from octokube_hub.policy.scope import Scope

# Shown whenever they are concerned, since they are what people think of first.
_GENERIC_TYPES = ("pods", "deployments.apps", "secrets", "configmaps", "services", "nodes", "namespaces")
_CUSTOM_TYPE = "widgets.example.com"
_KNOWN_TYPES = sorted(kinds.NAMESPACED | kinds.CLUSTER_SCOPED)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One object to ask about. ``namespace`` is "" for a cluster-scoped one."""

    cluster: str
    namespace: str
    resource: str
    name: str

    def __str__(self) -> str:
        return f"{self.cluster}/{self.namespace or CLUSTER_SCOPED} {self.resource}/{self.name}"


@dataclass(frozen=True, slots=True)
class Found:
    """``is_complete`` false: the patterns are too entangled for examples of every combination."""

    places: tuple[Place, ...]
    is_complete: bool


def find_places(rules: Iterable[Rule], wanted: frozenset[Rule]) -> Found:
    """An object for every combination of ``rules`` that holds some of the ``wanted`` ones.

    Guarantee, when complete: for every object that a wanted rule matches there is one in the answer that exactly the
    same rules match, and to which the same actions can be done.
    """
    search = _Search(wanted)
    places = tuple(dict.fromkeys(search.places(tuple(rules))))
    return Found(places, search.is_complete)


class _Search:
    """Goes column by column, so that a pattern is held only against those that an object has in common with it."""

    def __init__(self, wanted: frozenset[Rule]) -> None:
        self._wanted = wanted
        self.is_complete = True

    def places(self, rules: tuple[Rule, ...]) -> Iterator[Place]:
        for cluster in self._examples(rule.cluster for rule in rules):
            here = self._keep(rules, lambda rule, name: globs.is_match(name, rule.cluster), cluster)
            for type_name in self._types(here):
                of_type = self._keep(here, lambda rule, name: globs.is_match(name, rule.type_pattern), type_name)
                for namespace in self._namespaces(type_name, of_type):
                    inside = self._keep(of_type, lambda rule, name: is_namespace_match(name, rule.namespace), namespace)
                    for name in self._examples(rule.name for rule in inside):
                        if self._keep(inside, lambda rule, name: globs.is_match(name, rule.name), name):
                            yield Place(cluster, namespace, type_name, name)

    def _keep(self, rules: tuple[Rule, ...], is_match: Callable[[Rule, str], bool], name: str) -> tuple[Rule, ...]:
        """The rules that match a name in some column; none when no wanted one is among them."""
        kept = tuple(rule for rule in rules if is_match(rule, name))
        return () if self._wanted.isdisjoint(kept) else kept

    def _examples(self, patterns: Iterable[str]) -> tuple[str, ...]:
        found = find_examples(frozenset(patterns))
        self.is_complete &= found.is_complete
        return found.names

    def _types(self, rules: tuple[Rule, ...]) -> Iterator[str]:
        """Of types that the same rules match and to which the same can be done, one; those that come to mind, all."""
        patterns = frozenset(rule.type_pattern for rule in rules)
        if not patterns:
            return
        literals = sorted(pattern for pattern in patterns if globs.is_literal(pattern))
        always = dict.fromkeys((*_GENERIC_TYPES, *literals))
        # Custom types have a group, hence a dot: the examples are to tell names with one from names without.
        made_up = (_CUSTOM_TYPE, *self._examples(patterns | {"?*.?*"}))
        seen = set()
        for name in dict.fromkeys((*always, *_KNOWN_TYPES, *made_up)):
            if kinds.find_fault(name) is not None:
                continue
            matching = frozenset(pattern for pattern in patterns if globs.is_match(name, pattern))
            key = (matching, _nature(name))
            if matching and (name in always or key not in seen):
                seen.add(key)
                yield name

    def _namespaces(self, type_name: str, rules: tuple[Rule, ...]) -> Iterator[str]:
        patterns = {"*" if rule.namespace == "**" else rule.namespace for rule in rules} - {CLUSTER_SCOPED}
        if type_name not in kinds.CLUSTER_SCOPED and patterns:
            yield from self._examples(patterns)
        if type_name not in kinds.NAMESPACED:
            yield ""


def verbs_at(scope: Scope, place: Place) -> tuple[str, ...]:
    """Everything that a scope allows to do to an object, each action once, as a person would say it."""
    return tuple(
        shown
        for shown, resource, verb in _questions(place.resource)
        if scope.allows(place.cluster, resource, place.namespace, place.name, verb)
    )


@lru_cache(maxsize=1024)
def _questions(resource: str) -> tuple[tuple[str, str, str], ...]:
    """What to show, and the resource and verb to ask, for every action that a type knows."""
    found: dict[tuple[str, str], tuple[str, str, str]] = {}
    for verb in (*verbs.KUBERNETES_VERBS, *verbs.OPERATIONS):
        action = verbs.find_action(resource, verb)
        if action is not None:
            found.setdefault(action, (verb, resource, verb))
    for name, subresource in verbs.SUBRESOURCES.items():
        for verb in subresource.verbs:
            action = verbs.find_action(f"{resource}/{name}", verb)
            if action is not None:
                found.setdefault(action, (f"{name}:{verb}", f"{resource}/{name}", verb))
    return tuple(found.values())


def _nature(type_name: str) -> tuple[frozenset[str], bool, bool]:
    """What can be done to a type, and where its objects can be."""
    actions = frozenset(shown for shown, _, _ in _questions(type_name))
    return actions, type_name in kinds.NAMESPACED, type_name in kinds.CLUSTER_SCOPED
