"""Opens every kind of stream there is, as a client that ignores hints, acknowledges nothing and writes nothing more."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import aiohttp
import grpc.aio
from google.protobuf import json_format

from octokube.client.feed import FeedError
from octokube.client.grpc_feed import GrpcFeed
from octokube.v1 import browser_pb2
from octokube.v1 import cluster_service_pb2 as pb
from octokube.v1 import operation_pb2 as operation_pb
from octokube_hub.app import Hub
from octokube_web.encoding import JSON, PROTO
from tests.hub.world import everything
from tests.support.sockets import granted
from tests.support.waiting import HANG_SECONDS

Receive = Callable[[], Awaitable[bytes | None]]
"""The next message in the bytes of the wire; None at the end. Raises FeedError."""
METHODS = ("watch", "watch_catalog")
"""The methods of a Feed that open a stream."""
CHANNELS = {"watch": "watch", "watch_catalog": "catalog"}
"""What opens the same on a socket of the gateway."""
RPCS = {"watch": "octokube.v1.ClusterService/Watch", "watch_catalog": "octokube.v1.ClusterService/WatchCatalog"}
DOORS = ("grpc", "in-process", "websocket", "websocket-json", "remote-websocket")
"""The last is a gateway that is another program than the hub."""
KINDS = [f"{method} over {door}" for door in DOORS for method in METHODS]
OPERATE = "operate"
"""The method of a Feed that opens an operation, for which a socket has the channel ``run``."""


class Doors:
    """The ways into one hub, and the gateway before it."""

    def __init__(
        self,
        hub: Hub,
        channel: grpc.aio.Channel,
        browser: aiohttp.ClientSession,
        remote: aiohttp.ClientSession | None = None,
    ) -> None:
        self.feed = hub.feed
        self.browser = browser
        self._remote = remote or browser
        self._feeds = {"grpc": GrpcFeed(channel), "in-process": hub.feed}
        self._closers: list[Callable[[], Awaitable[object]]] = []

    async def open(self, kind: str, token: str, subscription: pb.Subscription | None = None) -> "Tap":
        """A stream of one kind, being read from now on."""
        method, _, door = kind.partition(" over ")
        request = pb.WatchRequest(
            subscribe=pb.Subscribe(subscription=subscription or everything(pb.DETAIL_OBJECTS), accepts_patches=True)
        )
        if door in self._feeds:
            receive = await self._open_feed(door, method, token, request)
        else:
            receive = await self._open_channel(door, method, token, request)
        tap = Tap(kind, receive)
        self._closers.append(tap.close)
        return tap

    async def operate(self, door: str, token: str, start: operation_pb.OperationStart) -> "Tap":
        """An operation by one of the doors, being read from now on."""
        request = operation_pb.RunRequest(start=start)
        if door in self._feeds:
            stream = self._feeds[door].operate(token, peer="127.0.0.1")
            self._closers.append(stream.close)
            await stream.send(request.SerializeToString())
            receive = stream.receive
        else:
            receive = await self._on_channel(door, token, browser_pb2.BrowserMessage(run=request))
        tap = Tap(f"{OPERATE} over {door}", receive)
        self._closers.append(tap.close)
        return tap

    async def close(self) -> None:
        """Leaves every stream."""
        while self._closers:
            await self._closers.pop()()

    async def _open_feed(self, door: str, method: str, token: str, request: pb.WatchRequest) -> Receive:
        feed = self._feeds[door]
        if method == "watch":
            watch = feed.watch(token, peer="127.0.0.1")
            self._closers.append(watch.close)
            await watch.send(request.SerializeToString())
            return watch.receive
        catalog = feed.watch_catalog(token, peer="127.0.0.1")
        self._closers.append(catalog.close)
        return catalog.receive

    async def _open_channel(self, door: str, method: str, token: str, request: pb.WatchRequest) -> Receive:
        opening = browser_pb2.BrowserMessage()
        if method == "watch":
            opening.watch.CopyFrom(request)
        else:
            opening.catalog.SetInParent()
        return await self._on_channel(door, token, opening)

    async def _on_channel(self, door: str, token: str, opening: browser_pb2.BrowserMessage) -> Receive:
        headers = {"Authorization": f"Bearer {token}"}
        protocol = JSON if door == "websocket-json" else PROTO
        browser = self._remote if door == "remote-websocket" else self.browser
        ws = await browser.ws_connect("/api/v1/socket", protocols=[protocol], headers=headers, max_msg_size=0)
        self._closers.append(ws.close)

        async def receive() -> bytes | None:
            message = await ws.receive()
            if message.type not in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT):
                raise FeedError("UNAVAILABLE", f"the socket closed with {ws.close_code}")
            data: bytes = message.data.encode() if isinstance(message.data, str) else message.data
            is_end = b'"closed"' in data if protocol == JSON else _is_end(data)
            if is_end and b"UNAUTHENTICATED" in data:
                raise FeedError("UNAUTHENTICATED", "the channel was closed")
            return None if is_end else data

        hello = await receive()
        assert hello is not None
        opening.channel = granted(hello.decode() if protocol == JSON else hello)
        if protocol == JSON:
            await ws.send_str(json_format.MessageToJson(opening))
        else:
            await ws.send_bytes(opening.SerializeToString())
        return receive


class Tap:
    """One stream, read as fast as it comes. Keeps every message with the time at which it came."""

    def __init__(self, kind: str, receive: Receive) -> None:
        self.kind = kind
        self.received: list[tuple[float, bytes]] = []
        self.ended_at: float | None = None
        self.end = ""
        self._receive = receive
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._read(), name=f"tap/{kind}")

    def since(self, instant: float) -> bytes:
        """All that came after an instant of the monotonic clock."""
        return b"".join(message for at, message in self.received if at > instant)

    async def until(self, look: Callable[["Tap"], object], *, seconds: float = HANG_SECONDS) -> float:
        """Waits for a condition on what came. The time at which it was seen to hold."""
        try:
            async with asyncio.timeout(seconds):
                while not look(self):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise TimeoutError(f"{self.kind}: it has not come; the end: {self.end!r}") from None
        return time.monotonic()

    async def close(self) -> None:
        """Stops reading."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _read(self) -> None:
        try:
            while (message := await self._receive()) is not None:
                self.received.append((time.monotonic(), message))
                self._news.set()
            self.end = "over"
        except FeedError as error:
            self.end = error.code
        self.ended_at = time.monotonic()
        self._news.set()


RESPONSES: dict[str, type[pb.WatchResponse | pb.WatchCatalogResponse | operation_pb.RunResponse]] = {
    "watch": pb.WatchResponse,
    "watch_catalog": pb.WatchCatalogResponse,
    OPERATE: operation_pb.RunResponse,
}


def decoded(
    kind: str, message: bytes
) -> pb.WatchResponse | pb.WatchCatalogResponse | operation_pb.RunResponse | browser_pb2.GatewayMessage:
    """The hub's message within the bytes of a kind's wire; the gateway's own where it holds none."""
    method, _, door = kind.partition(" over ")
    if door == "grpc" or door == "in-process":
        return RESPONSES[method].FromString(message)
    outer = browser_pb2.GatewayMessage()
    if door == "websocket-json":
        json_format.Parse(message, outer)
    else:
        outer.ParseFromString(message)
    if outer.HasField("watch"):
        return outer.watch
    if outer.HasField("run"):
        return outer.run
    return outer.catalog if outer.HasField("catalog") else outer


def _is_end(data: bytes) -> bool:
    return browser_pb2.GatewayMessage.FromString(data).HasField("closed")
