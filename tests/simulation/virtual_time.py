"""An event loop whose time jumps to the next timer, so that minutes pass in milliseconds."""

import asyncio
import contextlib
import datetime
import heapq
import random
import secrets
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")

BEGIN = datetime.datetime(2026, 11, 23, 10, 0, tzinfo=datetime.UTC)


class Deadlock(Exception):
    """Nothing is ready and no timer is set: everybody waits for ever."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs one program on one thread without any input or output. Equal programs run equally.

    Timers of one instant fire in the order in which they were set. Only what a loop without files, signals and other
    threads needs is here, as a schedule is thousands of turns.
    """

    def __init__(self, *, turn_seconds: float = 0.0) -> None:
        super().__init__()
        self.now_seconds = 1_000.0
        self.turn_seconds = turn_seconds
        """What each turn takes that has something to do: with it, timers fire in the middle of work that gives way."""
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._timer_count = 0

    def time(self) -> float:
        """The virtual time."""
        return self.now_seconds

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> asyncio.TimerHandle:
        """Sets a timer."""
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._timer_count += 1
        heapq.heappush(self._timers, (when, self._timer_count, handle))
        return handle

    def call_later(self, delay: float, callback: Any, *args: Any, context: Any = None) -> asyncio.TimerHandle:
        """Sets a timer."""
        return self.call_at(self.now_seconds + delay, callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is passed over when its time comes."""

    def _run_once(self) -> None:
        ready, timers = self._ready, self._timers
        if ready:
            self.now_seconds += self.turn_seconds
        else:
            while timers and timers[0][2]._cancelled:
                heapq.heappop(timers)
            if not timers:
                raise Deadlock("nothing is ready and no timer is set")
            self.now_seconds = max(self.now_seconds, timers[0][0])
        while timers and timers[0][0] <= self.now_seconds:
            handle = heapq.heappop(timers)[2]
            if not handle._cancelled:
                ready.append(handle)
        for _ in range(len(ready)):
            ready_handle = ready.popleft()
            if not ready_handle._cancelled:
                ready_handle._run()

    def _write_to_self(self) -> None:
        """Nobody else could have to be woken: there is one thread."""


class SimClock:
    """A wall clock that can be set, beside the loop's own time."""

    def __init__(self, loop: VirtualLoop, *, offset_seconds: float = 0.0) -> None:
        self._loop = loop
        self.offset_seconds = offset_seconds

    def now(self) -> datetime.datetime:
        """The wall-clock time."""
        return BEGIN + datetime.timedelta(seconds=self._loop.now_seconds - 1_000.0 + self.offset_seconds)

    def monotonic(self) -> float:
        """The virtual time."""
        return self._loop.now_seconds


def run(main: Coroutine[Any, Any, T], loop: VirtualLoop) -> T:
    """Runs a coroutine to its end on a loop of its own, and closes that."""
    asyncio.set_event_loop(None)
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Has every random number of the program follow from a seed: jitter, epochs, nonces, ids."""
    state = random.getstate()
    source = random.Random(f"secrets/{seed}")
    originals = secrets.token_bytes, secrets.token_hex
    random.seed(f"jitter/{seed}")
    secrets.token_bytes = lambda nbytes=32: source.randbytes(nbytes or 32)
    secrets.token_hex = lambda nbytes=32: source.randbytes(nbytes or 32).hex()
    try:
        yield
    finally:
        secrets.token_bytes, secrets.token_hex = originals
        random.setstate(state)
