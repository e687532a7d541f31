"""Follows one decision through time, by the few rows that can have a say in it."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from octokube_hub.policy import globs
from octokube_hub.policy.memberships import Memberships
from octokube_hub.policy.openings import open_intervals
from octokube_hub.policy.rows import Row, Rule, is_namespace_match
from octokube_hub.policy.subjects import AccessRequest, Subject
from octokube_hub.policy.verbs import find_action
from octokube_hub.policy.windows import Window

LOOK_AHEAD = timedelta(days=400)
_LOOK_AHEAD_STEP = timedelta(days=10)
# Of windows that turn every few minutes, so many edges are followed and not those of the whole time.
_LOOK_AHEAD_EDGES = 10_000


def is_about(rule: Rule, request: AccessRequest) -> bool:
    """Whether a rule speaks about what is requested, whoever asks and whenever."""
    found = find_action(request.resource, request.verb)
    return (
        found is not None
        and found[1] in rule.actions
        and globs.is_match(found[0], rule.type_pattern)
        and globs.is_match(request.cluster, rule.cluster)
        and is_namespace_match(request.namespace, rule.namespace)
        and globs.is_match(request.name, rule.name)
    )


@dataclass(frozen=True, slots=True)
class Candidates:
    """The rows about one request for all that its subject may ever be in; in the order of the files."""

    subject: Subject
    rows: tuple[Row, ...]
    memberships: Memberships

    @property
    def windows(self) -> frozenset[Window]:
        """All that can turn the decision: the windows of the rows, and of memberships that lead to their subjects."""
        if not self.rows:
            return frozenset()
        ever = self.memberships.of(self.subject, None)
        return self.memberships.windows_of(ever) | {row.window for row in self.rows if not row.window.is_always}

    def in_force(self, at: datetime) -> tuple[Row, ...]:
        """The rows that count at an instant."""
        groups = self.memberships.of(self.subject, at)
        return tuple(row for row in self.rows if row.subject in groups and row.window.is_open(at))

    def deciding(self, at: datetime) -> Row | None:
        """The row that decides at an instant: a deny before an allow; None when none counts."""
        rows = self.in_force(at)
        return next((row for row in rows if row.rule.effect == "deny"), rows[0] if rows else None)

    def is_allowed(self, at: datetime) -> bool:
        """The decision at an instant, the same as Scope's and the Enforcer's."""
        row = self.deciding(at)
        return row is not None and row.rule.effect == "allow"

    def next_change(self, at: datetime) -> datetime | None:
        """The next instant at which the clock alone turns the decision; None when it does not within 400 days."""
        if not any(row.rule.effect == "allow" for row in self.rows):
            return None
        return self._next(at, self.is_allowed)

    def next_change_in_force(self, at: datetime) -> datetime | None:
        """The next instant at which the clock alone changes which of the rows count; None within 400 days."""
        return self._next(at, self.in_force)

    def spans_in_force(self, since: datetime, until: datetime, *, limit: int) -> tuple[tuple[datetime, datetime], ...]:
        """When any of the rows counts, from ``since`` to ``until``; the first ``limit`` spans."""
        spans: list[tuple[datetime, datetime]] = []
        began = since if self.in_force(since) else None
        for moment, _ in _follow(self.windows, since):
            if moment >= until or len(spans) == limit:
                break
            counts = bool(self.in_force(moment))
            if counts and began is None:
                began = moment
            elif not counts and began is not None:
                spans.append((began, moment))
                began = None
        if began is not None and len(spans) < limit:
            spans.append((began, until))
        return tuple(spans)

    def _next(self, at: datetime, tell: Callable[[datetime], object]) -> datetime | None:
        """The next instant at which ``tell``, which follows from which windows are open, tells something else."""
        former = tell(at)
        told: dict[frozenset[Window], object] = {}
        for moment, opened in _follow(self.windows, at):
            if opened not in told:
                told[opened] = tell(moment)
            if told[opened] != former:
                return moment
        return None


def _follow(windows: frozenset[Window], at: datetime) -> Iterator[tuple[datetime, frozenset[Window]]]:
    """The instants after ``at`` at which windows may open or close, in order, and which are open from then on."""
    edges = 0
    since, last = at, at + LOOK_AHEAD
    while since < last and edges < _LOOK_AHEAD_EDGES:
        until = min(since + _LOOK_AHEAD_STEP, last)
        turns: dict[datetime, list[tuple[Window, bool]]] = defaultdict(list)
        for window in windows:
            # A microsecond more, so that what closes at the end is told from what stays open.
            for opens, closes in open_intervals(window, since, until + timedelta(microseconds=1)):
                turns[opens].append((window, True))
                if closes <= until:
                    turns[closes].append((window, False))
        opened: set[Window] = set()
        for moment in sorted(turns):
            for window, is_opening in turns[moment]:
                (opened.add if is_opening else opened.discard)(window)
            if moment > at:
                yield moment, frozenset(opened)
        edges += len(turns)
        since = until
