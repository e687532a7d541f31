"""One websocket carries many streams, and mixes none of them up."""

import asyncio

import aiohttp
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType
from blockbuster import BlockBuster

from octokube.client.feed import FeedError
from octokube.v1 import browser_pb2, cluster_service_pb2, frame_pb2
from octokube_web import socket as socket_module
from octokube_web.app import Gateway
from octokube_web.numbers import BLOCK
from tests.support.sockets import PageSocket, granted, open_socket
from tests.support.waiting import HANG_SECONDS, eventually
from tests.web.fake_feed import FakeFeed, FakeWatch


def subscribe(channel: int) -> bytes:
    request = cluster_service_pb2.WatchRequest(
        subscribe=cluster_service_pb2.Subscribe(
            subscription=cluster_service_pb2.Subscription(clusters=["demo"], types=["pods"], namespaces=["payments"])
        )
    )
    return browser_pb2.BrowserMessage(channel=channel, watch=request).SerializeToString()


def ack(channel: int, sequence: int) -> bytes:
    request = cluster_service_pb2.WatchRequest(ack=cluster_service_pb2.FrameAck(sequence=sequence))
    return browser_pb2.BrowserMessage(channel=channel, watch=request).SerializeToString()


def frame(sequence: int) -> bytes:
    return cluster_service_pb2.WatchResponse(
        frame=frame_pb2.Frame(sequence=sequence, cluster="demo")
    ).SerializeToString()


async def received(ws: PageSocket) -> browser_pb2.GatewayMessage:
    return browser_pb2.GatewayMessage.FromString(await ws.receive_bytes())


async def connected(browser: aiohttp.ClientSession) -> PageSocket:
    if "Authorization" in browser.headers:
        ws = await browser.ws_connect("/api/v1/socket", protocols=["octokube.v1.proto"])
    else:
        ws = await open_socket(browser)
    hello = await ws.receive_bytes()
    assert browser_pb2.GatewayMessage.FromString(hello).hello.who_am_i.subject in ("user:alice", "user:bob")
    return PageSocket(ws, granted(hello))


async def closing(ws: ClientWebSocketResponse | PageSocket) -> int | None:
    while (await ws.receive()).type not in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING):
        pass
    return ws.close_code


async def test_the_hubs_bytes_arrive_unchanged_on_their_channel(
    signed_in: aiohttp.ClientSession, feed: FakeFeed
) -> None:
    ws = await connected(signed_in)
    await ws.send_bytes(subscribe(1))
    await ws.send_bytes(subscribe(2))
    first, second = await feed.stream(0), await feed.stream(1)
    assert (first.token, first.peer) == ("alice", "127.0.0.1")
    # A field that this version does not know must survive: the gateway passes bytes, not what it understands of them.
    unknown = frame(7) + b"\xfa\x3e\x03new"
    second.say(unknown)
    assert await ws.receive_bytes() == b"\x08\x02\x12" + bytes([len(unknown)]) + unknown
    first.say(frame(1))
    message = await received(ws)
    assert (message.channel, message.watch.frame.sequence) == (1, 1)


async def test_acknowledgements_reach_their_own_stream(signed_in: aiohttp.ClientSession, feed: FakeFeed) -> None:
    ws = await connected(signed_in)
    await ws.send_bytes(subscribe(1))
    await ws.send_bytes(subscribe(5))
    await ws.send_bytes(ack(5, 42))
    stream = await feed.stream(1)
    stream.say(frame(1))
    await received(ws)
    requests = [cluster_service_pb2.WatchRequest.FromString(request) for request in stream.sent]
    assert requests[0].subscribe.subscription.namespaces == ["payments"]
    assert requests[1].ack.sequence == 42
    assert len((await feed.stream(0)).sent) == 1


async def test_json_says_the_same_in_text(gateway: Gateway, feed: FakeFeed) -> None:
    async with aiohttp.ClientSession(gateway.url, headers={"Authorization": "Bearer bob"}) as program:
        ws = await program.ws_connect("/api/v1/socket", protocols=["octokube.v1.json"])
        channel = granted(await ws.receive_str())
        subscription = {"clusters": ["demo"], "types": ["pods"], "namespaces": ["**"]}
        await ws.send_json({"channel": channel, "watch": {"subscribe": {"subscription": subscription}}})
        stream = await feed.stream()
        stream.say(frame(1))
        message = await ws.receive_json()
        assert message == {"channel": channel, "watch": {"frame": {"sequence": "1", "cluster": "demo"}}}
        await ws.close()


