"""Tells whether a time window is open, together with when that may change next."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from octokube_hub.policy.wallclock import to_instant

# Instants beyond these are clipped: adding an offset to the ends of the calendar overflows.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
# Seven days always hold an allowed day; a change of offset can swallow one occurrence, so a month is ample.
_LOOK_AHEAD_DAYS = 31

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Minutes of a day, ``[start, stop)``; ``stop`` over 1,440 reaches into the next day."""

    start_minutes: int
    stop_minutes: int


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Ranges that open on certain weekdays (Monday is 0), except on certain dates, by the clock of a zone.

    Weekdays and exceptions name the day on which a range *opens*: ``Fri 22:00-06:00`` ends on Saturday morning, and an
    exception on Saturday does not cut it short.
    """

    weekdays: frozenset[int]
    ranges: tuple[TimeRange, ...]
    zone: ZoneInfo
    exceptions: tuple[tuple[date, date], ...] = ()

    def occurrences(self, around: datetime) -> Iterator[Interval]:
        """Intervals by the day of opening, from before ``around`` on. Ends when none can follow."""
        day = around.astimezone(self.zone).date() - timedelta(days=3)  # a day before, plus days that a zone skipped
        barren_days = 0
        while barren_days < _LOOK_AHEAD_DAYS and day.year < LATEST.year:
            skipped_to = self._end_of_exception(day)
            if skipped_to is not None:
                day = skipped_to + timedelta(days=1)
                continue
            found = sorted(self._on(day)) if day.weekday() in self.weekdays else []
            yield from found
            barren_days = 0 if found else barren_days + 1
            day += timedelta(days=1)

    def _on(self, day: date) -> Iterator[Interval]:
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a reading of the clock on the wall
        for span in self.ranges:
            opens = to_instant(midnight + timedelta(minutes=span.start_minutes), self.zone, "opening")
            closes = to_instant(midnight + timedelta(minutes=span.stop_minutes), self.zone, "closing")
            if opens < closes:
                yield opens, closes

    def _end_of_exception(self, day: date) -> date | None:
        ends = [last for first, last in self.exceptions if first <= day <= last]
        return max(ends) if ends else None


@dataclass(frozen=True, slots=True)
class Span:
    """One line of a window: from ``since`` up to ``until``, within that only as a recurrence says."""

    since: datetime = EARLIEST
    until: datetime = LATEST
    recurrence: Recurrence | None = None

    @property
    def is_never_open(self) -> bool:
        """True when no occurrence has anything in common with ``[since, until)``."""
        if self.recurrence is None:
            return self.since >= self.until
        for opens, closes in self.recurrence.occurrences(self.since):
            if opens > self.until + timedelta(days=3):  # ranges of one day may open out of order by a day at most
                return True
            if opens < self.until and closes > self.since:
                return False
        return True

    def is_open(self, at: datetime) -> bool:
        """True when ``at`` is in ``[opens, closes)`` of some occurrence."""
        if not self.since <= at < self.until:
            return False
        if self.recurrence is None:
            return True
        for opens, closes in self.recurrence.occurrences(at):
            if opens > at + timedelta(days=3):  # ranges of one day may open out of order by a day at most
                return False
            if opens <= at < closes:
                return True
        return False

    def next_edge(self, at: datetime) -> datetime | None:
        """The next instant after ``at`` at which this may open or close; None when it never will."""
        if at >= self.until:
            return None
        if at < self.since and self.recurrence is None:
            return self.since
        start = max(at, self.since)
        candidates = [self.since] if at < self.since else []
        candidates.extend([self.until] if self.until < LATEST else [])
        if self.recurrence is not None:
            for opens, closes in self.recurrence.occurrences(start):
                candidates.extend(edge for edge in (opens, closes) if edge > at)
                if opens > start + timedelta(days=3):
                    break
        return min((edge for edge in candidates if self.since <= edge <= self.until), default=None)


@dataclass(frozen=True, slots=True)
class Window:
    """When a row or a membership counts: at the union of its spans, each half-open. Without spans: always.

    ``name`` is what rows call it: "always", "@name", or the text of an inline window.
    """

    name: str
    spans: tuple[Span, ...] = ()

    @property
    def is_always(self) -> bool:
        """True when the clock has no say."""
        return not self.spans

    def is_open(self, at: datetime) -> bool:
        """True when the window is open at an aware instant. Raises ValueError for a naive one."""
        at = _to_utc(at)
        return not self.spans or any(span.is_open(at) for span in self.spans)

    def next_edge(self, at: datetime) -> datetime | None:
        """The earliest instant after ``at`` at which ``is_open`` may change, in UTC; None when it never changes again.

        Guarantee: ``is_open`` is constant from ``at`` up to that instant. Not guaranteed: that it changes there (two
        ranges may touch).
        """
        at = _to_utc(at)
        edges = [edge for span in self.spans if (edge := span.next_edge(at)) is not None]
        return min(edges, default=None)

    def next_change(self, at: datetime, *, look_ahead_edges: int = 128) -> datetime | None:
        """The next instant at which ``is_open`` does change; None when it does not within the next 128 edges."""
        was_open = self.is_open(at)
        for _ in range(look_ahead_edges):
            edge = self.next_edge(at)
            if edge is None or self.is_open(edge) != was_open:
                return edge
            at = edge
        return None


ALWAYS = Window("always")


def _to_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a window is asked about an instant without a zone; pass an aware datetime")
    return at.astimezone(UTC)
