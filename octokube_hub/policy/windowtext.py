"""Reads the words that windows are written in: days, times, dates, instants, zones."""

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from octokube_hub.policy.wallclock import find_zone, to_instant
from octokube_hub.policy.windows import ALWAYS, EARLIEST, LATEST, Recurrence, Span, TimeRange, Window

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EVERY_DAY = frozenset(range(7))
_RANGE = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_INLINE_HINT = (
    'write "always", "@name" of windows.yaml, "Mon-Fri 09:00-18:00 Europe/Berlin", "daily 22:00-06:00 UTC" or'
    ' "2026-11-23T08:00+01:00/2026-11-30T08:00+01:00"'
)


def read_days(text: str) -> frozenset[int]:
    """``Mon-Fri``, ``Sat,Sun``, ``Fri-Mon``, ``daily``. Raises ValueError."""
    if text == "daily":
        return EVERY_DAY
    days: set[int] = set()
    for part in text.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        start = _read_day(first)
        stop = _read_day(last) if dash else start
        days.update((start + step) % 7 for step in range((stop - start) % 7 + 1))
    return frozenset(days)


def read_range(text: str) -> TimeRange:
    """``09:00-18:00``; ``22:00-06:00`` crosses midnight; ``00:00-24:00`` is a whole day. Raises ValueError."""
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text.strip()!r} is not a range of times; write it like 09:00-18:00")
    return make_range(f"{found[1]}:{found[2]}", f"{found[3]}:{found[4]}")


def make_range(start: str, stop: str) -> TimeRange:
    """A range from two clock times. Raises ValueError when one is malformed or nothing lies between them."""
    start_minutes, stop_minutes = _read_clock(start), _read_clock(stop)
    if start_minutes == stop_minutes or start_minutes == 24 * 60:
        raise ValueError(f"nothing lies between {start} and {stop}; write 00:00-24:00 for a whole day")
    if stop_minutes < start_minutes:
        stop_minutes += 24 * 60
    return TimeRange(start_minutes, stop_minutes)


def read_dates(text: str) -> tuple[date, date]:
    """``2026-12-24`` or ``2026-12-24/2026-12-26``, both days included. Raises ValueError."""
    first, slash, last = (word.strip() for word in text.partition("/"))
    start = _read_date(first)
    stop = _read_date(last) if slash else start
    if stop < start:
        raise ValueError(f"{text!r} runs backwards; write {last}/{first}")
    return start, stop


def read_instant(text: str, zone: ZoneInfo | None, edge: str) -> datetime:
    """``2026-11-23T08:00+01:00``, or without an offset by the clock of ``zone``. Raises ValueError."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(f"{text!r} is not an instant; write it like 2026-11-23T08:00+01:00") from error
    if not EARLIEST.year < moment.year < LATEST.year:
        raise ValueError(f"{text!r} is out of range; years go from {EARLIEST.year + 1} to {LATEST.year - 1}")
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    if zone is None:
        raise ValueError(f"{text!r} says no zone; add an offset, as in {text.strip()}+01:00, or a zone")
    return to_instant(moment, zone, "opening" if edge == "since" else "closing")


def read_inline(text: str) -> Window:
    """The window column, ``@name`` excepted. Raises ValueError with the forms there are.

    ``[DAYS] TIMES[,TIMES] ZONE``, for example ``Mon-Fri 09:00-12:00,13:00-18:00 Europe/Berlin``, or ``SINCE/UNTIL``
    with offsets. A text with commas needs quotes in a CSV row.
    """
    if text == "always":
        return ALWAYS
    if re.match(r"\d{4}-", text):
        since_text, slash, until_text = text.partition("/")
        if not slash:
            raise ValueError(f"{text!r} has no end; write SINCE/UNTIL")
        since, until = read_instant(since_text, None, "since"), read_instant(until_text, None, "until")
        if since >= until:
            raise ValueError(f"{text!r} is never open: it ends before it begins")
        return Window(text, (Span(since, until),))
    words = text.split()
    days = EVERY_DAY
    if len(words) == 3:
        days = read_days(words.pop(0))
    if len(words) != 2:
        raise ValueError(f"{text!r} is not a window; {_INLINE_HINT}")
    ranges = tuple(read_range(part) for part in words[0].split(","))
    return Window(text, (Span(recurrence=Recurrence(days, ranges, find_zone(words[1]))),))


def _read_day(text: str) -> int:
    for number, name in enumerate(_DAYS):
        if text.capitalize() == name:
            return number
    raise ValueError(f"{text!r} is not a day; write {', '.join(_DAYS)}, a range such as Mon-Fri, or daily")


def _read_clock(text: str) -> int:
    found = _CLOCK.fullmatch(text.strip())
    if found is not None:
        hours, minutes = int(found[1]), int(found[2])
        if (hours < 24 and minutes < 60) or (hours, minutes) == (24, 0):
            return hours * 60 + minutes
    raise ValueError(f"{text!r} is not a time of day; write it like 09:00, up to 24:00")


def _read_date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a date; write it like 2026-12-24") from error
    if not EARLIEST.year < day.year < LATEST.year:
        raise ValueError(f"{text!r} is out of range; years go from {EARLIEST.year + 1} to {LATEST.year - 1}")
    return day
