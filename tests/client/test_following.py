"""Following a feed: what ends it, what only interrupts it, and what silence means."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from octokube.client import acknowledging, following
from octokube.client.feed import FeedError
from octokube.client.following import Progress, follow
from octokube.client.receiver import WORTHLESS_TOKEN, Receiver
from octokube.runtime.backoff import Backoff
from octokube.v1 import cluster_service_pb2 as pb
from octokube.v1 import frame_pb2, resource_pb2
from tests.support.waiting import eventually
from tests.web.fake_feed import FakeFeed, FakeWatch

SUBSCRIPTION = pb.Subscription(clusters=["*"], types=["*"], namespaces=["**"], detail=pb.DETAIL_OBJECTS)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Backoff, "next_seconds", lambda _: 0.0)


def bookmark(sequence: int, token: bytes = b"") -> bytes:
    frame = frame_pb2.Frame(sequence=sequence, cluster="c1", kind=frame_pb2.FRAME_KIND_BOOKMARK, resume_token=token)
    return pb.WatchResponse(frame=frame).SerializeToString()


def delta(sequence: int, **entry: object) -> bytes:
    key = resource_pb2.Key(type="pods", namespace="red", name="web", uid="u1")
    frame = frame_pb2.Frame(sequence=sequence, cluster="c1", kind=frame_pb2.FRAME_KIND_DELTA)
    frame.entries.add(key=key, **entry)  # type: ignore[arg-type]
    return pb.WatchResponse(frame=frame).SerializeToString()


def requests_of(stream: FakeWatch) -> list[pb.WatchRequest]:
    return [pb.WatchRequest.FromString(request) for request in stream.sent]


async def begun(feed: FakeFeed, receiver: Receiver) -> tuple[AsyncGenerator[Progress], FakeWatch]:
    """A follower that has had its first bookmark, with token "t1"."""
    progress = follow(feed, "alice", SUBSCRIPTION, receiver)
    first = asyncio.create_task(anext(progress))
    stream = await feed.stream()
    stream.say(bookmark(1, b"t1"))
    await first
    return progress, stream


async def test_a_receiver_asks_for_patches_and_acknowledges_what_it_has_applied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(acknowledging, "ACK_SECONDS", 0.05)
    feed = FakeFeed()
    progress, stream = await begun(feed, Receiver())
    subscribe = requests_of(stream)[0].subscribe
    assert subscribe.accepts_patches
    assert not subscribe.resume
    for sequence in (2, 3, 4):
        stream.say(bookmark(sequence))
        await anext(progress)
    later = asyncio.create_task(anext(progress))
    await eventually(lambda: len(stream.sent) > 1)
    assert requests_of(stream)[1].ack.sequence == 4, "one acknowledgement covers all before it"
    stream.say(bookmark(5))
    await later
    await progress.aclose()
    assert stream.is_closed


async def test_a_window_that_fills_is_freed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acknowledging, "ACK_SECONDS", 3600.0)
    monkeypatch.setattr(acknowledging, "ACK_BYTES", 2 * len(bookmark(2)))
    feed = FakeFeed()
    progress, stream = await begun(feed, Receiver())
    stream.say(bookmark(2))
    stream.say(bookmark(3))
    await anext(progress)
    await anext(progress)
    waiting = asyncio.create_task(anext(progress))
    await eventually(lambda: len(stream.sent) > 1)
    assert requests_of(stream)[1].ack.sequence >= 2
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_a_stream_that_falls_silent_is_left_and_resumed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SILENCE_SECONDS", 0.05)
    feed = FakeFeed()
    progress, stream = await begun(feed, Receiver())
    interrupted = await anext(progress)
    assert interrupted.is_interrupted
    assert "silent" in interrupted.message
    assert stream.is_closed
    again = asyncio.create_task(anext(progress))
    second = await feed.stream(1)
    second.say(bookmark(1))
    await again
    assert requests_of(second)[0].subscribe.resume[0].resume_token == b"t1"
    await progress.aclose()


async def test_before_the_first_frame_silence_means_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SILENCE_SECONDS", 0.01)
    progress = follow(FakeFeed(), "alice", SUBSCRIPTION, Receiver())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await anext(progress)


@pytest.mark.parametrize(
    "broken",
    [bookmark(3), delta(2, patch=b"{}"), pb.WatchResponse(frame=frame_pb2.Frame(sequence=2)).SerializeToString()],
)
async def test_after_a_fault_the_next_stream_names_what_is_held_and_resumes_nothing(broken: bytes) -> None:
    feed = FakeFeed()
    receiver = Receiver()
    progress, stream = await begun(feed, receiver)
    stream.say(broken)
    assert (await anext(progress)).is_interrupted
    asking = asyncio.create_task(anext(progress))
    second = await feed.stream(1)
    while not second.sent:  # noqa: ASYNC110 - the fake has no event for what it is sent
        await asyncio.sleep(0)
    resume = requests_of(second)[0].subscribe.resume
    assert [(point.cluster, point.resume_token) for point in resume] == [("c1", WORTHLESS_TOKEN)]
    assert "c1" in receiver.clusters, "what is held stays until a snapshot replaces it"
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


async def test_a_patch_is_applied_to_the_body_that_is_held() -> None:
    feed = FakeFeed()
    receiver = Receiver()
    progress, stream = await begun(feed, receiver)
    stream.say(delta(2, body=b'{"a":{"b":1,"c":2}}', resource_version="1"))
    await anext(progress)
    stream.say(delta(3, patch=b'{"a":{"b":null,"d":3}}', resource_version="2"))
    await anext(progress)
    (viewed,) = receiver.clusters["c1"].objects.values()
    assert (viewed.body, viewed.resource_version) == (b'{"a":{"c":2,"d":3}}', "2")
    await progress.aclose()


async def test_a_refusal_for_good_is_raised_and_a_passing_one_is_waited_out() -> None:
    feed = FakeFeed()
    progress, stream = await begun(feed, Receiver())
    stream.fail(FeedError("UNAVAILABLE", "away"))
    assert (await anext(progress)).message == "away"
    ending = asyncio.create_task(anext(progress))
    (await feed.stream(1)).fail(FeedError("UNAUTHENTICATED", "the token has ended"))
    with pytest.raises(FeedError, match="has ended"):
        await ending
