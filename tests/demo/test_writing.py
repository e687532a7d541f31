"""Create, replace, delete: conflicts, validation, defaults, finalizers, grace."""

from __future__ import annotations

from typing import Any

import pytest

from octokube_demo import DemoCluster
from tests.demo.conftest import (
    CONFIGMAPS,
    CRD_PATH,
    DEPLOYMENTS,
    PODS,
    WIDGETS,
    Client,
    configmap,
    deployment,
    pod,
    widget,
    widget_definition,
)
from tests.support.waiting import eventually


async def test_a_created_object_gets_its_system_metadata(client: Client) -> None:
    status, answer = await client.post(CONFIGMAPS, configmap("a", x="1"), headers={"User-Agent": "tester/1.0"})
    assert status == 201
    meta = answer["metadata"]
    assert meta["uid"]
    assert meta["creationTimestamp"].endswith("Z")
    assert meta["managedFields"][0]["manager"] == "tester"
    assert meta["managedFields"][0]["fieldsV1"] == {"f:data": {"f:x": {}}}


async def test_a_second_creation_is_refused(client: Client) -> None:
    await client.post(CONFIGMAPS, configmap("a"))
    status, answer = await client.post(CONFIGMAPS, configmap("a"))
    assert (status, answer["reason"]) == (409, "AlreadyExists")
    assert answer["message"] == 'configmaps "a" already exists'


async def test_generate_name_makes_names(client: Client) -> None:
    body = {"metadata": {"generateName": "a-"}}
    names = [(await client.post(CONFIGMAPS, body))[1]["metadata"]["name"] for _ in range(3)]
    assert len(set(names)) == 3
    assert all(name.startswith("a-") and len(name) == 7 for name in names)


@pytest.mark.parametrize(
    ("path", "body", "code", "part"),
    [
        (CONFIGMAPS, {"metadata": {"name": "B_"}}, 422, "a lowercase RFC 1123 subdomain must consist of"),
        (CONFIGMAPS, {"metadata": {}}, 422, "metadata.name: Required value: name or generateName is required"),
        (CONFIGMAPS, {"metadata": {"name": "a"}, "data": {"x": 1}}, 422, "data: Invalid value"),
        (CONFIGMAPS, {"metadata": {"name": "a", "namespace": "b"}}, 400, "does not match the namespace sent"),
        (CONFIGMAPS, {"kind": "Pod", "apiVersion": "v1", "metadata": {}}, 400, "cannot be handled as a ConfigMap"),
        (PODS, {"metadata": {"name": "a"}}, 422, "spec.containers: Required value"),
        (PODS, {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "x"}]}}, 422, "spec.containers[0].image"),
        (DEPLOYMENTS, {"metadata": {"name": "a"}}, 422, "spec.selector: Required value"),
        (
            "/api/v1/namespaces/nowhere/configmaps",
            {"metadata": {"name": "a"}},
            404,
            'namespaces "nowhere" not found',
        ),
    ],
)
async def test_bad_objects_are_refused_in_the_real_words(
    client: Client, path: str, body: dict[str, Any], code: int, part: str
) -> None:
    status, answer = await client.post(path, body)
    assert status == code
    assert part in answer["message"]


async def test_what_is_no_json_is_a_bad_request_and_protobuf_is_not_spoken(client: Client) -> None:
    async with client.session.post(CONFIGMAPS, data=b"{nojson") as response:
        assert response.status == 400
    headers = {"Content-Type": "application/vnd.kubernetes.protobuf"}
    async with client.session.post(CONFIGMAPS, data=b"k8s\0", headers=headers) as response:
        assert response.status == 415
    assert (await client.get(CONFIGMAPS, headers={"Accept": "application/vnd.kubernetes.protobuf"}))[0] == 406


async def test_yaml_is_read(client: Client) -> None:
    headers = {"Content-Type": "application/yaml"}
    async with client.session.post(CONFIGMAPS, data=b"metadata: {name: y}\n", headers=headers) as response:
        assert response.status == 201


