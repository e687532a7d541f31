"""What any cluster must see of an agent."""

import itertools
from typing import Any

import pytest
from kubernetes.aio import config as kube_config
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.dynamic import DynamicClient

from octokube_agent.app import Agent
from octokube_agent.reflector.polling import POLLED
from octokube_agent.served_type import TypeCondition
from tests.agent.fake_hub import FakeHub
from tests.agent.suite.conftest import KubeCluster
from tests.agent.suite.reading import all_bytes, body_of, entry_of, row_of
from tests.support.waiting import until

pytestmark = pytest.mark.timeout(60)  # what is waited for are real back-offs, on a machine that may be busy

_numbers = itertools.count(1)
WIDGETS = "/apis/example.com/v1/namespaces/{}/widgets"


def unique(prefix: str) -> str:
    """A name that no other test of the session uses."""
    return f"{prefix}-{next(_numbers)}"


def config_map(name: str, **data: str) -> dict[str, Any]:
    """A ConfigMap to create."""
    return {"metadata": {"name": name}, "data": data}


async def test_every_object_that_a_stock_client_lists_is_in_the_hot_state(
    kube_cluster: KubeCluster, agent: Agent
) -> None:
    configuration = Configuration()
    await kube_config.load_kube_config(str(kube_cluster.kubeconfig), client_configuration=configuration)
    compared = 0
    async with ApiClient(configuration) as api:
        client = await DynamicClient(api)
        for served in agent.hot_state.types():
            if served.name in POLLED:
                continue  # measurements, in test_metrics.py
            resource = await client.resources.get(
                api_version=f"{served.group}/{served.version}" if served.group else served.version, kind=served.kind
            )
            listed = (await client.get(resource)).to_dict()["items"]
            expected = {
                (item["metadata"].get("namespace") or "", item["metadata"]["name"], item["metadata"]["uid"])
                for item in listed
            }
            held = {tuple(stored.key[1:]) for stored in agent.hot_state.of_type(served.name)}
            if served.name in ("events", "leases.coordination.k8s.io", "endpoints", "endpointslices.discovery.k8s.io"):
                assert len(held & expected) >= min(len(held), len(expected)) - 5  # they come and go on their own
            else:
                assert held == expected, served.name
            compared += len(expected)
    assert compared > 30


async def test_create_update_and_delete_reach_the_hot_state_and_the_hub(
    kube_cluster: KubeCluster, agent: Agent, hub: FakeHub
) -> None:
    namespace = unique("payments")
    path = await kube_cluster.admin.namespace(namespace) + "/configmaps"
    await kube_cluster.admin.create(path, config_map("settings", colour="green"))
    stored = await until(agent.hot_state, lambda: agent.hot_state.named("configmaps", namespace, "settings"))
    assert body_of(agent.hot_state, *stored.key[:3])["data"] == {"colour": "green"}  # type: ignore[index]

    await kube_cluster.admin.patch(f"{path}/settings", {"data": {"colour": "blue"}})
    await until(
        agent.hot_state,
        lambda: (body_of(agent.hot_state, *stored.key[:3]) or {}).get("data") == {"colour": "blue"},
    )
    await kube_cluster.admin.delete(f"{path}/settings")
    await until(agent.hot_state, lambda: agent.hot_state.named("configmaps", namespace, "settings") is None)
    removed = agent.hot_state.changes_after(stored.version).tombstones
    assert stored.key in [item.key for item in removed]
    await hub.until(lambda hub: hub.version == agent.hot_state.version)
    assert set(hub.replica) == {item.key for item in agent.hot_state.all()}


async def test_a_recreated_name_leaves_a_tombstone_of_its_predecessor(kube_cluster: KubeCluster, agent: Agent) -> None:
    namespace = unique("recreated")
    path = await kube_cluster.admin.namespace(namespace) + "/configmaps"
    await kube_cluster.admin.create(path, config_map("twice"))
    first = await until(agent.hot_state, lambda: agent.hot_state.named("configmaps", namespace, "twice"))
    await kube_cluster.admin.delete(f"{path}/twice")
    await kube_cluster.admin.create(path, config_map("twice"))
    await until(
        agent.hot_state,
        lambda: (now := agent.hot_state.named("configmaps", namespace, "twice")) and now.key.uid != first.key.uid,
    )
    assert first.key in [item.key for item in agent.hot_state.changes_after(first.version).tombstones]


