"""A running pod with a kubelet behind it, on the simulated cluster and behind the real API server."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from octokube_demo.certificates import self_signed
from octokube_demo.kubelet import KubeletServer
from tests.agent.operation_desk import Operation
from tests.agent.operations.conftest import Desk
from tests.support.waiting import eventually

PORT = 8080


@dataclass(frozen=True, slots=True)
class Pod:
    """The pod, and short ways to order operations on it."""

    desk: Desk
    kubelet: KubeletServer
    namespace: str
    name: str
    container: str
    node: str

    @property
    def is_real(self) -> bool:
        """Whether a real API server stands before the kubelet."""
        return self.desk.cluster.simulated is None

    async def read(self) -> dict[str, Any]:
        """The pod as it is now."""
        found: dict[str, Any] = await self.desk.admin.get(f"/api/v1/namespaces/{self.namespace}/pods/{self.name}")
        return found

    def order(self, *, is_generous: bool = True, **operation: Any) -> Operation:
        """Orders an operation on the pod."""
        return self.desk.order("pods", self.namespace, self.name, is_generous=is_generous, **operation)

    async def until_idle(self) -> None:
        """Waits until the kubelet has no process and no connection to a port any more."""
        await eventually(lambda: self.kubelet.processes == 0 and self.kubelet.service.open == 0)


@contextlib.asynccontextmanager
async def kubelet_of(desk: Desk) -> AsyncIterator[KubeletServer]:
    """The cluster's kubelet: the simulated one's own, or a stand-in that the real API server believes in."""
    if desk.cluster.simulated is not None:
        yield desk.cluster.simulated[0].kubelet
        return
    async with KubeletServer().serving(tls=self_signed().context) as kubelet:
        yield kubelet


async def make_node(desk: Desk, name: str, kubelet: KubeletServer) -> None:
    """A node whose kubelet this is."""
    await desk.admin.create("/api/v1/nodes", {"metadata": {"name": name}})
    status = {
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": kubelet.port}},
    }
    await desk.admin.patch(f"/api/v1/nodes/{name}/status", {"status": status})


async def make_pod(
    desk: Desk, namespace: str, name: str, node: str, *, spec: dict[str, Any] | None = None, **metadata: Any
) -> dict[str, Any]:
    """A pod that runs on the node, and is ready."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    container = {"name": "web", "image": "web:1", "ports": [{"containerPort": PORT}]}
    body: dict[str, Any] = {
        "metadata": {"name": name, **metadata},
        "spec": {"nodeName": node, "containers": [container]},
    }
    body["spec"] |= spec or {}
    await desk.admin.create(path, body)
    started = "2026-01-01T00:00:00Z"
    running = {"name": "web", "image": "web:1", "imageID": "", "ready": True, "restartCount": 0}
    running["state"] = {"running": {"startedAt": started}}
    status = {
        "phase": "Running",
        "startTime": started,
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [running],
    }
    return await desk.admin.patch(f"{path}/{name}/status", {"status": status})


@pytest.fixture
async def pod(desk: Desk) -> AsyncIterator[Pod]:
    """A pod of one container that listens on PORT."""
    space = await desk.space()
    async with kubelet_of(desk) as kubelet:
        node = f"node-{space.name}"
        await make_node(desk, node, kubelet)
        await make_pod(desk, space.name, "web", node)
        try:
            yield Pod(desk, kubelet, space.name, "web", "web", node)
        finally:
            for left in (await desk.admin.get(f"{space.path}/pods"))["items"]:
                await desk.admin.delete(f"{space.path}/pods/{left['metadata']['name']}")
            await desk.admin.delete(f"/api/v1/nodes/{node}")
