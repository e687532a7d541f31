"""Feeds a hub from a real agent's frames without a network, so that either side can be replaced by a new one."""

import asyncio

from octokube.state import EncodedObject, Key
from octokube.v1 import agent_service_pb2 as pb
from octokube.v1 import frame_pb2
from octokube_agent.health import Health
from octokube_agent.hot_state import HotState
from octokube_agent.link.outflow import Outflow
from octokube_agent.served_type import ServedType, TypeCondition
from octokube_hub.identity import AgentIdentity
from octokube_hub.ingest import AgentSession, Fencing
from tests.hub.objects import encoded
from tests.hub.world import TYPES, World


class AgentState:
    """An agent's hot state that a test changes."""

    def __init__(self, *, tombstone_limit: int = 20_000) -> None:
        self.hot_state = HotState(tombstone_limit=tombstone_limit)
        self._count = 0
        for name in TYPES:
            is_namespaced = name != "nodes"
            self.hot_state.declare(
                ServedType(name, "", "v1", name.title(), namespaced=is_namespaced, condition=TypeCondition.SYNCED)
            )

    def put(self, key: Key, *, note: str = "") -> None:
        """Creates or changes an object."""
        self._count += 1
        self.hot_state.put(key, encoded(key, str(self._count), note=note))

    def remove(self, key: Key) -> None:
        """Deletes an object, if there is one."""
        self.hot_state.remove(key)

    def truth(self) -> dict[Key, EncodedObject]:
        """All objects."""
        return {stored.key: stored.value for stored in self.hot_state.all()}


class AgentLine:
    """One session as the hub sees it: hello, and then the frames that lead from where the hub is to now."""

    def __init__(self, agent: AgentState, *, has_horizon: bool = True) -> None:
        self._agent = agent
        self._has_horizon = has_horizon
        self._outflow: Outflow | None = None
        self.welcome: pb.HubWelcome | None = None
        self.frames: list[pb.LinkFrame] = []

    async def read(self) -> bytes | None:
        """The next frame; None when the hub has been told everything."""
        if self._outflow is None:
            return None
        await asyncio.sleep(0)
        made = self._outflow.next()
        if made is None:
            return None
        frame = pb.LinkFrame.FromString(made.content)
        if not self._has_horizon:
            frame.ClearField("horizon")
            if frame.kind != frame_pb2.FRAME_KIND_DELTA:
                del frame.tombstones[:]
                frame.ClearField("tombstone_count")
        self.frames.append(frame)
        return pb.ConnectRequest(frame=frame).SerializeToString()

    async def write(self, message: bytes) -> None:
        """Takes the hub's answers."""
        response = pb.ConnectResponse.FromString(message)
        if response.HasField("welcome"):
            self.welcome = response.welcome
            version = response.welcome.resume_version
            self._outflow = Outflow(self._agent.hot_state, Health(), resume_version=version)


async def connect(world: World, agent: AgentState, *, has_horizon: bool = True) -> AgentLine:
    """One session of the agent of c1, from its hello until the hub holds everything. An old one sends no horizon."""
    line = AgentLine(agent, has_horizon=has_horizon)
    position = agent.hot_state.position
    hello = pb.AgentHello(
        cluster="c1",
        position=frame_pb2.Position(epoch=position.epoch, version=position.version),
        horizon=agent.hot_state.horizon,
    )
    session = AgentSession(line, AgentIdentity("c1", "a"), world.registry, Fencing(), world.clock)
    refused = await session.run(hello)
    assert refused is None, refused
    return line