async def test_an_object_is_answered_once_and_a_missing_one_with_its_code(signed_in: aiohttp.ClientSession) -> None:
    ws = await connected(signed_in)
    for channel, name in ((1, "there"), (2, "elsewhere")):
        request = browser_pb2.BrowserMessage(channel=channel)
        request.get_object.key.name = name
        await ws.send_bytes(request.SerializeToString())
    answers = [await received(ws) for _ in range(3)]
    by_channel = {(answer.channel, answer.WhichOneof("message")): answer for answer in answers}
    assert by_channel[1, "object"].object.entry.key.name == "there"
    assert by_channel[1, "closed"].closed.code == "OK"
    assert by_channel[2, "closed"].closed.code == "NOT_FOUND"
    assert not by_channel[2, "closed"].closed.retryable


async def test_a_question_about_access_is_answered_once(signed_in: aiohttp.ClientSession) -> None:
    ws = await connected(signed_in)
    request = browser_pb2.BrowserMessage(channel=1)
    request.explain_access.key.name = "web"
    await ws.send_bytes(request.SerializeToString())
    answer, end = await received(ws), await received(ws)
    assert [found.sentence for found in answer.access.answers] == ["Nothing lets you get web."]
    assert (end.channel, end.closed.code) == (1, "OK")


async def test_a_streams_end_is_told_on_its_channel_and_touches_no_other(
    signed_in: aiohttp.ClientSession, feed: FakeFeed
) -> None:
    ws = await connected(signed_in)
    await ws.send_bytes(subscribe(1))
    await ws.send_bytes(subscribe(2))
    (await feed.stream(0)).fail(FeedError("UNAVAILABLE", "the hub drains", 2.5))
    message = await received(ws)
    assert (message.channel, message.closed.code, message.closed.retryable) == (1, "UNAVAILABLE", True)
    assert message.closed.retry_after.ToMilliseconds() == 2500
    (await feed.stream(1)).say(frame(1))
    assert (await received(ws)).channel == 2


async def test_a_closed_channel_closes_its_stream(signed_in: aiohttp.ClientSession, feed: FakeFeed) -> None:
    ws = await connected(signed_in)
    await ws.send_bytes(subscribe(1))
    stream = await feed.stream()
    close = browser_pb2.BrowserMessage(channel=1, close=browser_pb2.ChannelClose())
    await ws.send_bytes(close.SerializeToString())
    await ws.send_bytes(ack(1, 3))  # crosses with the close; must not count as a rule broken
    ping = browser_pb2.BrowserMessage(ping=browser_pb2.Ping(nonce=9))
    await ws.send_bytes(ping.SerializeToString())
    assert (await received(ws)).pong.nonce == 9
    await eventually(lambda: stream.is_closed)


async def test_a_browser_that_leaves_closes_all_its_streams(signed_in: aiohttp.ClientSession, feed: FakeFeed) -> None:
    ws = await connected(signed_in)
    await ws.send_bytes(subscribe(1))
    await ws.send_bytes(subscribe(2))
    streams = [await feed.stream(0), await feed.stream(1)]
    await ws.close()
    await eventually(lambda: all(stream.is_closed for stream in streams))


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([b"\xff\xff\xff"], 1007),
        (["{}"], 1007),
        ([b""], 1008),
        ([subscribe(3), subscribe(2)], 1008),
        ([browser_pb2.BrowserMessage(channel=0, catalog={}).SerializeToString()], 1008),
        ([subscribe(1), browser_pb2.BrowserMessage(channel=1, catalog={}).SerializeToString()], 1008),
    ],
)
async def test_a_broken_rule_closes_that_socket_with_a_reason_and_no_other(
    signed_in: aiohttp.ClientSession, feed: FakeFeed, messages: list[bytes | str], code: int
) -> None:
    bystander = await connected(signed_in)
    await bystander.send_bytes(subscribe(1))
    stream = await feed.stream()
    ws = await connected(signed_in)
    for message in messages:
        await (ws.send_bytes(message) if isinstance(message, bytes) else ws.send_str(message))
    assert await closing(ws) == code
    stream.say(frame(1))
    assert (await received(bystander)).watch.frame.sequence == 1


async def test_more_channels_than_allowed_are_refused_and_the_others_go_on(
    signed_in: aiohttp.ClientSession, feed: FakeFeed
) -> None:
    ws = await connected(signed_in)
    for channel in range(1, 5):
        await ws.send_bytes(subscribe(channel))
    message = await received(ws)
    assert (message.channel, message.closed.code) == (4, "RESOURCE_EXHAUSTED")
    (await feed.stream(2)).say(frame(1))
    assert (await received(ws)).channel == 3


