"""Writes, on the simulated and the real cluster: bound, tried first, refused when they raise privileges, done once."""

import base64
from typing import Any

import orjson
import pytest

from octokube.v1 import operation_pb2 as pb
from octokube_agent.operations.cluster import Cluster
from octokube_agent.operations.reference import Reference
from tests.agent.operations.conftest import Desk, Space

CANARY = "canary-0be1d2"
MAY = {"create_allowed": True, "patch_allowed": True}


def deployment(name: str = "web", **spec: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    template["spec"] |= spec
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": 0, "selector": {"matchLabels": {"app": name}}, "template": template},
    }


def apply(obj: dict[str, Any], manager: str = "alice", **more: Any) -> dict[str, Any]:
    return {"apply": {"body": orjson.dumps(obj), "field_manager": manager, **more}}


def seen(obj: dict[str, Any]) -> dict[str, str]:
    return {"uid": obj["metadata"]["uid"], "resource_version": obj["metadata"]["resourceVersion"]}


def patch(type: "pb.PatchType", body: Any, **more: Any) -> dict[str, Any]:
    return {"patch": {"type": type, "body": orjson.dumps(body), "field_manager": "alice", **more}}


async def config(desk: Desk, space: Space, **data: str) -> dict[str, Any]:
    return await desk.admin.create(f"{space.path}/configmaps", {"metadata": {"name": "one"}, "data": data})


async def test_apply_creates_then_changes_and_tells_before_and_after(desk: Desk) -> None:
    space = await desk.space()
    first = desk.order("deployments.apps", space.name, "web", **apply(deployment()), decided=MAY)
    await first.succeeded()
    assert [one.role for one in first.documents] == [pb.DOCUMENT_ROLE_AFTER]
    changed = deployment()
    changed["spec"]["replicas"] = 0
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = "web:2"
    second = desk.order("deployments.apps", space.name, "web", **apply(changed), decided=MAY)
    await second.succeeded()

    def image(obj: dict[str, Any]) -> str:
        return str(obj["spec"]["template"]["spec"]["containers"][0]["image"])

    assert image(second.document(pb.DOCUMENT_ROLE_BEFORE)) == "web:1"
    assert image(second.document(pb.DOCUMENT_ROLE_AFTER)) == "web:2"
    assert image(await desk.admin.get(f"{space.apps}/deployments/web")) == "web:2"


async def test_a_dry_run_shows_the_outcome_and_changes_nothing(desk: Desk) -> None:
    space = await desk.space()
    await config(desk, space, colour="blue")
    body = {"metadata": {"name": "one"}, "data": {"shape": "round"}}
    operation = desk.order("configmaps", space.name, "one", **apply(body, dry_run=True), decided=MAY)
    await operation.succeeded()
    assert operation.document(pb.DOCUMENT_ROLE_AFTER)["data"] == {"colour": "blue", "shape": "round"}
    assert (await desk.admin.get(f"{space.path}/configmaps/one"))["data"] == {"colour": "blue"}


async def test_a_conflict_names_the_manager_and_the_field_and_force_takes_over(desk: Desk) -> None:
    space = await desk.space()
    body = {"metadata": {"name": "one"}, "data": {"colour": "blue"}}
    await desk.order("configmaps", space.name, "one", **apply(body, "alice"), decided=MAY).succeeded()
    body["data"] = {"colour": "red"}
    operation = desk.order("configmaps", space.name, "one", **apply(body, "bob"), decided=MAY)
    await operation.failed()
    (conflict,) = (await operation.result()).conflicts
    assert (conflict.manager, conflict.field) == ("alice", ".data.colour")
    await desk.order("configmaps", space.name, "one", **apply(body, "bob", force=True), decided=MAY).succeeded()
    assert (await desk.admin.get(f"{space.path}/configmaps/one"))["data"] == {"colour": "red"}


