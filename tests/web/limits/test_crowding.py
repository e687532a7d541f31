"""One person, one address or a crowd leaves the others their sockets, and is told what it has met."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType
from hypothesis import given
from hypothesis import strategies as st

from octokube.runtime.errors import UserError
from octokube.v1 import browser_pb2
from octokube.v1.cluster_service_pb2 import WhoAmIResponse
from octokube_web.app import Gateway
from octokube_web.assets import Assets
from octokube_web.crowd import Crowd, Crowded
from octokube_web.encoding import PROTO
from octokube_web.limits import WebLimits
from octokube_web.settings import WebSettings
from tests.support.sockets import open_socket
from tests.support.waiting import eventually
from tests.web.fake_feed import FakeFeed

Start = Callable[..., contextlib.AbstractAsyncContextManager[Gateway]]


class SlowFeed(FakeFeed):
    """Says who somebody is when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.answering = asyncio.Event()
        self.answering.set()

    async def who_am_i(self, token: str) -> WhoAmIResponse:
        await self.answering.wait()
        return await super().who_am_i(token)


@pytest.fixture
def feed() -> SlowFeed:
    return SlowFeed()


@pytest.fixture
def started(feed: SlowFeed, page: Path) -> Start:
    """Starts a gateway with other limits than usual."""

    @contextlib.asynccontextmanager
    async def start(**limits: float) -> AsyncIterator[Gateway]:
        settings = WebSettings(listen="127.0.0.1:0", limits=WebLimits(**limits))  # type: ignore[arg-type]
        gateway = Gateway(settings, feed, assets=Assets(page))
        await gateway.start()
        try:
            yield gateway
        finally:
            feed.answering.set()
            await gateway.close()

    return start


async def opened(gateway: Gateway, token: str, stack: contextlib.AsyncExitStack) -> ClientWebSocketResponse:
    headers = {"Authorization": f"Bearer {token}"}
    program = await stack.enter_async_context(aiohttp.ClientSession(gateway.url, headers=headers))
    return await stack.enter_async_context(program.ws_connect("/api/v1/socket", protocols=[PROTO]))


async def hello(ws: ClientWebSocketResponse) -> str:
    return browser_pb2.GatewayMessage.FromString(await ws.receive_bytes()).hello.who_am_i.subject


async def refusal(ws: ClientWebSocketResponse) -> tuple[int, str]:
    told = await ws.receive()
    assert told.type is WSMsgType.CLOSE
    return told.data, told.extra or ""


async def test_one_person_has_so_many_sockets_however_they_sign_in_and_crowds_nobody_out(started: Start) -> None:
    async with started(person_socket_limit=3) as gateway, contextlib.AsyncExitStack() as stack:
        jar = aiohttp.CookieJar(unsafe=True)
        headers = {"Origin": gateway.url.rstrip("/")}
        page = await stack.enter_async_context(aiohttp.ClientSession(gateway.url, headers=headers, cookie_jar=jar))
        await (await page.post("/api/v1/session", json={"token": "alice"})).read()
        held = [await open_socket(page), *[await opened(gateway, "alice", stack) for _ in range(2)]]
        assert [await hello(ws) for ws in held] == ["user:alice"] * 3
        refused = (1013, "you have 3 pages or programs open here; close some")
        assert await refusal(await open_socket(page)) == refused
        assert await refusal(await opened(gateway, "alice", stack)) == refused
        assert await hello(await opened(gateway, "bob", stack)) == "user:bob"
        ping = browser_pb2.BrowserMessage(ping=browser_pb2.Ping(nonce=7))
        await held[1].send_bytes(ping.SerializeToString())  # those that are open go on
        assert browser_pb2.GatewayMessage.FromString(await held[1].receive_bytes()).pong.nonce == 7
        await held[0].close()
        await eventually(lambda: len(gateway._crowd) == 3)
        assert await hello(await opened(gateway, "alice", stack)) == "user:alice"


