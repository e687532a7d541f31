"""Turns one websocket into many of a person's streams.

Close codes: 1000 the browser left; 1002 no known subprotocol; 1007 a message that is none; 1008 a message against the
rules of channels; 1009 a message that is too long; 1012 the gateway stops, come back; 1013 too many sockets, come back
later; 4401 sign in again; 4503 the hub can't be reached, come back.
"""

import asyncio
import functools
from collections.abc import Callable

import structlog
from aiohttp import WSMsgType, web

from octokube.client.feed import Feed, FeedError
from octokube.runtime.tasks import Tasks
from octokube.v1 import browser_pb2
from octokube.v1.cluster_service_pb2 import WhoAmIResponse
from octokube_web import encoding
from octokube_web.channels import CatalogChannel, Channel, QuestionChannel, TwoWayChannel
from octokube_web.crowd import Crowd, Crowded
from octokube_web.encoding import BadMessage, Encoding, closed, hello
from octokube_web.numbers import BLOCK, ChannelNumbers, SocketNumbers

log = structlog.get_logger(__name__)

SIGN_IN_AGAIN = 4401
COME_BACK_LATER = 4503
TOO_MANY = 1013
CLOSE_SECONDS = 2.0
"""How long a browser has to take its close frame and answer it; one that reads nothing never does."""


class Violation(Exception):
    """The browser broke a rule of channels. The text says which, in one sentence."""


