"""Cordon, uncordon and drain, on the simulated and the real cluster, with budgets that hold pods back."""

from typing import Any

import pytest

from octokube.v1 import operation_pb2 as pb
from tests.agent.operation_desk import Operation
from tests.agent.operations.kubelets import Pod, make_pod, pod

__all__ = ["pod"]

PATH = "/api/v1/nodes"
NOW: dict[str, Any] = {"grace": {"seconds": 0}, "force": True}


async def is_cordoned(pod: Pod) -> bool:
    node = await pod.desk.admin.get(f"{PATH}/{pod.node}")
    return bool((node.get("spec") or {}).get("unschedulable"))


async def names(pod: Pod) -> list[str]:
    found = (await pod.desk.admin.get(f"/api/v1/namespaces/{pod.namespace}/pods"))["items"]
    return sorted(one["metadata"]["name"] for one in found)


def order(pod: Pod, **operation: Any) -> Operation:
    return pod.desk.order("nodes", "", pod.node, **operation)


async def refusal(pod: Pod, **drain: Any) -> str:
    """What stands in the way of a drain. Each sentence says which pod it names, and the result names none."""
    operation = order(pod, drain=drain)
    message = await operation.denied()
    assert "the node is not drained" in message
    assert pod.namespace not in message
    told = [one.output for one in operation.requests if one.output.WhichOneof("output") == "progress"]
    assert all(f"{one.about.namespace}/{one.about.name} " in one.progress for one in told)
    return "\n".join(one.progress for one in told)


async def owner(pod: Pod, kind: str = "ConfigMap") -> list[dict[str, Any]]:
    """References to an object that says it would make the pod anew."""
    base = f"/api/v1/namespaces/{pod.namespace}"
    made = await pod.desk.admin.create(f"{base}/configmaps", {"metadata": {"name": f"owner-{kind.lower()}"}})
    if kind == "ConfigMap":
        return [reference("v1", kind, made)]
    template = {"metadata": {"labels": {"app": "d"}}, "spec": {"containers": [{"name": "d", "image": "d:1"}]}}
    template["spec"]["nodeSelector"] = {"nowhere": "true"}
    spec = {"selector": {"matchLabels": {"app": "d"}}, "template": template}
    path = f"/apis/apps/v1/namespaces/{pod.namespace}/daemonsets"
    made = await pod.desk.admin.create(path, {"metadata": {"name": "d"}, "spec": spec})
    return [reference("apps/v1", kind, made)]


def reference(version: str, kind: str, obj: dict[str, Any]) -> dict[str, Any]:
    meta = obj["metadata"]
    return {"apiVersion": version, "kind": kind, "name": meta["name"], "uid": meta["uid"], "controller": True}


async def test_a_node_is_cordoned_and_let_loose_again(pod: Pod) -> None:
    operation = order(pod, cordon={})
    assert "no new pods" in (await operation.succeeded()).message
    assert await is_cordoned(pod)
    assert operation.document(pb.DOCUMENT_ROLE_AFTER)["spec"]["unschedulable"] is True
    await order(pod, cordon={"uncordon": True}).succeeded()
    assert not await is_cordoned(pod)
    assert "only nodes" in await pod.order(cordon={}).denied()
    assert "only nodes" in await pod.order(drain={}).denied()


async def test_a_drain_tells_what_stands_in_its_way_before_it_changes_anything(pod: Pod) -> None:
    assert f"{pod.namespace}/web has no controller that would make it anew (force)" in await refusal(pod)
    assert not await is_cordoned(pod)
    assert await names(pod) == ["web"]


async def test_a_drain_evicts_what_may_go_and_tells_of_each_pod(pod: Pod) -> None:
    await make_pod(pod.desk, pod.namespace, "second", pod.node, ownerReferences=await owner(pod))
    operation = order(pod, drain=NOW)
    assert "2 pods have gone" in (await operation.succeeded()).message
    assert await names(pod) == []
    assert await is_cordoned(pod)
    assert {f"{pod.namespace}/web has gone", f"{pod.namespace}/second has gone"} <= set(operation.progress)


async def test_pods_of_a_daemonset_stay_when_they_are_left_out(pod: Pod) -> None:
    await make_pod(pod.desk, pod.namespace, "agent", pod.node, ownerReferences=await owner(pod, "DaemonSet"))
    assert "belongs to a DaemonSet" in await refusal(pod, **NOW)
    assert await names(pod) == ["agent", "web"]
    await order(pod, drain={**NOW, "ignore_daemonsets": True}).succeeded()
    assert await names(pod) == ["agent"]


async def test_data_in_an_empty_dir_is_lost_only_on_demand(pod: Pod) -> None:
    volumes = [{"name": "data", "emptyDir": {}}]
    await make_pod(pod.desk, pod.namespace, "keeper", pod.node, spec={"volumes": volumes})
    assert "keeps data in an emptyDir" in await refusal(pod, **NOW)
    await order(pod, drain={**NOW, "delete_empty_dir_data": True}).succeeded()
    assert await names(pod) == []


async def budget(pod: Pod) -> None:
    """A PodDisruptionBudget that allows no eviction of the pod."""
    await pod.desk.admin.patch(
        f"/api/v1/namespaces/{pod.namespace}/pods/web", {"metadata": {"labels": {"app": "guarded"}}}
    )
    version = "v1beta1" if pod.is_real else "v1"
    path = f"/apis/policy/{version}/namespaces/{pod.namespace}/poddisruptionbudgets"
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "guarded"}}}
    await pod.desk.admin.create(path, {"metadata": {"name": "guard"}, "spec": spec})


async def lift(pod: Pod) -> None:
    """Lets the pod go, as the disruption controller does once another one is ready."""
    version = "v1beta1" if pod.is_real else "v1"
    path = f"/apis/policy/{version}/namespaces/{pod.namespace}/poddisruptionbudgets/guard"
    if pod.is_real:
        status = {"observedGeneration": 1, "disruptionsAllowed": 1, "currentHealthy": 2, "desiredHealthy": 1}
        await pod.desk.admin.patch(f"{path}/status", {"status": {**status, "expectedPods": 2}})
    else:
        await pod.desk.admin.patch(path, {"spec": {"minAvailable": 0}})


async def test_a_budget_holds_a_pod_back_until_it_allows_the_eviction(pod: Pod) -> None:
    await budget(pod)
    operation = order(pod, drain=NOW)
    await operation.until(lambda it: any("has to wait for its disruption budget" in one for one in it.progress))
    assert await names(pod) == ["web"]
    await lift(pod)
    await operation.succeeded()
    assert await names(pod) == []


async def test_a_drain_ends_with_its_time_and_with_its_lease_and_the_node_stays_cordoned(pod: Pod) -> None:
    await budget(pod)
    late = order(pod, drain={**NOW, "timeout": {"nanos": 100_000_000}})
    assert "time for draining is over" in await late.failed()
    operation = order(pod, drain=NOW)
    await operation.until(lambda it: any("has to wait" in one for one in it.progress))
    operation.send(cancel="your access ended")
    assert (await operation.result(seconds=1.0)).outcome == pb.OPERATION_OUTCOME_LEASE_ENDED
    assert await names(pod) == ["web"]
    assert await is_cordoned(pod)


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
async def test_what_is_over_stands_in_nobodys_way(pod: Pod, phase: str) -> None:
    path = f"/api/v1/namespaces/{pod.namespace}/pods/web"
    await pod.desk.admin.patch(f"{path}/status", {"status": {"phase": phase}})
    await order(pod, drain={"grace": {"seconds": 0}}).succeeded()
    assert await names(pod) == []
