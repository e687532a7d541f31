"""Failure mode 5: identity or an id taken from the client.

Who runs an operation, and which agent carries it out, is bound to the connection that was authenticated: an id that was
overheard, guessed or kept is worth nothing to anybody else, nor a second time.
"""

from contextlib import AsyncExitStack

import aiohttp
import grpc
import grpc.aio
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType

from octokube.v1 import browser_pb2
from octokube.v1 import operation_pb2 as pb
from octokube_hub.app import Hub
from octokube_web.app import Gateway
from octokube_web.encoding import PROTO
from octokube_web.settings import WebSettings
from tests.hub.broker.conftest import Caller, Executing, Scene, operation, policies, scene
from tests.hub.conftest import agent, channel, clock, hub
from tests.support.sockets import granted

__all__ = ["agent", "channel", "clock", "hub", "policies", "scene"]

EXEC = {"exec": pb.ExecOperation(command=["sh"], stdin=True)}
ONE_ANSWER = (
    grpc.StatusCode.NOT_FOUND,
    "there is no such operation for this agent; it may have ended meanwhile",
)


async def refusal(scene: Scene, credential: str, operation_id: str) -> tuple[grpc.StatusCode, str]:
    thief = Executing(scene.channel, credential, operation_id)
    await thief.send(operation_id=operation_id)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await thief.read()
    return refused.value.code(), refused.value.details() or ""


async def test_another_clusters_agent_and_a_second_claim_get_nothing_and_disturb_nobody(scene: Scene) -> None:
    other = await scene.hub.create_agent_credential("c2")
    caller = await scene.call("demo:alice", **EXEC)
    rightful = await scene.ordered()
    assert await refusal(scene, other, rightful.operation_id) == ONE_ANSWER
    assert (await rightful.begin()).subject == "user:alice"
    assert await refusal(scene, scene.agent.credential, rightful.operation_id) == ONE_ANSWER
    assert await refusal(scene, scene.agent.credential, "guessed") == ONE_ANSWER
    await rightful.send(output=pb.OperationOutput(stdout=b"still mine"))
    assert (await caller.read()).output.stdout == b"still mine"
    await rightful.send(result=pb.OperationResult(outcome=pb.OPERATION_OUTCOME_SUCCEEDED))
    await caller.result()
    assert await refusal(scene, scene.agent.credential, rightful.operation_id) == ONE_ANSWER


async def test_a_persons_token_carries_out_nothing_and_an_agents_credential_asks_for_nothing(scene: Scene) -> None:
    caller = await scene.call("demo:alice", **EXEC)
    rightful = await scene.ordered()
    code, _ = await refusal(scene, "demo:alice", rightful.operation_id)
    assert code is grpc.StatusCode.UNAUTHENTICATED
    posing = Caller(scene.channel, scene.agent.credential)
    await posing.send(start=operation(**EXEC))
    assert (await posing.refusal())[0] is grpc.StatusCode.UNAUTHENTICATED
    caller.call.cancel()


async def test_ids_are_long_random_and_told_to_the_agent_alone(scene: Scene, hub: Hub) -> None:
    ids = set()
    for _ in range(20):
        caller = await scene.call("demo:alice", logs=pb.LogsOperation())
        executing = await scene.ordered()
        ids.add(executing.operation_id)
        await executing.begin()
        await executing.send(result=pb.OperationResult(outcome=pb.OPERATION_OUTCOME_SUCCEEDED))
        result = await caller.result()
        assert executing.operation_id not in str(result)
    assert len(ids) == 20
    assert min(map(len, ids)) >= 32
    recorded = str(await hub._audit.list(limit=100))
    assert not [id for id in ids if id in recorded]


async def test_whom_the_agent_asks_for_is_whom_the_hub_authenticated(scene: Scene) -> None:
    """Headers of the caller that look like an impersonation are metadata of no meaning."""
    call = scene.channel.stream_stream(
        "/octokube.v1.OperationService/Run", response_deserializer=pb.RunResponse.FromString
    )(
        metadata=(
            ("authorization", "Bearer demo:alice"),
            ("impersonate-user", "admin"),
            ("impersonate-group", "system:masters"),
            ("x-remote-user", "admin"),
        )
    )
    start = operation(**EXEC)
    await call.write(pb.RunRequest(start=start).SerializeToString())
    begun = await (await scene.ordered()).begin()
    assert (begun.subject, list(begun.groups)) == ("user:alice", ["role:everyone"])
    assert "admin" not in str(begun)
    call.cancel()


@pytest.mark.parametrize("thief", ["demo:alice", "demo:bob"])
@pytest.mark.parametrize("theft", ["input", "close", "another operation", "a watch"])
async def test_a_channel_of_another_socket_ends_the_thief_and_does_nothing_to_it(
    scene: Scene, hub: Hub, thief: str, theft: str
) -> None:
    """Whether it is another person's socket or another one of the same person."""
    gateway = Gateway(WebSettings(listen="127.0.0.1:0"), hub.feed)
    await gateway.start()
    try:
        async with AsyncExitStack() as stack:
            own, number = await socket_of(stack, gateway, "demo:alice")
            start = browser_pb2.BrowserMessage(channel=number, run=pb.RunRequest(start=operation(**EXEC)))
            await own.send_bytes(start.SerializeToString())
            running = await scene.ordered()
            await running.begin()
            other, _ = await socket_of(stack, gateway, thief)
            stolen = browser_pb2.BrowserMessage(channel=number)
            if theft == "input":
                stolen.run.input.stdin = b"rm -rf /"
            elif theft == "close":
                stolen.close.SetInParent()
            elif theft == "another operation":
                stolen.run.start.CopyFrom(operation(**EXEC))
            else:
                stolen.watch.subscribe.SetInParent()
            await other.send_bytes(stolen.SerializeToString())
            ended = await other.receive()
            assert (ended.type, ended.data) == (WSMsgType.CLOSE, 1008)
            assert ended.extra == f"channel {number} is not this socket's; use the numbers that it was granted"
            mine = browser_pb2.BrowserMessage(channel=number, run=pb.RunRequest(input=pb.OperationInput(stdin=b"ls")))
            await own.send_bytes(mine.SerializeToString())
            assert (await running.read()).input.stdin == b"ls"  # and nothing of the thief's before it
            await running.send(result=pb.OperationResult(outcome=pb.OPERATION_OUTCOME_SUCCEEDED))
            answers = [browser_pb2.GatewayMessage.FromString((await own.receive()).data)]
            while not answers[-1].HasField("closed"):
                answers.append(browser_pb2.GatewayMessage.FromString((await own.receive()).data))
            assert {answer.channel for answer in answers} == {number}
            assert answers[-1].closed.code == "OK"
    finally:
        await gateway.close()


async def socket_of(stack: AsyncExitStack, gateway: Gateway, token: str) -> tuple[ClientWebSocketResponse, int]:
    """A socket, and the first number that it is granted."""
    headers = {"Authorization": f"Bearer {token}"}
    program = await stack.enter_async_context(aiohttp.ClientSession(gateway.url, headers=headers))
    socket = await stack.enter_async_context(program.ws_connect("/api/v1/socket", protocols=[PROTO]))
    return socket, granted((await socket.receive()).data)
