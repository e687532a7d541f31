"""Says which instant a wall clock means, over every change of its zone's offset.

One rule: a wall-clock time that a change *skips* means the instant of the change. One that a change *repeats* means the
first occurrence when a window opens and the last when it closes. So in Europe/Berlin "02:30-09:00" opens at the jump to
03:00 in March, and in October at the first 02:30; "22:00-02:30" closes at the jump in March, and at the second 02:30 in
October. A window whose both edges are skipped by the same change is not open that day.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

Edge = Literal["opening", "closing"]
_NO_ZONES = frozenset({"localtime", "posixrules", "Factory"})


def find_zone(name: str) -> ZoneInfo:
    """The IANA zone of a name. Raises ValueError with what to write instead.

    Names that mean one thing here and another on the next machine are refused, and so is what counts leap seconds.
    """
    if name in _NO_ZONES or name.startswith(("right/", "posix/")):
        raise ValueError(f"{name!r} is no zone of its own; write an IANA name such as Europe/Berlin or UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        if not available_timezones():
            raise ValueError("this machine has no time zone data; install the package tzdata") from error
        raise ValueError(f"unknown zone {name!r}; write an IANA name such as Europe/Berlin or UTC") from error


@lru_cache(maxsize=65_536)
def to_instant(local: datetime, zone: ZoneInfo, edge: Edge) -> datetime:
    """The UTC instant of a naive wall-clock time in a zone, by the rule above."""
    first = local.replace(tzinfo=zone, fold=0)
    last = local.replace(tzinfo=zone, fold=1)
    before, after = _offset(first), _offset(last)
    if before >= after:  # unambiguous, or repeated
        return _to_utc(local, before if edge == "opening" else after)
    return _find_change(_to_utc(local, after), _to_utc(local, before), zone)


def _find_change(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    # A skipped time read with the two offsets lies on either side of the change, which falls on a whole second.
    offset = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=int((late - early).total_seconds()) // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            early = middle
        else:
            late = middle
    return late


def _offset(moment: datetime) -> timedelta:
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError("a zone without offsets tells no instant")
    return offset


def _to_utc(local: datetime, offset: timedelta) -> datetime:
    return (local - offset).replace(tzinfo=UTC)
