"""One agent process of the simulation: the product's hot state and link, fed by a simulated reflector."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import grpc
import grpc.aio

from octokube.runtime.backoff import Backoff
from octokube.runtime.tasks import Tasks
from octokube.state import EncodedObject, Key
from octokube.v1.agent_service_pb2 import ConnectResponse
from octokube_agent.health import Health
from octokube_agent.hot_state import HotState
from octokube_agent.link.connecting import Link
from octokube_agent.settings import AgentSettings
from tests.simulation.apiserver import Apiserver, Reflector
from tests.simulation.network import BROKEN, Ended, Network, Status, Stream
from tests.simulation.virtual_time import SimClock

if TYPE_CHECKING:
    from tests.simulation.invariants import Watcher

PROBE_SECONDS = 3.0


class AgentNode:
    """One agent process, from its start to its end. Remembers what every version of its epoch was."""

    def __init__(
        self,
        cluster: str,
        server: Apiserver,
        network: Network,
        clock: SimClock,
        chance: random.Random,
        watcher: "Watcher",
        *,
        tombstone_limit: int,
    ) -> None:
        self.cluster = cluster
        self._network = network
        self._clock = clock
        self._watcher = watcher
        self.hot_state = HotState(clock=clock, tombstone_limit=tombstone_limit)
        self.health = Health(clock=clock)
        self.reflector = Reflector(server, self.hot_state, self.health, chance)
        self.history: dict[int, tuple[Key, EncodedObject]] = {}
        self.states: dict[int, dict[Key, EncodedObject]] = {}
        self._recorded = 0
        self.hot_state.listen(self._record)
        self.tasks = Tasks(f"agent/{cluster}")
        self.link = Link(
            AgentSettings(cluster=cluster, hub="hub:1", credential=f"oka_{cluster}"),
            self.hot_state,
            self.health,
            server_version="v1.36",
            agent_version="sim",
            backoff=Backoff(initial_seconds=0.2, cap_seconds=2.0),
            slow_backoff=Backoff(initial_seconds=2.0, cap_seconds=5.0, floor_seconds=1.0),
            dial=self._dial,
            clock=clock,
        )
        self.tasks.start(self.reflector.run(), name="reflector")
        self.tasks.start(self._probe(), name="probe")
        self.tasks.start(self._run_link(), name="link")

    async def stop(self) -> None:
        """The process ends; its connections break."""
        await self.tasks.close()

    async def _run_link(self) -> None:
        await self.health.settled()
        await self.link.run()

    async def _probe(self) -> None:
        while True:
            self.health.path_ok(self._clock.now())
            await asyncio.sleep(PROBE_SECONDS)

    def _record(self) -> None:
        if self.hot_state.version > self._recorded:
            for stored in self.hot_state.changes_after(max(self._recorded, self.hot_state.horizon)).entries:
                self.history[stored.version] = (stored.key, stored.value)
            self._recorded = self.hot_state.version
            self.states[self._recorded] = {stored.key: stored.value for stored in self.hot_state.all()}

    @asynccontextmanager
    async def _dial(self, settings: AgentSettings) -> AsyncIterator["_Call"]:
        stream = self._network.open("agent", self.cluster, settings.credential or "")
        try:
            yield _Call(stream, self._watcher)
        finally:
            stream.leave()
            self._network.forget(stream)


class _Call:
    """A stream as a link session sees it."""

    def __init__(self, stream: Stream, watcher: "Watcher") -> None:
        self._stream = stream
        self._watcher = watcher

    async def write(self, request: bytes) -> None:
        self._watcher.agent_writes(self._stream, request)
        try:
            await self._stream.up.put(request)
        except Ended:
            raise _error(self._stream.status or BROKEN) from None

    async def read(self) -> ConnectResponse | None:
        try:
            message = await self._stream.down.get()
        except Ended:
            raise _error(BROKEN) from None
        if message is not None:
            response = ConnectResponse.FromString(message)
            self._watcher.agent_reads(self._stream, response)
            return response
        status = self._stream.status or BROKEN
        if status[0] is not grpc.StatusCode.OK:
            raise _error(status)
        return None


def _error(status: Status) -> grpc.aio.AioRpcError:
    code, details, trailing = status
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(*trailing), details=details)
