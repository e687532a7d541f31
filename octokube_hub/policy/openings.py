"""Lists when a window is open, over a stretch of time."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from octokube_hub.policy.windows import Interval, Window


def open_intervals(window: Window, since: datetime, until: datetime) -> tuple[Interval, ...]:
    """The parts of ``[since, until)`` in which a window is open; in order, none touching the next.

    Costs with the number of intervals, where walking from edge to edge would cost that times the number of spans.
    """
    if window.is_always:
        return ((since, until),)
    found: list[Interval] = []
    for span in window.spans:
        start, stop = max(since, span.since), min(until, span.until)
        if start >= stop:
            continue
        if span.recurrence is None:
            found.append((start, stop))
            continue
        for opens, closes in span.recurrence.occurrences(start):
            if opens > stop + timedelta(days=3):  # ranges of one day may open out of order by a day at most
                break
            if opens < stop and closes > start:
                found.append((max(opens, start), min(closes, stop)))
    return merge(found)


def merge(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same time in as few intervals as possible, in order."""
    merged: list[Interval] = []
    for start, stop in sorted(intervals):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return tuple(merged)
