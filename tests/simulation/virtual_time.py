"""An event loop whose time jumps to the next timer, so that minutes pass in milliseconds."""

import asyncio
import contextlib
import datetime
import random
import secrets
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")

BEGIN = datetime.datetime(2026, 11, 23, 10, 0, tzinfo=datetime.UTC)


class Deadlock(Exception):
    """Nothing is ready and no timer is set: everybody waits for ever."""


class _NoSelector:
    """Takes the place of the operating system: waiting for it moves the time instead."""

    def __init__(self, loop: "VirtualLoop") -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise Deadlock("nothing is ready and no timer is set")
        self._loop.now_seconds += timeout if timeout > 0 else self._loop.turn_seconds
        return []


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs one program on one thread without any input or output. Equal programs run equally."""

    def __init__(self, *, turn_seconds: float = 0.0) -> None:
        super().__init__()
        self.now_seconds = 1_000.0
        self.turn_seconds = turn_seconds
        """What each turn takes that has something to do: with it, timers fire in the middle of work that gives way."""
        self._selector = _NoSelector(self)

    def time(self) -> float:
        """The virtual time."""
        return self.now_seconds

    def _process_events(self, event_list: list[Any]) -> None:
        assert not event_list

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
