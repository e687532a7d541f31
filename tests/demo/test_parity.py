"""The simulation is honest: the same requests get the same answers from a real kube-apiserver 1.20."""

from __future__ import annotations

import contextlib
import copy
import json
import re
import ssl
import uuid
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from octokube_demo import DEFAULT_TOKEN, DemoCluster, DemoSettings
from tests.conftest import require_assets
from tests.demo.conftest import Client, configmap, deployment, pod, take
from tests.support.real_cluster import ADMIN_TOKEN, RealCluster

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]

# The real one is of this age; the settings make the simulated one of the same.
SETTINGS = DemoSettings(workload=False, aggregated_discovery=False, watch_list="ignored", server_version="v1.20.2")


@contextlib.asynccontextmanager
async def _real_client(cluster: RealCluster) -> AsyncIterator[Client]:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connector = aiohttp.TCPConnector(ssl=context)
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    async with aiohttp.ClientSession(cluster.url, connector=connector, headers=headers) as session:
        yield Client(session)


@pytest.fixture
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Client, Client, str]]:
    """(simulated, real, a fresh namespace that both have)."""
    require_assets("demo cluster against a real API server", "etcd", "kube-apiserver")
    real_cluster = request.getfixturevalue("real_cluster")
    namespace = f"parity-{uuid.uuid4().hex[:8]}"
    headers = {"Authorization": f"Bearer {DEFAULT_TOKEN}"}
    cluster = DemoCluster(SETTINGS)
    async with (
        cluster.serving() as server,
        aiohttp.ClientSession(server.url, headers=headers) as session,
        _real_client(real_cluster) as real,
    ):
        simulated = Client(session)
        for client in (simulated, real):
            status, _ = await client.post("/api/v1/namespaces", {"metadata": {"name": namespace}})
            assert status == 201
        yield simulated, real, namespace
        await real.delete(f"/api/v1/namespaces/{namespace}")


def _comparable(answer: Any) -> Any:
    """Without what differs by nature: uids, versions, times."""
    text = json.dumps(answer) if isinstance(answer, dict) else str(answer)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME", text)
    text = re.sub(r'"resourceVersion": "\d+"', '"resourceVersion": "N"', text)
    return json.loads(text) if isinstance(answer, dict) else text


def _in(namespace: str, value: dict[str, Any]) -> dict[str, Any]:
    found = copy.deepcopy(value)
    found["metadata"]["namespace"] = namespace
    return found


CORE, APPS = "/api/v1/namespaces/{}", "/apis/apps/v1/namespaces/{}"

# Answered word for word: (method, path, body, options). The order matters; {} is the namespace.
REFUSALS: list[tuple[str, str, Any, dict[str, Any]]] = [
    ("GET", CORE + "/configmaps/none", None, {}),
    ("GET", CORE + "/nonsenses/none", None, {}),
    ("GET", "/apis/nonsense.io/v1/things", None, {}),
    ("GET", "/api/v1/nodes", None, {"resourceVersionMatch": "NotOlderThan"}),
    ("GET", "/api/v1/nodes", None, {"resourceVersionMatch": "Exact", "resourceVersion": "0"}),
    ("GET", "/api/v1/nodes", None, {"limit": "many"}),
    ("GET", "/api/v1/nodes", None, {"fieldSelector": "a=b"}),
    ("GET", "/api/v1/nodes", None, {"fieldSelector": "ab"}),
    ("GET", "/api/v1/nodes", None, {"watch": "1", "resourceVersion": "0", "resourceVersionMatch": "NotOlderThan"}),
    ("PUT", "/api/v1/nodes", {}, {}),
    ("GET", CORE + "/bindings", None, {}),
    ("POST", CORE + "/configmaps", {"metadata": {}}, {}),
    ("POST", CORE + "/configmaps", {"metadata": {"name": "B_"}}, {}),
    ("POST", CORE + "/configmaps", {"metadata": {"name": "a", "namespace": "other"}}, {}),
    ("POST", CORE + "/pods", {"metadata": {"name": "a"}}, {}),
    ("POST", CORE + "/pods", {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "x"}]}}, {}),
    ("POST", APPS + "/deployments", {"metadata": {"name": "a"}}, {}),
    ("POST", "/api/v1/namespaces/nowhere/configmaps", {"metadata": {"name": "a"}}, {}),
    ("DELETE", CORE + "/configmaps/none", None, {}),
    ("GET", CORE + "/pods/none/log", None, {}),
]


@pytest.mark.parametrize(("method", "path", "body", "options"), REFUSALS)
async def test_a_refusal_is_word_for_word_the_real_one(
    pair: tuple[Client, Client, str], method: str, path: str, body: Any, options: dict[str, Any]
) -> None:
    simulated, real, namespace = pair
    answers = [await one.call(method, path.format(namespace), body, **options) for one in (simulated, real)]
    assert [_comparable(answer) for answer in answers[0]] == [_comparable(answer) for answer in answers[1]]


