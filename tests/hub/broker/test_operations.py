"""An operation is decided, recorded, ordered, carried both ways, and ended the second it should be."""

import asyncio
import pathlib
import re

import grpc
import pytest

from octokube.v1 import operation_pb2 as pb
from octokube.v1 import resource_pb2
from octokube_hub.app import Hub
from octokube_hub.broker.agents import AgentPort
from octokube_hub.broker.pipes import INITIAL_CREDIT_BYTES, MAX_WAITING
from tests.hub.broker.conftest import RULES, Caller, Executing, Scene, operation
from tests.hub.clocks import FakeClock
from tests.hub.policies import write_policy
from tests.support.waiting import HANG_SECONDS, eventually

EXEC = {"exec": pb.ExecOperation(command=["sh"], tty=True, stdin=True)}
SUCCEEDED = pb.OPERATION_OUTCOME_SUCCEEDED
DENIED = pb.OPERATION_OUTCOME_DENIED
LEASE_ENDED = pb.OPERATION_OUTCOME_LEASE_ENDED


async def records(hub: Hub, verb: str) -> list[tuple[str, str, str]]:
    """What is on record of one verb, oldest first."""
    return [(one.subject, one.outcome, one.message) for one in reversed(await hub._audit.list(verb=verb))]


async def test_input_and_output_go_through_and_the_result_is_recorded(scene: Scene) -> None:
    caller = await scene.call("demo:alice", **EXEC)
    executing = await scene.ordered()
    start = await executing.begin()
    assert (start.subject, list(start.groups)) == ("user:alice", ["role:everyone"])
    assert start.operation.exec.command == ["sh"]
    await caller.send(input=pb.OperationInput(stdin=b"ls\n"))
    assert (await executing.read()).input.stdin == b"ls\n"
    await executing.send(output=pb.OperationOutput(stdout=b"file\n"))
    assert (await caller.read()).output.stdout == b"file\n"
    await executing.send(result=pb.OperationResult(outcome=SUCCEEDED, exit_code=3))
    result = await caller.result()
    assert (result.outcome, result.exit_code) == (SUCCEEDED, 3)
    assert caller.lease is not None and caller.lease.HasField("until")
    found: list[tuple[str, str, str]] = []
    async with asyncio.timeout(HANG_SECONDS):
        while len(found := await records(scene.hub, "exec")) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    (_, before, began), (_, after, ended) = found
    assert (before, after) == ("allowed", "done")
    assert began.startswith(f"{result.decision_id}: runs sh; ")
    assert re.fullmatch(rf"{result.decision_id}: 0\.\d s, 3 bytes in, 5 bytes out; exit code 3, recorded", ended)


async def test_what_is_denied_reaches_no_agent_and_is_on_record(scene: Scene) -> None:
    caller = await scene.call("demo:bob", **EXEC)
    result = await caller.result()
    assert (result.outcome, result.message) == (DENIED, "Nothing lets you run commands in this.")
    assert (await records(scene.hub, "exec"))[0][:2] == ("user:bob", "denied")
    allowed = await scene.call("demo:alice", **EXEC)
    assert (await (await scene.ordered()).begin()).subject == "user:alice", "the first order is the allowed one"
    allowed.call.cancel()


async def test_a_denial_is_the_same_whether_anything_is_there_or_not(scene: Scene) -> None:
    answers = []
    for name, namespace in (("web-1", "blue"), ("nowhere", "blue"), ("web-1", "nowhere")):
        caller = Caller(scene.channel, "demo:alice")
        await caller.send(start=operation(name=name, namespace=namespace, **EXEC))
        result = await caller.result()
        result.decision_id = ""
        answers.append(result.SerializeToString())
    caller = Caller(scene.channel, "demo:alice")
    start = operation(**EXEC)
    start.target.cluster = "no-such-cluster"
    await caller.send(start=start)
    result = await caller.result()
    result.decision_id = ""
    assert len({*answers, result.SerializeToString()}) == 1


async def _remove_row(scene: Scene, policies: pathlib.Path, clock: FakeClock) -> None:
    write_policy(policies, RULES.replace("logs|exec|portforward", "logs"))


async def _add_deny(scene: Scene, policies: pathlib.Path, clock: FakeClock) -> None:
    write_policy(policies, RULES + "p, role:everyone, c1, red, pods, web-1, exec, always, deny\n")


async def _close_window(scene: Scene, policies: pathlib.Path, clock: FakeClock) -> None:
    clock.advance(3600)


async def _revoke_token(scene: Scene, policies: pathlib.Path, clock: FakeClock) -> None:
    [token] = await scene.hub._tokens.list()
    await scene.hub._tokens.revoke(token.id, clock.now())


