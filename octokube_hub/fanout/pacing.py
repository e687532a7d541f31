"""Gathers changes into rounds, and spaces the rounds by what they cost."""

import asyncio
import time
from typing import Protocol

MAX_SPACING_SECONDS = 0.15
"""Half of the latency that is promised at a thousand subscribers."""
COST_FACTOR = 4.0
"""A round is given four times its measured part as rest: bigger frames for less, and a fifth of a core for fan-out."""
_SMOOTHING = 0.3


class Pacer:
    """Says how long to wait between two rounds: nothing to speak of while rounds are cheap, longer as they cost more.

    Example: 1,000 streams at 25 µs each make a round of 25 ms, and a spacing of 100 ms: the hub spends a fifth of a
    core on fan-out instead of all of it, and what changes meanwhile travels together.
    """

    def __init__(self) -> None:
        self._cost_seconds = 0.0

    @property
    def spacing_seconds(self) -> float:
        """The least time from the end of a round to the next."""
        return min(MAX_SPACING_SECONDS, COST_FACTOR * self._cost_seconds)

    def observe(self, round_seconds: float) -> None:
        """Takes the measured cost of a round into the average."""
        self._cost_seconds += _SMOOTHING * (round_seconds - self._cost_seconds)


class Released(Protocol):
    """Something that readers wait for."""

    def release(self) -> None:
        """Lets the readers go on."""
        ...


class Rounds:
    """Releases audiences that have changed: the first change after a quiet time at once, later ones once a round.

    In the order in which they changed, so that equal histories make equal rounds.
    """

    def __init__(self, pacer: Pacer | None = None) -> None:
        self.pacer = pacer or Pacer()
        self._changed: dict[Released, None] = {}
        self._timer: asyncio.Handle | None = None
        self._not_before = 0.0

    def request(self, audience: Released) -> None:
        """Has an audience released in the next round."""
        self._changed[audience] = None
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time(), self._not_before), self._run)

    def close(self) -> None:
        """Cancels what is due."""
        if self._timer is not None:
            self._timer.cancel()
        self._changed.clear()

    def _run(self) -> None:
        changed, self._changed = self._changed, {}
        self._timer = None
        loop = asyncio.get_running_loop()
        # Until the cost is known, a burst must not start a round for each of its changes.
        self._not_before = loop.time() + self.pacer.spacing_seconds
        started = time.perf_counter()
        for audience in changed:
            audience.release()
        # The callbacks that were woken run in this turn and the next; what is queued after them runs when they have.
        loop.call_soon(loop.call_soon, self._measure, started)

    def _measure(self, started: float) -> None:
        self.pacer.observe(time.perf_counter() - started)
        loop = asyncio.get_running_loop()
        self._not_before = max(self._not_before, loop.time() + self.pacer.spacing_seconds)
