"""Measures the longest time for which the hub's event loop does one thing: `python -m benchmarks.event_loop`.

Two figures for each scenario, in two runs: the processor time of the longest turn of the loop, which other programs on
the machine do not change, and by how much a task that sleeps a millisecond was late, which is what a person notices.
Agent, hub and subscribers share the process here and nothing is sent over a network: each side gives way where a
network would make it.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

import structlog
import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.support.machine import describe
from octokube.runtime.garbage import short_collections
from octokube.v1 import cluster_service_pb2 as pb
from octokube_hub.fanout.authority import Authority
from octokube_hub.fanout.stream import WatchSession
from octokube_hub.identity import Identity
from octokube_hub.identity.leases import Lease
from octokube_hub.policy import Subject
from tests.hub.objects import key
from tests.hub.policies import policy
from tests.hub.restarts import AgentState, connect
from tests.hub.world import World, everything

LIMIT_MS = 20.0
QUIET_SECONDS = 0.3
WIDE = policy("p, user:eve, *, **, *, *, read, always, allow\n")
NARROW = policy("p, user:eve, *, red, *, *, read, always, allow\n")
Figures = dict[str, float]
"""Scenario → milliseconds."""


class Reader:
    """A subscriber that acknowledges what comes, and keeps nothing of it."""

    def __init__(self, world: World) -> None:
        self.bytes = 0
        self._sequence = 0
        authority = Authority(
            Identity(Subject("user:eve"), "token", None), Lease("token", None), lambda: world.policy, world.clock
        )
        self.session = WatchSession(world.fanout, authority, world.clock)
        subscribe = pb.Subscribe(subscription=everything(pb.DETAIL_OBJECTS))
        self.session.request(pb.WatchRequest(subscribe=subscribe).SerializeToString())
        self.task = asyncio.create_task(self.session.run(self._take))

    async def _take(self, message: bytes) -> None:
        self.bytes += len(message)
        self._sequence += 1
        ack = pb.WatchRequest(ack=pb.FrameAck(sequence=self._sequence))
        asyncio.get_running_loop().call_soon(self.session.request, ack.SerializeToString())
        await asyncio.sleep(0)


class Probe:
    """Looks at the loop while something is done."""

    def __init__(self, *, is_processor_time: bool) -> None:
        self.longest: Figures = {}
        self._is_processor_time = is_processor_time

    async def during(self, name: str, work: Awaitable[object]) -> None:
        """Notes the longest turn, or the longest delay, in milliseconds."""
        looking = asyncio.create_task(self._look(name))
        await asyncio.sleep(0)
        await work
        await asyncio.sleep(0.01)
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)

    async def _look(self, name: str) -> None:
        self.longest[name] = 0.0
        clock: Callable[[], float] = time.thread_time if self._is_processor_time else time.perf_counter
        pause_seconds = 0.0 if self._is_processor_time else 0.001
        while True:
            began = clock()
            await asyncio.sleep(pause_seconds)
            self.longest[name] = max(self.longest[name], (clock() - began - pause_seconds) * 1000)


def agent_with(pods: int, note: str) -> AgentState:
    """An agent that holds pods of about 2 KB, half of them in each of two namespaces, and as many tombstones as fit."""
    agent = AgentState()
    for number in range(pods):
        agent.put(key("pods", ("red", "blue")[number % 2], f"pod-{number}"), note=note * 1200)
    for number in range(min(pods, 20_000)):
        gone = key("pods", "red", f"gone-{number}")
        agent.put(gone)
        agent.remove(gone)
    return agent


async def quiet(readers: list[Reader]) -> None:
    """Waits until nothing is sent any more."""
    former = -1
    while (total := sum(reader.bytes for reader in readers)) != former:
        former = total
        await asyncio.sleep(QUIET_SECONDS)


async def measure(pods: int, subscribers: int, *, is_processor_time: bool) -> Figures:
    """All scenarios, one after the other."""
    probe = Probe(is_processor_time=is_processor_time)
    world = World(WIDE)
    agent, other = agent_with(pods, "a"), agent_with(pods, "b")
    await probe.during("an agent's first snapshot", connect(world, agent))
    readers = [Reader(world)]
    await probe.during("one subscriber comes", quiet(readers))
    readers += [Reader(world) for _ in range(subscribers)]
    await probe.during(f"{subscribers} subscribers come at once", quiet(readers))

    async def swap() -> None:
        world.policy = NARROW
        for reader in readers:
            reader.session.wake()
        await quiet(readers)

    await probe.during("their scope loses half of all objects", swap())

    async def replace() -> None:
        await connect(world, other)
        await quiet(readers)

    await probe.during("another agent, every object changed", replace())

    async def leave() -> None:
        for reader in readers:
            reader.task.cancel()
        await asyncio.gather(*(reader.task for reader in readers), return_exceptions=True)

    await probe.during("all subscribers go", leave())
    await world.close()
    return probe.longest


def table(pods: int, turns: Figures, delays: Figures) -> Table:
    """For people."""
    result = Table(title=f"The hub's event loop, {pods:,} pods; longest in milliseconds, to be at most {LIMIT_MS:g}")
    for name in ("scenario", "processor time of a turn", "delay of a task"):
        result.add_column(name, justify="left" if name == "scenario" else "right")
    for name, milliseconds in turns.items():
        result.add_row(name, f"{milliseconds:.1f}", f"{delays[name]:.1f}")
    return result


def main() -> int:
    """Prints a table for each number of pods; 1 when a turn was longer than the limit, if asked to be strict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pods", default="10000", help="comma-separated")
    parser.add_argument("--subscribers", type=int, default=200)
    parser.add_argument("--strict", action="store_true")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    console = Console(width=140)
    for name, value in describe().items():
        console.print(f"[bold]{name}[/bold] {value}")
    is_met = True
    for pods in map(int, arguments.pods.split(",")):
        found: list[Figures] = []
        for is_processor_time in (True, False):
            with short_collections():
                work = measure(pods, arguments.subscribers, is_processor_time=is_processor_time)
                found.append(uvloop.run(work))
        console.print(table(pods, *found))
        is_met = is_met and max(found[0].values()) <= LIMIT_MS
    return int(arguments.strict and not is_met)


if __name__ == "__main__":
    sys.exit(main())
