"""Limits hold at the hub's doors, and places come back when connections break."""

import asyncio
import contextlib
import pathlib
from collections.abc import AsyncIterator, Callable

import grpc.aio
import pytest

from octokube.client.feed import FeedError
from octokube.client.grpc_feed import GrpcFeed
from octokube.runtime.channels import open_channel
from octokube_hub.app import Hub
from octokube_hub.limits import HubLimits
from octokube_hub.settings import HubSettings
from tests.hub.conftest import RULES
from tests.hub.policies import write_policy
from tests.hub.watching import Watcher
from tests.support.waiting import HANG_SECONDS, eventually

Start = Callable[..., contextlib.AbstractAsyncContextManager[Hub]]


@pytest.fixture
def started(tmp_path: pathlib.Path) -> Start:
    """Starts a hub with other limits than usual."""

    @contextlib.asynccontextmanager
    async def start(**limits: int) -> AsyncIterator[Hub]:
        write_policy(tmp_path / "policies", RULES)
        settings = HubSettings(
            listen="127.0.0.1:0",
            data=tmp_path / "data",
            policies=tmp_path / "policies",
            is_demo=True,
            metrics_listen="127.0.0.1:0",
            limits=HubLimits(**limits),
        )
        hub = Hub(settings)
        await hub.start()
        try:
            yield hub
        finally:
            await hub.close()

    return start


def own_connection(address: str) -> grpc.aio.Channel:
    """A channel that shares its connection with no other of this process."""
    return grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])


async def opened(feed: GrpcFeed, token: str) -> Watcher:
    """A stream that the hub has taken up."""
    watcher = Watcher(feed, token)
    await watcher.subscribe()
    return watcher


def streams(hub: Hub) -> int:
    assert hub._crowd is not None
    return len(hub._crowd)


async def test_one_too_many_is_told_so_and_the_others_go_on(started: Start) -> None:
    async with started(person_stream_limit=3) as hub, open_channel(hub.address) as channel:
        feeds = [GrpcFeed(channel), hub.feed, GrpcFeed(channel)]
        held = [await opened(feed, "demo:alice") for feed in feeds]
        reading = [asyncio.create_task(watcher.read()) for watcher in held]
        await eventually(lambda: streams(hub) == 3)
        for feed in feeds[:2]:
            refused = await opened(feed, "demo:alice")
            with pytest.raises(FeedError, match="you have 3 streams open") as raised:
                await refused.read()
            assert raised.value.code == "RESOURCE_EXHAUSTED"
            assert raised.value.retry_after_seconds
            await refused.close()
            catalog = feed.watch_catalog("demo:alice", peer="127.0.0.1")
            with pytest.raises(FeedError, match="you have 3 streams open"):
                await catalog.receive()
            await catalog.close()
        bob = feeds[0].watch_catalog("demo:bob", peer="127.0.0.1")
        assert await bob.receive()
        await bob.close()
        assert streams(hub) in (3, 4)
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        for watcher in held:
            await watcher.close()
        await eventually(lambda: streams(hub) == 0)


@pytest.mark.parametrize("end", ["closed", "the connection broke", "refused", "revoked"])
async def test_a_place_is_given_back_however_a_stream_ends(started: Start, end: str) -> None:
    async with started() as hub:
        token = await hub.create_token("user:alice")
        channel = open_channel(hub.address)
        watchers = [await opened(GrpcFeed(channel), token) for _ in range(10)]
        await eventually(lambda: streams(hub) == 10)
        if end == "closed":
            for watcher in watchers:
                await watcher.close()
        elif end == "refused":
            for watcher in watchers:
                await watcher.send(b"\xff\xff")
        elif end == "revoked":
            (info,) = await hub._tokens.list("user:alice")
            await hub._tokens.revoke(info.id, hub._clock.now())
        else:
            await channel.close(0)
        await eventually(lambda: streams(hub) == 0)
        assert hub._crowd is not None
        assert hub._crowd.people == 0
        await channel.close(0)


async def test_connections_beyond_the_limit_get_nothing_and_those_that_are_there_go_on(started: Start) -> None:
    async with started(connection_limit=2) as hub:
        channels = [own_connection(hub.address) for _ in range(3)]
        try:
            for channel in channels[:2]:
                assert (await GrpcFeed(channel).who_am_i("demo:alice")).subject == "user:alice"
            with pytest.raises(FeedError) as raised:
                await GrpcFeed(channels[2]).who_am_i("demo:alice")
            assert raised.value.code == "UNAVAILABLE"
            assert (await GrpcFeed(channels[0]).who_am_i("demo:bob")).subject == "user:bob"
            await channels[1].close(0)

            async def got_in() -> bool:
                with contextlib.suppress(FeedError):
                    return (await GrpcFeed(channels[2]).who_am_i("demo:alice")).subject == "user:alice"
                return False

            async with asyncio.timeout(HANG_SECONDS):
                while not await got_in():
                    pass
        finally:
            await asyncio.gather(*(channel.close(0) for channel in channels))


async def test_calls_beyond_the_limit_are_refused_whoever_makes_them(started: Start) -> None:
    async with started(stream_limit=4, call_limit=5) as hub, open_channel(hub.address) as channel:
        waiting = [channel.stream_stream("/octokube.v1.OperationService/Run")(
            metadata=(("authorization", "Bearer demo:alice"),)
        ) for _ in range(5)]  # fmt: skip
        for call in waiting:
            await call.wait_for_connection()

        async def refused() -> bool:
            try:
                await GrpcFeed(channel).who_am_i("demo:bob")
            except FeedError as error:
                return error.code == "RESOURCE_EXHAUSTED"
            return False

        async with asyncio.timeout(HANG_SECONDS):
            while not await refused():
                pass
        for call in waiting:
            call.cancel()
        async with asyncio.timeout(HANG_SECONDS):
            while await refused():
                pass


async def test_a_message_beyond_the_limit_ends_its_own_stream(started: Start) -> None:
    async with started(message_limit_bytes=100_000) as hub, open_channel(hub.address) as channel:
        watcher = await opened(GrpcFeed(channel), "demo:alice")
        await watcher.send(b"\0" * 200_000)
        with pytest.raises(FeedError, match="larger than max") as raised:
            while await watcher.read():
                pass
        assert raised.value.code == "RESOURCE_EXHAUSTED"
        assert (await GrpcFeed(channel).who_am_i("demo:bob")).subject == "user:bob"
        await eventually(lambda: streams(hub) == 0)
