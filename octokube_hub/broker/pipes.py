"""Holds what one side of an operation has sent until the other takes it, within the credit that was given."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

from octokube.v1 import operation_pb2 as pb

M = TypeVar("M")

INITIAL_CREDIT_BYTES = 262_144
MAX_CONTENT_BYTES = 65_536
MAX_WAITING = 8_192
"""Messages; those without content (a resize, a sentence of progress) cost no credit."""


class OverCredit(Exception):
    """The sender sent more than it was let. The text says what, for whoever reads the hub's log."""


class Pipe(Generic[M]):
    """One direction of one operation, for one who puts and one who takes.

    Guarantee: no more content waits here than the taker has given credit for, and nothing is taken after ``close`` but
    the farewell that was given to it.
    """

    def __init__(self) -> None:
        self._waiting: deque[M] = deque()
        self._has_news = asyncio.Event()
        self._credit_bytes = INITIAL_CREDIT_BYTES
        self._is_closed = False

    def put(self, message: M, content_bytes: int = 0) -> None:
        """Hands a message over. Raises OverCredit. Does nothing once it is closed."""
        if self._is_closed:
            return
        if content_bytes > MAX_CONTENT_BYTES:
            raise OverCredit(f"a message with {content_bytes} bytes of content; at most {MAX_CONTENT_BYTES} are taken")
        if content_bytes > self._credit_bytes:
            raise OverCredit(f"{content_bytes} bytes where there was credit for {self._credit_bytes}")
        if len(self._waiting) >= MAX_WAITING:
            raise OverCredit(f"more than {MAX_WAITING} messages wait to be taken")
        self._credit_bytes -= content_bytes
        self._waiting.append(message)
        self._has_news.set()

    def grant(self, credit_bytes: int) -> None:
        """Lets the one who puts send more. Raises OverCredit when that is more than could ever have been used up."""
        if credit_bytes <= 0 or self._credit_bytes + credit_bytes > INITIAL_CREDIT_BYTES:
            raise OverCredit(f"a credit of {credit_bytes} bytes, with {self._credit_bytes} left")
        self._credit_bytes += credit_bytes

    def close(self, *farewell: M, is_dropping: bool) -> None:
        """Takes no more; ``is_dropping``: what waits is forgotten, too, and the next message taken is the farewell."""
        if self._is_closed:
            return
        self._is_closed = True
        if is_dropping:
            self._waiting.clear()
        self._waiting.extend(farewell)
        self._has_news.set()

    async def take(self) -> M | None:
        """The next message; None at the end."""
        while not self._waiting:
            if self._is_closed:
                return None
            self._has_news.clear()
            await self._has_news.wait()
        return self._waiting.popleft()


def input_bytes(sent: pb.OperationInput) -> int:
    """How much credit an input takes."""
    return len(sent.stdin) if sent.WhichOneof("input") == "stdin" else len(sent.forward.data)


def output_bytes(sent: pb.OperationOutput) -> int:
    """How much credit an output takes."""
    match sent.WhichOneof("output"):
        case "stdout":
            return len(sent.stdout)
        case "stderr":
            return len(sent.stderr)
        case "document":
            return len(sent.document.content)
        case "forward":
            return len(sent.forward.data)
    return 0
