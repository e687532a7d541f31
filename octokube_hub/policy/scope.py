"""A subject's compiled permissions at one instant, as a pure value."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from weakref import WeakValueDictionary

from octokube_hub.policy import globs
from octokube_hub.policy.rows import Rule
from octokube_hub.policy.selector import Selector
from octokube_hub.policy.verbs import find_action

# Selectors are kept per (cluster, resource, verb), and requests choose those words. Full, the memo is emptied.
_MEMO_SIZE = 4096
_NOTHING = Selector(())


class Scope:
    """What somebody may do: the rules that count for them now, and nothing about who they are.

    Guarantee: two scopes are equal exactly when their fingerprints are, and that is when the same rules are in force
    (closed windows dropped, order and repetition ignored); whoever has equal scopes is allowed exactly the same things.
    Not guaranteed: that two scopes with different rules never allow the same things.

    Worked example: alice by way of team:payments and dana by a row of her own, both ``payments, pods, *, read``: one
    fingerprint, hence one audience.
    """

    __slots__ = ("__weakref__", "_broad", "_by_type", "_selectors", "_watch_rules", "fingerprint")

    def __init__(self, rules: Iterable[Rule]) -> None:
        distinct = {rule.digest: rule for rule in rules}
        self.fingerprint = _fingerprint(distinct)
        self._by_type: dict[str, list[Rule]] = defaultdict(list)
        self._broad: list[Rule] = []
        for digest in sorted(distinct):
            rule = distinct[digest]
            if globs.is_literal(rule.type_pattern):
                self._by_type[rule.type_pattern].append(rule)
            else:
                self._broad.append(rule)
        self._watch_rules = tuple(rule for rule in distinct.values() if "watch" in rule.actions)
        self._selectors: dict[tuple[str, str, str], Selector] = {}

    def allows(self, cluster: str, resource: str, namespace: str, name: str, verb: str) -> bool:
        """True when policy allows it now. ``namespace`` is "" for a cluster-scoped object.

        ``resource`` and ``verb`` as in AccessRequest; what does not exist (an unknown verb, subresource, or an
        operation on a type that lacks it) is denied. O(1) in the number of rules once (cluster, resource, verb) and the
        namespace have been seen.
        """
        selector = self._selectors.get((cluster, resource, verb))
        if selector is None:
            selector = self.selector(cluster, resource, verb)
        return selector.allows(namespace, name)

    def selector(self, cluster: str, resource: str, verb: str = "watch") -> Selector:
        """The decision about one type in one cluster, resolved once, for streams that then ask per object."""
        key = (cluster, resource, verb)
        selector = self._selectors.get(key)
        if selector is None:
            if len(self._selectors) >= _MEMO_SIZE:
                self._selectors.clear()
            selector = self._selectors[key] = self._compile(*key)
        return selector

    def may_see(self, cluster: str, resource: str) -> bool:
        """Could any object of this type be visible (verb ``watch``)? Never false when ``allows`` could be true."""
        return not self.selector(cluster, resource).none

    def may_see_cluster(self, cluster: str) -> bool:
        """Could any object of this cluster be visible (verb ``watch``)? Never false when ``allows`` could be true."""
        here = [rule for rule in self._watch_rules if globs.is_match(cluster, rule.cluster)]
        denies = [rule for rule in here if rule.effect == "deny"]
        return any(
            rule.effect == "allow" and not any(deny.is_covering_objects(rule) for deny in denies) for rule in here
        )

    @property
    def is_empty(self) -> bool:
        """True when nothing at all is allowed."""
        return not any(rule.effect == "allow" for rules in (*self._by_type.values(), self._broad) for rule in rules)

    def __eq__(self, other: object) -> bool:
        return self.fingerprint == other.fingerprint if isinstance(other, Scope) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        return f"Scope({self.fingerprint})"

    def _compile(self, cluster: str, resource: str, verb: str) -> Selector:
        found = find_action(resource, verb)
        if found is None:
            return _NOTHING
        type_name, action = found
        candidates = [
            *self._by_type.get(type_name, ()),
            *(rule for rule in self._broad if globs.is_match(type_name, rule.type_pattern)),
        ]
        rules = [rule for rule in candidates if action in rule.actions and globs.is_match(cluster, rule.cluster)]
        return Selector(rules) if rules else _NOTHING


def intern_scope(rules: Iterable[Rule]) -> Scope:
    """The scope of these rules: the very one that is in use already, when there is one.

    Subjects with equal permissions share one scope with its memos, and an edit that does not concern them keeps it.
    """
    rules = tuple(rules)
    fingerprint = _fingerprint(rule.digest for rule in rules)
    scope = _interned.get(fingerprint)
    if scope is None:
        scope = _interned[fingerprint] = Scope(rules)
    return scope


_interned: WeakValueDictionary[str, Scope] = WeakValueDictionary()


def _fingerprint(digests: Iterable[bytes]) -> str:
    return hashlib.blake2b(b"".join(sorted(set(digests))), digest_size=16).hexdigest()


NOTHING = Scope(())
