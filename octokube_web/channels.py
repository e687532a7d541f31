"""Runs one channel of a socket: a stream of the hub on one side, wrapped messages on the other."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from octokube.client.feed import Feed, FeedError, WatchStream
from octokube_web import encoding
from octokube_web.encoding import Encoding

Send = Callable[[bytes | str], Awaitable[None]]

INBOX_LIMIT = 256
"""Requests of one channel that the hub has not taken yet: acknowledgements mostly. A page that sends more without
reading has lost its way, and its channel is ended."""


class Channel(Protocol):
    """What a socket knows of an open channel."""

    async def run(self) -> None:
        """Runs until the stream ends; ends the stream when cancelled. Raises FeedError."""
        ...


class WatchChannel:
    """A Watch stream. The hub's bytes go down as they came; it is read only as fast as the socket takes them."""

    def __init__(self, number: int, stream: WatchStream, codec: Encoding, send: Send) -> None:
        self._number = number
        self._stream = stream
        self._codec = codec
        self._send = send
        self._inbox: asyncio.Queue[bytes] = asyncio.Queue(INBOX_LIMIT)

    def put(self, request: bytes) -> bool:
        """Takes a request for the hub. False when too many are waiting."""
        try:
            self._inbox.put_nowait(request)
        except asyncio.QueueFull:
            return False
        return True

    async def run(self) -> None:
        """Pumps both ways until the hub ends the stream. Raises FeedError."""
        upward = asyncio.create_task(self._pump_up(), name=f"channel/{self._number}/up")
        try:
            while (message := await self._stream.receive()) is not None:
                await self._send(self._codec.wrap(self._number, encoding.WATCH, message))
        finally:
            upward.cancel()
            await asyncio.gather(upward, return_exceptions=True)
            await self._stream.close()

    async def _pump_up(self) -> None:
        while True:
            request = await self._inbox.get()
            try:
                await self._stream.send(request)
            except FeedError:
                return  # the receiving side meets the same end and tells it


class CatalogChannel:
    """A WatchCatalog stream."""

    def __init__(self, number: int, feed: Feed, token: str, peer: str, codec: Encoding, send: Send) -> None:
        self._number = number
        self._stream = feed.watch_catalog(token, peer=peer)
        self._codec = codec
        self._send = send

    async def run(self) -> None:
        """Pumps catalogs down until the hub ends the stream. Raises FeedError."""
        try:
            while (message := await self._stream.receive()) is not None:
                await self._send(self._codec.wrap(self._number, encoding.CATALOG, message))
        finally:
            await self._stream.close()


class ObjectChannel:
    """One GetObject call."""

    def __init__(self, number: int, feed: Feed, token: str, request: bytes, codec: Encoding, send: Send) -> None:
        self._number = number
        self._feed = feed
        self._token = token
        self._request = request
        self._codec = codec
        self._send = send

    async def run(self) -> None:
        """Asks and answers. Raises FeedError."""
        answer = await self._feed.get_object(self._token, self._request)
        await self._send(self._codec.wrap(self._number, encoding.OBJECT, answer))
