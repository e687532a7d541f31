"""Failure mode 15: a malformed frame ends more than its sender's stream.

Arbitrary bytes, valid messages in an illegal order and half of valid ones are sent to each stream of the hub, by people
and by agents. Beside them an operation goes on and a stream of objects stays live all the while.
"""

import asyncio
import contextlib
import random
from collections.abc import Iterator

import aiohttp
import grpc
import grpc.aio
import pytest
from google.protobuf import json_format

from octokube.v1 import agent_service_pb2 as agent_pb
from octokube.v1 import browser_pb2, frame_pb2
from octokube.v1 import cluster_service_pb2 as cluster_pb
from octokube.v1 import operation_pb2 as pb
from octokube_web.app import Gateway
from octokube_web.encoding import JSON, PROTO
from tests.hub.broker.conftest import Scene, operation, policies, scene
from tests.hub.conftest import agent, channel, clock, hub
from tests.hub.objects import key
from tests.hub.watching import watching
from tests.support.sockets import granted, renumbered
from tests.support.waiting import HANG_SECONDS

__all__ = ["agent", "channel", "clock", "hub", "policies", "scene"]

EXEC = {"exec": pb.ExecOperation(command=["sh"], stdin=True)}
SEEDS = range(40)
ENDINGS = {
    grpc.StatusCode.OK,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
}
"""Reasons. INTERNAL and UNKNOWN would say that the hub stumbled."""
WRITTEN_AFTER_THE_END = "Internal error from Core"
"""What grpc.aio's client makes of a stream that ends while it writes, in place of the status that the hub sent."""
PERSON, AGENT = "demo:alice", "agent"
VALID: dict[str, tuple[str, list[bytes]]] = {
    "octokube.v1.OperationService/Run": (
        PERSON,
        [
            pb.RunRequest(start=operation(**EXEC)).SerializeToString(),
            pb.RunRequest(input=pb.OperationInput(stdin=b"ls")).SerializeToString(),
            pb.RunRequest(input=pb.OperationInput(resize=pb.TerminalSize(columns=2**32 - 1))).SerializeToString(),
            pb.RunRequest(credit=pb.OperationCredit(bytes=2**63)).SerializeToString(),
            pb.RunRequest().SerializeToString(),
        ],
    ),
    "octokube.v1.OperationLinkService/Execute": (
        AGENT,
        [
            pb.ExecuteRequest(operation_id="x" * 32).SerializeToString(),
            pb.ExecuteRequest(output=pb.OperationOutput(stdout=b"x" * 100_000)).SerializeToString(),
            pb.ExecuteRequest(result=pb.OperationResult()).SerializeToString(),
            pb.ExecuteRequest(credit=pb.OperationCredit(bytes=0)).SerializeToString(),
        ],
    ),
    "octokube.v1.ClusterService/Watch": (
        PERSON,
        [
            cluster_pb.WatchRequest(subscribe=cluster_pb.Subscribe()).SerializeToString(),
            cluster_pb.WatchRequest(ack=cluster_pb.FrameAck(sequence=2**63)).SerializeToString(),
        ],
    ),
    "octokube.v1.AgentService/Connect": (
        "another agent",
        [
            agent_pb.ConnectRequest(
                hello=agent_pb.AgentHello(cluster="c2", position=frame_pb2.Position(epoch=bytes(16)))
            ).SerializeToString(),
            agent_pb.ConnectRequest(frame=agent_pb.LinkFrame(kind=99)).SerializeToString(),
        ],
    ),
}


def messages(random: random.Random, valid: list[bytes]) -> Iterator[bytes]:
    """A few messages: whole ones in any order, cut ones, mutated ones, noise."""
    for _ in range(random.randint(1, 5)):
        message = random.choice(valid)
        match random.randrange(5):
            case 0:
                yield message
            case 1:
                yield message[: random.randrange(len(message) + 1)]
            case 2 if message:
                place = random.randrange(len(message))
                yield message[:place] + random.randbytes(1) + message[place + 1 :]
            case 3:
                yield random.randbytes(random.randrange(200))
            case _:
                yield message + random.choice(valid)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("rpc", sorted(VALID))
