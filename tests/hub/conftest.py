"""A hub on loopback, with its policy directory, and clients of it."""

import pathlib
from collections.abc import AsyncIterator

import grpc.aio
import pytest

from octokube.client.feed import Feed
from octokube.client.grpc_feed import GrpcFeed
from octokube.runtime.channels import open_channel
from octokube_hub.app import Hub
from octokube_hub.settings import HubSettings
from tests.hub.clocks import FakeClock
from tests.hub.fake_agent import FakeAgent
from tests.hub.policies import write_policy

RULES = """
p, user:admin, *, **, **, *, *, always, allow
p, user:alice, *, red, *, *, read, always, allow
p, user:bob, *, blue, *, *, read, always, allow
"""


@pytest.fixture
def policies(tmp_path: pathlib.Path) -> pathlib.Path:
    """A policy directory: alice reads red, bob reads blue, admin does everything, carol nothing."""
    directory = tmp_path / "policies"
    write_policy(directory, RULES)
    return directory


@pytest.fixture
def clock() -> FakeClock:
    """The hub's clock."""
    return FakeClock()


@pytest.fixture
async def hub(tmp_path: pathlib.Path, policies: pathlib.Path, clock: FakeClock) -> AsyncIterator[Hub]:
    """A running hub in demo mode."""
    running = Hub(
        HubSettings(listen="127.0.0.1:0", data=tmp_path / "data", policies=policies, is_demo=True), clock=clock
    )
    await running.start()
    yield running
    await running.close()


@pytest.fixture
async def agent(hub: Hub) -> AsyncIterator[FakeAgent]:
    """An agent of cluster c1 that has not connected yet."""
    fake = FakeAgent("c1", hub.address, await hub.create_agent_credential("c1"))
    yield fake
    await fake.close()


@pytest.fixture
async def channel(hub: Hub) -> AsyncIterator[grpc.aio.Channel]:
    """A channel to the hub."""
    async with open_channel(hub.address) as opened:
        yield opened


@pytest.fixture(params=["grpc", "in-process"])
def feed(request: pytest.FixtureRequest, hub: Hub, channel: grpc.aio.Channel) -> Feed:
    """Both ways to the same feed: one suite for the two."""
    return GrpcFeed(channel) if request.param == "grpc" else hub.feed
