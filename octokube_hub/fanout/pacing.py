"""Gathers changes into rounds, and spaces the rounds by what they cost."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)

MAX_SPACING_SECONDS = 0.12
"""At a thousand subscribers a change waits for this, for the round before and for its own: within 300 ms for 99 %."""
COST_FACTOR = 4.0
"""A round is given four times its measured part as rest: bigger frames for less, and a fifth of a core for fan-out."""
WAKE_SLICE = 50
"""Readers woken with one turn of the event loop: about 3 ms of sending."""
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


class Reader(Protocol):
    """One who waits for something to read. A property on purpose: it may be an attribute that holds a callable."""

    @property
    def wake(self) -> Callable[[], None]:
        """To be called when there is something new."""
        ...


class Released(Protocol):
    """Something that readers wait for."""

    def release(self) -> Sequence[Reader]:
        """Lets the readers go on; who they are, to be woken."""
        ...


class Rounds:
    """Releases audiences that have changed: the first change after a quiet time at once, later ones once a round.

    A round wakes some readers with each turn of the event loop, so that what else there is to do comes in between.
    """

    def __init__(self, pacer: Pacer | None = None) -> None:
        self.pacer = pacer or Pacer()
        self._changed: dict[Released, None] = {}  # in the order of the changes
        self._timer: asyncio.Handle | None = None
        self._not_before = 0.0
        self._is_running = False

    def request(self, audience: Released) -> None:
        """Has an audience released in the next round."""
        self._changed[audience] = None
        if self._timer is None and not self._is_running:
            self._schedule()

    def close(self) -> None:
        """Cancels what is due."""
        if self._timer is not None:
            self._timer.cancel()
        self._changed.clear()

    def _schedule(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(max(loop.time(), self._not_before), self._run)

    def _run(self) -> None:
        changed, self._changed = self._changed, {}
        self._timer = None
        self._is_running = True
        readers: list[Reader] = []
        for audience in changed:
            try:
                readers += audience.release()
            except Exception:  # a defect of one audience must not keep all others waiting for ever
                log.exception("round.release_failed")
        self._wake(readers, 0, time.perf_counter())

    def _wake(self, readers: Sequence[Reader], start: int, began: float) -> None:
        end = start + WAKE_SLICE
        for reader in readers[start:end]:
            try:
                reader.wake()
            except Exception:
                log.exception("round.wake_failed")
        loop = asyncio.get_running_loop()
        if end < len(readers):
            loop.call_soon(self._wake, readers, end, began)
        else:
            # Those who were woken run in this turn and the next; what is queued after them runs when they have.
            loop.call_soon(loop.call_soon, self._finish, began)

    def _finish(self, began: float) -> None:
        self._is_running = False
        self.pacer.observe(time.perf_counter() - began)
        self._not_before = asyncio.get_running_loop().time() + self.pacer.spacing_seconds
        if self._changed:
            self._schedule()