async def _expire_token(scene: Scene, policies: pathlib.Path, clock: FakeClock) -> None:
    clock.advance(100 * 24 * 3600)


@pytest.mark.parametrize("cause", [_remove_row, _add_deny, _close_window, _revoke_token, _expire_token])
async def test_access_that_ends_ends_the_operation_whatever_the_two_ends_do(
    scene: Scene, policies: pathlib.Path, clock: FakeClock, cause
) -> None:
    """The caller reads nothing and the agent goes on writing: not a byte passes a second later."""
    clock.set("2026-03-02T12:30:00+00:00")
    rules = RULES.replace("logs|exec|portforward, always", "logs|exec|portforward, 12:00-13:00 UTC")
    if cause is _close_window:
        write_policy(policies, rules)
        assert scene.hub._policy is not None
        policy = scene.hub._policy
        await eventually(lambda: any(row.window.name.startswith("12:00") for row in policy.current.rows))
    token = await scene.hub.create_token("user:alice")
    caller, executing = await scene.running(token, **EXEC)
    await executing.send(output=pb.OperationOutput(stdout=b"before"))
    assert (await caller.read()).output.stdout == b"before"
    await cause(scene, policies, clock)
    async with asyncio.timeout(1.5):
        reason = await executing.cancelled()
    assert reason
    try:
        await executing.send(output=pb.OperationOutput(stdout=b"after"))
    except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
        pass
    last = await caller.read()
    assert last.result.outcome == LEASE_ENDED
    assert last.result.message == reason
    await eventually(lambda: scene.hub._broker is not None and len(scene.hub._broker) == 0)


async def test_progress_about_what_the_caller_cannot_see_names_nothing(scene: Scene) -> None:
    caller, executing = await scene.running("demo:alice", **EXEC)
    for namespace in ("blue", "red"):
        about = resource_pb2.Key(type="pods", namespace=namespace, name="web-1")
        told = pb.OperationOutput(progress=f"{namespace}/web-1 has gone", about=about)
        await executing.send(output=told)
    unseen = (await caller.read()).output
    assert b"blue" not in unseen.SerializeToString()
    assert "not visible to you" in unseen.progress
    assert (await caller.read()).output.progress == "red/web-1 has gone"
    caller.call.cancel()


async def test_documents_that_the_caller_may_not_get_are_left_out_and_cost_no_credit(scene: Scene) -> None:
    caller, executing = await scene.running("demo:alice", describe=pb.DescribeOperation())
    for namespace, role in (("blue", pb.DOCUMENT_ROLE_OWNER), ("red", pb.DOCUMENT_ROLE_EVENT)):
        document = pb.DocumentPart(
            role=role, key=resource_pb2.Key(type="events", namespace=namespace, name="e"), content=b"x" * 100, last=True
        )
        await executing.send(output=pb.OperationOutput(document=document))
    assert (await caller.read()).output.document.key.namespace == "red"
    assert (await executing.read()).credit.bytes == 100


async def test_an_agent_that_answers_with_another_object_is_not_believed(scene: Scene) -> None:
    caller, executing = await scene.running("demo:alice", get=pb.GetOperation())
    for name in ("api-1", "web-1"):
        document = pb.DocumentPart(
            role=pb.DOCUMENT_ROLE_OBJECT, key=resource_pb2.Key(type="pods", namespace="red", name=name), content=b"{}"
        )
        await executing.send(output=pb.OperationOutput(document=document))
    assert (await caller.read()).output.document.key.name == "web-1"


async def test_logs_of_several_pods_are_those_that_the_caller_may_read(scene: Scene, policies: pathlib.Path) -> None:
    caller = await scene.call("demo:bob", name="", logs=pb.LogsOperation(label_selector="app=web", follow=True))
    executing = await scene.ordered()
    start = await executing.begin()
    assert [pod.name for pod in start.pods.pods] == ["web-1"]
    for pod in ("api-1", "web-1"):
        await executing.send(
            output=pb.OperationOutput(stdout=pod.encode(), source=pb.LogSource(pod=pod, container="c"))
        )
    assert (await caller.read()).output.stdout == b"web-1"
    write_policy(policies, RULES.replace("pods, web-*, logs", "pods, *, logs"))
    while not (message := await executing.read()).HasField("pods"):
        pass
    assert message.pods.all


