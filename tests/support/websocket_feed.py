"""A feed over the gateway's websocket, so that programs' views can be tried the way the page goes."""

import asyncio
import contextlib

import aiohttp

from octokube.client.feed import FeedError
from octokube.v1 import browser_pb2, cluster_service_pb2


class WebsocketFeed:
    """Each stream is a socket of its own with one channel. Records what all of them have received."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.bytes_received = bytearray()
        self.watches = 0

    async def who_am_i(self, token: str) -> cluster_service_pb2.WhoAmIResponse:
        stream = _SocketStream(self, token)
        try:
            return (await stream.hello()).who_am_i
        finally:
            await stream.close()

    async def get_object(self, token: str, request: bytes) -> bytes:
        asked = cluster_service_pb2.GetObjectRequest.FromString(request)
        stream = _SocketStream(self, token, browser_pb2.BrowserMessage(get_object=asked))
        try:
            answer = await stream.next()
        finally:
            await stream.close()
        assert answer is not None
        return answer.object.SerializeToString()

    async def explain_access(self, token: str, request: bytes) -> bytes:
        asked = cluster_service_pb2.ExplainAccessRequest.FromString(request)
        stream = _SocketStream(self, token, browser_pb2.BrowserMessage(explain_access=asked))
        try:
            answer = await stream.next()
        finally:
            await stream.close()
        assert answer is not None
        return answer.access.SerializeToString()

    async def search(self, token: str, request: bytes) -> bytes:
        asked = cluster_service_pb2.SearchRequest.FromString(request)
        stream = _SocketStream(self, token, browser_pb2.BrowserMessage(search=asked))
        try:
            answer = await stream.next()
        finally:
            await stream.close()
        assert answer is not None
        return answer.found.SerializeToString()

    def watch(self, token: str, *, peer: str) -> "_SocketStream":
        self.watches += 1
        return _SocketStream(self, token)

    def watch_catalog(self, token: str, *, peer: str) -> "_SocketStream":
        opening = browser_pb2.BrowserMessage(catalog=cluster_service_pb2.WatchCatalogRequest())
        return _SocketStream(self, token, opening)


class _SocketStream:
    """One socket, opened when it is first used."""

    def __init__(self, feed: WebsocketFeed, token: str, opening: browser_pb2.BrowserMessage | None = None) -> None:
        self._feed = feed
        self._token = token
        self._opening = opening
        self._ws: aiohttp.ClientWebSocketResponse | None = None
        self._lock = asyncio.Lock()
        self._hello: browser_pb2.GatewayHello | None = None

    async def hello(self) -> browser_pb2.GatewayHello:
        await self._open()
        assert self._hello is not None
        return self._hello

    async def send(self, request: bytes) -> None:
        ws = await self._open()
        watch = cluster_service_pb2.WatchRequest.FromString(request)
        with contextlib.suppress(ConnectionError):  # receive tells how it ended
            await ws.send_bytes(browser_pb2.BrowserMessage(channel=self._channel, watch=watch).SerializeToString())

    async def receive(self) -> bytes | None:
        message = await self.next()
        if message is None:
            return None
        inner = message.watch if message.HasField("watch") else message.catalog
        return inner.SerializeToString()

    async def next(self) -> browser_pb2.GatewayMessage | None:
        """The next message that is no hello. Raises FeedError where the gateway says that there will be none."""
        ws = await self._open()
        received = await ws.receive()
        if received.type is not aiohttp.WSMsgType.BINARY:
            if ws.close_code == 4401:
                raise FeedError("UNAUTHENTICATED", "the gateway asks to sign in again")
            raise FeedError("UNAVAILABLE", f"the socket closed with {ws.close_code}")
        self._feed.bytes_received += received.data
        message = browser_pb2.GatewayMessage.FromString(received.data)
        if message.HasField("closed"):
            if not message.closed.code:
                return None
            raise FeedError(message.closed.code, message.closed.message)
        return message

    async def close(self) -> None:
        if self._ws is not None:
            await self._ws.close()

    async def _open(self) -> aiohttp.ClientWebSocketResponse:
        async with self._lock:
            if self._ws is not None:
                return self._ws
            headers = {"Authorization": f"Bearer {self._token}"}
            try:
                ws = await self._feed._session.ws_connect(
                    "/api/v1/socket", protocols=["octokube.v1.proto"], headers=headers, max_msg_size=0
                )
            except aiohttp.ClientError as error:
                raise FeedError("UNAVAILABLE", str(error)) from error
            self._ws = ws
            message = await self._first(ws)
            self._hello = message.hello
            if self._opening is not None:
                self._opening.channel = self._channel
                await ws.send_bytes(self._opening.SerializeToString())
            return ws

    @property
    def _channel(self) -> int:
        assert self._hello is not None
        return self._hello.grant.first

    async def _first(self, ws: aiohttp.ClientWebSocketResponse) -> browser_pb2.GatewayMessage:
        """The hello."""
        received = await ws.receive()
        if received.type is not aiohttp.WSMsgType.BINARY:
            code = "UNAUTHENTICATED" if ws.close_code == 4401 else "UNAVAILABLE"
            raise FeedError(code, f"the socket closed with {ws.close_code} before the hello")
        return browser_pb2.GatewayMessage.FromString(received.data)
