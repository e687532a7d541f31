"""CRDs: types that come, are checked, change and go."""

from __future__ import annotations

import copy

from octokube_demo import DemoCluster
from octokube_demo.resources.custom import custom_type
from tests.demo.conftest import CRD_PATH, WIDGETS, Client, take, widget, widget_definition
from tests.support.waiting import eventually

CRDS = "customresourcedefinitions.apiextensions.k8s.io"


async def test_a_definition_is_established_and_keeps_its_columns(client: Client, cluster: DemoCluster) -> None:
    await client.post(CRD_PATH, widget_definition())
    await eventually(lambda: (cluster.store.get(CRDS, "", "widgets.example.com") or {}).get("status"))
    _, found = await client.get(f"{CRD_PATH}/widgets.example.com")
    conditions = {one["type"]: one["status"] for one in found["status"]["conditions"]}
    assert conditions == {"NamesAccepted": "True", "Established": "True"}
    assert found["spec"]["names"]["listKind"] == "WidgetList"
    assert found["spec"]["versions"][0]["additionalPrinterColumns"][0]["jsonPath"] == ".spec.size"


async def test_objects_are_checked_against_the_schema_and_pruned(client: Client) -> None:
    await client.post(CRD_PATH, widget_definition())
    status, answer = await client.post(WIDGETS, {**widget("w"), "spec": {"color": "green", "size": 0}})
    assert status == 422
    # Word for word what kube-apiserver 1.20.2 answers.
    assert answer["message"] == (
        'Widget.example.com "w" is invalid: [spec.color: Unsupported value: "green": supported values: "red", "blue", '
        "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1]"
    )
    status, answer = await client.post(WIDGETS, {**widget("w"), "spec": {"color": 4}})
    assert {one["field"] for one in answer["details"]["causes"]} == {"spec.color", "spec.size"}
    _, value = await client.post(WIDGETS, {**widget("w"), "spec": {"size": 4, "zz": 1}, "extra": True})
    assert value["spec"] == {"size": 4}
    assert "extra" not in value


async def test_a_definition_that_cannot_work_is_refused(client: Client) -> None:
    broken = widget_definition()
    broken["metadata"]["name"] = "gadgets.example.com"
    status, answer = await client.post(CRD_PATH, broken)
    assert (status, answer["details"]["causes"][0]["field"]) == (422, "metadata.name")
    broken = widget_definition()
    broken["spec"]["versions"][0]["storage"] = False
    assert (await client.post(CRD_PATH, broken))[0] == 422


async def test_an_object_is_shown_in_every_served_version(client: Client, cluster: DemoCluster) -> None:
    definition = widget_definition()
    beta = copy.deepcopy(definition["spec"]["versions"][0]) | {"name": "v1beta1", "storage": False}
    definition["spec"]["versions"].insert(0, beta)
    await client.post(CRD_PATH, definition)
    await client.post(WIDGETS, widget("w"))
    path = WIDGETS.replace("/v1/", "/v1beta1/")
    assert (await client.get(f"{path}/w"))[1]["apiVersion"] == "example.com/v1beta1"
    async with client.watch(path) as events:
        assert (await take(events, 1))[0]["object"]["apiVersion"] == "example.com/v1beta1"
    assert cluster.registry.get("widgets.example.com").versions == ("v1", "v1beta1")


def test_versions_are_preferred_as_kubernetes_orders_them() -> None:
    definition = widget_definition()
    versions = ["v1beta1", "foo", "v2", "v1alpha1", "v10", "v1", "v2beta1", "v1beta2"]
    definition["spec"]["versions"] = [{"name": name, "served": True, "storage": name == "v1"} for name in versions]
    found = custom_type(definition)
    assert found is not None
    assert found.versions == ("v10", "v2", "v1", "v2beta1", "v1beta2", "v1beta1", "v1alpha1", "foo")
    assert found.stored_version == "v1"


def test_a_type_that_came_back_has_forgotten_its_former_life(cluster: DemoCluster) -> None:
    cluster.store.create(CRDS, widget_definition())
    cluster.api.create("widgets.example.com", widget("w"), namespace="default")
    former = cluster.store.revision
    cluster.api.delete(CRDS, "", "widgets.example.com")
    cluster.settle()
    assert cluster.registry.find("widgets.example.com") is None
    assert cluster.store.count("widgets.example.com") == 0
    cluster.store.create(CRDS, widget_definition())
    assert cluster.store.table("widgets.example.com").history.compacted > former