async def test_a_replace_needs_the_current_version_when_it_brings_one(client: Client) -> None:
    _, old = await client.post(CONFIGMAPS, configmap("a", x="1"))
    status, new = await client.put(f"{CONFIGMAPS}/a", {**old, "data": {"x": "2"}})
    assert (status, new["metadata"]["uid"]) == (200, old["metadata"]["uid"])
    status, answer = await client.put(f"{CONFIGMAPS}/a", {**old, "data": {"x": "3"}})
    assert (status, answer["reason"]) == (409, "Conflict")
    assert answer["details"] == {"name": "a", "kind": "configmaps"}
    assert (await client.put(f"{CONFIGMAPS}/a", configmap("a", x="4")))[0] == 200
    assert (await client.put(f"{CONFIGMAPS}/a", configmap("b")))[0] == 400


async def test_a_custom_object_must_bring_its_version_to_a_replace(client: Client) -> None:
    await client.post(CRD_PATH, widget_definition())
    await client.post(WIDGETS, widget("w"))
    status, answer = await client.put(f"{WIDGETS}/w", widget("w", 5))
    assert (status, answer["details"]["causes"][0]["field"]) == (422, "metadata.resourceVersion")


async def test_a_write_that_changes_nothing_makes_no_version_and_no_event(client: Client, cluster: DemoCluster) -> None:
    _, old = await client.post(CONFIGMAPS, configmap("a", x="1"))
    before = cluster.store.revision
    _, new = await client.put(f"{CONFIGMAPS}/a", old)
    assert new["metadata"]["resourceVersion"] == old["metadata"]["resourceVersion"]
    assert cluster.store.revision == before


async def test_a_dry_run_answers_and_stores_nothing(client: Client, cluster: DemoCluster) -> None:
    before = cluster.store.revision
    status, answer = await client.post(CONFIGMAPS, configmap("a"), dryRun="All")
    assert (status, answer["metadata"]["name"]) == (201, "a")
    await client.apply(f"{CONFIGMAPS}/b", configmap("b"), "me", dryRun="All")
    cluster.store.create("configmaps", configmap("c", x="1"))
    _, answer = await client.merge(f"{CONFIGMAPS}/c", {"data": {"x": "2"}}, dryRun="All")
    assert answer["data"] == {"x": "2"}
    await client.delete(f"{CONFIGMAPS}/c", dryRun="All")
    assert cluster.store.revision == before + 1
    assert (await client.post(CONFIGMAPS, configmap("a"), dryRun="Some"))[0] == 422


async def test_generation_counts_changes_of_the_specification_only(client: Client) -> None:
    _, first = await client.post(DEPLOYMENTS, deployment("web"))
    assert first["metadata"]["generation"] == 1
    _, labelled = await client.merge(f"{DEPLOYMENTS}/web", {"metadata": {"labels": {"a": "b"}}})
    assert labelled["metadata"]["generation"] == 1
    _, scaled = await client.merge(f"{DEPLOYMENTS}/web", {"spec": {"replicas": 5}})
    assert scaled["metadata"]["generation"] == 2


async def test_status_and_the_rest_are_written_apart(client: Client) -> None:
    await client.post(DEPLOYMENTS, {**deployment("web"), "status": {"replicas": 9}})
    _, value = await client.merge(f"{DEPLOYMENTS}/web", {"status": {"replicas": 9}})
    assert value["status"] == {}
    patch = {"status": {"replicas": 9}, "spec": {"replicas": 9}}
    _, value = await client.merge(f"{DEPLOYMENTS}/web/status", patch)
    assert (value["status"], value["spec"]["replicas"]) == ({"replicas": 9}, 2)


