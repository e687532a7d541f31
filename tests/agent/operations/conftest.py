"""An agent that may do everything, on each of the suite's clusters, and short ways to order operations from it."""

import contextlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from octokube.v1 import operation_pb2 as pb
from octokube.v1 import resource_pb2
from octokube_agent.settings import AgentSettings
from tests.agent.fake_hub import FakeHub
from tests.agent.operation_desk import Operation
from tests.agent.suite.conftest import KubeCluster, hub, kube_cluster
from tests.support.kube_admin import KubeAdmin
from tests.support.running import running_agent

__all__ = ["hub", "kube_cluster"]


@dataclass(frozen=True, slots=True)
class Space:
    """A namespace of a test's own, and where its collections are."""

    name: str
    path: str

    @property
    def apps(self) -> str:
        """Those of group apps."""
        return f"/apis/apps/v1/namespaces/{self.name}"


class Desk:
    """A cluster, its agent, and the hub that orders from it."""

    def __init__(self, cluster: KubeCluster, hub: FakeHub) -> None:
        self.cluster = cluster
        self.hub = hub

    @property
    def admin(self) -> KubeAdmin:
        """The cluster's administrator."""
        return self.cluster.admin

    async def space(self) -> Space:
        """A new namespace: the real cluster is shared by all tests."""
        name = f"operations-{uuid.uuid4().hex[:12]}"
        return Space(name, await self.admin.namespace(name))

    def order(self, type: str, namespace: str, name: str, *, is_generous: bool = True, **operation: Any) -> Operation:
        """Orders an operation, whose member is the one keyword that is none of ``start``'s."""
        return self.hub.order(start(type, namespace, name, **operation), is_generous=is_generous)


def start(
    type: str,
    namespace: str,
    name: str,
    *,
    uid: str = "",
    resource_version: str = "",
    cluster: str = "prod-eu",
    key: str = "",
    subject: str = "user:alice",
    groups: tuple[str, ...] = ("team:payments",),
    decided: dict[str, Any] | None = None,
    **operation: Any,
) -> pb.ExecuteStart:
    """What a hub sends; each write gets an idempotency key of its own."""
    target = pb.OperationTarget(
        cluster=cluster,
        key=resource_pb2.Key(type=type, namespace=namespace, name=name, uid=uid),
        resource_version=resource_version,
    )
    return pb.ExecuteStart(
        operation=pb.OperationStart(target=target, idempotency_key=key or f"key-{uuid.uuid4().hex}", **operation),
        subject=subject,
        groups=groups,
        **(decided or {}),
    )


@pytest.fixture
async def desk(kube_cluster: KubeCluster, hub: FakeHub) -> AsyncIterator[Desk]:
    """An agent without a ceiling."""
    async with serving(kube_cluster, hub, operations=("all",)) as desk:
        yield desk


@contextlib.asynccontextmanager
async def serving(cluster: KubeCluster, hub: FakeHub, **settings: Any) -> AsyncIterator[Desk]:
    """An agent with these settings, connected to the hub."""
    own = AgentSettings(cluster="prod-eu", hub=hub.address, kubeconfig=str(cluster.kubeconfig), **settings)
    async with running_agent(own):
        await hub.until(lambda hub: hub.version > 0)
        yield Desk(cluster, hub)
