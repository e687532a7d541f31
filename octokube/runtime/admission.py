"""Spreads storms over time: of reconnecting agents, of people who sign in, of one who tries again and again."""

from collections import OrderedDict

from octokube.runtime.clock import Clock


class Admission:
    """A token bucket: ``burst`` sessions at once, then ``rate_per_second``.

    Each admitted agent may bring a whole snapshot; the rate keeps a hub that has just started from taking in all of
    them at the same time.
    """

    def __init__(self, clock: Clock, *, rate_per_second: float = 20.0, burst: int = 50) -> None:
        self._clock = clock
        self._rate_per_second = rate_per_second
        self._burst = burst
        self._tokens = float(burst)
        self._filled_at = clock.monotonic()

    def admit(self) -> float | None:
        """None when a session may begin; otherwise the seconds after which to come back."""
        now = self._clock.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate_per_second)
        self._filled_at = now
        if self._tokens >= 1.0:
            self._tokens -= 1.0
            return None
        return max(1.0, (1.0 - self._tokens) / self._rate_per_second)


class Attempts:
    """A token bucket each for names or addresses; beyond ``kept``, the one asked for longest ago is forgotten."""

    def __init__(self, clock: Clock, *, rate_per_second: float, burst: int, kept: int = 10_000) -> None:
        self._clock = clock
        self._rate_per_second = rate_per_second
        self._burst = burst
        self._kept = kept
        self._buckets: OrderedDict[str, Admission] = OrderedDict()

    def admit(self, name: str) -> float | None:
        """None: go on. Else the seconds to wait."""
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = Admission(self._clock, rate_per_second=self._rate_per_second, burst=self._burst)
            self._buckets[name] = bucket
            if len(self._buckets) > self._kept:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(name)
        return bucket.admit()


class Spread:
    """A token bucket for a crowd that comes back at once: each one it turns away is told a moment of their own.

    Told the same, all of them would come back together and be turned away again.
    """

    LEAST_SECONDS = 1.0
    MOST_SECONDS = 60.0

    def __init__(self, clock: Clock, *, rate_per_second: float, burst: int) -> None:
        self._clock = clock
        self._bucket = Admission(clock, rate_per_second=rate_per_second, burst=burst)
        self._step_seconds = 1.0 / rate_per_second
        self._last_moment = 0.0

    def admit(self) -> float | None:
        """None: go on. Else the seconds after which to come back."""
        if self._bucket.admit() is None:
            return None
        now = self._clock.monotonic()
        earliest = max(self._last_moment + self._step_seconds, now + self.LEAST_SECONDS)
        self._last_moment = min(earliest, now + self.MOST_SECONDS)
        return self._last_moment - now
