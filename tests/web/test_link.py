"""A renewed certificate is used for what comes, and what is open goes on over the connection that it has."""

from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import grpc.aio
import pytest

from octokube.client.grpc_feed import GrpcFeed
from octokube_web.link import RenewingChannel

GENERIC = "/octokube.test/Method"


class Call:
    """A call that ends when the test says so."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[object], None]] = []

    def add_done_callback(self, callback: Callable[[object], None]) -> None:
        self._callbacks.append(callback)

    def end(self) -> None:
        for callback in self._callbacks:
            callback(self)


class Channel:
    """A channel that only counts."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.is_closed = False

    def _open(self, *_: Any, **__: Any) -> Callable[..., Call]:
        def call(*_: Any, **__: Any) -> Call:
            assert not self.is_closed, "a call on a connection that was closed"
            self.calls.append(Call())
            return self.calls[-1]

        return call

    unary_unary = unary_stream = stream_stream = _open

    async def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def channels() -> list[Channel]:
    """Those that were opened, oldest first."""
    return []


@pytest.fixture
async def renewing(channels: list[Channel]) -> AsyncIterator[RenewingChannel]:
    def opening() -> grpc.aio.Channel:
        channels.append(Channel())
        return cast(grpc.aio.Channel, channels[-1])

    channel = RenewingChannel(opening)
    yield channel
    await channel.close()
    assert all(one.is_closed for one in channels)


async def settled(channel: RenewingChannel) -> None:
    """Waits until what is being closed is closed."""
    while channel._closing:
        await next(iter(channel._closing))


async def test_a_former_connection_is_closed_with_its_last_call_and_not_before(
    renewing: RenewingChannel, channels: list[Channel]
) -> None:
    method = renewing.stream_stream(GENERIC)
    first, second = method(), renewing.unary_stream(GENERIC)()
    renewing.renew()
    third = method()
    assert [len(channel.calls) for channel in channels] == [2, 1], "a method that was made before goes the new way"
    first.end()
    await settled(renewing)
    assert not channels[0].is_closed
    second.end()
    await settled(renewing)
    assert [channel.is_closed for channel in channels] == [True, False]
    third.end()
    await settled(renewing)
    assert not channels[1].is_closed, "it is the newest"


async def test_a_connection_with_nothing_on_it_is_closed_at_once(
    renewing: RenewingChannel, channels: list[Channel]
) -> None:
    for _ in range(3):
        renewing.renew()
        await settled(renewing)
    assert [channel.is_closed for channel in channels] == [True, True, True, False]


async def test_it_has_what_the_feed_asks_of_a_channel(renewing: RenewingChannel, channels: list[Channel]) -> None:
    feed = GrpcFeed(cast(grpc.aio.Channel, renewing))
    feed.watch_catalog("token", peer="test")
    assert len(channels[0].calls) == 1
