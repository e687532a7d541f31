"""Failure mode 1 for operations: permission, token, team or window ends, and logs or exec output goes on."""

import asyncio
import base64
import time

import grpc.aio
import pytest

from octokube.v1 import operation_pb2 as pb
from octokube.v1 import resource_pb2
from octokube_hub.broker.request import VERBS
from tests.failure_modes.causes import CAUSES, Cause, Scene
from tests.failure_modes.operating import OUTPUT, Listener, execute
from tests.failure_modes.streams import DOORS, Doors, Tap, decoded
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key
from tests.support.waiting import HANG_SECONDS

PROMISED_SECONDS = 1.0
LISTENING_SECONDS = 0.3
OUTPUT_JSON = base64.b64encode(OUTPUT)
PATCH = pb.PatchOperation(type=pb.PATCH_TYPE_MERGE, body=b"{}", field_manager="test")
STARTS: dict[str, tuple[str, object]] = {
    "get": ("pods", pb.GetOperation()),
    "describe": ("pods", pb.DescribeOperation()),
    "schema": ("pods", pb.SchemaOperation()),
    "logs": ("pods", pb.LogsOperation(follow=True)),
    "exec": ("pods", pb.ExecOperation(command=["sh"], tty=True, stdin=True)),
    "attach": ("pods", pb.AttachOperation(stdin=True)),
    "copy_from": ("pods", pb.CopyFromOperation(path="/etc")),
    "port_forward": ("pods", pb.PortForwardOperation(ports=[80])),
    "debug": ("pods", pb.DebugOperation(image="busybox")),
    "apply": ("pods", pb.ApplyOperation(body=b"{}", field_manager="test")),
    "create": ("pods", pb.CreateOperation(body=b"{}", field_manager="test")),
    "patch": ("pods", PATCH),
    "delete": ("pods", pb.DeleteOperation()),
    "scale": ("deployments.apps", pb.ScaleOperation(replicas=2)),
    "restart": ("deployments.apps", pb.RestartOperation()),
    "rollback": ("deployments.apps", pb.RollbackOperation(revision=1)),
    "rollout_status": ("deployments.apps", pb.RolloutStatusOperation(wait=True)),
    "reveal": ("secrets", pb.RevealOperation(key="password")),
}
OF_NODES = {"cordon", "drain"}
"""Of objects that are in no namespace, and so in none that is lost here; they end by the same check."""
ALLOWED = "read|write|logs|exec|attach|portforward|debug|scale|restart|rollback|reveal"


def test_every_operation_is_tried() -> None:
    """One that is added has to be thought about here."""
    known = {field.name for field in pb.OperationStart.DESCRIPTOR.oneofs_by_name["operation"].fields}
    assert known == set(STARTS) | OF_NODES == set(VERBS)


def starts() -> dict[str, pb.OperationStart]:
    """One of each kind, and logs of all pods of a namespace."""
    found = {}
    for name, (type, content) in STARTS.items():
        where = resource_pb2.Key(type=type, namespace="vault", name="web", uid="uid-vault-web")
        target = pb.OperationTarget(cluster="c1", key=where, resource_version="1")
        found[name] = pb.OperationStart(target=target, idempotency_key=f"k-{name}", **{name: content})  # type: ignore[arg-type]
    of_many = pb.OperationTarget(cluster="c1", key=resource_pb2.Key(type="pods", namespace="vault"))
    found["logs of many"] = pb.OperationStart(target=of_many, logs=pb.LogsOperation(follow=True))
    return found


@pytest.mark.timeout(30)
@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES.keys())
async def test_a_second_after_access_ends_no_operation_says_a_byte(
    cause: Cause, scene: Scene, channel: grpc.aio.Channel, agent: FakeAgent
) -> None:
    """Though the agent goes on, and the caller neither writes nor leaves."""
    scene.verbs = ALLOWED
    token = await scene.begin(cause)
    agent.put(key("pods", "vault", "web"))
    link = await agent.session(operations=sorted(VERBS))
    await link.begin()
    executing = asyncio.create_task(execute(link, channel, agent))
    listeners = [Listener(name, start, channel, token) for name, start in starts().items()]
    async with asyncio.timeout(HANG_SECONDS):
        for listener in listeners:
            await listener.has_news.wait()
            assert listener.ended_at is None, (listener.name, listener.received)
    ended_at = time.monotonic()
    await cause.act(scene)
    await asyncio.sleep(ended_at + PROMISED_SECONDS + LISTENING_SECONDS - time.monotonic())
    limit = ended_at + PROMISED_SECONDS
    assert [one.name for one in listeners if any(at > limit and OUTPUT in text for at, text in one.received)] == []
    assert [one.name for one in listeners if one.ended_at is None or one.ended_at > limit] == []
    for listener in listeners:
        last = pb.RunResponse.FromString(listener.received[-1][1])
        assert last.result.outcome == pb.OPERATION_OUTCOME_LEASE_ENDED, listener.name
        await listener.close()
    executing.cancel()
    await asyncio.gather(executing, return_exceptions=True)


def says_something(tap: Tap, since: float = 0.0) -> bool:
    """Whether output has come, in whatever encoding."""
    told = tap.since(since)
    return OUTPUT in told or OUTPUT_JSON in told


@pytest.mark.timeout(30)
@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES.keys())
async def test_a_second_after_access_ends_no_operation_says_a_byte_by_any_door(
    cause: Cause, scene: Scene, channel: grpc.aio.Channel, agent: FakeAgent, doors: Doors
) -> None:
    """The gateway's channels, in the hub's own process and beside it."""
    scene.verbs = ALLOWED
    token = await scene.begin(cause)
    agent.put(key("pods", "vault", "web"))
    link = await agent.session(operations=sorted(VERBS))
    await link.begin()
    executing = asyncio.create_task(execute(link, channel, agent))
    asked = starts()
    chosen = [(door, name) for door in DOORS for name in ("exec", "logs", "describe")]
    taps = [await doors.operate(door, token, asked[name]) for door, name in chosen]
    for tap in taps:
        await tap.until(says_something)
        assert tap.ended_at is None, tap.kind
    ended_at = time.monotonic()
    await cause.act(scene)
    await asyncio.sleep(ended_at + PROMISED_SECONDS + LISTENING_SECONDS - time.monotonic())
    limit = ended_at + PROMISED_SECONDS
    assert [tap.kind for tap in taps if says_something(tap, limit)] == []
    for tap in taps:
        last = decoded(tap.kind, tap.received[-1][1])
        assert isinstance(last, pb.RunResponse), (tap.kind, tap.end)
        assert last.result.outcome == pb.OPERATION_OUTCOME_LEASE_ENDED, tap.kind
    executing.cancel()
    await asyncio.gather(executing, return_exceptions=True)
