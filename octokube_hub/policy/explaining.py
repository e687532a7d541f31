"""Tells for every row why it counts for a request, or what it lacks."""

from dataclasses import dataclass
from datetime import datetime

from octokube_hub.policy import globs
from octokube_hub.policy.policyset import PolicySet
from octokube_hub.policy.rows import CLUSTER_SCOPED, Row, is_namespace_match
from octokube_hub.policy.subjects import AccessRequest
from octokube_hub.policy.verbs import find_action


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


def find_nearest(considered: tuple[Considered, ...]) -> Considered | None:
    """The allow row that lacks least; None when every allow row matches, or there is none.

    Of two that lack as much, one that lacks an open window comes first, since time alone may mend it; then the earlier.

    Not guaranteed: that mending it is enough. A deny may match still.
    """
    allows = [item for item in considered if item.row.rule.effect == "allow" and item.misses]
    return min(allows, key=lambda item: (len(item.misses), not item.misses[-1].startswith("window ")), default=None)


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
