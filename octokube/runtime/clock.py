"""Tells the time, so that tests can tell another."""

import datetime
import time
from typing import Protocol


class Clock(Protocol):
    """A source of wall-clock and monotonic time."""

    def now(self) -> datetime.datetime:
        """The wall-clock time, aware, in UTC. May step backwards or forwards."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, from an arbitrary beginning."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime.datetime:
        """The wall-clock time, aware, in UTC."""
        return datetime.datetime.now(datetime.UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()
