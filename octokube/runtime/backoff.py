"""Decides how long to wait before the next try."""

import random
from collections.abc import Callable


class Backoff:
    """Exponential back-off with full jitter: each wait is uniform between 0 and a ceiling that doubles up to a cap.

    Full jitter spreads a crowd that lost the same peer at the same instant over the whole interval; a floor keeps
    an unlucky draw from turning into a busy loop.
    """

    def __init__(
        self,
        *,
        initial_seconds: float = 0.5,
        cap_seconds: float = 30.0,
        floor_seconds: float = 0.05,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._initial_seconds = initial_seconds
        self._cap_seconds = cap_seconds
        self._floor_seconds = floor_seconds
        self._draw = draw
        self._failures = 0

    def next_seconds(self) -> float:
        """Counts one more failure and says how long to wait."""
        ceiling = min(self._cap_seconds, self._initial_seconds * 2 ** min(self._failures, 30))
        self._failures += 1
        return max(self._floor_seconds, self._draw(0.0, ceiling))

    def reset(self) -> None:
        """Forgets the failures: to be called once something has worked for real, not merely connected."""
        self._failures = 0