async def test_one_bad_peer_ends_its_own_stream_and_no_other(scene: Scene, rpc: str) -> None:
    who, valid = VALID[rpc]
    token = who
    if who == AGENT:
        token = scene.agent.credential
    elif who == "another agent":
        token = await scene.hub.create_agent_credential("c2")
    caller, executing = await scene.running("demo:admin", **EXEC)
    watcher = await watching(scene.hub.feed, "demo:admin")
    codes = set()
    for seed in SEEDS:
        draw = random.Random(f"{rpc}/{seed}")
        call = scene.channel.stream_stream(f"/{rpc}")(metadata=(("authorization", f"Bearer {token}"),))
        try:
            for message in messages(draw, valid):
                await call.write(message)
            await call.done_writing()
            async with asyncio.timeout(2):
                while isinstance(await call.read(), bytes):
                    pass
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            pass  # ended while we wrote
        except TimeoutError:
            call.cancel()  # a stream that was opened as it should be stays open
        if await call.details() != WRITTEN_AFTER_THE_END:
            codes.add(await call.code())
    assert codes <= ENDINGS
    await caller.send(input=pb.OperationInput(stdin=b"still here"))
    while (message := await executing.read()).WhichOneof("message") != "input":
        pass
    assert message.input.stdin == b"still here"
    scene.agent.put(key("pods", "red", f"after-{rpc.rpartition('/')[2].lower()}"))
    await scene.link.delta()
    await watcher.until(lambda one: f"red/after-{rpc.rpartition('/')[2].lower()}" in one.names())
    await watcher.close()
    caller.call.cancel()


BROWSER = [
    browser_pb2.BrowserMessage(channel=1, watch=cluster_pb.WatchRequest(subscribe=cluster_pb.Subscribe())),
    browser_pb2.BrowserMessage(channel=1, watch=cluster_pb.WatchRequest(ack=cluster_pb.FrameAck(sequence=2**63))),
    browser_pb2.BrowserMessage(channel=2, run=pb.RunRequest(start=operation(**EXEC))),
    browser_pb2.BrowserMessage(channel=2, run=pb.RunRequest(input=pb.OperationInput(stdin=b"ls"))),
    browser_pb2.BrowserMessage(channel=2**32 - 1, catalog=cluster_pb.WatchCatalogRequest()),
    browser_pb2.BrowserMessage(channel=3, get_object=cluster_pb.GetObjectRequest(cluster="c1")),
    browser_pb2.BrowserMessage(channel=1, close=browser_pb2.ChannelClose()),
    browser_pb2.BrowserMessage(channel=0, ping=browser_pb2.Ping(nonce=7)),
    browser_pb2.BrowserMessage(channel=9),
]
CLOSE_CODES = {None, 1000, 1006, 1007, 1008}
"""Still open; left; closed while we still wrote; what can't be read; a broken rule. 1011: the gateway stumbled."""


@pytest.mark.timeout(60)
@pytest.mark.parametrize("protocol", [PROTO, JSON])
async def test_a_bad_page_closes_its_own_socket_and_no_other(scene: Scene, gateway: Gateway, protocol: str) -> None:
    caller, executing = await scene.running("demo:admin", **EXEC)
    valid = [message.SerializeToString() for message in BROWSER]
    if protocol == JSON:
        valid = [json_format.MessageToJson(message).encode() for message in BROWSER]
    codes = set()
    async with aiohttp.ClientSession(gateway.url) as browser:

        async def opened(name: str) -> tuple[aiohttp.ClientWebSocketResponse, int]:
            headers = {"Authorization": f"Bearer demo:{name}"}
            ws = await browser.ws_connect("/api/v1/socket", protocols=[protocol], headers=headers)
            return ws, granted((await ws.receive()).data)

        good, _ = await opened("admin")
        for seed in range(60):
            draw = random.Random(f"{protocol}/{seed}")
            bad, first = await opened("alice")
            for message in messages(draw, valid):
                is_text = draw.random() < (0.1 if protocol == PROTO else 0.9)
                data = renumbered(message.decode(errors="replace") if is_text else message, first)
                with contextlib.suppress(ConnectionError):
                    await (bad.send_str(data) if isinstance(data, str) else bad.send_bytes(data))
            with contextlib.suppress(TimeoutError):
                while (await bad.receive(timeout=0.05)).type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT):
                    pass
            codes.add(bad.close_code)
            await bad.close()
        assert codes <= CLOSE_CODES, codes
        assert {1007, 1008} <= codes, "the trial reaches both"
        ping = browser_pb2.BrowserMessage(channel=0, ping=browser_pb2.Ping(nonce=42))
        await (good.send_str(json_format.MessageToJson(ping)) if protocol == JSON else good.send_bytes(valid[7]))
        assert (await good.receive(timeout=HANG_SECONDS)).type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT)
        await good.close()
    assert not gateway._sockets
    await caller.send(input=pb.OperationInput(stdin=b"still here"))
    while (message := await executing.read()).WhichOneof("message") != "input":
        pass
    assert message.input.stdin == b"still here"
    caller.call.cancel()
