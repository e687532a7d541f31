"""Plays both ends of operations: a caller who only reads, and an agent that never stops."""

import asyncio
import time

import grpc.aio

from octokube.v1 import operation_pb2 as pb
from tests.hub.broker.conftest import Executing
from tests.hub.fake_agent import AgentLink, FakeAgent

OUTPUT = b"output of the vault"


class Listener:
    """A caller who starts an operation, and from then on only reads."""

    def __init__(self, name: str, start: pb.OperationStart, channel: grpc.aio.Channel, token: str) -> None:
        self.name = name
        self.received: list[tuple[float, bytes]] = []
        self.ended_at: float | None = None
        self._call = channel.stream_stream("/octokube.v1.OperationService/Run")(
            metadata=(("authorization", f"Bearer {token}"),)
        )
        self._start = start
        self.has_news = asyncio.Event()
        """Output, or the end."""
        self.task = asyncio.create_task(self._run(), name=f"listener/{name}")

    async def _run(self) -> None:
        try:
            await self._call.write(pb.RunRequest(start=self._start).SerializeToString())
            while isinstance(message := await self._call.read(), bytes):
                self.received.append((time.monotonic(), message))
                if OUTPUT in message:
                    self.has_news.set()
        except grpc.aio.AioRpcError:
            pass  # cut off: an end like another
        self.ended_at = time.monotonic()
        self.has_news.set()

    async def close(self) -> None:
        """Goes away."""
        self._call.cancel()
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def execute(link: AgentLink, channel: grpc.aio.Channel, agent: FakeAgent) -> None:
    """An agent that takes every order, and goes on with output whatever it is told."""

    async def go_on(executing: Executing) -> None:
        await executing.begin()
        output = pb.OperationOutput(stdout=OUTPUT, source=pb.LogSource(pod="web"))
        while True:
            await executing.send(output=output)
            await asyncio.sleep(0.02)

    async with asyncio.TaskGroup() as tasks:
        while True:
            message = await link.call.read()
            if getattr(message, "WhichOneof", lambda _: "")("message") == "order":
                operation_id = message.order.operation_id
                executing = Executing(channel, agent.credential, operation_id)
                tasks.create_task(_quietly(go_on(executing)), name=f"executing/{operation_id}")


async def _quietly(work: object) -> None:
    try:
        await work  # type: ignore[misc]
    except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
        return  # the hub has ended the stream
