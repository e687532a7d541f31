"""A hub on loopback whose people have tokens, sessions and teams."""

import pathlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from octokube.runtime.channels import open_channel
from octokube.v1 import identity_service_pb2_grpc
from octokube_hub.app import Hub
from octokube_hub.settings import HubSettings
from tests.hub.clocks import FakeClock
from tests.hub.fake_agent import FakeAgent
from tests.hub.policies import write_policy

RULES = """
p, user:admin, *, **, **, *, *, always, allow
p, user:alice, *, red, **, *, *, always, allow
p, team:blues, *, blue, *, *, read, always, allow
"""


@pytest.fixture
def policies(tmp_path: pathlib.Path) -> pathlib.Path:
    """Admin does everything; alice everything in red; members of team:blues read blue."""
    directory = tmp_path / "policies"
    write_policy(directory, RULES)
    return directory


@pytest.fixture
def clock() -> FakeClock:
    """The hub's clock."""
    return FakeClock()


@pytest.fixture
def hub_settings() -> dict[str, Any]:
    """Settings of the hub beside the usual ones."""
    return {}


@pytest.fixture
async def hub(
    tmp_path: pathlib.Path, policies: pathlib.Path, clock: FakeClock, hub_settings: dict[str, Any]
) -> AsyncIterator[Hub]:
    """A running hub in demo mode."""
    settings = HubSettings(
        listen="127.0.0.1:0", data=tmp_path / "data", policies=policies, is_demo=True, **hub_settings
    )
    running = Hub(settings, clock=clock)
    await running.start()
    yield running
    await running.close()


@pytest.fixture
async def identity(hub: Hub) -> AsyncIterator[identity_service_pb2_grpc.IdentityServiceStub]:
    """A stock client."""
    async with open_channel(hub.address) as opened:
        yield identity_service_pb2_grpc.IdentityServiceStub(opened)


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    """The metadata of a call with a token."""
    return (("authorization", f"Bearer {token}"),)


ADMIN = bearer("demo:admin")
ALICE = bearer("demo:alice")


@pytest.fixture
async def agents(hub: Hub) -> AsyncIterator[list[FakeAgent]]:
    """Agents of clusters c1 and c2 that have not connected yet."""
    made = [FakeAgent(name, hub.address, await hub.create_agent_credential(name)) for name in ("c1", "c2")]
    yield made
    for agent in made:
        await agent.close()