async def test_a_sender_is_held_to_its_credit(scene: Scene) -> None:
    caller, executing = await scene.running("demo:alice", **EXEC)
    for _ in range(INITIAL_CREDIT_BYTES // 65_536):
        await executing.send(output=pb.OperationOutput(stdout=b"x" * 65_536))
    await executing.send(output=pb.OperationOutput(stdout=b"one too many"))
    result = await caller.result()
    assert "flow control" in result.message
    caller, executing = await scene.running("demo:alice", **EXEC)
    await executing.send(output=pb.OperationOutput(stdout=b"x" * 65_536))
    await caller.read()
    await caller.send(credit=pb.OperationCredit(bytes=65_536))
    assert (await executing.read()).credit.bytes == 65_536


async def test_a_stuck_operation_delays_no_other(scene: Scene) -> None:
    _, stuck = await scene.running("demo:alice", **EXEC)
    for _ in range(4):
        await stuck.send(output=pb.OperationOutput(stdout=b"x" * 65_536))
    caller, executing = await scene.running("demo:alice", **EXEC)
    await executing.send(output=pb.OperationOutput(stdout=b"hello"))
    assert (await caller.read()).output.stdout == b"hello"


async def test_an_agent_that_takes_no_order_keeps_no_caller_from_being_told_of_the_end(
    scene: Scene, policies: pathlib.Path
) -> None:
    assert scene.hub._broker is not None
    is_asked = asyncio.Event()

    async def order(operation_id: str) -> None:
        is_asked.set()
        await asyncio.Event().wait()

    scene.hub._broker._ports.enter(AgentPort("c1", frozenset({"exec"}), order))
    caller = await scene.call("demo:alice", **EXEC)
    async with asyncio.timeout(HANG_SECONDS):
        await is_asked.wait()
    write_policy(policies, RULES.replace("logs|exec|portforward", "logs"))
    async with asyncio.timeout(HANG_SECONDS):
        assert (await caller.result()).outcome == LEASE_ENDED


async def test_an_agent_that_reads_nothing_ends_its_own_operation_and_no_checking_of_others(
    scene: Scene, policies: pathlib.Path
) -> None:
    broker = scene.hub._broker
    assert broker is not None
    caller, _ = await scene.running("demo:bob", name="", logs=pb.LogsOperation(label_selector="app=web", follow=True))
    [(run, _)] = broker._runs.values()
    # Nothing lets these be taken in between.
    while len(run.to_agent._waiting) < MAX_WAITING:
        run.to_agent.put(pb.ExecuteResponse(input=pb.OperationInput(resize=pb.TerminalSize(columns=1, rows=1))))
    run._told_pods = None
    broker.check_all()
    assert "takes nothing any more" in (await caller.result()).message
    other, _ = await scene.running("demo:alice", **EXEC)
    write_policy(policies, RULES.replace("logs|exec|portforward", "logs"))
    assert (await other.result()).outcome == LEASE_ENDED


@pytest.mark.parametrize("verb", ["escalate", "patch", "create"])
async def test_a_write_ends_when_any_of_what_its_agent_was_told_is_allowed_is_not_any_more(
    scene: Scene, policies: pathlib.Path, verb: str
) -> None:
    apply = {"apply": pb.ApplyOperation(body=b"{}", field_manager="octokube")}
    caller = await scene.call("demo:admin", type="configmaps", **apply)
    told = await (await scene.ordered()).begin()
    assert (told.escalate_allowed, told.patch_allowed, told.create_allowed) == (True, True, True)
    write_policy(policies, RULES + f"p, user:admin, c1, red, configmaps, *, {verb}, always, deny\n")
    async with asyncio.timeout(HANG_SECONDS):
        assert (await caller.result()).outcome == LEASE_ENDED


async def test_a_lost_agent_ends_its_operations_with_an_unknown_outcome(scene: Scene) -> None:
    caller, _ = await scene.running("demo:alice", scale=pb.ScaleOperation(replicas=3), type="deployments.apps")
    scene.link.call.cancel()
    result = await caller.result()
    assert result.outcome == pb.OPERATION_OUTCOME_UNKNOWN
    assert "not known" in result.message
    later = await (await scene.call("demo:alice", **EXEC)).result()
    assert later.message == "the cluster's agent is not connected; try again when it is"


async def test_an_agent_is_not_ordered_what_its_ceiling_refuses(hub: Hub, agent, channel) -> None:
    link = await agent.session(operations=["get"])
    await link.begin()
    result = await (await Scene(hub, channel, agent, link).call("demo:alice", **EXEC)).result()
    assert result.outcome == DENIED
    assert "ceiling" in result.message


async def test_an_operation_belongs_to_the_agent_of_its_cluster_and_to_one_stream(scene: Scene) -> None:
    other = await scene.hub.create_agent_credential("c2")
    await scene.call("demo:alice", **EXEC)
    executing = await scene.ordered()
    for credential in (other, "okt_agent_wrong"):
        thief = Executing(scene.channel, credential, executing.operation_id)
        with pytest.raises((grpc.aio.AioRpcError, AssertionError)):
            await thief.begin()
    await executing.begin()
    with pytest.raises((grpc.aio.AioRpcError, AssertionError)):
        await Executing(scene.channel, scene.agent.credential, executing.operation_id).begin()


async def test_a_caller_who_goes_ends_what_they_began(scene: Scene) -> None:
    caller, executing = await scene.running("demo:alice", **EXEC)
    caller.call.cancel()
    assert await executing.cancelled() == "the caller has gone"
    async with asyncio.timeout(HANG_SECONDS):
        while len(found := await records(scene.hub, "exec")) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert found[1][1] == "ended"


async def test_a_hub_that_stops_tells_both_ends(scene: Scene) -> None:
    caller, executing = await scene.running("demo:alice", **EXEC)
    assert scene.hub._broker is not None
    scene.hub._broker.drain()
    assert "about to stop" in (await caller.result()).message
    assert "about to stop" in await executing.cancelled()
    code, _ = await (await scene.call("demo:alice", **EXEC)).refusal()
    assert code is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("start", "word"),
    [
        (pb.OperationStart(), "names no operation"),
        (operation(name="", **EXEC), "needs target.key.name"),
        (operation(name="a/b", **EXEC), "slash"),
        (operation(name="..", **EXEC), "dots"),
        (operation(type="nodes", namespace="", **EXEC), "there is no exec for nodes"),
        (operation(exec=pb.ExecOperation()), "needs a command"),
        (operation(scale=pb.ScaleOperation(), idempotency_key=""), "idempotency_key"),
        (operation(patch=pb.PatchOperation(body=b"{}", field_manager="x")), "uid"),
        (operation(name="", namespace="", logs=pb.LogsOperation()), "namespace"),
        (operation(copy_from=pb.CopyFromOperation(path="etc")), "absolute"),
    ],
)
async def test_what_is_no_operation_is_refused_with_a_sentence(
    scene: Scene, start: pb.OperationStart, word: str
) -> None:
    caller = Caller(scene.channel, "demo:alice")
    await caller.send(start=start)
    code, message = await caller.refusal()
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert word in message