async def test_scale_reads_and_writes_the_replicas(client: Client) -> None:
    await client.post(DEPLOYMENTS, deployment("web"))
    _, scale = await client.get(f"{DEPLOYMENTS}/web/scale")
    assert (scale["kind"], scale["spec"], scale["status"]["selector"]) == ("Scale", {"replicas": 2}, "app=web")
    _, scale = await client.put(f"{DEPLOYMENTS}/web/scale", {**scale, "spec": {"replicas": 7}})
    assert scale["spec"] == {"replicas": 7}
    assert (await client.merge(f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": 8}}))[1]["spec"] == {"replicas": 8}
    status, answer = await client.merge(f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": -1}})
    assert (status, answer["details"]["causes"][0]["field"]) == (422, "spec.replicas")
    assert (await client.get(f"{DEPLOYMENTS}/web"))[1]["spec"]["replicas"] == 8


async def test_immutable_parts_stay(client: Client) -> None:
    await client.post(DEPLOYMENTS, deployment("web"))
    selector = {"matchLabels": {"app": "other"}}
    status, answer = await client.merge(f"{DEPLOYMENTS}/web", {"spec": {"selector": selector}})
    assert (status, answer["details"]["causes"][-1]["field"]) == (422, "spec.selector")
    await client.post(PODS, pod("p"))
    status, answer = await client.merge(f"{PODS}/p", {"spec": {"hostNetwork": True}})
    assert status == 422
    assert "pod updates may not change fields other than" in answer["message"]
    image = {"spec": {"containers": [{"name": "web", "image": "nginx:2"}]}}
    assert (await client.strategic(f"{PODS}/p", image))[0] == 200


async def test_a_delete_answers_with_a_status_and_the_object_is_gone(client: Client) -> None:
    _, created = await client.post(CONFIGMAPS, configmap("a"))
    status, answer = await client.delete(f"{CONFIGMAPS}/a")
    assert status == 200
    assert answer["details"] == {"name": "a", "kind": "configmaps", "uid": created["metadata"]["uid"]}
    status, answer = await client.get(f"{CONFIGMAPS}/a")
    assert (status, answer["message"]) == (404, 'configmaps "a" not found')


async def test_a_delete_keeps_its_preconditions(client: Client) -> None:
    _, created = await client.post(CONFIGMAPS, configmap("a"))
    status, answer = await client.delete(f"{CONFIGMAPS}/a", {"preconditions": {"uid": "other"}})
    assert (status, answer["reason"]) == (409, "Conflict")
    preconditions = {"uid": created["metadata"]["uid"], "resourceVersion": created["metadata"]["resourceVersion"]}
    assert (await client.delete(f"{CONFIGMAPS}/a", {"preconditions": preconditions}))[0] == 200


async def test_a_finalizer_holds_the_object_until_it_is_taken_off(client: Client) -> None:
    body = configmap("a")
    body["metadata"]["finalizers"] = ["example.com/wait"]
    await client.post(CONFIGMAPS, body)
    status, answer = await client.delete(f"{CONFIGMAPS}/a")
    assert (status, "deletionTimestamp" in answer["metadata"]) == (200, True)
    status, _ = await client.merge(f"{CONFIGMAPS}/a", {"metadata": {"finalizers": ["example.com/wait", "more"]}})
    assert status == 422
    await client.merge(f"{CONFIGMAPS}/a", {"metadata": {"finalizers": None}})
    assert (await client.get(f"{CONFIGMAPS}/a"))[0] == 404


async def test_a_running_pod_ends_after_its_grace_and_another_at_once(client: Client, cluster: DemoCluster) -> None:
    cluster.store.create("pods", {**pod("running", nodeName="n1"), "status": {"phase": "Running"}})
    cluster.store.create("pods", pod("waiting"))
    status, answer = await client.delete(f"{PODS}/running")
    assert (status, answer["metadata"]["deletionGracePeriodSeconds"]) == (200, 30)
    await eventually(lambda: cluster.store.peek("pods", "default", "running") is None)
    await client.delete(f"{PODS}/waiting")
    assert cluster.store.peek("pods", "default", "waiting") is None


async def test_a_collection_is_deleted_by_selector(client: Client, cluster: DemoCluster) -> None:
    for name in ("a", "b"):
        value = configmap(name)
        value["metadata"]["labels"] = {"name": name}
        cluster.store.create("configmaps", value)
    status, answer = await client.delete(CONFIGMAPS, labelSelector="name=a")
    assert (status, [one["metadata"]["name"] for one in answer["items"]]) == (200, ["a"])
    assert [one["metadata"]["name"] for one in cluster.store.list("configmaps", "default")] == ["b"]
    assert (await client.delete("/api/v1/namespaces"))[0] == 405


async def test_a_deleted_namespace_takes_its_content_along(client: Client, cluster: DemoCluster) -> None:
    await client.post("/api/v1/namespaces", {"metadata": {"name": "temp"}})
    await eventually(lambda: cluster.store.peek("serviceaccounts", "temp", "default"))
    await client.post("/api/v1/namespaces/temp/configmaps", {"metadata": {"name": "a", "finalizers": ["x/y"]}})
    status, answer = await client.delete("/api/v1/namespaces/temp")
    assert (status, answer["status"]["phase"]) == (200, "Terminating")
    status, answer = await client.post("/api/v1/namespaces/temp/configmaps", {"metadata": {"name": "b"}})
    assert (status, answer["details"]["causes"][0]["reason"]) == (403, "NamespaceTerminating")
    await client.merge("/api/v1/namespaces/temp/configmaps/a", {"metadata": {"finalizers": None}})
    await eventually(lambda: cluster.store.peek("namespaces", "", "temp") is None)
    assert cluster.store.list("serviceaccounts", "temp") == []


def _owned(name: str, *owners: dict[str, Any]) -> dict[str, Any]:
    value = configmap(name)
    value["metadata"]["ownerReferences"] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": one["metadata"]["name"], "uid": one["metadata"]["uid"]}
        for one in owners
    ]
    return value


@pytest.mark.parametrize(("policy", "left"), [("Background", []), ("Foreground", []), ("Orphan", ["child"])])
async def test_dependents_follow_their_owner_as_the_policy_says(
    client: Client, cluster: DemoCluster, policy: str, left: list[str]
) -> None:
    owner = cluster.store.create("configmaps", configmap("owner"))
    child = cluster.store.create("configmaps", _owned("child", owner))
    if policy != "Orphan":
        cluster.store.create("configmaps", _owned("grandchild", child))
    await client.delete(f"{CONFIGMAPS}/owner", {"propagationPolicy": policy})

    def names() -> list[str]:
        return [one["metadata"]["name"] for one in cluster.store.list("configmaps", "default")]

    await eventually(lambda: names() == left)


def test_a_dependent_with_another_living_owner_stays() -> None:
    cluster = DemoCluster()
    first = cluster.store.create("configmaps", configmap("first"))
    second = cluster.store.create("configmaps", configmap("second"))
    cluster.store.create("configmaps", _owned("child", first, second))
    cluster.store.delete("configmaps", "default", "first")
    cluster.settle()
    child = cluster.store.get("configmaps", "default", "child")
    assert child is not None
    assert [one["name"] for one in child["metadata"]["ownerReferences"]] == ["second"]


async def test_an_eviction_respects_the_disruption_budget(client: Client, cluster: DemoCluster) -> None:
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    for name in ("a", "b"):
        value = {**pod(name, nodeName="n1"), "status": ready}
        value["metadata"]["labels"] = {"app": "web"}
        cluster.store.create("pods", value)
    budget = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    path = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"
    await client.post(path, {"metadata": {"name": "web"}, "spec": budget})
    assert (await client.post(f"{PODS}/a/eviction", {"metadata": {"name": "a"}}))[0] == 201
    status, answer = await client.post(f"{PODS}/b/eviction", {"metadata": {"name": "b"}})
    assert (status, answer["details"]["causes"][0]["reason"]) == (429, "DisruptionBudget")
