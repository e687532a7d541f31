"""Logs of one container, of all, and of several pods, on the simulated cluster."""

import pathlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from octokube.v1 import operation_pb2 as pb
from octokube.v1 import resource_pb2
from octokube_agent.operations import logs as reading_logs
from tests.agent.fake_hub import FakeHub
from tests.agent.operation_desk import Operation
from tests.agent.operations.conftest import Desk, serving
from tests.agent.suite.conftest import simulated_cluster

ALL_PODS = {"pods": pb.PodScope(all=True)}


@pytest.fixture
async def desk(hub: FakeHub, tmp_path: pathlib.Path) -> AsyncIterator[Desk]:
    async with simulated_cluster(tmp_path) as cluster, serving(cluster, hub) as desk:
        yield desk


async def running_pods(desk: Desk) -> list[dict[str, Any]]:
    pods = (await desk.admin.get("/api/v1/pods"))["items"]
    return [
        pod
        for pod in pods
        if pod["status"]["phase"] == "Running" and all(one["ready"] for one in pod["status"]["containerStatuses"])
    ]


async def workload(desk: Desk) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A deployment with at least two running pods, and those pods."""
    pods = await running_pods(desk)
    for deployment in (await desk.admin.get("/apis/apps/v1/deployments"))["items"]:
        meta = deployment["metadata"]
        own = [
            pod
            for pod in pods
            if pod["metadata"]["namespace"] == meta["namespace"]
            and pod["metadata"]["name"].startswith(meta["name"] + "-")
        ]
        if len(own) >= 2:
            return deployment, own
    raise AssertionError("the simulated cluster has no deployment with two running pods")


def order(desk: Desk, pod: dict[str, Any], *, is_generous: bool = True, **logs: Any) -> Operation:
    meta = pod["metadata"]
    return desk.order("pods", meta["namespace"], meta["name"], uid=meta["uid"], is_generous=is_generous, logs=logs)


async def test_the_last_lines_of_a_pod_arrive_and_the_operation_ends(desk: Desk) -> None:
    pod = (await running_pods(desk))[0]
    container = pod["spec"]["containers"][0]["name"]
    operation = order(desk, pod, container=container, tail_lines=3)
    await operation.succeeded()
    assert operation.stdout.count(b"\n") == 3
    assert list(operation.sources) == [(pod["metadata"]["name"], container)]


async def test_following_goes_on_until_the_hub_cancels_and_the_request_is_closed(desk: Desk) -> None:
    pod = (await running_pods(desk))[0]
    operation = order(desk, pod, container=pod["spec"]["containers"][0]["name"], follow=True, tail_lines=1)
    await operation.until(lambda it: it.stdout)
    operation.send(cancel="your access ended")
    result = await operation.result(seconds=1.0)
    assert (result.outcome, result.message) == (pb.OPERATION_OUTCOME_LEASE_ENDED, "your access ended")
    await operation.until(lambda it: it.has_ended, seconds=1.0)


async def test_a_hub_that_gives_no_credit_gets_no_more_than_the_first_bytes(desk: Desk) -> None:
    pod = (await running_pods(desk))[0]
    stuck = order(desk, pod, container=pod["spec"]["containers"][0]["name"], is_generous=False, follow=True)
    large = await desk.space()
    await desk.admin.create(
        f"{large.path}/configmaps", {"metadata": {"name": "large"}, "data": {"text": "x" * 700_000}}
    )
    operation = desk.order("configmaps", large.name, "large", is_generous=False, get={})
    await operation.until(lambda it: sum(len(output.document.content) for output in it.outputs) == 262_144)
    # Another operation is not delayed by the two that wait.
    await order(desk, pod, container=pod["spec"]["containers"][0]["name"], tail_lines=1).succeeded()
    assert sum(len(output.document.content) for output in operation.outputs) == 262_144
    operation.send(credit=pb.OperationCredit(bytes=10_000_000))
    await operation.succeeded()
    stuck.hang_up()
    await stuck.until(lambda it: it.has_ended, seconds=1.0)


async def test_all_containers_of_a_pod_are_told_apart(desk: Desk) -> None:
    pods = [pod for pod in await running_pods(desk) if len(pod["spec"]["containers"]) > 1]
    pod = pods[0]
    operation = order(desk, pod, all_containers=True, tail_lines=2)
    await operation.succeeded()
    names = {one["name"] for one in pod["spec"]["containers"]}
    assert {container for _, container in operation.sources} >= names
    assert all(content.endswith(b"\n") for content in operation.sources.values())
    assert "name one of" in await order(desk, pod).failed()


async def test_a_workloads_pods_are_merged_with_their_names(desk: Desk) -> None:
    deployment, pods = await workload(desk)
    meta = deployment["metadata"]
    operation = desk.order(
        "deployments.apps", meta["namespace"], meta["name"], logs={"tail_lines": 2}, decided=ALL_PODS
    )
    await operation.succeeded()
    assert {pod for pod, _ in operation.sources} >= {pod["metadata"]["name"] for pod in pods}


async def test_whoever_follows_more_pods_than_are_read_at_a_time_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_logs, "MAX_SOURCES", 1)
    deployment, _ = await workload(desk)
    meta = deployment["metadata"]
    operation = desk.order("deployments.apps", meta["namespace"], meta["name"], logs={"follow": True}, decided=ALL_PODS)
    await operation.until(lambda it: it.progress and it.sources)
    assert ["more than 1 containers match" in one for one in operation.progress] == [True]
    assert len(operation.sources) == 1
    operation.send(cancel="enough")


async def test_without_the_hubs_decision_on_its_pods_a_workload_has_no_logs(desk: Desk) -> None:
    deployment, _ = await workload(desk)
    meta = deployment["metadata"]
    operation = desk.order("deployments.apps", meta["namespace"], meta["name"], logs={})
    assert "no pods" in (await operation.succeeded()).message
    assert operation.stdout == b""


async def test_a_pod_that_leaves_the_hubs_scope_is_cut_off_and_the_others_go_on(desk: Desk) -> None:
    deployment, pods = await workload(desk)
    meta = deployment["metadata"]
    keys = [
        resource_pb2.Key(
            type="pods", namespace=meta["namespace"], name=pod["metadata"]["name"], uid=pod["metadata"]["uid"]
        )
        for pod in pods[:2]
    ]
    operation = desk.order(
        "deployments.apps",
        meta["namespace"],
        meta["name"],
        logs={"follow": True, "tail_lines": 1},
        decided={"pods": pb.PodScope(pods=keys)},
    )
    await operation.until(lambda it: {pod for pod, _ in it.sources} == {key.name for key in keys})
    operation.send(pods=pb.PodScope(pods=keys[:1]))
    kept = keys[0].name

    def size(it: Operation, name: str) -> int:
        return sum(len(content) for (pod, _), content in it.sources.items() if pod == name)

    before = size(operation, kept)
    await operation.until(lambda it: size(it, kept) > before)
    left = size(operation, keys[1].name)
    further = size(operation, kept)
    await operation.until(lambda it: size(it, kept) > further)
    assert size(operation, keys[1].name) == left
    operation.hang_up()


async def test_labels_select_pods(desk: Desk) -> None:
    pod = (await running_pods(desk))[0]
    name, value = next(iter(pod["metadata"]["labels"].items()))
    operation = desk.order(
        "pods",
        pod["metadata"]["namespace"],
        "",
        logs={"label_selector": f"{name}={value}", "tail_lines": 1},
        decided=ALL_PODS,
    )
    await operation.succeeded()
    assert pod["metadata"]["name"] in {name for name, _ in operation.sources}


@pytest.mark.parametrize(
    ("type", "name", "logs"),
    [
        ("pods", "", {}),
        ("configmaps", "one", {}),
        ("pods", "one", {"container": "a", "all_containers": True}),
        ("deployments.apps", "", {"label_selector": "a=b"}),
    ],
)
async def test_what_has_no_log_is_refused(desk: Desk, type: str, name: str, logs: dict[str, Any]) -> None:
    await desk.order(type, "default", name, logs=logs).denied()
