"""Tells whether two patterns, or two rules, have anything in common."""

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
    ours, theirs = globs.read_steps(first), globs.read_steps(second)
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
