"""Says minute by minute whether a window is open, by the sentences of docs/virtual-rbac.md alone.

It looks at a clock on the wall: for every minute of some weeks, what the clock of a zone shows. A time of day means the
minute at which the clock shows it: the first when a range opens, the last when it closes. A time that is never shown
means the minute at which the clock jumps over it. Slow and plain on purpose.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Daily:
    """What somebody writes into windows.yaml: days, ranges such as "22:00-06:00", and days that are left out."""

    days: tuple[str, ...]
    ranges: tuple[str, ...]
    left_out: tuple[str, ...] = ()

    def inline(self, zone: str) -> str:
        """The same in a row's column; without what is left out, for which there is no such form."""
        return f"{','.join(self.days)} {','.join(self.ranges)} {zone}"

    def yaml(self, zone: str) -> str:
        """The same in windows.yaml."""
        left_out = f", except: [{', '.join(self.left_out)}]" if self.left_out else ""
        return f"{{ days: [{', '.join(self.days)}], times: [{', '.join(self.ranges)}], zone: {zone}{left_out} }}"


class Wall:
    """A clock on the wall, watched for some days."""

    def __init__(self, zone: str, start: datetime, days: int) -> None:
        self.zone = ZoneInfo(zone)
        self.start = start.replace(tzinfo=UTC) - 3 * DAY
        self.minutes = [self.start + count * MINUTE for count in range((days + 6) * 24 * 60)]
        self.shown = [minute.astimezone(self.zone).replace(tzinfo=None) for minute in self.minutes]
        self._first: dict[datetime, datetime] = {}
        self._last: dict[datetime, datetime] = {}
        for minute, reading in zip(self.minutes, self.shown, strict=True):
            self._first.setdefault(reading, minute)
            self._last[reading] = minute

    def open_minutes(self, daily: Daily) -> set[datetime]:
        """Every minute at which a window is open."""
        found: set[datetime] = set()
        day = self.shown[0].date() + DAY
        while day < self.shown[-1].date() - DAY:
            if DAYS[day.weekday()] in daily.days and day.isoformat() not in daily.left_out:
                for text in daily.ranges:
                    opens, closes = self._meaning(day, text)
                    while opens < closes:
                        found.add(opens)
                        opens += MINUTE
            day += DAY
        return found

    def _meaning(self, day: date, text: str) -> tuple[datetime, datetime]:
        start, stop = (_time(part) for part in text.split("-"))
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a reading of the clock on the wall
        closing = midnight + stop if stop > start else midnight + DAY + stop
        return self._when(midnight + start, self._first), self._when(closing, self._last)

    def _when(self, reading: datetime, of: dict[datetime, datetime]) -> datetime:
        if reading in of:
            return of[reading]
        return next(minute for minute, shown in zip(self.minutes, self.shown, strict=True) if shown > reading)


def _time(text: str) -> timedelta:
    hours, minutes = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))
