"""A hub with its policy, agents and a gateway before it, for tests that go in by every door."""

import pathlib
from collections.abc import AsyncIterator

import aiohttp
import grpc.aio
import pytest

from octokube.client.calls import GrpcCalls
from octokube.client.grpc_feed import GrpcFeed
from octokube.client.identity import GrpcIdentity
from octokube_hub.app import Hub
from octokube_web.app import Gateway
from octokube_web.settings import WebSettings
from tests.failure_modes.causes import Scene
from tests.failure_modes.streams import Doors
from tests.hub.clocks import FakeClock
from tests.hub.conftest import agent, channel, clock, hub, policies

__all__ = ["agent", "channel", "clock", "hub", "policies"]


@pytest.fixture
async def gateway(hub: Hub, channel: grpc.aio.Channel) -> AsyncIterator[Gateway]:
    """A gateway in the hub's process."""
    running = Gateway(
        WebSettings(listen="127.0.0.1:0"), hub.feed, identity=GrpcIdentity(channel), calls=GrpcCalls(channel)
    )
    await running.start()
    yield running
    await running.close()


@pytest.fixture
async def remote_gateway(channel: grpc.aio.Channel) -> AsyncIterator[Gateway]:
    """A gateway that reaches the hub as another program does."""
    running = Gateway(
        WebSettings(listen="127.0.0.1:0"), GrpcFeed(channel), identity=GrpcIdentity(channel), calls=GrpcCalls(channel)
    )
    await running.start()
    yield running
    await running.close()


@pytest.fixture
async def doors(hub: Hub, channel: grpc.aio.Channel, gateway: Gateway, remote_gateway: Gateway) -> AsyncIterator[Doors]:
    """Every way into the hub."""
    async with browser_at(gateway) as browser, browser_at(remote_gateway) as remote:
        opened = Doors(hub, channel, browser, remote)
        yield opened
        await opened.close()


def browser_at(gateway: Gateway) -> aiohttp.ClientSession:
    """A client of a gateway; a hundred sockets are not many here."""
    return aiohttp.ClientSession(gateway.url, connector=aiohttp.TCPConnector(limit=0))


@pytest.fixture
async def scene(hub: Hub, policies: pathlib.Path, clock: FakeClock, channel: grpc.aio.Channel) -> AsyncIterator[Scene]:
    """The hub and what acts on it."""
    made = Scene(hub, policies, clock, channel)
    yield made
    await made.close()
