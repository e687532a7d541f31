"""What the demo cluster's tests share: a bare cluster, its server, and a client that hides nothing."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from octokube_demo import DEFAULT_TOKEN, DemoCluster, DemoServer, DemoSettings

Object = dict[str, Any]

CRD_PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CONFIGMAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
PODS = "/api/v1/namespaces/default/pods"
WIDGETS = "/apis/example.com/v1/namespaces/default/widgets"


class Client:
    """Plain HTTP with a token; answers are (status, body)."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        """One request; `content_type` and `headers` are options, the rest are query parameters."""
        headers = {"Content-Type": options.pop("content_type", "application/json"), **options.pop("headers", {})}
        data = None if body is None else io.BytesIO(json.dumps(body).encode())
        async with self.session.request(method, path, params=options, data=data, headers=headers) as response:
            text = await response.text()
            return response.status, json.loads(text) if text.startswith("{") else text

    async def get(self, path: str, **options: Any) -> tuple[int, Any]:
        """GET."""
        return await self.call("GET", path, **options)

    async def post(self, path: str, body: Any, **options: Any) -> tuple[int, Any]:
        """POST."""
        return await self.call("POST", path, body, **options)

    async def put(self, path: str, body: Any, **options: Any) -> tuple[int, Any]:
        """PUT."""
        return await self.call("PUT", path, body, **options)

    async def delete(self, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        """DELETE."""
        return await self.call("DELETE", path, body, **options)

    async def merge(self, path: str, body: Any, **options: Any) -> tuple[int, Any]:
        """PATCH with a merge patch."""
        return await self.call("PATCH", path, body, content_type="application/merge-patch+json", **options)

    async def strategic(self, path: str, body: Any, **options: Any) -> tuple[int, Any]:
        """PATCH with a strategic merge patch."""
        return await self.call("PATCH", path, body, content_type="application/strategic-merge-patch+json", **options)

    async def apply(self, path: str, body: Any, manager: str, **options: Any) -> tuple[int, Any]:
        """PATCH with a server-side apply."""
        kind = "application/apply-patch+yaml"
        return await self.call("PATCH", path, body, content_type=kind, fieldManager=manager, **options)

    @contextlib.asynccontextmanager
    async def watch(self, path: str, **parameters: Any) -> AsyncIterator[AsyncIterator[Object]]:
        """The events of a watch, as they come."""
        async with self.session.get(path, params={"watch": "1", **parameters}) as response:
            assert response.status == 200, await response.text()

            async def events() -> AsyncIterator[Object]:
                async for line in response.content:
                    yield json.loads(line)

            yield events()


async def take(events: AsyncIterator[Object], count: int) -> list[Object]:
    """The next events."""
    return [await anext(events) for _ in range(count)]


def configmap(name: str, **data: str) -> Object:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


def pod(name: str, **spec: Any) -> Object:
    """A Pod of one container."""
    containers = [{"name": "web", "image": "nginx:1"}]
    meta = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": containers, **spec}}


def deployment(name: str, replicas: int = 2) -> Object:
    """A Deployment of one container."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "web", "image": "nginx:1", "ports": [{"containerPort": 80}]}]},
            },
        },
    }


def widget_definition() -> Object:
    """A CRD with a schema, a status subresource and a printer column."""
    properties = {
        "size": {"type": "integer", "minimum": 1},
        "color": {"type": "string", "enum": ["red", "blue"]},
    }
    schema = {
        "type": "object",
        "properties": {"spec": {"type": "object", "required": ["size"], "properties": properties}},
    }
    column = {"name": "Size", "type": "integer", "jsonPath": ".spec.size"}
    version = {"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}}
    version |= {"schema": {"openAPIV3Schema": schema}, "additionalPrinterColumns": [column]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"]},
            "versions": [version],
        },
    }


def widget(name: str, size: int = 3) -> Object:
    """An object of the custom type."""
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": name}, "spec": {"size": size}}


@pytest.fixture
def settings() -> DemoSettings:
    """A bare cluster that reacts fast; a test module may override this."""
    return DemoSettings(workload=False, seed=1, termination_seconds=0.05, bookmark_seconds=0.05)


@pytest.fixture
def cluster(settings: DemoSettings) -> DemoCluster:
    """The cluster."""
    return DemoCluster(settings)


@pytest.fixture
async def server(cluster: DemoCluster) -> AsyncIterator[DemoServer]:
    """The cluster, served."""
    async with cluster.serving() as server:
        yield server


@pytest.fixture
async def client(server: DemoServer) -> AsyncIterator[Client]:
    """A client that may do everything."""
    headers = {"Authorization": f"Bearer {DEFAULT_TOKEN}"}
    async with aiohttp.ClientSession(server.url, headers=headers) as session:
        yield Client(session)
