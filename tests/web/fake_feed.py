"""A feed whose hub is the test: it scripts what streams send and sees what they are sent."""

import asyncio

from octokube.client.feed import FeedError
from octokube.v1 import cluster_service_pb2


class FakeWatch:
    """One Watch stream. ``sent`` is what the gateway sent up; ``say`` and ``fail`` are what the hub sends down."""

    def __init__(self, token: str, peer: str) -> None:
        self.token = token
        self.peer = peer
        self.sent: list[bytes] = []
        self.received = 0
        self.is_closed = False
        self.is_deaf = False
        self._down: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()

    def say(self, message: bytes) -> None:
        self._down.put_nowait(message)

    def fail(self, error: Exception | None) -> None:
        self._down.put_nowait(error)

    async def send(self, request: bytes) -> None:
        if self.is_deaf:
            await asyncio.Event().wait()
        self.sent.append(request)

    async def receive(self) -> bytes | None:
        item = await self._down.get()
        if isinstance(item, Exception):
            raise item
        self.received += 1
        return item

    async def close(self) -> None:
        self.is_closed = True


class FakeFeed:
    """Knows the tokens ``alice`` and ``bob``; everything else is refused."""

    def __init__(self) -> None:
        self.streams: list[FakeWatch] = []
        self.catalogs: list[FakeWatch] = []
        self.opened = asyncio.Event()
        self.is_down = False

    async def who_am_i(self, token: str) -> cluster_service_pb2.WhoAmIResponse:
        if self.is_down:
            raise FeedError("UNAVAILABLE", "the hub can't be reached")
        if token not in ("alice", "bob"):
            raise FeedError("UNAUTHENTICATED", "the token is not known")
        return cluster_service_pb2.WhoAmIResponse(subject=f"user:{token}", memberships=["team:payments"])

    async def explain_access(self, token: str, request: bytes) -> bytes:
        asked = cluster_service_pb2.ExplainAccessRequest.FromString(request)
        answer = cluster_service_pb2.AccessAnswer(verb="get", sentence=f"Nothing lets you get {asked.key.name}.")
        return cluster_service_pb2.ExplainAccessResponse(answers=[answer]).SerializeToString()

    async def search(self, token: str, request: bytes) -> bytes:
        asked = cluster_service_pb2.SearchRequest.FromString(request)
        found = cluster_service_pb2.SearchHit(cluster="c1", text=f"{token} asks for {asked.text}")
        return cluster_service_pb2.SearchResponse(hits=[found], searched=1).SerializeToString()

    async def get_object(self, token: str, request: bytes) -> bytes:
        parsed = cluster_service_pb2.GetObjectRequest.FromString(request)
        if parsed.key.name != "there":
            raise FeedError("NOT_FOUND", "not visible to you")
        answer = cluster_service_pb2.GetObjectResponse()
        answer.entry.key.CopyFrom(parsed.key)
        return answer.SerializeToString()

    def watch(self, token: str, *, peer: str) -> FakeWatch:
        return self._open(self.streams, token, peer)

    def watch_catalog(self, token: str, *, peer: str) -> FakeWatch:
        return self._open(self.catalogs, token, peer)

    async def stream(self, index: int = 0) -> FakeWatch:
        """The Watch stream of this number, once it is open."""
        while len(self.streams) <= index:
            self.opened.clear()
            await self.opened.wait()
        return self.streams[index]

    def _open(self, streams: list[FakeWatch], token: str, peer: str) -> FakeWatch:
        stream = FakeWatch(token, peer)
        streams.append(stream)
        self.opened.set()
        return stream
