"""Waits for conditions, never for times."""

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")

POLL_SECONDS = 0.01
HANG_SECONDS = 40.0
"""After this long nothing comes any more. No promise: it only ends a test that hangs, on a machine that may stall."""


class Listenable(Protocol):
    """Something that calls back on each change, such as the hot state or the health of an agent."""

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Registers a callback; the returned function ends that."""
        ...


async def until(source: Listenable, look: Callable[[], T], *, seconds: float = HANG_SECONDS) -> T:
    """The first truthy result of ``look``, which is asked after each change of ``source``. Raises TimeoutError."""
    changed = asyncio.Event()
    unlisten = source.listen(changed.set)
    try:
        async with asyncio.timeout(seconds):
            while not (result := look()):
                changed.clear()
                await changed.wait()
            return result
    finally:
        unlisten()


async def eventually(look: Callable[[], T], *, seconds: float = HANG_SECONDS) -> T:
    """The first truthy result of ``look``, for what calls nobody back. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not (result := look()):  # noqa: ASYNC110 - for what has no event to wait for
            await asyncio.sleep(POLL_SECONDS)
        return result
