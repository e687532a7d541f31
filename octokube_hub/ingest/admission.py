"""Spreads a storm of reconnecting agents over time."""

from octokube.runtime.clock import Clock


class Admission:
    """A token bucket: ``burst`` sessions at once, then ``rate_per_second``.

    Each admitted session may bring a whole snapshot; the rate keeps a hub that has just started from taking in all of
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