async def test_a_custom_type_comes_with_its_columns_and_objects_and_goes_with_them(
    kube_cluster: KubeCluster, agent: Agent, hub: FakeHub
) -> None:
    admin = kube_cluster.admin
    group = unique("example") + ".com"
    namespace = unique("custom")
    await admin.namespace(namespace)
    await admin.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", widget_definition(group))
    type = f"widgets.{group}"
    served = await until(agent.hot_state, lambda: agent.hot_state.served(type), seconds=15)
    assert [column.name for column in served.columns] == ["Size", "Ready", "Age"]
    await until(agent.hot_state, lambda: agent.hot_state.served(type).condition is TypeCondition.SYNCED, seconds=15)  # type: ignore[union-attr]
    await admin.create(
        f"/apis/{group}/v1/namespaces/{namespace}/widgets",
        {
            "apiVersion": f"{group}/v1",
            "kind": "Widget",
            "metadata": {"name": "cog"},
            "spec": {"size": 3, "password": "canary-widget"},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]},
        },
    )
    await until(agent.hot_state, lambda: agent.hot_state.named(type, namespace, "cog"), seconds=15)
    row = row_of(agent.hot_state, type, namespace, "cog")
    assert (row["Size"], row["Ready"]) == (3, "True")
    assert b"canary-widget" not in all_bytes(agent.hot_state)

    await admin.delete(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{type}")
    await until(agent.hot_state, lambda: agent.hot_state.served(type) is None, seconds=15)
    assert agent.hot_state.of_type(type) == []
    await hub.until(lambda hub: hub.version == agent.hot_state.version)
    assert type not in hub.types


async def test_an_apiserver_that_is_killed_and_comes_back_leads_to_equal_states(
    kube_cluster: KubeCluster, agent: Agent, hub: FakeHub
) -> None:
    namespace = unique("restart")
    path = await kube_cluster.admin.namespace(namespace) + "/configmaps"
    await kube_cluster.admin.create(path, config_map("before"))
    await until(agent.hot_state, lambda: agent.hot_state.named("configmaps", namespace, "before"))
    epoch = agent.hot_state.position.epoch

    await kube_cluster.stop()
    await until(agent.health, lambda: not agent.health.is_path_ok, seconds=20)
    await hub.until(lambda hub: hub.state is not None and hub.state.reason, seconds=20)
    await kube_cluster.start()
    await kube_cluster.admin.delete(f"{path}/before")
    await kube_cluster.admin.create(path, config_map("after"))

    await until(agent.hot_state, lambda: agent.hot_state.named("configmaps", namespace, "after"), seconds=60)
    await until(agent.hot_state, lambda: agent.hot_state.named("configmaps", namespace, "before") is None, seconds=60)
    assert agent.hot_state.position.epoch == epoch
    await hub.until(lambda hub: hub.version == agent.hot_state.version)
    assert set(hub.replica) == {item.key for item in agent.hot_state.all()}


async def test_a_compacted_history_leads_to_a_fresh_list_with_tombstones(
    kube_cluster: KubeCluster, agent: Agent
) -> None:
    namespace = unique("compacted")
    path = await kube_cluster.admin.namespace(namespace) + "/configmaps"
    await kube_cluster.admin.create(path, config_map("old"))
    old = await until(agent.hot_state, lambda: agent.hot_state.named("configmaps", namespace, "old"))
    # While the server is down nothing can be followed, and what happens before the compaction is lost to watches.
    await kube_cluster.stop()
    await kube_cluster.start()
    await kube_cluster.admin.delete(f"{path}/old")
    await kube_cluster.admin.create(path, config_map("new"))
    await kube_cluster.compact()
    await until(agent.hot_state, lambda: agent.hot_state.named("configmaps", namespace, "new"), seconds=60)
    await until(agent.hot_state, lambda: old.key not in [item.key for item in agent.hot_state.all()], seconds=60)


async def test_secret_values_never_reach_the_hot_state_or_the_log(
    kube_cluster: KubeCluster, agent: Agent, hub: FakeHub, capfd: pytest.CaptureFixture[str]
) -> None:
    namespace = unique("secrets")
    path = await kube_cluster.admin.namespace(namespace)
    secret = {
        "metadata": {
            "name": "db",
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": '{"stringData":{"password":"canary-applied"}}',
                "note": "see canary-value-0",
            },
        },
        "stringData": {"password": "canary-value-0"},
    }
    await kube_cluster.admin.create(f"{path}/secrets", secret)
    plain = config_map(
        "app",
        url="postgres://app:canary-url@db/app",
        properties="user=app\npassword=canary-line\n",
        DB_PASSWORD="canary-name",
    )
    await kube_cluster.admin.create(f"{path}/configmaps", plain)
    await until(agent.hot_state, lambda: agent.hot_state.named("secrets", namespace, "db"))
    await until(agent.hot_state, lambda: agent.hot_state.named("configmaps", namespace, "app"))
    body = body_of(agent.hot_state, "secrets", namespace, "db")
    assert body is not None
    assert body["data"] == {"password": "(redacted)"}
    everything = all_bytes(agent.hot_state)
    assert b"canary-" not in everything
    assert b"Y2FuYXJ5" not in everything  # "canary" in base64
    await hub.until(lambda hub: hub.version == agent.hot_state.version)
    written = capfd.readouterr()
    assert "canary-" not in written.out + written.err


async def test_rows_and_bodies_are_entries_that_anybody_can_read(kube_cluster: KubeCluster, agent: Agent) -> None:
    for stored in agent.hot_state.all():
        entry = entry_of(stored)
        assert (entry.key.type, entry.key.namespace, entry.key.name, entry.key.uid) == tuple(stored.key)
        assert entry.resource_version == stored.value.resource_version
        served = agent.hot_state.served(stored.key.type)
        assert served is not None
        assert len(entry.row.cells) <= len(served.columns)
        assert b"managedFields" not in entry.body


async def test_bookmarks_carry_a_time_that_moves_on(kube_cluster: KubeCluster, agent: Agent, hub: FakeHub) -> None:
    first = await hub.until(lambda hub: hub.frames[-1].as_of.ToDatetime())
    await hub.until(lambda hub: hub.frames[-1].as_of.ToDatetime() > first, seconds=9)
    assert hub.state is not None
    assert hub.state.reason == ""


def widget_definition(group: str) -> dict[str, Any]:
    """A definition with printer columns."""
    return {
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                    "additionalPrinterColumns": [
                        {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
                        {
                            "name": "Ready",
                            "type": "string",
                            "jsonPath": '.status.conditions[?(@.type=="Ready")].status',
                        },
                        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
                    ],
                }
            ],
        },
    }
