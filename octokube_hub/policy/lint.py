"""Finds what is valid in a policy and probably not meant."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from octokube_hub.policy import kinds
from octokube_hub.policy.problems import Problem
from octokube_hub.policy.rows import CLUSTER_SCOPED, Membership, Row
from octokube_hub.policy.sources import KNOWN_FILES, WINDOWS_FILE
from octokube_hub.policy.subjects import EVERYONE
from octokube_hub.policy.windowfile import NamedWindow


def find_warnings(
    unknown_files: Iterable[str],
    rows: Iterable[Row],
    memberships: Iterable[Membership],
    windows: Mapping[str, NamedWindow],
    used_windows: Iterable[str],
    *,
    at: datetime | None = None,
) -> tuple[Problem, ...]:
    """Everything worth a second look that is cheap to find, in file order.

    ``at`` decides which windows are over; the default is now.
    """
    rows, memberships = tuple(rows), tuple(memberships)
    at = at or datetime.now(UTC)
    found = [
        Problem(name, 0, f"this file is ignored; a policy is made of {', '.join(KNOWN_FILES)} and tests/", "warning")
        for name in unknown_files
    ]
    for name in sorted(set(windows) - set(used_windows)):
        found.append(Problem(WINDOWS_FILE, windows[name].line, f"no row uses window {name[1:]!r}", "warning"))
    timed: tuple[Row | Membership, ...] = (*rows, *memberships)
    for item in timed:
        if not item.window.is_always and not item.window.is_open(at) and item.window.next_edge(at) is None:
            message = f"window {item.window.name!r} is over for good; delete the row"
            found.append(Problem(item.file, item.line, message, "warning"))
    found.extend(_find_duplicates(rows, memberships))
    found.extend(_find_misplaced(rows))
    found.extend(_find_memberless(rows, memberships))
    found.extend(_find_alike(rows, memberships))
    return tuple(sorted(found))


def _find_duplicates(rows: tuple[Row, ...], memberships: tuple[Membership, ...]) -> Iterator[Problem]:
    seen: dict[object, Row | Membership] = {}
    for row in rows:
        first = seen.setdefault((row.subject, row.rule.digest, row.window), row)
        if first is not row:
            yield Problem(row.file, row.line, f"this says the same as {first.file}:{first.line}; delete one", "warning")
    for membership in memberships:
        other = seen.setdefault((membership.member, membership.group, membership.window), membership)
        if other is not membership:
            message = f"this says the same as {other.file}:{other.line}; delete one"
            yield Problem(membership.file, membership.line, message, "warning")


def _find_misplaced(rows: tuple[Row, ...]) -> Iterator[Problem]:
    for row in rows:
        type_name, namespace = row.rule.type_pattern, row.rule.namespace
        if type_name in kinds.NAMESPACED and namespace == CLUSTER_SCOPED:
            message = f"{type_name} live in namespaces, so that 'cluster' never matches; name a namespace, or * for all"
            yield Problem(row.file, row.line, message, "warning")
        elif type_name in kinds.CLUSTER_SCOPED and namespace not in (CLUSTER_SCOPED, "**"):
            message = f"{type_name} are cluster-scoped, so that {namespace!r} never matches; write cluster"
            yield Problem(row.file, row.line, message, "warning")


def _find_memberless(rows: tuple[Row, ...], memberships: tuple[Membership, ...]) -> Iterator[Problem]:
    # Teams may come from the identity provider; roles come from these files alone.
    filled = {membership.group for membership in memberships} | {EVERYONE}
    reported: set[str] = set()
    for row in rows:
        if row.subject.startswith("role:") and row.subject not in filled and row.subject not in reported:
            reported.add(row.subject)
            message = f"nobody is in {row.subject}; add a g row, or check the spelling"
            yield Problem(row.file, row.line, message, "warning")


def _find_alike(rows: tuple[Row, ...], memberships: tuple[Membership, ...]) -> Iterator[Problem]:
    """Names that differ in nothing but case: to policy they are two, and to most who write them one."""
    first: dict[str, tuple[str, str]] = {EVERYONE: (EVERYONE, "")}
    reported: set[str] = set()
    uses: tuple[tuple[str, Row | Membership], ...] = (
        *((row.subject, row) for row in rows),
        *((name, item) for item in memberships for name in (item.member, item.group)),
    )
    for name, item in uses:
        other, where = first.setdefault(name.casefold(), (name, f" of {item.file}:{item.line}"))
        if other != name and name not in reported:
            reported.add(name)
            message = f"{name} is somebody else than {other}{where}: case counts; write both alike"
            yield Problem(item.file, item.line, message, "warning")


def find_shadowed(rows: Iterable[Row], memberships: Iterable[Membership] = ()) -> Iterator[Problem]:
    """Allow rows of which nothing is left by a deny. Costs allows × denies of a subject: for a check, not for a hub.

    A deny counts when it reaches everybody whom the allow reaches: it names the same subject, role:everyone, or a group
    that the subject is in at all times.
    """
    rows = tuple(rows)
    graph: dict[str, list[str]] = defaultdict(list)
    for membership in memberships:
        if membership.window.is_always:
            graph[membership.member].append(membership.group)
    denies: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.rule.effect == "deny":
            denies[row.subject].append(row)
    for row in rows:
        if row.rule.effect == "deny":
            continue
        for deny in (deny for name in _always_in(row.subject, graph) for deny in denies.get(name, ())):
            if (deny.window.is_always or deny.window == row.window) and deny.rule.is_covering(row.rule):
                message = f"this never allows anything: {deny.where} denies all of it"
                yield Problem(row.file, row.line, message, "warning")
                break


def _always_in(subject: str, graph: Mapping[str, list[str]]) -> list[str]:
    found = list(dict.fromkeys((subject, EVERYONE)))
    for name in found:  # grows while it is walked
        found.extend(group for group in graph.get(name, ()) if group not in found)
    return found