async def test_apply_creates_or_changes_only_as_far_as_the_hub_has_decided(desk: Desk) -> None:
    space = await desk.space()
    body = {"metadata": {"name": "one"}, "data": {"colour": "blue"}}
    new = desk.order("configmaps", space.name, "one", **apply(body), decided={"patch_allowed": True})
    assert "may not create" in await new.denied()
    await desk.order("configmaps", space.name, "one", **apply(body), decided={"create_allowed": True}).succeeded()
    old = desk.order("configmaps", space.name, "one", **apply(body), decided={"create_allowed": True})
    assert "may not change" in await old.denied()


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "Secret", "metadata": {"name": "one"}},
        {"apiVersion": "apps/v1", "metadata": {"name": "one"}},
        {"metadata": {"name": "two"}},
        {"metadata": {"name": "one", "namespace": "kube-system"}},
        {"metadata": {"name": "one"}, "data": {"a": "(redacted)"}},
        {"apiVersion": "v1/../../x", "metadata": {"name": "one"}},
        ["no object"],
    ],
)
async def test_a_body_that_is_another_object_than_the_one_decided_on_is_refused(desk: Desk, body: Any) -> None:
    for member in (apply(body), {"create": {"body": orjson.dumps(body), "field_manager": "alice"}}):
        await desk.order("configmaps", "default", "one", **member, decided=MAY).denied()


async def test_create_makes_an_object_and_a_retry_with_the_same_key_none(desk: Desk) -> None:
    space = await desk.space()
    body = {"create": {"body": orjson.dumps({"metadata": {"generateName": "made-"}}), "field_manager": "alice"}}
    first = await desk.order("configmaps", space.name, "", key="once", **body).succeeded()
    again = await desk.order("configmaps", space.name, "", key="once", **body).succeeded()
    assert (first.remembered, again.remembered) == (False, True)
    assert first.key.uid == again.key.uid
    made = [
        one
        for one in (await desk.admin.get(f"{space.path}/configmaps"))["items"]
        if one["metadata"]["name"] != "kube-root-ca.crt"
    ]
    assert len(made) == 1
    # The key is the person's own, and one write's.
    other = {"create": {"body": orjson.dumps({"metadata": {"name": "x"}}), "field_manager": "alice"}}
    assert "used for another" in await desk.order("configmaps", space.name, "x", key="once", **other).denied()
    await desk.order("configmaps", space.name, "x", key="once", subject="user:bob", **other).succeeded()


async def test_a_patch_changes_the_object_that_was_seen_and_no_other(desk: Desk) -> None:
    space = await desk.space()
    old = await config(desk, space, colour="blue")
    body = {"data": {"colour": "red"}}
    operation = desk.order("configmaps", space.name, "one", **patch(pb.PATCH_TYPE_MERGE, body), **seen(old))
    result = await operation.succeeded()
    assert operation.document(pb.DOCUMENT_ROLE_AFTER)["data"] == body["data"]
    late = desk.order("configmaps", space.name, "one", **patch(pb.PATCH_TYPE_MERGE, body), **seen(old))
    assert "has changed since" in await late.failed()
    unbound = desk.order("configmaps", space.name, "one", **patch(pb.PATCH_TYPE_MERGE, body))
    assert "bound to the uid" in await unbound.denied()
    steps = [{"op": "replace", "path": "/data/colour", "value": "green"}]
    bound = {"uid": result.key.uid, "resource_version": result.resource_version}
    third = await desk.order("configmaps", space.name, "one", **patch(pb.PATCH_TYPE_JSON, steps), **bound).succeeded()
    bound["resource_version"] = third.resource_version
    await desk.order("configmaps", space.name, "one", **patch(pb.PATCH_TYPE_STRATEGIC, body), **bound).succeeded()
    assert (await desk.admin.get(f"{space.path}/configmaps/one"))["data"] == {"colour": "red"}


WRITES = [
    patch(pb.PATCH_TYPE_MERGE, {"data": {"colour": "red"}}),
    patch(pb.PATCH_TYPE_JSON, [{"op": "replace", "path": "/data/colour", "value": "red"}]),
    apply({"metadata": {"name": "one"}, "data": {"colour": "red"}}, manager="bob", force=True),
]


