"""What is on record of an operation, before it is carried out and after, whatever happens in between."""

import asyncio
import hashlib
import json
import pathlib
import re
import sys

import pytest

from octokube.runtime.channels import open_channel
from octokube.v1 import operation_pb2 as pb
from octokube.v1 import resource_pb2
from octokube_hub.broker.request import VERBS
from octokube_hub.store import AuditEntry
from tests.hub.broker.conftest import Caller, Executing, Scene, operation
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key
from tests.support.demo import environment
from tests.support.processes import Program
from tests.support.waiting import HANG_SECONDS

SCALE = {"scale": pb.ScaleOperation(replicas=3)}


async def records(scene: Scene, verb: str, count: int) -> list[AuditEntry]:
    """The records of a verb, oldest first, once there are so many."""
    async with asyncio.timeout(HANG_SECONDS):
        while len(found := await scene.hub._audit.list(verb=verb)) < count:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    return found[::-1]


async def test_the_record_says_who_what_which_version_which_request_how_long_and_how_much(scene: Scene) -> None:
    start = operation("deployments.apps", "web", **SCALE)
    start.target.key.uid, start.target.resource_version = "uid-of-web", "4711"
    caller = Caller(scene.channel, "demo:alice")
    await caller.send(start=start)
    executing = await scene.ordered()
    (before,) = await records(scene, "scale", 1)
    await executing.begin()
    await executing.send(output=pb.OperationOutput(stdout=b"x" * 100))
    await executing.send(result=pb.OperationResult(outcome=pb.OPERATION_OUTCOME_SUCCEEDED, message="scaled"))
    result = await caller.result()
    _, after = await records(scene, "scale", 2)
    digest = hashlib.sha256(start.SerializeToString(deterministic=True)).hexdigest()
    assert before.subject == after.subject == "user:alice"
    assert before.target == after.target == "c1/deployments.apps/red/web"
    assert before.outcome == "allowed" and before.rule == "policy.csv:5" and before.policy_revision
    assert before.message == (
        f"{result.decision_id}: to 3 replicas; uid uid-of-web; version 4711; request sha256:{digest}"
    )
    assert after.outcome == "done"
    assert re.fullmatch(rf"{result.decision_id}: 0\.\d s, 0 bytes in, 100 bytes out; scaled", after.message)


async def test_what_a_request_held_is_on_no_record(scene: Scene) -> None:
    body = b'{"stringData":{"password":"canary-of-a-body"}}'
    apply = pb.ApplyOperation(body=body, field_manager="alice")
    caller = await scene.call("demo:admin", apply=apply)
    executing = await scene.ordered()
    await executing.begin()
    await executing.send(result=pb.OperationResult(outcome=pb.OPERATION_OUTCOME_SUCCEEDED))
    await caller.result()
    await records(scene, "apply", 2)
    everything = b"".join(path.read_bytes() for path in scene.hub.settings.data.iterdir())
    assert b"canary-of-a-body" not in everything


async def command(module: str, *words: str, data: pathlib.Path) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *words, "--data", str(data),
        stdout=asyncio.subprocess.PIPE, env=environment(),
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode().strip()


@pytest.mark.e2e
@pytest.mark.timeout(60)
async def test_an_operation_during_which_the_hub_is_killed_is_on_record_as_unknown(
    tmp_path: pathlib.Path, policies: pathlib.Path
) -> None:
    data = tmp_path / "data"
    token = await command("octokube_hub.cli", "token", "create", "user:alice", data=data)
    credential = await command("octokube_hub.cli", "agent-credential", "create", "c1", data=data)
    arguments = ["serve", "--data", str(data), "--policies", str(policies), "--listen", "127.0.0.1:0"]
    program = Program("hub", "octokube_hub.cli", arguments, "hub.serving", tmp_path)
    address = (await program.start())["address"]
    agent = FakeAgent("c1", address, credential)
    agent.put(key("deployments.apps", "red", "web"))
    async with open_channel(address) as channel:
        link = await agent.session(operations=sorted(VERBS))
        await link.begin()
        caller = Caller(channel, token)
        where = resource_pb2.Key(type="deployments.apps", namespace="red", name="web")
        target = pb.OperationTarget(cluster="c1", key=where)
        await caller.send(start=pb.OperationStart(target=target, idempotency_key="k", **SCALE))
        while (message := await link.read()).WhichOneof("message") != "order":
            pass
        await Executing(channel, credential, message.order.operation_id).begin()
        await program.kill()
        await agent.close()
    await program.start()
    try:
        listed = await command("octokube.cli.main", "audit", "list", "--verb", "scale", "-o", "json", data=data)
    finally:
        await program.kill()
    after, before = json.loads(listed)
    assert (before["outcome"], after["outcome"]) == ("allowed", "unknown")
    assert (after["subject"], after["target"]) == (before["subject"], before["target"])
    decision_id = before["message"].partition(":")[0]
    assert after["message"] == f"{decision_id}: the hub ended before this did; whether it was carried out is not known"
