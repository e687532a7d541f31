"""Tells for every row why it counts for a request, or what it lacks and what would mend that."""

import heapq
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from octokube_hub.policy import globs
from octokube_hub.policy.policyset import PolicySet
from octokube_hub.policy.rows import CLUSTER_SCOPED, Membership, Row, is_namespace_match
from octokube_hub.policy.subjects import EVERYONE, AccessRequest, Subject
from octokube_hub.policy.verbs import find_action
from octokube_hub.policy.windows import Window

# Windows that open and close every minute are followed for a day.
_LOOK_AHEAD_EDGES = 2_880


@dataclass(frozen=True, slots=True)
class Considered:
    """One row beside a request. ``misses`` says for each column that does not match what would; empty: it matches."""

    row: Row
    misses: tuple[str, ...]


def consider(policy: PolicySet, request: AccessRequest, at: datetime) -> tuple[Considered, ...]:
    """Every row in file order. A row without misses is one that the Enforcer counts, too."""
    groups = policy.groups_of(request.subject, at)
    found = find_action(request.resource, request.verb)
    return tuple(Considered(row, _misses(row, request, found, groups, at)) for row in policy.rows)


@dataclass(frozen=True, slots=True)
class NearMiss:
    """The allow row that came nearest, and how its subject could be reached.

    ``chain`` leads from the asker to the row's subject, memberships that do not count now included; None when no
    memberships lead there at all; empty when none are needed.
    """

    row: Row
    misses: tuple[str, ...]
    chain: tuple[Membership, ...] | None


def find_nearest(
    policy: PolicySet, request: AccessRequest, considered: tuple[Considered, ...], at: datetime
) -> NearMiss | None:
    """The allow row that lacks least. None when there is no allow row, or one matches and a deny decides.

    Of two that lack as much, the one of which time alone mends more comes first (a closed window of the row, or of the
    memberships that lead to it); then the earlier.

    Not guaranteed: that mending it is enough. A deny may match still.
    """
    allows = [item for item in considered if item.row.rule.effect == "allow"]
    if not allows or any(not item.misses for item in allows):
        return None
    chains = find_chains(policy, request.subject, at)

    def weigh(item: Considered) -> tuple[int, int]:
        # The chain has the fewest closed windows: with one of them, the subject is no member now.
        chain = chains.get(item.row.subject, ())
        by_time = [not item.row.window.is_open(at), any(not step.window.is_open(at) for step in chain)]
        return len(item.misses), -sum(by_time)

    best = min(allows, key=weigh)
    return NearMiss(best.row, best.misses, chains.get(best.row.subject))


def find_chains(policy: PolicySet, subject: Subject, at: datetime) -> dict[str, tuple[Membership, ...]]:
    """By which memberships the subject can be in each team and role, whether they count now or not.

    Of several chains the one with the fewest closed windows, then the shortest.
    """
    by_member: dict[str, list[Membership]] = defaultdict(list)
    for membership in policy.memberships:
        by_member[membership.member].append(membership)
    starts = (subject.name, *sorted(subject.groups), EVERYONE)
    waiting: list[tuple[int, int, str]] = [(0, 0, start) for start in starts]
    best: dict[str, tuple[int, int]] = dict.fromkeys(starts, (0, 0))
    chains: dict[str, tuple[Membership, ...]] = dict.fromkeys(starts, ())
    while waiting:
        closed, length, name = heapq.heappop(waiting)
        if (closed, length) > best[name]:
            continue
        for step in by_member.get(name, ()):
            cost = (closed + (not step.window.is_open(at)), length + 1)
            if step.group not in best or cost < best[step.group]:
                best[step.group] = cost
                chains[step.group] = (*chains[name], step)
                heapq.heappush(waiting, (*cost, step.group))
    return chains


def next_opening(window: Window, at: datetime) -> datetime | None:
    """When a closed window opens next; None when it is open, over for good, or opens only after 2,880 edges."""
    return None if window.is_open(at) else window.next_change(at, look_ahead_edges=_LOOK_AHEAD_EDGES)


def _misses(
    row: Row, request: AccessRequest, found: tuple[str, str] | None, groups: frozenset[str], at: datetime
) -> tuple[str, ...]:
    rule = row.rule
    misses: list[str] = []
    if row.subject not in groups:
        misses.append(f"{request.subject.name} were in {row.subject}" if _is_group(row) else f"it were {row.subject}")
    if not globs.is_match(request.cluster, rule.cluster):
        misses.append(f"cluster were {rule.cluster}")
    if not is_namespace_match(request.namespace, rule.namespace):
        if request.namespace == "":
            misses.append(f"it were in namespace {rule.namespace}, not cluster-scoped")
        elif rule.namespace == CLUSTER_SCOPED:
            misses.append("it were cluster-scoped")
        else:
            misses.append(f"namespace were {rule.namespace}")
    if found is None or not globs.is_match(found[0], rule.type_pattern):
        misses.append(f"resource were {row.columns[3]}")
    if found is None or found[1] not in rule.actions:
        misses.append(f"verb were {row.columns[5]}")
    if not globs.is_match(request.name, rule.name):
        misses.append(f"name were {rule.name}")
    if not row.window.is_open(at):
        misses.append(f"window {row.window.name} were open")
    return tuple(misses)


def _is_group(row: Row) -> bool:
    return row.subject.startswith(("team:", "role:"))
