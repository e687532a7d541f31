"""Operations from the command line, through `octokube up`, on a real kube-apiserver."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.agent.operations.kubelets import PORT
from tests.conftest import require_assets
from tests.support.demo import started
from tests.support.real_cluster import RealCluster
from tests.support.running_up import RunningUp, running_up

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.timeout(180)]

WIDGETS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "gauges.up.example.com"},
    "spec": {
        "group": "up.example.com",
        "names": {"kind": "Gauge", "plural": "gauges", "singular": "gauge"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}


@pytest.fixture
async def up(real_cluster: RealCluster, tmp_path: Path) -> AsyncIterator[RunningUp]:
    require_assets("operations through octokube up", "etcd", "kube-apiserver")
    async with running_up(real_cluster, tmp_path) as running:
        yield running


async def test_an_engineer_works_with_a_pod_of_a_real_cluster(up: RunningUp, tmp_path: Path) -> None:
    whole = json.loads(await up.done("get", "pods", "web", *up.here, "-o", "json", "--full"))
    assert (whole["kind"], whole["spec"]["nodeName"]) == ("Pod", up.node)
    assert "managedFields" not in whole["metadata"]
    assert "name it" in await up.refused("get", "pods", "--full")
    assert '"name": "web"' in await up.done("describe", "pods", "web", *up.here)
    assert (await up.done("exec", "web", *up.here, "--", "echo", "hello")).strip() == "hello"
    assert (await up.run("exec", "web", *up.here, "--", "sh", "-c", "exit 7")).code == 7
    async with asyncio.timeout(30):
        while len((await up.done("logs", "web", *up.here)).splitlines()) < 4:
            continue  # a container that has just started has said less
    assert len((await up.done("logs", "web", *up.here, "--tail", "3")).splitlines()) == 3
    assert len((await up.done("logs", "-l", "app=web", *up.here, "--tail", "2")).splitlines()) == 2
    await up.done("cp", "web:/etc/hostname", str(tmp_path / "copied"), *up.here)
    assert (tmp_path / "copied" / "hostname").read_text().strip() == "web"
    async with started("port-forward", "web", f"0:{PORT}", *up.here, **up.surroundings) as process:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            line = (await process.stdout.readline()).decode()
        local = re.search(r"127\.0\.0\.1:(\d+)", line)
        assert local is not None, line
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{local[1]}/", timeout=aiohttp.ClientTimeout(total=10)) as response,
        ):
            assert response.status == 200
    audited = json.loads(await up.done("audit", "list", "--data", str(up.data), "--verb", "exec", "-o", "json"))
    assert {entry["outcome"] for entry in audited} == {"allowed", "done"}, audited


async def test_an_engineer_changes_objects_of_a_real_cluster_custom_ones_too(up: RunningUp, tmp_path: Path) -> None:
    file = tmp_path / "gauge.yaml"
    file.write_text(json.dumps(WIDGETS))
    assert "applied" in await up.done("apply", "-f", str(file))
    gauge = {
        "apiVersion": "up.example.com/v1",
        "kind": "Gauge",
        "metadata": {"name": "one", "namespace": up.namespace},
        "spec": {"size": 1},
    }
    file.write_text(json.dumps(gauge))
    async with asyncio.timeout(30):
        while (await up.run("apply", "-f", str(file))).code:  # noqa: ASYNC110 - until the agent has found the new type
            await asyncio.sleep(0.2)
    patched = await up.done("patch", "gauges/one", *up.here, "-p", '{"spec": {"size": 2}}')
    assert "-  size: 1" in patched
    assert "+  size: 2" in patched
    path = f"/apis/up.example.com/v1/namespaces/{up.namespace}/gauges/one?fieldManager=someone-else"
    await up.admin.patch(path, {"spec": {"size": 7}})
    file.write_text(json.dumps(gauge | {"spec": {"size": 3}}))
    conflict = await up.refused("apply", "-f", str(file))
    assert "someone-else" in conflict
    assert ".spec.size" in conflict
    assert "deleted" in await up.done("delete", "gauges/one", *up.here)
    assert "deleted" in await up.done("delete", "customresourcedefinitions/gauges.up.example.com")
    assert "takes no new pods" in await up.done("cordon", up.node)
    assert "takes new pods again" in await up.done("uncordon", up.node)
