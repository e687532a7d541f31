"""PATCH: the four kinds, and who owns what afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octokube_demo import ApiError
from octokube_demo.patching.applying import server_side_apply
from octokube_demo.patching.json_patch import apply_json_patch
from octokube_demo.patching.merge_patch import merge_patch
from octokube_demo.patching.strategic import strategic_merge
from tests.demo.conftest import CONFIGMAPS, CRD_PATH, DEPLOYMENTS, WIDGETS, Client, configmap, deployment, widget
from tests.demo.conftest import widget_definition as definition


@pytest.mark.parametrize(
    ("value", "patch", "result"),
    [
        # The examples of RFC 7386 whose target is an object.
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_merge_patch_follows_the_rfc(value: Any, patch: Any, result: Any) -> None:
    assert merge_patch(value, patch) == result


@pytest.mark.parametrize(
    ("operations", "result"),
    [
        ([{"op": "add", "path": "/b", "value": 2}], {"a": [1, 2], "b": 2}),
        ([{"op": "add", "path": "/a/1", "value": 9}], {"a": [1, 9, 2]}),
        ([{"op": "add", "path": "/a/-", "value": 3}], {"a": [1, 2, 3]}),
        ([{"op": "remove", "path": "/a/0"}], {"a": [2]}),
        ([{"op": "replace", "path": "/a", "value": 7}], {"a": 7}),
        ([{"op": "move", "from": "/a", "path": "/x~1y"}], {"x/y": [1, 2]}),
        ([{"op": "copy", "from": "/a/1", "path": "/c"}], {"a": [1, 2], "c": 2}),
        ([{"op": "test", "path": "/a/0", "value": 1}], {"a": [1, 2]}),
    ],
)
def test_a_json_patch_follows_the_rfc(operations: Any, result: Any) -> None:
    assert apply_json_patch({"a": [1, 2]}, operations) == result


@pytest.mark.parametrize(
    ("operations", "code"),
    [
        ([{"op": "test", "path": "/a", "value": 1}], 422),
        ([{"op": "remove", "path": "/nope"}], 422),
        ([{"op": "replace", "path": "/a/7", "value": 1}], 422),
        ([{"op": "add", "path": "", "value": []}], 422),
        ([{"op": "jump", "path": "/a"}], 400),
        ([{"op": "add", "path": "/a"}], 400),
        ([{"op": "remove", "path": "a"}], 400),
        ({}, 400),
    ],
)
def test_a_json_patch_that_does_not_fit_is_refused_and_changes_nothing(operations: Any, code: int) -> None:
    value = {"a": [1, 2]}
    with pytest.raises(ApiError) as caught:
        apply_json_patch(value, operations)
    assert caught.value.code == code
    assert value == {"a": [1, 2]}


CONTAINERS = {"spec": {"containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}]}}


def _containers(patch: Any) -> Any:
    return strategic_merge(CONTAINERS, {"spec": {"containers": patch}})["spec"]["containers"]


def test_a_strategic_patch_merges_containers_by_name() -> None:
    assert _containers([{"name": "b", "image": "b:2"}]) == [
        {"name": "a", "image": "a:1"},
        {"name": "b", "image": "b:2"},
    ]
    assert _containers([{"name": "a", "$patch": "delete"}]) == [{"name": "b", "image": "b:1"}]
    assert _containers([{"$patch": "replace"}, {"name": "c"}]) == [{"name": "c"}]
    with pytest.raises(ApiError):
        _containers([{"image": "nameless"}])


def test_a_strategic_patch_knows_its_directives() -> None:
    value = {"metadata": {"finalizers": ["a", "b"]}, "spec": {"strategy": {"type": "R", "rollingUpdate": {"x": 1}}}}
    assert strategic_merge(value, {"metadata": {"finalizers": ["c"]}})["metadata"]["finalizers"] == ["a", "b", "c"]
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}}
    assert strategic_merge(value, patch)["metadata"]["finalizers"] == ["b"]
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert strategic_merge(value, patch)["spec"]["strategy"] == {"type": "Recreate"}
    assert strategic_merge(value, {"spec": {"strategy": {"$patch": "replace", "y": 2}}})["spec"]["strategy"] == {"y": 2}


async def test_custom_objects_take_no_strategic_patch(client: Client) -> None:
    await client.post(CRD_PATH, definition())
    await client.post(WIDGETS, widget("w"))
    status, answer = await client.strategic(f"{WIDGETS}/w", {"spec": {"size": 4}})
    assert status == 415
    assert answer["message"].endswith(
        "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
    )
    assert (await client.merge(f"{WIDGETS}/w", {"spec": {"size": 4}}))[1]["spec"] == {"size": 4}


async def test_a_patch_with_an_old_version_conflicts(client: Client) -> None:
    _, old = await client.post(CONFIGMAPS, configmap("a", x="1"))
    await client.merge(f"{CONFIGMAPS}/a", {"data": {"x": "2"}})
    patch = {"metadata": {"resourceVersion": old["metadata"]["resourceVersion"]}, "data": {"x": "3"}}
    assert (await client.merge(f"{CONFIGMAPS}/a", patch))[0] == 409
    assert (await client.merge(f"{CONFIGMAPS}/missing", {}))[0] == 404


def _owners(value: Any) -> dict[tuple[str, str], Any]:
    return {(one["manager"], one["operation"]): one["fieldsV1"] for one in value["metadata"]["managedFields"]}


def _replicas(count: int) -> dict[str, Any]:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": count}}


async def test_an_apply_creates_and_owns_exactly_what_it_says(client: Client) -> None:
    status, value = await client.apply(f"{DEPLOYMENTS}/web", deployment("web"), "one")
    assert status == 201
    # Word for word what kube-apiserver 1.20.2 answers to the same request.
    assert _owners(value) == {
        ("one", "Apply"): {
            "f:spec": {
                "f:replicas": {},
                "f:selector": {},
                "f:template": {
                    "f:metadata": {"f:labels": {"f:app": {}}},
                    "f:spec": {
                        "f:containers": {
                            'k:{"name":"web"}': {
                                ".": {},
                                "f:image": {},
                                "f:name": {},
                                "f:ports": {
                                    'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}
                                },
                            }
                        }
                    },
                },
            }
        }
    }


async def test_an_apply_over_anothers_field_conflicts_and_names_them(client: Client) -> None:
    await client.apply(f"{DEPLOYMENTS}/web", deployment("web"), "one")
    status, answer = await client.apply(f"{DEPLOYMENTS}/web", _replicas(3), "two")
    assert (status, answer["reason"]) == (409, "Conflict")
    assert answer["message"] == 'Apply failed with 1 conflict: conflict with "one": .spec.replicas'
    two = _replicas(3)
    two["spec"]["template"] = {"spec": {"containers": [{"name": "web", "image": "nginx:2"}]}}
    _, answer = await client.apply(f"{DEPLOYMENTS}/web", two, "two")
    assert answer["message"] == (
        'Apply failed with 2 conflicts: conflicts with "one":\n'
        '- .spec.replicas\n- .spec.template.spec.containers[name="web"].image'
    )
    await client.merge(f"{DEPLOYMENTS}/web", {"spec": {"replicas": 5}}, fieldManager="three")
    _, answer = await client.apply(f"{DEPLOYMENTS}/web", _replicas(3), "two")
    assert answer["details"]["causes"] == [
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "three" using apps/v1',
            "field": ".spec.replicas",
        }
    ]


async def test_an_equal_value_is_shared_and_force_takes_over(client: Client) -> None:
    await client.apply(f"{DEPLOYMENTS}/web", deployment("web"), "one")
    status, value = await client.apply(f"{DEPLOYMENTS}/web", _replicas(2), "two")
    assert status == 200
    assert "f:replicas" in _owners(value)[("one", "Apply")]["f:spec"]
    assert _owners(value)[("two", "Apply")] == {"f:spec": {"f:replicas": {}}}
    status, value = await client.apply(f"{DEPLOYMENTS}/web", _replicas(3), "two", force="true")
    assert (status, value["spec"]["replicas"], value["metadata"]["generation"]) == (200, 3, 2)
    assert "f:replicas" not in _owners(value)[("one", "Apply")]["f:spec"]


async def test_what_a_manager_no_longer_says_goes_unless_another_owns_it(client: Client) -> None:
    first = deployment("web")
    first["metadata"]["labels"] = {"a": "1", "b": "2", "shared": "4"}
    await client.apply(f"{DEPLOYMENTS}/web", first, "one")
    sharing = {**_replicas(2), "metadata": {"name": "web", "labels": {"shared": "4"}}}
    await client.apply(f"{DEPLOYMENTS}/web", sharing, "two")
    await client.merge(f"{DEPLOYMENTS}/web", {"metadata": {"labels": {"c": "3"}}}, fieldManager="three")
    second = deployment("web")
    second["metadata"]["labels"] = {"b": "2"}
    del second["spec"]["template"]["spec"]["containers"][0]["ports"]
    _, value = await client.apply(f"{DEPLOYMENTS}/web", second, "one")
    assert value["metadata"]["labels"] == {"b": "2", "c": "3", "shared": "4"}
    assert not value["spec"]["template"]["spec"]["containers"][0].get("ports")


async def test_an_update_takes_ownership_of_what_it_changes(client: Client) -> None:
    await client.apply(f"{DEPLOYMENTS}/web", deployment("web"), "one")
    _, value = await client.merge(f"{DEPLOYMENTS}/web", {"spec": {"replicas": 5}}, fieldManager="three")
    assert _owners(value)[("three", "Update")] == {"f:spec": {"f:replicas": {}}}
    assert "f:replicas" not in _owners(value)[("one", "Apply")]["f:spec"]


async def test_an_apply_must_say_who_and_what(client: Client) -> None:
    kind = "application/apply-patch+yaml"
    status, answer = await client.call("PATCH", f"{DEPLOYMENTS}/web", deployment("web"), content_type=kind)
    assert (status, answer["details"]["causes"][0]["field"]) == (422, "fieldManager")
    status, answer = await client.apply(f"{DEPLOYMENTS}/web", {"kind": "Deployment"}, "x")
    assert status == 400
    assert answer["message"].endswith("Specified patch version: , expected: apps/v1")
    assert (await client.apply(f"{DEPLOYMENTS}/web", deployment("other"), "x"))[0] == 400


_KEYS = st.sampled_from(["a", "b", "c"])
_VALUES = st.recursive(st.integers(0, 2), lambda inner: st.dictionaries(_KEYS, inner, max_size=3), max_leaves=6)


@given(st.lists(st.dictionaries(_KEYS, _VALUES, max_size=3), min_size=1, max_size=4))
def test_one_managers_applies_always_end_at_the_last_one(steps: list[dict[str, Any]]) -> None:
    live: dict[str, Any] | None = None
    for step in steps:
        applied = {"metadata": {"name": "x"}, "spec": step}
        result, claimed, _ = server_side_apply(live, applied, manager="one", force=False, is_custom=True)
        live = result
        live["metadata"]["managedFields"] = [{"manager": "one", "operation": "Apply", "fieldsV1": claimed}]

    def stripped(value: Any) -> Any:
        """Empty objects may stay where fields were removed; they carry nothing."""
        if not isinstance(value, dict):
            return value
        parts = {key: stripped(part) for key, part in value.items()}
        return {key: part for key, part in parts.items() if part != {}}

    assert live is not None
    assert stripped(live["spec"]) == stripped(steps[-1])
