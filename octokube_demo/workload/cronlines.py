"""Decides whether a cron line names a minute."""

from __future__ import annotations

from datetime import datetime

# (lowest, highest) of minute, hour, day of month, month, day of week.
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))


def is_due(line: str, moment: datetime) -> bool:
    """Whether the five-field line includes the minute of `moment`. A line nobody can read is never due.

    Understands `*`, numbers, lists, ranges and steps; not names of days and months.
    """
    fields = line.split()
    if len(fields) != len(_RANGES):
        return False
    values = (moment.minute, moment.hour, moment.day, moment.month, moment.isoweekday() % 7)
    try:
        return all(
            value in _members(field, *bounds) for field, value, bounds in zip(fields, values, _RANGES, strict=True)
        )
    except ValueError:
        return False


def _members(field: str, lowest: int, highest: int) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            first, last = lowest, highest
        elif "-" in span:
            first, last = (int(end) for end in span.split("-", 1))
        else:
            first = int(span)
            last = highest if step else first
        found.update(range(first, last + 1, int(step or 1)))
    return found
