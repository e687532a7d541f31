"""Both ends of operations, driven message by message: a caller, and an agent that a test plays."""

import asyncio
from collections.abc import AsyncIterator

import grpc
import grpc.aio
import pytest

from octokube.runtime.channels import open_channel
from octokube.v1 import operation_pb2 as pb
from octokube.v1 import resource_pb2
from octokube_hub.app import Hub
from octokube_hub.broker.request import VERBS
from tests.hub.conftest import agent, channel, clock, hub
from tests.hub.conftest import policies as hub_policies
from tests.hub.fake_agent import AgentLink, FakeAgent
from tests.hub.objects import key
from tests.hub.policies import write_policy
from tests.support.waiting import HANG_SECONDS

__all__ = ["agent", "channel", "clock", "hub"]

RULES = """
p, user:admin, *, **, **, *, *, always, allow
p, user:alice, c1, red, *, *, read, always, allow
p, user:alice, c1, red, pods, *, logs|exec|portforward, always, allow
p, user:alice, c1, red, deployments.apps, *, scale|restart|patch, always, allow
p, user:bob, c1, red, *, *, read, always, allow
p, user:bob, c1, red, pods, web-*, logs, always, allow
"""


@pytest.fixture
def policies(tmp_path):
    """Alice may look, run commands and scale in red; bob may read the logs of web-*; admin everything."""
    directory = tmp_path / "policies"
    write_policy(directory, RULES)
    return directory


del hub_policies


class Caller:
    """One Run stream of a caller."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self.call = channel.stream_stream(
            "/octokube.v1.OperationService/Run", response_deserializer=pb.RunResponse.FromString
        )(metadata=(("authorization", f"Bearer {token}"),))
        self.lease: pb.Lease | None = None

    async def send(self, **message: object) -> None:
        await self.call.write(pb.RunRequest(**message).SerializeToString())  # type: ignore[arg-type]

    async def read(self) -> pb.RunResponse:
        """The next message that is no lease."""
        async with asyncio.timeout(HANG_SECONDS):
            while True:
                message = await self.call.read()
                assert isinstance(message, pb.RunResponse), (message, await self.call.code(), await self.call.details())
                if message.WhichOneof("message") != "lease":
                    return message
                self.lease = message.lease

    async def result(self) -> pb.OperationResult:
        """How it ended; what comes before is dropped."""
        while (message := await self.read()).WhichOneof("message") != "result":
            pass
        return message.result

    async def refusal(self) -> tuple[grpc.StatusCode, str]:
        """The status with which the hub refused."""
        async with asyncio.timeout(HANG_SECONDS):
            try:
                await self.call.read()
            except grpc.aio.AioRpcError as error:
                return error.code(), error.details() or ""
            return await self.call.code(), await self.call.details()


class Executing:
    """One Execute stream of an agent."""

    def __init__(self, channel: grpc.aio.Channel, credential: str, operation_id: str) -> None:
        self.call = channel.stream_stream(
            "/octokube.v1.OperationLinkService/Execute", response_deserializer=pb.ExecuteResponse.FromString
        )(metadata=(("authorization", f"Bearer {credential}"),))
        self.operation_id = operation_id

    async def begin(self) -> pb.ExecuteStart:
        await self.send(operation_id=self.operation_id)
        return (await self.read()).start

    async def send(self, **message: object) -> None:
        await self.call.write(pb.ExecuteRequest(**message).SerializeToString())  # type: ignore[arg-type]

    async def read(self) -> pb.ExecuteResponse:
        async with asyncio.timeout(HANG_SECONDS):
            message = await self.call.read()
        assert isinstance(message, pb.ExecuteResponse), (message, await self.call.code(), await self.call.details())
        return message

    async def cancelled(self) -> str:
        """The reason with which the hub cancelled."""
        while (message := await self.read()).WhichOneof("message") != "cancel":
            pass
        return message.cancel


class Scene:
    """A hub, its agent's link, and how to open either end of an operation."""

    def __init__(self, hub: Hub, channel: grpc.aio.Channel, agent: FakeAgent, link: AgentLink) -> None:
        self.hub = hub
        self.channel = channel
        self.agent = agent
        self.link = link

    async def call(self, token: str, **start: object) -> Caller:
        caller = Caller(self.channel, token)
        await caller.send(start=operation(**start))
        return caller

    async def ordered(self) -> Executing:
        """The agent's stream for the next order."""
        while (message := await self.link.read()).WhichOneof("message") != "order":
            pass
        return Executing(self.channel, self.agent.credential, message.order.operation_id)

    async def running(self, token: str, **start: object) -> tuple[Caller, Executing]:
        """An operation that both ends have begun."""
        caller = await self.call(token, **start)
        executing = await self.ordered()
        await executing.begin()
        return caller, executing


def operation(type: str = "pods", name: str = "web-1", namespace: str = "red", **content: object) -> pb.OperationStart:
    """A start about an object of cluster c1."""
    target = pb.OperationTarget(cluster="c1", key=resource_pb2.Key(type=type, namespace=namespace, name=name))
    content.setdefault("idempotency_key", "k")
    return pb.OperationStart(target=target, **content)  # type: ignore[arg-type]


@pytest.fixture
async def scene(hub: Hub, channel: grpc.aio.Channel, agent: FakeAgent) -> AsyncIterator[Scene]:
    """A connected agent that does every operation, with two pods and a deployment."""
    for where in (key("pods", "red", "web-1"), key("pods", "red", "api-1"), key("pods", "blue", "web-1")):
        agent.put(where)
    link = await agent.session(operations=sorted(VERBS))
    await link.begin()
    async with open_channel(hub.address) as own:
        yield Scene(hub, own, agent, link)