@pytest.mark.parametrize("kind", ["acknowledges", "opens", "closes"])
async def test_a_channel_stolen_from_another_socket_ends_the_thief_and_nobody_else(
    gateway: Gateway, feed: FakeFeed, kind: str
) -> None:
    async with (
        aiohttp.ClientSession(gateway.url, headers={"Authorization": "Bearer alice"}) as alice,
        aiohttp.ClientSession(gateway.url, headers={"Authorization": "Bearer bob"}) as bob,
    ):
        of_alice = await connected(alice)
        await of_alice.send_bytes(subscribe(7))
        stream = await feed.stream()
        of_bob = await connected(bob)
        stolen = of_alice.first + 6
        close = browser_pb2.BrowserMessage(channel=stolen, close=browser_pb2.ChannelClose()).SerializeToString()
        message = {"acknowledges": ack(stolen, 1), "opens": subscribe(stolen), "closes": close}[kind]
        await of_bob.ws.send_bytes(message)
        assert await closing(of_bob) == 1008
        stream.say(frame(1))
        assert (await received(of_alice)).watch.frame.sequence == 1
        assert (len(stream.sent), len(feed.streams)) == (1, 1)


async def test_numbers_are_granted_in_time_each_to_one_socket_and_are_free_again_afterwards(
    gateway: Gateway, signed_in: aiohttp.ClientSession
) -> None:
    sockets = [await connected(signed_in) for _ in range(5)]
    assert len({ws.first // BLOCK for ws in sockets}) == 5
    ws, grants, opened = sockets[0].ws, [sockets[0].first], 0
    while len(grants) < 4:
        for number in range(grants[-1], grants[-1] + BLOCK // 2 + 1):
            request = browser_pb2.BrowserMessage(channel=number)
            request.explain_access.key.name = "web"
            await ws.send_bytes(request.SerializeToString())
            opened += 1
            is_done = False
            while not is_done:
                message = browser_pb2.GatewayMessage.FromString(await ws.receive_bytes())
                if message.HasField("grant"):
                    grants.append(message.grant.first)
                is_done = message.channel == number and message.HasField("closed")
    assert opened == 3 * (BLOCK // 2 + 1)
    assert len(gateway._numbers) == 8
    for socket in sockets:
        await socket.close()
    await eventually(lambda: len(gateway._numbers) == 0)


async def test_a_channel_whose_hub_takes_nothing_is_ended_and_delays_no_other(
    signed_in: aiohttp.ClientSession, feed: FakeFeed
) -> None:
    ws = await connected(signed_in)
    await ws.send_bytes(subscribe(1))
    stuck = await feed.stream()
    stuck.is_deaf = True
    for sequence in range(400):
        await ws.send_bytes(ack(1, sequence))
    message = await received(ws)
    assert (message.channel, message.closed.code) == (1, "RESOURCE_EXHAUSTED")
    await ws.send_bytes(subscribe(2))
    (await feed.stream(1)).say(frame(1))
    assert (await received(ws)).channel == 2


async def test_a_browser_that_reads_nothing_stops_its_stream_from_being_read(
    signed_in: aiohttp.ClientSession, feed: FakeFeed
) -> None:
    ws = await connected(signed_in)
    await ws.send_bytes(subscribe(1))
    stream = await feed.stream()
    big = cluster_service_pb2.WatchResponse(frame=frame_pb2.Frame(resume_token=b"x" * 1_000_000)).SerializeToString()
    for _ in range(200):
        stream.say(big)
    settled = -1
    async with asyncio.timeout(HANG_SECONDS):
        while stream.received != settled:
            settled = stream.received
            await asyncio.sleep(0.3)
    # What the kernel and aiohttp buffer is a few MB; 200 MB would mean that the gateway queues for the browser.
    assert stream.received < 60


async def test_without_a_subprotocol_or_a_session_the_close_code_says_what_to_do(
    browser: aiohttp.ClientSession, feed: FakeFeed
) -> None:
    ws = await browser.ws_connect("/api/v1/socket", protocols=["octokube.v1.proto"])
    assert await closing(ws) == 4401
    ws = await browser.ws_connect("/api/v1/socket")
    assert await closing(ws) == 1002


async def test_a_hub_that_is_away_is_told_apart_from_a_refused_token(
    signed_in: aiohttp.ClientSession, feed: FakeFeed
) -> None:
    feed.is_down = True
    ws = await open_socket(signed_in)
    assert await closing(ws) == 4503


async def test_a_stopping_gateway_asks_browsers_to_come_back(
    gateway: Gateway, signed_in: aiohttp.ClientSession, feed: FakeFeed
) -> None:
    ws = await connected(signed_in)
    await ws.send_bytes(subscribe(1))
    stream = await feed.stream()
    closed = asyncio.create_task(closing(ws))
    await gateway.close()
    assert await closed == 1012
    assert stream.is_closed


async def test_a_channel_that_is_closed_at_once_leaves_no_stream_open(
    signed_in: aiohttp.ClientSession, feed: FakeFeed
) -> None:
    """A page that opens a view and leaves it in the same breath sends both messages in one packet. The channel's task
    was then cancelled before it began, and its stream stayed open at the hub.
    """
    ws = await connected(signed_in)
    close = browser_pb2.BrowserMessage(channel=1, close=browser_pb2.ChannelClose()).SerializeToString()
    ping = browser_pb2.BrowserMessage(ping=browser_pb2.Ping(nonce=9)).SerializeToString()
    await asyncio.gather(ws.send_bytes(subscribe(1)), ws.send_bytes(close), ws.send_bytes(ping))
    assert (await received(ws)).pong.nonce == 9
    assert all(stream.is_closed for stream in feed.streams)


async def test_a_fault_of_the_gateway_is_told_on_its_channel(
    signed_in: aiohttp.ClientSession, feed: FakeFeed, never_blocking: BlockBuster
) -> None:
    """Otherwise the page waits for ever on a channel on which nothing will ever come."""
    never_blocking.deactivate()  # the log reads the source around the defect, to show it
    ws = await connected(signed_in)
    await ws.send_bytes(subscribe(1))
    stream = await feed.stream()
    stream.fail(ZeroDivisionError())
    message = await received(ws)
    assert (message.channel, message.closed.code, message.closed.retryable) == (1, "INTERNAL", True)
    assert stream.is_closed


async def test_requests_that_wait_for_the_hub_are_bounded_in_bytes(
    signed_in: aiohttp.ClientSession, feed: FakeFeed
) -> None:
    """Counted in messages alone, one socket could make the gateway hold gigabytes while its hub is slow."""
    ws = await connected(signed_in)
    await ws.send_bytes(subscribe(1))
    (await feed.stream()).is_deaf = True
    large = browser_pb2.BrowserMessage(channel=1)
    large.watch.subscribe.subscription.namespaces.extend(["x" * 1000] * 200)
    for _ in range(6):
        await ws.send_bytes(large.SerializeToString())
    message = await received(ws)
    assert (message.channel, message.closed.code) == (1, "RESOURCE_EXHAUSTED")


async def blocked(browser: aiohttp.ClientSession, feed: FakeFeed) -> tuple[PageSocket, FakeWatch]:
    """A socket that the browser does not read, and its stream, of which the gateway therefore takes no more."""
    ws = await connected(browser)
    await ws.send_bytes(subscribe(1))
    stream = await feed.stream()
    assert ws._response.connection is not None
    assert ws._response.connection.transport is not None
    ws._response.connection.transport.pause_reading()  # type: ignore[attr-defined]
    large = frame(1) + b"\xfa\x3e\x80\x80\x40" + b"x" * (1 << 20)
    for _ in range(64):
        stream.say(large)
    await eventually(lambda: stream.received > 1)
    before = -1
    while before != stream.received:
        before = stream.received
        await asyncio.sleep(0.1)
    assert stream.received < 64
    return ws, stream


async def test_signing_out_ends_the_streams_of_a_browser_that_reads_nothing(
    signed_in: aiohttp.ClientSession, feed: FakeFeed
) -> None:
    """Its streams used to stay open for as long as it left its close frame unread."""
    ws, stream = await blocked(signed_in, feed)
    async with signed_in.delete("/api/v1/session") as response:
        assert response.status == 204
    await eventually(lambda: stream.is_closed, seconds=1.0)
    assert not ws.closed  # it has not read the news


async def test_a_gateway_stops_though_a_browser_reads_nothing(
    gateway: Gateway, signed_in: aiohttp.ClientSession, feed: FakeFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing the close frame waited for a buffer that nobody emptied, and the process with it."""
    monkeypatch.setattr(socket_module, "CLOSE_SECONDS", 0.2)
    ws, stream = await blocked(signed_in, feed)
    async with asyncio.timeout(HANG_SECONDS):
        await gateway.close()
    assert stream.is_closed
    assert not ws.closed  # it has not read the news


async def test_a_socket_that_breaks_while_its_session_ends_leaves_no_stream_open(
    signed_in: aiohttp.ClientSession, feed: FakeFeed
) -> None:
    """The break began to tidy the channel up, the end of the session cancelled that, and the stream stayed open."""
    ws, stream = await blocked(signed_in, feed)
    async with signed_in.delete("/api/v1/session") as response:
        assert ws._response.connection is not None
        assert ws._response.connection.transport is not None
        ws._response.connection.transport.abort()  # type: ignore[attr-defined]
        assert response.status == 204
    await eventually(lambda: stream.is_closed, seconds=1.0)