@pytest.mark.parametrize("write", WRITES, ids=["merge", "json", "apply"])
async def test_whoever_comes_second_by_a_moment_is_told_so_in_the_same_words(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, write: dict[str, Any]
) -> None:
    space = await desk.space()
    old = await config(desk, space, colour="blue")
    read = Cluster.read
    others = iter([{"data": {"shade": "dark"}}])

    async def read_before_another_writes(self: Cluster, reference: Reference) -> dict[str, Any]:
        found = await read(self, reference)
        for other in others:
            await desk.admin.patch(f"{space.path}/configmaps/one", other)
        return found

    monkeypatch.setattr(Cluster, "read", read_before_another_writes)
    late = desk.order("configmaps", space.name, "one", **write, **seen(old), decided=MAY)
    assert "has changed since you saw it" in await late.failed()
    assert (await desk.admin.get(f"{space.path}/configmaps/one"))["data"] == {"colour": "blue", "shade": "dark"}


@pytest.mark.parametrize(
    "step",
    [
        {"op": "test", "path": "/data/password", "value": "Z3Vlc3M="},
        {"op": "copy", "from": "/data/password", "path": "/metadata/labels/x"},
        {"op": "move", "from": "/data/password", "path": "/metadata/labels/x"},
    ],
)
async def test_a_json_patch_neither_guesses_nor_carries_a_hidden_value(desk: Desk, step: dict[str, Any]) -> None:
    space = await desk.space()
    value = base64.b64encode(CANARY.encode()).decode()
    old = await desk.admin.create(f"{space.path}/secrets", {"metadata": {"name": "s"}, "data": {"password": value}})
    operation = desk.order("secrets", space.name, "s", **patch(pb.PATCH_TYPE_JSON, [step]), **seen(old))
    assert "only add, replace and remove" in await operation.denied()


async def test_a_secrets_change_is_told_without_either_value(desk: Desk) -> None:
    space = await desk.space()
    old_value, new_value = (base64.b64encode(f"{CANARY}-{age}".encode()).decode() for age in ("old", "new"))
    old = await desk.admin.create(f"{space.path}/secrets", {"metadata": {"name": "s"}, "data": {"key": old_value}})
    body = {"data": {"key": new_value}}
    operation = desk.order("secrets", space.name, "s", **patch(pb.PATCH_TYPE_MERGE, body), **seen(old))
    await operation.succeeded()
    (after,) = [one for one in operation.documents if one.role == pb.DOCUMENT_ROLE_AFTER]
    assert "data.key" in after.hidden_changes
    wrong = {"data": {"key": f"{CANARY} is no base64"}}
    failing = desk.order("secrets", space.name, "s", **apply({"metadata": {"name": "s"}} | wrong), decided=MAY)
    await failing.failed()
    for value in (old_value, new_value, CANARY):
        assert value.encode() not in operation.raw + failing.raw


async def test_a_write_that_raises_privileges_needs_escalate_and_a_harmless_one_does_not(desk: Desk) -> None:
    space = await desk.space()
    host = deployment(volumes=[{"name": "root", "hostPath": {"path": "/"}}])
    refused = desk.order("deployments.apps", space.name, "web", **apply(host), decided=MAY)
    assert "escalate" in await refused.denied()
    assert ["hostPath" in reason for reason in (await refused.result()).escalations] == [True]
    shown = await desk.order(
        "deployments.apps", space.name, "web", **apply(host, dry_run=True), decided=MAY
    ).succeeded()
    assert shown.escalations
    await desk.order("deployments.apps", space.name, "web", **apply(deployment()), decided=MAY).succeeded()
    steps = [{"op": "add", "path": "/spec/template/spec/hostNetwork", "value": True}]
    while True:
        old = await desk.admin.get(f"{space.apps}/deployments/web")
        edit = desk.order("deployments.apps", space.name, "web", **patch(pb.PATCH_TYPE_JSON, steps), **seen(old))
        if "since you saw it" not in (await edit.result()).message:
            break  # otherwise its controller wrote a status meanwhile
    assert "network" in await edit.denied()
    allowed = desk.order("deployments.apps", space.name, "web", **apply(host), decided=MAY | {"escalate_allowed": True})
    assert (await allowed.succeeded()).escalations