async def test_a_gateway_has_so_many_sockets_in_all(started: Start) -> None:
    async with started(socket_limit=2) as gateway, contextlib.AsyncExitStack() as stack:
        held = [await opened(gateway, token, stack) for token in ("alice", "bob")]
        assert [await hello(ws) for ws in held] == ["user:alice", "user:bob"]
        code, reason = await refusal(await opened(gateway, "bob", stack))
        assert (code, reason) == (1013, "this gateway has as many sockets as it may; trying again later")


@pytest.mark.parametrize("limit", ["waiting_socket_limit", "address_waiting_limit"])
async def test_sockets_whose_owner_is_not_known_yet_are_few(started: Start, feed: SlowFeed, limit: str) -> None:
    async with started(**{limit: 2}) as gateway, contextlib.AsyncExitStack() as stack:
        feed.answering.clear()
        waiting = [await opened(gateway, token, stack) for token in ("stranger", "alice")]
        await eventually(lambda: len(gateway._crowd) == 2)
        code, reason = await refusal(await opened(gateway, "bob", stack))
        assert (code, reason) == (1013, "too many people come at once; trying again in a moment")
        feed.answering.set()
        assert (await refusal(waiting[0]))[0] == 4401
        assert await hello(waiting[1]) == "user:alice"
        assert await hello(await opened(gateway, "bob", stack)) == "user:bob"


async def test_requests_that_are_nobodys_are_bounded_and_those_who_are_signed_in_go_on(started: Start) -> None:
    async with started(stranger_requests_burst=5, stranger_requests_per_second=0.01) as gateway:
        jar = aiohttp.CookieJar(unsafe=True)
        headers = {"Origin": gateway.url.rstrip("/")}
        async with (
            aiohttp.ClientSession(gateway.url, headers=headers, cookie_jar=jar) as page,
            aiohttp.ClientSession(gateway.url, headers={"Authorization": "Bearer guess"}) as stranger,
        ):
            async with page.post("/api/v1/session", json={"token": "alice"}) as answer:
                assert answer.status == 200
            statuses = [(await stranger.get("/api/v1/session")).status for _ in range(6)]
            assert statuses == [401] * 4 + [429] * 2
            async with stranger.get("/") as answer:
                assert (answer.status, int(answer.headers["Retry-After"]) >= 1) == (429, True)
            async with stranger.get("/livez") as answer:
                assert answer.status == 200
            for _ in range(10):
                async with page.get("/api/v1/session") as answer:
                    assert answer.status == 200


async def test_a_message_that_is_too_long_closes_its_socket(feed: SlowFeed, page: Path) -> None:
    gateway = Gateway(WebSettings(listen="127.0.0.1:0", message_limit_bytes=10_000), feed, assets=Assets(page))
    await gateway.start()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(gateway.close)
        ws = await opened(gateway, "alice", stack)
        await hello(ws)
        await ws.send_bytes(b"\0" * 20_000)
        assert (await refusal(ws))[0] == 1009
        await eventually(lambda: len(gateway._crowd) == 0)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5), st.booleans()), max_size=60))
def test_places_are_given_back_in_any_order_by_an_end_or_an_error(steps: list[tuple[str, int, bool]]) -> None:
    crowd = Crowd(WebLimits(person_socket_limit=3, waiting_socket_limit=4, address_waiting_limit=2, socket_limit=8))
    held: list[contextlib.ExitStack] = []
    for name, which, is_waiting in steps:
        stack = contextlib.ExitStack()
        with contextlib.suppress(Crowded):
            stack.enter_context(crowd.waiting(name) if is_waiting else crowd.place(name))
            held.append(stack)
        if which < len(held):
            with contextlib.suppress(ConnectionError), held.pop(which):
                raise ConnectionError("the browser is gone")
        assert len(crowd) == len(held)
    for stack in held:
        stack.close()
    assert (len(crowd), len(crowd._open), len(crowd._waiting)) == (0, 0, 0)


def test_a_limit_that_lets_nobody_in_is_refused_at_the_start() -> None:
    with pytest.raises(UserError, match="--socket-limit has to be above 0"):
        WebSettings(limits=WebLimits(socket_limit=0)).check()
