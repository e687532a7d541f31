"""Failure mode 10: head-of-line blocking, buffers without a bound, and leaks.

Each operation has a stream and a credit of its own. One that nobody reads holds up nothing but itself, and what has
come and gone leaves nothing behind. How much later others are answered is measured by benchmarks/operations.py.
"""

import asyncio
import contextlib
import gc
import os

import grpc.aio

from octokube.runtime.channels import open_channel
from octokube.v1 import operation_pb2 as pb
from octokube_hub.broker.pipes import INITIAL_CREDIT_BYTES, MAX_CONTENT_BYTES
from tests.hub.broker.conftest import Caller, Executing, Scene, operation, policies, scene
from tests.hub.clocks import FakeClock
from tests.hub.conftest import agent, channel, clock, hub
from tests.support.waiting import eventually

__all__ = ["agent", "channel", "clock", "hub", "policies", "scene"]

EXEC = {"exec": pb.ExecOperation(command=["sh"], stdin=True)}
PEOPLE = 30
CYCLES = 240


async def test_a_shell_that_nobody_reads_fills_its_credit_and_holds_up_no_other(scene: Scene) -> None:
    stalled, executing = await scene.running("demo:admin", **EXEC)
    for _ in range(INITIAL_CREDIT_BYTES // MAX_CONTENT_BYTES):
        await executing.send(output=pb.OperationOutput(stdout=bytes(MAX_CONTENT_BYTES)))
    others = [await scene.running("demo:alice", **EXEC) for _ in range(PEOPLE)]
    for caller, its_agent in others:
        await caller.send(input=pb.OperationInput(stdin=b"x"))
        assert (await its_agent.read()).input.stdin == b"x"
        await its_agent.send(output=pb.OperationOutput(stdout=b"y"))
        assert (await caller.read()).output.stdout == b"y"
    # One byte more than its credit ends the stalled one, instead of being kept for a reader who does not come.
    await executing.send(output=pb.OperationOutput(stdout=b"z"))
    assert "flow control" in await executing.cancelled()
    for caller, its_agent in others:
        await its_agent.send(result=pb.OperationResult(outcome=pb.OPERATION_OUTCOME_SUCCEEDED))
        assert (await caller.result()).outcome == pb.OPERATION_OUTCOME_SUCCEEDED
    stalled.call.cancel()


async def claimed(scene: Scene) -> Executing:
    """The agent's stream of the next operation whose caller is still there; orders of the others may come first."""
    while True:
        executing = await scene.ordered()
        with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            await executing.send(operation_id=executing.operation_id)
            message = await executing.call.read()
            if isinstance(message, pb.ExecuteResponse) and message.HasField("start"):
                return executing


async def test_what_is_begun_and_broken_off_leaves_nothing_behind(scene: Scene, clock: FakeClock) -> None:
    """By either end, at every stage: before the agent has come, while content is on its way, and after the end."""

    async def cycle(number: int, channel: grpc.aio.Channel) -> None:
        clock.advance(1.0)  # what one person may begin in a second is limited
        caller = Caller(channel, "demo:alice")
        await caller.send(start=operation(**EXEC))
        if number % 4 == 0:
            caller.call.cancel()  # the agent may have been told already, and finds nobody
            return
        executing = await claimed(scene)
        await executing.send(output=pb.OperationOutput(stdout=bytes(1000)))
        if number % 4 == 1:
            caller.call.cancel()
            await executing.cancelled()
            return
        if number % 4 == 2:
            executing.call.cancel()
        else:
            await executing.send(result=pb.OperationResult(outcome=pb.OPERATION_OUTCOME_SUCCEEDED))
        await caller.result()
        await caller.call.done_writing()  # says that the last word was read

    def held() -> tuple[int, int, int, int]:
        gc.collect()
        broker = scene.hub._broker
        assert broker is not None
        names = [task.get_name() for task in asyncio.all_tasks()]
        of_operations = sum("operation" in name for name in names if name != "hub/operations")
        return len(broker), len(scene.hub._token_leases), of_operations, len(os.listdir("/proc/self/fd"))

    async with open_channel(scene.hub.address) as channel:
        for number in range(8):
            await cycle(number, channel)
        await eventually(lambda: held()[:3] == (0, 0, 0))
        before = held()
        for number in range(CYCLES):
            await cycle(number, channel)
        await eventually(lambda: held()[:3] == (0, 0, 0))
        assert held()[3] <= before[3] + 5, "files"
    rows = await scene.hub._database.read(lambda database: list(database.query("select * from open_operations")))
    assert rows == [], "each has its end on record"