async def test_rbac_objects_need_escalate(desk: Desk) -> None:
    space = await desk.space()
    role = {"metadata": {"name": "r"}, "rules": []}
    operation = desk.order("roles.rbac.authorization.k8s.io", space.name, "r", **apply(role), decided=MAY)
    assert "escalate" in await operation.denied()


async def test_delete_takes_the_object_that_was_seen(desk: Desk) -> None:
    space = await desk.space()
    old = await config(desk, space)
    wrong = desk.order("configmaps", space.name, "one", uid="another", delete={})
    assert "made anew" in await wrong.failed()
    await desk.order("configmaps", space.name, "one", **seen(old), delete={"propagation": "Background"}).succeeded()
    assert "404" in await desk.order("configmaps", space.name, "one", get={}).failed()


async def test_scale_and_restart_change_just_that(desk: Desk) -> None:
    space = await desk.space()
    made = await desk.admin.create(f"{space.apps}/deployments", deployment())
    uid = made["metadata"]["uid"]
    await desk.order("deployments.apps", space.name, "web", uid=uid, scale={"replicas": 3}).succeeded()
    await desk.order("deployments.apps", space.name, "web", uid=uid, restart={}).succeeded()
    after = await desk.admin.get(f"{space.apps}/deployments/web")
    assert after["spec"]["replicas"] == 3
    assert "kubectl.kubernetes.io/restartedAt" in after["spec"]["template"]["metadata"]["annotations"]
    await config(desk, space)
    assert "can't be restarted" in await desk.order("configmaps", space.name, "one", restart={}).denied()


async def test_a_node_is_cordoned_and_takes_pods_again(desk: Desk) -> None:
    name = f"node-{(await desk.space()).name}"
    await desk.admin.create("/api/v1/nodes", {"metadata": {"name": name}})
    await desk.order("nodes", "", name, cordon={}).succeeded()
    assert (await desk.admin.get(f"/api/v1/nodes/{name}"))["spec"]["unschedulable"] is True
    await desk.order("nodes", "", name, cordon={"uncordon": True}).succeeded()
    assert not (await desk.admin.get(f"/api/v1/nodes/{name}"))["spec"].get("unschedulable")
    await desk.admin.delete(f"/api/v1/nodes/{name}")


async def test_a_write_without_an_idempotency_key_is_refused(desk: Desk) -> None:
    start = desk.order("configmaps", "default", "one", key="k" * 65, delete={})
    assert "idempotency key" in await start.denied()


async def test_a_status_that_is_written_meanwhile_does_not_stand_in_the_way_of_an_apply(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was looked at has become another version before the write: it is looked at again."""
    space = await desk.space()
    await config(desk, space, colour="blue")
    write = Cluster.write
    meddled: list[str] = []

    async def meddle(cluster: Cluster, method: str, path: str, *rest: Any, **more: Any) -> Any:
        if not meddled and method == "PATCH" and "dryRun" not in (more.get("query") or {}):
            meddled.append(path)
            await desk.admin.patch(path, {"metadata": {"annotations": {"touched": "yes"}}})
        return await write(cluster, method, path, *rest, **more)

    monkeypatch.setattr(Cluster, "write", meddle)
    body = {"metadata": {"name": "one"}, "data": {"shape": "round"}}
    await desk.order("configmaps", space.name, "one", **apply(body), decided=MAY).succeeded()
    found = await desk.admin.get(f"{space.path}/configmaps/one")
    assert meddled
    assert found["data"] == {"colour": "blue", "shape": "round"}
    assert found["metadata"]["annotations"] == {"touched": "yes"}
