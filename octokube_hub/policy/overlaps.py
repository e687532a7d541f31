"""Tells whether two patterns, or two rules, have anything in common."""

import sys
from dataclasses import dataclass
from functools import lru_cache

from octokube_hub.policy import globs
from octokube_hub.policy.rows import CLUSTER_SCOPED, Rule


def is_overlapping(first: Rule, second: Rule) -> bool:
    """True when some request is matched by both. The effects are not compared."""
    return (
        not first.actions.isdisjoint(second.actions)
        and is_pattern_overlapping(first.cluster, second.cluster)
        and _is_namespace_overlapping(first.namespace, second.namespace)
        and is_pattern_overlapping(first.type_pattern, second.type_pattern)
        and is_pattern_overlapping(first.name, second.name)
    )


@lru_cache(maxsize=16_384)
def is_pattern_overlapping(first: str, second: str) -> bool:
    """True when some name matches both patterns. Costs with the product of their lengths."""
    if globs.is_literal(first):
        return globs.is_match(first, second)
    if globs.is_literal(second):
        return globs.is_match(second, first)
    ours, theirs = _read_steps(first), _read_steps(second)
    # Which pairs of places can be reached together, by some beginning that matches both patterns up to there.
    waiting = [(0, 0)]
    seen = {(0, 0)}
    while waiting:
        here, there = waiting.pop()
        if here == len(ours) and there == len(theirs):
            return True
        step = ours[here] if here < len(ours) else None
        other = theirs[there] if there < len(theirs) else None
        following: list[tuple[int, int]] = []
        if step is not None and step.is_star:
            following.append((here + 1, there))
            if other is not None and not other.is_star:
                following.append((here, there + 1))
        if other is not None and other.is_star:
            following.append((here, there + 1))
            if step is not None and not step.is_star:
                following.append((here + 1, there))
        if step is not None and other is not None and not (step.is_star or other.is_star) and step.meets(other):
            following.append((here + 1, there + 1))
        for place in following:
            if place not in seen:
                seen.add(place)
                waiting.append(place)
    return False


def _is_namespace_overlapping(first: str, second: str) -> bool:
    if "**" in (first, second):
        return True
    if CLUSTER_SCOPED in (first, second):
        return first == second
    return is_pattern_overlapping(first, second)


@dataclass(frozen=True, slots=True)
class _Step:
    """A part of a pattern: any run of characters (``is_star``), or one character in some ranges, or in none of them."""

    is_star: bool = False
    ranges: tuple[tuple[str, str], ...] = ()
    is_negated: bool = False

    def takes(self, character: str) -> bool:
        """Whether a character fits."""
        return any(start <= character <= stop for start, stop in self.ranges) != self.is_negated

    def meets(self, other: "_Step") -> bool:
        """Whether some character fits both."""
        # Where one begins to fit is at the beginning of a range or right behind the end of one that it excludes.
        edges = {start for step in (self, other) for start, _ in step.ranges}
        edges |= {chr(ord(stop) + 1) for step in (self, other) for _, stop in step.ranges if ord(stop) < sys.maxunicode}
        return any(self.takes(edge) and other.takes(edge) for edge in {*edges, "\0"})


def _read_steps(pattern: str) -> tuple[_Step, ...]:
    return tuple(_read_step(piece) for piece in globs.tokens(pattern))


def _read_step(piece: str) -> _Step:
    if piece == "*":
        return _Step(is_star=True)
    if piece == "?":
        return _Step(is_negated=True)
    if len(piece) == 1:
        return _Step(ranges=((piece, piece),))
    inside = piece[1:-1]
    return _Step(ranges=tuple(globs.class_ranges(inside.removeprefix("!"))), is_negated=inside.startswith("!"))
