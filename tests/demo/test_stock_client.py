"""A client that nobody here wrote gets along with the demo cluster."""

from __future__ import annotations

import pathlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from kubernetes.aio import client as kubernetes
from kubernetes.aio import config, watch

from octokube_demo import DemoServer
from tests.demo.conftest import configmap, deployment


@pytest.fixture
async def api(server: DemoServer, tmp_path: pathlib.Path) -> AsyncIterator[Any]:
    """The stock client, configured by the kubeconfig alone."""
    configuration = kubernetes.Configuration()
    await config.load_kube_config(
        str(server.kubeconfig(tmp_path / "kubeconfig")), client_configuration=configuration, persist_config=False
    )
    async with kubernetes.ApiClient(configuration) as api:
        yield api


async def test_it_lists_creates_patches_and_deletes(api: Any) -> None:
    core = kubernetes.CoreV1Api(api)
    names = [one.metadata.name for one in (await core.list_namespace()).items]
    assert names == ["default", "kube-node-lease", "kube-public", "kube-system"]
    created = await core.create_namespaced_config_map("default", configmap("a", x="1"))
    assert created.metadata.uid
    patched = await core.patch_namespaced_config_map("a", "default", {"data": {"x": "2"}})
    assert patched.data == {"x": "2"}
    apps = kubernetes.AppsV1Api(api)
    await apps.create_namespaced_deployment("default", deployment("web"))
    await apps.patch_namespaced_deployment_scale("web", "default", {"spec": {"replicas": 4}})
    assert (await apps.read_namespaced_deployment("web", "default")).spec.replicas == 4
    await core.delete_namespaced_config_map("a", "default")
    with pytest.raises(kubernetes.ApiException) as caught:
        await core.read_namespaced_config_map("a", "default")
    assert caught.value.status == 404


async def test_it_watches_from_a_list(api: Any) -> None:
    core = kubernetes.CoreV1Api(api)
    listed = await core.list_namespaced_config_map("default")
    await core.create_namespaced_config_map("default", configmap("a"))
    await core.delete_namespaced_config_map("a", "default")
    seen = []
    async with watch.Watch() as stream:
        version = listed.metadata.resource_version
        async for event in stream.stream(core.list_namespaced_config_map, "default", resource_version=version):
            seen.append((event["type"], event["object"].metadata.name))
            if len(seen) == 2:
                break
    assert seen == [("ADDED", "a"), ("DELETED", "a")]


async def test_it_pages(api: Any) -> None:
    core = kubernetes.CoreV1Api(api)
    first = await core.list_namespace(limit=3)
    assert first.metadata.remaining_item_count == 1
    rest = await core.list_namespace(limit=3, _continue=first.metadata._continue)
    assert [one.metadata.name for one in rest.items] == ["kube-system"]


async def test_it_finds_every_group(api: Any) -> None:
    groups = {one.name for one in (await kubernetes.ApisApi(api).get_api_versions()).groups}
    assert {"apps", "batch", "networking.k8s.io", "policy", "apiextensions.k8s.io", "events.k8s.io"} <= groups