class Socket:
    """One open websocket, its channels and the person they belong to.

    Channels are numbers that the gateway has given to this socket and to no other, and the token that opens streams is
    the socket's, so no message can reach another person's stream. ``token`` gives it as it is now: a session's is
    replaced from time to time. Nothing is queued towards the browser: a channel reads its stream only when the socket
    has taken what it sent before.
    """

    def __init__(
        self,
        ws: web.WebSocketResponse,
        feed: Feed,
        token: Callable[[], str],
        codec: Encoding,
        *,
        peer: str,
        channel_limit: int,
        crowd: Crowd,
        numbers: ChannelNumbers,
        transport: asyncio.Transport | None,
    ) -> None:
        self._ws = ws
        self._feed = feed
        self._token = token
        self._codec = codec
        self._peer = peer
        self._channel_limit = channel_limit
        self._transport = transport
        self._channels: dict[int, Channel] = {}
        self._tasks_of: dict[int, asyncio.Task[None]] = {}
        self._crowd = crowd
        self._numbers = SocketNumbers(numbers)

    async def run(self, version: str) -> None:
        """Serves until the browser leaves, breaks a rule, or the token is refused. Always leaves the socket closed."""
        try:
            with self._crowd.waiting(self._peer):
                who = await self._feed.who_am_i(self._token())
            with self._crowd.place(who.subject):
                await self._run_for(who, version)
        except FeedError as error:
            code = SIGN_IN_AGAIN if error.code in ("UNAUTHENTICATED", "PERMISSION_DENIED") else COME_BACK_LATER
            await self.close(code, error.message)
        except Crowded as error:
            log.info("socket.too_many", peer=self._peer, reason=str(error))
            await self.close(TOO_MANY, str(error))

    async def _run_for(self, who: WhoAmIResponse, version: str) -> None:
        try:
            async with Tasks("socket") as tasks:
                await self._serve(version, who, tasks)
        finally:
            self._numbers.give_back()
        await self.close(1000, "")

    async def _serve(self, version: str, who: WhoAmIResponse, tasks: Tasks) -> None:
        try:
            await self._send(self._codec.encode(hello(version, who, self._grant())))
            await self._read(tasks)
        except BadMessage as error:
            await self.close(1007, str(error))
        except Violation as error:
            await self.close(1008, str(error))
        except ConnectionError:
            pass  # the browser is gone in the middle of a message; there is nobody to tell

    def _grant(self) -> browser_pb2.ChannelGrant:
        return browser_pb2.ChannelGrant(first=self._numbers.grant(), count=BLOCK)

    async def close(self, code: int, reason: str) -> None:
        """Closes with a reason, cut to the 123 bytes that a close frame holds. A browser that does not take it within
        ``CLOSE_SECONDS`` is cut off.
        """
        if self._ws.closed:
            return
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._ws.close(code=code, message=reason.encode()[:123].decode(errors="ignore").encode())
        except TimeoutError:
            log.info("socket.cut_off", peer=self._peer, code=code)
            if self._transport is not None:
                self._transport.abort()

    async def _send(self, data: bytes | str) -> None:
        if isinstance(data, bytes):
            await self._ws.send_bytes(data)
        else:
            await self._ws.send_str(data)

    async def _read(self, tasks: Tasks) -> None:
        async for message in self._ws:
            if message.type not in (WSMsgType.BINARY, WSMsgType.TEXT):
                return
            request = self._codec.decode(message.data)
            kind = request.WhichOneof("message")
            if request.channel and not self._numbers.is_given(request.channel):
                raise Violation(f"channel {request.channel} is not this socket's; use the numbers that it was granted")
            if kind == "ping":
                pong = browser_pb2.Pong(nonce=request.ping.nonce)
                await self._send(self._codec.encode(browser_pb2.GatewayMessage(channel=request.channel, pong=pong)))
            elif kind == "close":
                self._end(request.channel)
            elif kind is None:
                raise Violation(
                    f"a message on channel {request.channel} says nothing; is the page newer than the gateway?"
                )
            else:
                await self._dispatch(request, kind, tasks)

    async def _dispatch(self, request: browser_pb2.BrowserMessage, kind: str, tasks: Tasks) -> None:
        number = request.channel
        open_channel = self._channels.get(number)
        if isinstance(open_channel, TwoWayChannel) and kind == open_channel.kind:
            if not open_channel.put(getattr(request, kind).SerializeToString()):
                await self._refuse(
                    number, "RESOURCE_EXHAUSTED", "too many requests wait on this channel; open it again"
                )
                self._end(number)
            return
        if open_channel is not None:
            raise Violation(f"channel {number} is open for something else; use a new number")
        if number == 0:
            raise Violation("channel 0 is the socket's own; use the numbers that it was granted")
        if self._numbers.is_used(number):
            if (kind == "watch" and not request.watch.HasField("subscribe")) or (
                kind == "run" and not request.run.HasField("start")
            ):
                return  # an acknowledgement, or input, that crossed with the end of its channel
            raise Violation(f"channel {number} was used before, or one after it; use each once, and in order")
        if self._numbers.use(number):
            await self._send(self._codec.encode(browser_pb2.GatewayMessage(grant=self._grant())))
        if len(self._channels) >= self._channel_limit:
            await self._refuse(
                number, "RESOURCE_EXHAUSTED", f"a socket has at most {self._channel_limit} channels; close some first"
            )
            return
        self._open(number, self._channel(request, kind), tasks)

    def _channel(self, request: browser_pb2.BrowserMessage, kind: str) -> Channel:
        number = request.channel
        if kind in ("watch", "run"):
            way, field = (self._feed.watch, encoding.WATCH) if kind == "watch" else (self._feed.operate, encoding.RUN)
            opening = functools.partial(way, self._token(), peer=self._peer)
            channel = TwoWayChannel(number, kind, opening, field, self._codec, self._send)
            channel.put(getattr(request, kind).SerializeToString())
            return channel
        if kind == "catalog":
            return CatalogChannel(number, self._feed, self._token(), self._peer, self._codec, self._send)
        questions = {
            "get_object": (self._feed.get_object, encoding.OBJECT),
            "explain_access": (self._feed.explain_access, encoding.ACCESS),
            "search": (self._feed.search, encoding.FOUND),
        }
        question, field = questions[kind]
        ask = functools.partial(question, self._token(), getattr(request, kind).SerializeToString())
        return QuestionChannel(number, ask, field, self._codec, self._send)

    def _open(self, number: int, channel: Channel, tasks: Tasks) -> None:
        self._channels[number] = channel
        self._tasks_of[number] = tasks.start_guarded(self._run(number, channel), name=f"channel/{number}")

    async def _run(self, number: int, channel: Channel) -> None:
        try:
            await channel.run()
            end = closed(number, None)
        except FeedError as error:
            end = closed(number, error)
        except ConnectionError:
            return  # the socket broke while something was sent; the reader notices too
        except Exception:
            # A fault of ours concerns this channel alone, but the page must learn that nothing more will come on it.
            log.exception("channel.fault", channel=number)
            end = closed(number, FeedError("INTERNAL", "the gateway failed on this channel; open it again"))
        finally:
            self._channels.pop(number, None)
            self._tasks_of.pop(number, None)
        if not self._ws.closed:
            try:
                await self._send(self._codec.encode(end))
            except ConnectionError:
                return

    def _end(self, number: int) -> None:
        """Forgets a channel at once, so that what still arrives for it counts as having crossed with its end."""
        self._channels.pop(number, None)
        task = self._tasks_of.pop(number, None)
        if task is not None:
            task.cancel()

    async def _refuse(self, number: int, code: str, text: str) -> None:
        await self._send(self._codec.encode(closed(number, FeedError(code, text))))
