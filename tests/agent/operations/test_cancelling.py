"""An operation that is called off at any moment leaves nothing behind, and a retried write happens once."""

import asyncio
import pathlib
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from tests.agent.fake_hub import FakeHub
from tests.agent.operations.conftest import Desk, serving
from tests.agent.operations.kubelets import PORT, Pod, make_node, make_pod
from tests.agent.suite.conftest import simulated_cluster
from tests.support.waiting import eventually

MOMENTS = [*range(0, 24, 2), 7, 13, 21, *range(24, 120, 9), *range(120, 400, 41), *range(400, 3000, 201)]
"""After how many turns of the loop the hub calls the operation off."""

LASTING: list[dict[str, Any]] = [
    {"exec": {"command": ["sh"], "stdin": True, "tty": True}},
    {"exec": {"command": ["yes"]}},
    {"attach": {}},
    {"copy_from": {"path": "/etc"}},
    {"port_forward": {"ports": [PORT]}},
    {"debug": {"image": "busybox:1", "stdin": True}},
    {"logs": {"follow": True}},
    {"describe": {}},
]


@pytest.fixture
async def pod(hub: FakeHub, tmp_path: pathlib.Path) -> AsyncIterator[Pod]:
    async with (
        simulated_cluster(tmp_path, workload=False) as cluster,
        serving(cluster, hub, operations=("all",)) as desk,
    ):
        assert cluster.simulated is not None
        space = await desk.space()
        await make_node(desk, "node", cluster.simulated[0].kubelet)
        await make_pod(desk, space.name, "web", "node")
        yield Pod(desk, cluster.simulated[0].kubelet, space.name, "web", "web", "node")


def left_behind() -> list[str]:
    names = (task.get_name() for task in asyncio.all_tasks())
    return [
        name for name in names if name.startswith(("agent/operation/", "agent/terminal", "agent/forward", "agent/logs"))
    ]


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("operation", LASTING, ids=lambda operation: next(iter(operation)))
async def test_nothing_is_left_of_an_operation_that_ends_at_any_moment(pod: Pod, operation: dict[str, Any]) -> None:
    for moment in MOMENTS:
        ordered = pod.order(**operation)
        await turns(moment)
        if moment % 2:
            ordered.send(cancel="your access ended")
        else:
            ordered.hang_up()
        await ordered.until(lambda it: it.has_ended, seconds=2.0)
        await eventually(lambda: not left_behind(), seconds=1.0)
        await pod.until_idle()


@pytest.mark.timeout(60)
async def test_a_write_that_is_repeated_after_any_moment_happens_once(pod: Pod) -> None:
    desk: Desk = pod.desk
    path = f"/api/v1/namespaces/{pod.namespace}/configmaps"
    for count, moment in enumerate(MOMENTS, 1):
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "once-"}}
        told = {"create": {"body": orjson.dumps(body), "field_manager": "alice"}, "key": f"retried-{moment}"}
        first = desk.order("configmaps", pod.namespace, "", **told)
        await turns(moment)
        first.hang_up()
        second = desk.order("configmaps", pod.namespace, "", **told)
        await second.succeeded()
        await first.until(lambda it: it.has_ended, seconds=2.0)
        assert len((await desk.admin.get(path))["items"]) == count, f"called off after {moment} turns"
    await eventually(lambda: not left_behind(), seconds=1.0)