async def test_a_pod_is_stored_with_the_same_defaults(pair: tuple[Client, Client, str]) -> None:
    simulated, real, namespace = pair
    found = []
    for client in (simulated, real):
        _, answer = await client.post(CORE.format(namespace) + "/pods", _in(namespace, pod("p")))
        del answer["metadata"]["managedFields"]
        found.append(_comparable(answer))
    assert found[0] == found[1]


async def test_an_object_lives_through_the_same_story(pair: tuple[Client, Client, str]) -> None:
    stories = []
    for client in pair[:2]:
        namespace = pair[2]
        path = CORE.format(namespace) + "/configmaps"
        story: list[Any] = []
        _, listed = await client.get(path)
        story.append(await client.post(path, _in(namespace, configmap("a", x="1"))))
        story.append(await client.post(path, _in(namespace, configmap("a", x="1"))))
        stale = {**_in(namespace, configmap("a", x="2"))}
        stale["metadata"]["resourceVersion"] = "1"
        story.append(await client.put(f"{path}/a", stale))
        story.append(await client.put(f"{path}/a", _in(namespace, configmap("b"))))
        story.append(await client.merge(f"{path}/a", {"data": {"x": "2", "y": "3"}}))
        story.append(await client.strategic(f"{path}/a", {"data": {"y": None}}))
        operations = [{"op": "test", "path": "/data/x", "value": "7"}]
        answer = await client.call("PATCH", f"{path}/a", operations, content_type="application/json-patch+json")
        story.append((answer[0], answer[1]["reason"]))
        story.append(await client.delete(f"{path}/a", {"preconditions": {"uid": "other"}}))
        story.append(await client.delete(f"{path}/a"))
        async with client.watch(path, resourceVersion=listed["metadata"]["resourceVersion"]) as events:
            story += await take(events, 4)
        stories.append([_without_ownership(_comparable({"": step})[""]) for step in story])
    assert stories[0] == stories[1]


def _without_ownership(value: Any) -> Any:
    """Without managedFields: the real server marks containers of updates with `.`, the simulated one does not."""
    if isinstance(value, dict):
        return {key: _without_ownership(part) for key, part in value.items() if key != "managedFields"}
    return [_without_ownership(item) for item in value] if isinstance(value, list) else value


async def test_server_side_apply_owns_conflicts_and_removes_alike(pair: tuple[Client, Client, str]) -> None:
    stories = []
    for client in pair[:2]:
        namespace = pair[2]
        path = APPS.format(namespace) + "/deployments/web"
        full = _in(namespace, deployment("web"))
        full["metadata"]["labels"] = {"a": "1", "b": "2"}
        replicas = _in(namespace, {**deployment("web"), "spec": {"replicas": 3}})
        del replicas["metadata"]["namespace"]
        less = copy.deepcopy(full)
        less["metadata"]["labels"] = {"b": "2"}
        del less["spec"]["replicas"]
        story = [
            await client.apply(path, full, "one"),
            await client.apply(path, replicas, "two"),
            await client.apply(path, replicas, "two", force="true"),
            await client.merge(path, {"spec": {"replicas": 5}}, fieldManager="three"),
            await client.apply(path, replicas, "two"),
            await client.apply(path, less, "one"),
            await client.apply(path, {"kind": "Deployment"}, "one"),
        ]
        stories.append([(step[0], _ownership(_comparable(step[1]))) for step in story])
    assert stories[0] == stories[1]


def _ownership(answer: Any) -> Any:
    if answer["kind"] == "Status":
        return {field: answer.get(field) for field in ("message", "reason", "details", "code")}
    meta = answer["metadata"]
    owners = {(one["manager"], one["operation"]): one["fieldsV1"] for one in meta["managedFields"]}
    return meta.get("labels"), meta["generation"], answer["spec"]["replicas"], owners


async def test_a_namespace_that_goes_takes_nothing_new(pair: tuple[Client, Client, str]) -> None:
    # No controller manager runs beside the real one, so there the namespace stays; a finalizer holds it in the other.
    answers = []
    for client in pair[:2]:
        path = CORE.format(pair[2])
        await client.post(f"{path}/configmaps", {"metadata": {"name": "held", "finalizers": ["example.com/held"]}})
        status, namespace = await client.delete(path)
        answers.append((status, namespace["status"], await client.post(f"{path}/configmaps", configmap_named("late"))))
    assert _comparable({"": answers[0]}) == _comparable({"": answers[1]})


def configmap_named(name: str) -> dict[str, Any]:
    """A ConfigMap that says nothing of its namespace."""
    return {"metadata": {"name": name}}
