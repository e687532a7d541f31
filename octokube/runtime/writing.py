"""Writes to a stream that breaks over two writes at a time, and over half a one."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Message = TypeVar("Message")


class Writer(Generic[Message]):
    """Hands messages over one at a time, in the order in which they came, for any tasks.

    gRPC ends a stream over a second write before the first is through, and over one that is called off. So each write
    has its turn, and goes on when whoever asked for it has been cancelled. After ``close`` nothing is written.
    """

    def __init__(self, write: Callable[[Message], Awaitable[None]], *, name: str) -> None:
        self._write = write
        self._name = name
        self._turn = asyncio.Lock()
        self._writing: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def write(self, message: Message) -> None:
        """Returns when the message has been handed over.

        Raises whatever the stream raises, and ConnectionResetError once the writer is closed.
        """
        if self._is_closed:
            raise ConnectionResetError("the stream has ended")
        writing = asyncio.create_task(self._write_in_turn(message), name=self._name)
        self._writing.add(writing)
        writing.add_done_callback(self._written)
        await asyncio.shield(writing)

    async def close(self, *, last_seconds: float = 0.0) -> None:
        """Lets what is being written get out within ``last_seconds``, and gives up what does not."""
        self._is_closed = True
        writing = list(self._writing)
        try:
            if writing and last_seconds > 0:
                await asyncio.wait(writing, timeout=last_seconds)
        finally:  # also when whoever calls this is cancelled meanwhile
            for task in writing:
                task.cancel()
            await asyncio.gather(*writing, return_exceptions=True)

    async def _write_in_turn(self, message: Message) -> None:
        async with self._turn:
            await self._write(message)

    def _written(self, writing: "asyncio.Task[None]") -> None:
        self._writing.discard(writing)
        if not writing.cancelled():
            writing.exception()  # whoever waited is told; where nobody waits any more, the stream has ended