async def test_a_person_has_so_many_open_and_no_more(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    from octokube_hub.broker import limits

    monkeypatch.setattr(limits, "OPEN_PER_PERSON", 2)
    for _ in range(2):
        await scene.running("demo:alice", **EXEC)
    code, message = await (await scene.call("demo:alice", **EXEC)).refusal()
    assert (code, "2 operations open" in message) == (grpc.StatusCode.RESOURCE_EXHAUSTED, True)
    await scene.running("demo:admin", **EXEC)


async def test_logs_of_a_workload_need_the_right_to_get_it_and_are_recorded_with_that(scene: Scene) -> None:
    start = {"type": "deployments.apps", "name": "web", "logs": pb.LogsOperation()}
    caller = await scene.call("demo:bob", **start)
    executing = await scene.ordered()
    assert [pod.name for pod in (await executing.begin()).pods.pods] == ["web-1"]
    found = [(one.action, one.target, one.outcome) for one in await scene.hub._audit.list(subject="user:bob")]
    assert found == [("logs", "c1/pods/red/", "allowed"), ("get", "c1/deployments.apps/red/web", "allowed")]
    caller.call.cancel()
    elsewhere = await scene.call("demo:bob", **start, namespace="blue")
    assert (await elsewhere.result()).outcome == DENIED


async def test_a_name_that_the_server_makes_up_goes_around_no_rule_about_names(
    scene: Scene, policies: pathlib.Path
) -> None:
    create = {"type": "configmaps", "create": pb.CreateOperation(body=b"{}", field_manager="octokube")}
    caller, _ = await scene.running("demo:admin", name="", **create)
    write_policy(policies, RULES + "p, user:admin, c1, red, configmaps, prod-*, create, always, deny\n")
    assert (await caller.result()).outcome == LEASE_ENDED
    denied = await (await scene.call("demo:admin", name="", **create)).result()
    assert (denied.outcome, "give the object a name" in denied.message) == (DENIED, True)
    assert (await records(scene.hub, "create"))[-1][1] == "denied"
    named = await scene.call("demo:admin", name="mine", **create)
    assert (await (await scene.ordered()).begin()).operation.target.key.name == "mine"
    named.call.cancel()
