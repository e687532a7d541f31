"""Restart, rollout status and rollback of each kind of workload, on the simulated and the real cluster."""

import copy
from typing import Any

import pytest

from octokube.v1 import operation_pb2 as pb
from octokube_agent.operations.cluster import Cluster
from octokube_agent.operations.failures import Failed
from octokube_agent.operations.rollouts import status_of
from tests.agent.operations.conftest import Desk, Space

KINDS = {"deployments.apps": "Deployment", "statefulsets.apps": "StatefulSet", "daemonsets.apps": "DaemonSet"}


async def workload(desk: Desk, space: Space, type: str, **spec: Any) -> dict[str, Any]:
    """A workload without pods: what is shown is what the agent writes, not what controllers make of it."""
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web:2"}]}}
    body: dict[str, Any] = {"selector": {"matchLabels": {"app": "web"}}, "template": template, **spec}
    if type == "daemonsets.apps":
        template["spec"]["nodeSelector"] = {"nowhere": "true"}  # type: ignore[assignment]
    else:
        body["replicas"] = 0
    if type == "statefulsets.apps":
        body["serviceName"] = "web"
    return await desk.admin.create(
        f"{space.apps}/{type.partition('.')[0]}", {"metadata": {"name": "web"}, "spec": body}
    )


def image(obj: dict[str, Any]) -> str:
    return str(obj["spec"]["template"]["spec"]["containers"][0]["image"])


async def revision(desk: Desk, space: Space, owner: dict[str, Any], type: str, number: int, image: str) -> None:
    """A revision as the workload's controller keeps it."""
    meta = owner["metadata"]
    kind = KINDS[type]
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": meta["name"], "uid": meta["uid"], "controller": True}
    template = copy.deepcopy(owner["spec"]["template"])
    template["spec"]["containers"][0]["image"] = image
    metadata: dict[str, Any] = {"name": f"web-{number}", "ownerReferences": [reference]}
    if type == "deployments.apps":
        template["metadata"]["labels"]["pod-template-hash"] = f"h{number}"
        metadata |= {"annotations": {"deployment.kubernetes.io/revision": str(number)}}
        selector = {"matchLabels": template["metadata"]["labels"]}
        spec = {"replicas": 0, "selector": selector, "template": template}
        await desk.admin.create(f"{space.apps}/replicasets", {"metadata": metadata, "spec": spec})
        return
    data = {"spec": {"template": template | {"$patch": "replace"}}}
    body = {"metadata": metadata, "revision": number, "data": data}
    await desk.admin.create(f"{space.apps}/controllerrevisions", body)


@pytest.mark.parametrize("type", KINDS)
async def test_a_restart_changes_nothing_but_an_annotation_of_the_pods(desk: Desk, type: str) -> None:
    space = await desk.space()
    await workload(desk, space, type)
    operation = desk.order(type, space.name, "web", restart={})
    await operation.succeeded()
    before, after = (operation.document(role) for role in (pb.DOCUMENT_ROLE_BEFORE, pb.DOCUMENT_ROLE_AFTER))
    annotations = after["spec"]["template"]["metadata"].pop("annotations")
    assert list(annotations) == ["kubectl.kubernetes.io/restartedAt"]
    assert after["spec"]["template"]["spec"] == before["spec"]["template"]["spec"]


async def test_what_is_paused_or_has_no_rollout_is_not_restarted(desk: Desk) -> None:
    space = await desk.space()
    await workload(desk, space, "deployments.apps", paused=True)
    assert "resume it first" in await desk.order("deployments.apps", space.name, "web", restart={}).failed()
    for operation in ("restart", "rollback", "rollout_status"):
        await desk.order("configmaps", space.name, "web", **{operation: {}}).denied()


@pytest.mark.parametrize("type", KINDS)
async def test_a_rollback_takes_a_former_revision_or_the_one_that_is_named(desk: Desk, type: str) -> None:
    space = await desk.space()
    made = await workload(desk, space, type, **({"paused": True} if type == "deployments.apps" else {}))
    for number, name in ((1, "web:0"), (2, "web:1"), (3, "web:2")):
        await revision(desk, space, made, type, number, name)
    operation = desk.order(type, space.name, "web", rollback={})
    assert "revision 2" in (await operation.succeeded()).message
    after = operation.document(pb.DOCUMENT_ROLE_AFTER)
    assert image(after) == "web:1"
    assert after["spec"]["template"]["metadata"]["labels"] == {"app": "web"}
    await desk.order(type, space.name, "web", rollback={"revision": 1}).succeeded()
    path = f"{space.apps}/{type.partition('.')[0]}/web"
    assert image(await desk.admin.get(path)) == "web:0"
    assert (
        "no revision 9; there are 1, 2, 3"
        in await desk.order(type, space.name, "web", rollback={"revision": 9}).failed()
    )


