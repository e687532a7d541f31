"""A clock that a test sets."""

import datetime
import time


class FakeClock:
    """Wall-clock time stands still unless it is moved; monotonic time goes on, plus what was added."""

    def __init__(self, now: str = "2026-11-23T10:00:00+00:00") -> None:
        self._now = datetime.datetime.fromisoformat(now)
        self._added_seconds = 0.0

    def now(self) -> datetime.datetime:
        """The time that was set."""
        return self._now

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic() + self._added_seconds

    def advance(self, seconds: float) -> None:
        """Moves both."""
        self._now += datetime.timedelta(seconds=seconds)
        self._added_seconds += seconds

    def set(self, now: str) -> None:
        """Steps the wall clock, forwards or backwards."""
        self._now = datetime.datetime.fromisoformat(now)
