"""The clusters against which the agent suite runs."""

import contextlib
import pathlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from octokube_agent.app import Agent
from octokube_agent.settings import AgentSettings
from octokube_demo import DEFAULT_TOKEN, DemoCluster, DemoServer, DemoSettings
from tests.agent.fake_hub import FakeHub
from tests.conftest import require_assets
from tests.support.kube_admin import KubeAdmin
from tests.support.real_cluster import ADMIN_TOKEN, RealCluster
from tests.support.running import running_agent


@dataclass
class KubeCluster:
    """A cluster under test. ``simulated`` is set for the simulated one, whose faults can be chosen."""

    name: str
    kubeconfig: pathlib.Path
    admin: KubeAdmin
    stop: Callable[[], Awaitable[None]]
    start: Callable[[], Awaitable[None]]
    compact: Callable[[], Awaitable[None]]
    simulated: tuple[DemoCluster, DemoServer] | None = None


@contextlib.asynccontextmanager
async def simulated_cluster(directory: pathlib.Path, **settings: Any) -> AsyncIterator[KubeCluster]:
    """A simulated cluster of its own."""
    demo = DemoCluster(DemoSettings(**{"seed": 7, "pods": 30, "churn_per_second": 0.0, **settings}))
    async with demo.serving() as server, KubeAdmin(server.url, DEFAULT_TOKEN) as admin:

        async def compact() -> None:
            server.faults.compact()

        kubeconfig = server.kubeconfig(directory / "kubeconfig")
        yield KubeCluster("simulated", kubeconfig, admin, server.stop, server.start, compact, (demo, server))


@contextlib.asynccontextmanager
async def real(cluster: RealCluster) -> AsyncIterator[KubeCluster]:
    """The session's real cluster."""
    async with KubeAdmin(cluster.url, ADMIN_TOKEN) as admin:
        yield KubeCluster(
            "real",
            cluster.kubeconfig(),
            admin,
            cluster.stop_apiserver,
            cluster.start_apiserver,
            cluster.compact,
        )


@pytest.fixture(params=["simulated", pytest.param("real", marks=[pytest.mark.real, pytest.mark.timeout(120)])])
async def kube_cluster(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> AsyncIterator[KubeCluster]:
    """Each test of the suite runs against the simulated and against the real cluster."""
    if request.param == "simulated":
        async with simulated_cluster(tmp_path) as cluster:
            yield cluster
        return
    require_assets("agent suite on a real cluster", "etcd", "kube-apiserver")
    async with real(request.getfixturevalue("real_cluster")) as cluster:
        yield cluster


@pytest.fixture
async def hub() -> AsyncIterator[FakeHub]:
    """A recording hub; what it found wrong fails the test."""
    async with FakeHub() as hub:
        yield hub
    assert hub.problems == []


@pytest.fixture
async def agent(kube_cluster: KubeCluster, hub: FakeHub) -> AsyncIterator[Agent]:
    """An agent that has loaded the cluster and is connected to the hub."""
    settings = AgentSettings(cluster="prod-eu", hub=hub.address, kubeconfig=str(kube_cluster.kubeconfig))
    async with running_agent(settings) as agent:
        await hub.until(lambda hub: hub.version > 0)
        yield agent