async def test_a_rollback_to_more_privileges_needs_the_verb_for_it(desk: Desk) -> None:
    space = await desk.space()
    made = await workload(desk, space, "deployments.apps", paused=True)
    former = copy.deepcopy(made)
    former["spec"]["template"]["spec"]["hostNetwork"] = True
    await revision(desk, space, former, "deployments.apps", 1, "web:0")
    await revision(desk, space, made, "deployments.apps", 2, "web:2")
    refused = desk.order("deployments.apps", space.name, "web", rollback={})
    assert "uses the node's network" in await refused.denied()
    assert image(await desk.admin.get(f"{space.apps}/deployments/web")) == "web:2"
    allowed = desk.order("deployments.apps", space.name, "web", decided={"escalate_allowed": True}, rollback={})
    await allowed.succeeded()


async def test_a_controller_that_writes_meanwhile_does_not_keep_a_rollback_from_being_done(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = await desk.space()
    made = await workload(desk, space, "deployments.apps", paused=True)
    for number, name in ((1, "web:1"), (2, "web:2")):
        await revision(desk, space, made, "deployments.apps", number, name)
    write = Cluster.write
    writes = 0

    async def meanwhile(self: Cluster, method: str, path: str, body: Any, **more: Any) -> Any:
        nonlocal writes
        writes += 1
        if writes == 2:
            labels = {"metadata": {"labels": {"meanwhile": "yes"}}}
            await desk.admin.patch(f"{space.apps}/deployments/web", labels)
        return await write(self, method, path, body, **more)

    monkeypatch.setattr(Cluster, "write", meanwhile)
    await desk.order("deployments.apps", space.name, "web", rollback={}).succeeded()
    assert writes >= 4, "the cluster's own controller may come in between, too"
    found = await desk.admin.get(f"{space.apps}/deployments/web")
    assert (image(found), found["metadata"]["labels"]["meanwhile"]) == ("web:1", "yes")


async def test_without_a_former_revision_there_is_nothing_to_go_back_to(desk: Desk) -> None:
    space = await desk.space()
    await workload(desk, space, "daemonsets.apps")
    operation = desk.order("daemonsets.apps", space.name, "web", rollback={})
    assert "no former revision" in await operation.failed()


async def test_waiting_for_a_rollout_tells_each_step_and_ends_when_it_is_complete(desk: Desk) -> None:
    space = await desk.space()
    await workload(desk, space, "statefulsets.apps", updateStrategy={"type": "RollingUpdate"})
    path = f"{space.apps}/statefulsets/web"
    await desk.admin.patch(path, {"spec": {"replicas": 1, "template": {"spec": {"nodeSelector": {"no": "where"}}}}})
    if desk.cluster.simulated is None:
        await desk.admin.patch(f"{path}/status", {"status": {"replicas": 0, "observedGeneration": 2}})
        assert (
            "0 of 1 pods are updated"
            in await desk.order("statefulsets.apps", space.name, "web", rollout_status={}).failed()
        )
    operation = desk.order("statefulsets.apps", space.name, "web", rollout_status={"wait": True})
    await operation.until(lambda it: it.progress)
    if desk.cluster.simulated is None:
        done = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "observedGeneration": 2}
        await desk.admin.patch(f"{path}/status", {"status": done})
    assert "complete: 1 pods are updated" in (await operation.succeeded()).message
    assert len(set(operation.progress)) == len(operation.progress) > 1


def deployment(**status: Any) -> dict[str, Any]:
    return {"metadata": {"generation": 4}, "spec": {"replicas": 3}, "status": {"observedGeneration": 4, **status}}


@pytest.mark.parametrize(
    ("status", "sentence", "is_complete"),
    [
        ({"observedGeneration": 3, "updatedReplicas": 3, "availableReplicas": 3}, "taken up", False),
        ({"updatedReplicas": 2}, "2 of 3 pods are updated", False),
        ({"updatedReplicas": 3, "replicas": 4}, "1 old pods", False),
        ({"updatedReplicas": 3, "replicas": 3, "availableReplicas": 1}, "1 of 3 updated pods", False),
        ({"updatedReplicas": 3, "replicas": 3, "availableReplicas": 3}, "complete", True),
    ],
)
def test_a_status_is_one_sentence(status: dict[str, Any], sentence: str, is_complete: bool) -> None:
    said, is_over = status_of("deployments.apps", deployment(**status))
    assert sentence in said
    assert is_over is is_complete


def test_a_rollout_that_can_not_get_on_says_so() -> None:
    condition = {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "status": "False"}
    with pytest.raises(Failed, match="deadline"):
        status_of("deployments.apps", deployment(conditions=[condition]))
    on_delete = {"metadata": {}, "spec": {"updateStrategy": {"type": "OnDelete"}}}
    with pytest.raises(Failed, match="OnDelete"):
        status_of("statefulsets.apps", on_delete)
