"""Decides about the objects of one type in one cluster."""

import re
from collections.abc import Iterable

from octokube_hub.policy import globs
from octokube_hub.policy.rows import CLUSTER_SCOPED, Rule, is_namespace_match

# Names come from clusters and from requests: a memo without a bound could be filled from outside. Full, it is emptied.
_MEMO_SIZE = 4096


class Selector:
    """The part of a scope that concerns one (cluster, type, action). Immutable in meaning; memoises inside.

    ``none`` true: nothing is allowed, whatever the object. ``all`` true: everything is, cluster-scoped objects
    included. Both false: ask ``allows``. A scope that allows everything in some roundabout way may still have ``all``
    false; one that can allow anything never has ``none`` true.
    """

    __slots__ = ("_allows", "_denies", "_reach", "_verdicts", "all", "none")

    def __init__(self, rules: Iterable[Rule]) -> None:
        """``rules`` have been matched on cluster, type and action already."""
        allows: list[Rule] = []
        denies: list[Rule] = []
        for rule in rules:
            (allows if rule.effect == "allow" else denies).append(rule)
        self.none = not allows or any(_is_total(rule) for rule in denies)
        self.all = not denies and any(_is_total(rule) for rule in allows)
        self._allows = _ByNamespace(allows)
        self._denies = _ByNamespace(denies)
        self._reach = {rule.digest: rule.namespace for rule in (*allows, *denies)}
        self._verdicts: dict[str, bool | _Names] = {}

    def allows(self, namespace: str, name: str) -> bool:
        """True when the object is allowed. ``namespace`` is "" for a cluster-scoped one."""
        verdict = self._verdicts.get(namespace)
        if verdict is None:
            verdict = self._judge(namespace)
        if verdict is True or verdict is False:
            return verdict
        return verdict.allows(name)

    def has_namespace(self, namespace: str) -> bool:
        """False when no object of that namespace is allowed, whatever its name."""
        return self._verdict(namespace) is not False

    def has_all_of(self, namespace: str) -> bool:
        """True when surely every object of that namespace is allowed."""
        return self._verdict(namespace) is True

    def apart(self, other: "Selector", namespaces: Iterable[str]) -> list[str]:
        """Those of some namespaces in which the two may not allow the same; in all others they surely do."""
        ours, theirs = self._reach, other._reach
        # Only where a rule reaches that one of them does not have.
        patterns = {ours[rule] if rule in ours else theirs[rule] for rule in ours.keys() ^ theirs.keys()}
        broad = [pattern for pattern in patterns if pattern == CLUSTER_SCOPED or not globs.is_literal(pattern)]
        return [
            namespace
            for namespace in namespaces
            if ((namespace and namespace in patterns) or any(is_namespace_match(namespace, one) for one in broad))
            and self._verdict(namespace) != other._verdict(namespace)
        ]

    def _verdict(self, namespace: str) -> "bool | _Names":
        verdict = self._verdicts.get(namespace)
        return self._judge(namespace) if verdict is None else verdict

    def _judge(self, namespace: str) -> "bool | _Names":
        if self.none or self.all:
            verdict: bool | _Names = self.all
        else:
            allowed, denied = self._allows.names_in(namespace), self._denies.names_in(namespace)
            if not allowed or any(map(globs.is_everything, denied)):
                verdict = False
            elif not denied and any(map(globs.is_everything, allowed)):
                verdict = True
            else:
                verdict = _Names(_Patterns(allowed), _Patterns(denied))
        if len(self._verdicts) >= _MEMO_SIZE:
            self._verdicts.clear()
        self._verdicts[namespace] = verdict
        return verdict


class _ByNamespace:
    """Rules, with those for one namespace by its name: most are."""

    __slots__ = ("_literal", "_others")

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._literal: dict[str, list[str]] = {}
        self._others: list[tuple[str, str]] = []
        for rule in rules:
            if globs.is_literal(rule.namespace) and rule.namespace != CLUSTER_SCOPED:
                self._literal.setdefault(rule.namespace, []).append(rule.name)
            else:
                self._others.append((rule.namespace, rule.name))

    def names_in(self, namespace: str) -> list[str]:
        """The name patterns of the rules that reach a namespace."""
        found = self._literal.get(namespace, []) if namespace else []
        return found + [name for pattern, name in self._others if is_namespace_match(namespace, pattern)]


class _Names:
    """Decides by name within one namespace. Equal when the patterns are."""

    __slots__ = ("_allowed", "_denied", "_memo")

    def __init__(self, allowed: "_Patterns", denied: "_Patterns") -> None:
        self._allowed = allowed
        self._denied = denied
        self._memo: dict[str, bool] = {}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Names):
            return NotImplemented
        return self._allowed.distinct == other._allowed.distinct and self._denied.distinct == other._denied.distinct

    __hash__ = None  # type: ignore[assignment]

    def allows(self, name: str) -> bool:
        verdict = self._memo.get(name)
        if verdict is None:
            verdict = self._allowed.is_match(name) and not self._denied.is_match(name)
            if len(self._memo) >= _MEMO_SIZE:
                self._memo.clear()
            self._memo[name] = verdict
        return verdict


class _Patterns:
    """A union of name patterns: literals by hash, the others as one expression."""

    __slots__ = ("_expression", "_literals", "distinct", "is_everything")

    def __init__(self, patterns: Iterable[str]) -> None:
        distinct = self.distinct = frozenset(patterns)
        self.is_everything = any(globs.is_everything(pattern) for pattern in distinct)
        self._literals = frozenset(pattern for pattern in distinct if globs.is_literal(pattern))
        others = sorted(distinct - self._literals)
        joined = "|".join(f"(?:{globs.to_expression(pattern)})" for pattern in others)
        self._expression = re.compile(joined, re.DOTALL) if others and not self.is_everything else None

    def is_match(self, name: str) -> bool:
        if self.is_everything or name in self._literals:
            return True
        return self._expression is not None and self._expression.fullmatch(name) is not None


def _is_total(rule: Rule) -> bool:
    return rule.namespace == "**" and globs.is_everything(rule.name)
