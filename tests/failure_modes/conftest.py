"""A hub with its policy, agents and a gateway before it, for tests that go in by every door."""

import pathlib
from collections.abc import AsyncIterator

import aiohttp
import grpc.aio
import pytest

from octokube_hub.app import Hub
from octokube_web.app import Gateway
from octokube_web.settings import WebSettings
from tests.failure_modes.streams import Doors
from tests.hub.conftest import agent, channel, clock, hub, policies

__all__ = ["agent", "channel", "clock", "hub", "policies"]


@pytest.fixture
async def gateway(hub: Hub, tmp_path: pathlib.Path) -> AsyncIterator[Gateway]:
    """A gateway in the hub's process."""
    running = Gateway(WebSettings(listen="127.0.0.1:0"), hub.feed)
    await running.start()
    yield running
    await running.close()


@pytest.fixture
async def doors(hub: Hub, channel: grpc.aio.Channel, gateway: Gateway) -> AsyncIterator[Doors]:
    """Every way into the hub."""
    connector = aiohttp.TCPConnector(limit=0)  # a hundred sockets are not many here
    async with aiohttp.ClientSession(gateway.url, connector=connector) as browser:
        opened = Doors(hub, channel, browser)
        yield opened
        await opened.close()
