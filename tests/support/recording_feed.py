"""A feed that notes all that comes over it, and can stop reading as a closed laptop does."""

import asyncio

from octokube.client.feed import CatalogStream, Feed, WatchStream
from octokube.v1 import cluster_service_pb2 as pb


class RecordingFeed:
    """Stands before another feed. ``reading`` is set while its streams are read."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.reading = asyncio.Event()
        self.reading.set()
        self.bytes_received = bytearray()
        self.outcomes: list[str] = []
        """How the hub took up each stream that began with a token, and each that began anew."""

    async def who_am_i(self, token: str) -> pb.WhoAmIResponse:
        """Hands on."""
        return await self._feed.who_am_i(token)

    async def get_object(self, token: str, request: bytes) -> bytes:
        """Hands on."""
        return await self._feed.get_object(token, request)

    async def explain_access(self, token: str, request: bytes) -> bytes:
        """Hands on."""
        return await self._feed.explain_access(token, request)

    async def search(self, token: str, request: bytes) -> bytes:
        """Hands on."""
        return await self._feed.search(token, request)

    def watch(self, token: str, *, peer: str) -> WatchStream:
        """A stream whose messages are noted."""
        return _RecordingStream(self, self._feed.watch(token, peer=peer))

    def watch_catalog(self, token: str, *, peer: str) -> CatalogStream:
        """Hands on."""
        return self._feed.watch_catalog(token, peer=peer)


class _RecordingStream:
    def __init__(self, feed: RecordingFeed, stream: WatchStream) -> None:
        self._feed = feed
        self._stream = stream

    async def send(self, request: bytes) -> None:
        await self._stream.send(request)

    async def receive(self) -> bytes | None:
        await self._feed.reading.wait()
        message = await self._stream.receive()
        if message is not None:
            self._feed.bytes_received += message
            outcome = pb.WatchResponse.FromString(message).frame.resume_outcome
            if outcome:
                self._feed.outcomes.append(outcome)
        return message

    async def close(self) -> None:
        await self._stream.close()
