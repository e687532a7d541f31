"""Runs one channel of a socket: a stream of the hub on one side, wrapped messages on the other."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from octokube.client.feed import Feed, FeedError, OperationStream, WatchStream
from octokube_web import encoding
from octokube_web.encoding import Encoding

Send = Callable[[bytes | str], Awaitable[None]]

INBOX_LIMIT = 256
"""Requests of one channel that the hub has not taken yet: acknowledgements mostly. A page that sends more without
reading has lost its way, and its channel is ended."""
INBOX_LIMIT_BYTES = 512 * 1024
"""The same in bytes: room for two of the largest messages, however many small ones that is."""


class Channel(Protocol):
    """What a socket knows of an open channel."""

    async def run(self) -> None:
        """Runs until the stream ends; ends the stream when cancelled. Raises FeedError."""
        ...


class TwoWayChannel:
    """A Watch stream, or an operation. The hub's bytes go down as they came, only as fast as the socket takes them.

    ``kind`` is the field of BrowserMessage whose messages it takes, ``field`` that of GatewayMessage for answers.

    The stream is opened when the channel runs: one that is closed before it ran must not leave an open stream behind.
    """

    def __init__(
        self,
        number: int,
        kind: str,
        opening: Callable[[], WatchStream | OperationStream],
        field: int,
        codec: Encoding,
        send: Send,
    ) -> None:
        self._number = number
        self.kind = kind
        self._opening = opening
        self._field = field
        self._codec = codec
        self._send = send
        self._inbox: asyncio.Queue[bytes] = asyncio.Queue(INBOX_LIMIT)
        self._inbox_bytes = 0

    def put(self, request: bytes) -> bool:
        """Takes a request for the hub. False when too many, or too many bytes, are waiting."""
        if self._inbox.full() or (self._inbox_bytes and self._inbox_bytes + len(request) > INBOX_LIMIT_BYTES):
            return False
        self._inbox.put_nowait(request)
        self._inbox_bytes += len(request)
        return True

    async def run(self) -> None:
        """Pumps both ways until the hub ends the stream. Raises FeedError."""
        stream = self._opening()
        upward = asyncio.create_task(self._pump_up(stream), name=f"channel/{self._number}/up")
        try:
            while (message := await stream.receive()) is not None:
                await self._send(self._codec.wrap(self._number, self._field, message))
        finally:
            upward.cancel()
            try:
                await asyncio.gather(upward, return_exceptions=True)
            finally:
                # Also when a cancellation arrives on the way out: the stream is nobody else's to close.
                await stream.close()

    async def _pump_up(self, stream: WatchStream | OperationStream) -> None:
        while True:
            request = await self._inbox.get()
            self._inbox_bytes -= len(request)
            try:
                await stream.send(request)
            except FeedError:
                return  # the receiving side meets the same end and tells it


class CatalogChannel:
    """A WatchCatalog stream."""

    def __init__(self, number: int, feed: Feed, token: str, peer: str, codec: Encoding, send: Send) -> None:
        self._number = number
        self._feed = feed
        self._token = token
        self._peer = peer
        self._codec = codec
        self._send = send

    async def run(self) -> None:
        """Pumps catalogs down until the hub ends the stream. Raises FeedError."""
        stream = self._feed.watch_catalog(self._token, peer=self._peer)
        try:
            while (message := await stream.receive()) is not None:
                await self._send(self._codec.wrap(self._number, encoding.CATALOG, message))
        finally:
            await stream.close()


class QuestionChannel:
    """One call that has one answer: ``ask`` puts the request to the hub, ``field`` is the answer's."""

    def __init__(
        self, number: int, ask: Callable[[], Awaitable[bytes]], field: int, codec: Encoding, send: Send
    ) -> None:
        self._number = number
        self._ask = ask
        self._field = field
        self._codec = codec
        self._send = send

    async def run(self) -> None:
        """Asks and answers. Raises FeedError."""
        await self._send(self._codec.wrap(self._number, self._field, await self._ask()))
