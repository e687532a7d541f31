"""Records what a real agent sends over its link, and what a hub has to hold after each message."""

import asyncio
import base64
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from octokube.state import Key
from octokube.v1 import agent_service_pb2 as pb
from octokube.v1 import frame_pb2
from octokube_agent.health import Health
from octokube_agent.hot_state import HotState
from octokube_agent.link.outflow import Outflow
from octokube_agent.served_type import Column, ServedType, TypeCondition
from octokube_hub.identity import AgentIdentity
from octokube_hub.ingest.fencing import Fencing
from octokube_hub.ingest.session import AgentSession
from octokube_hub.replica import Registry, Replica
from tests.hub.clocks import FakeClock
from tests.hub.objects import encoded, key

EPOCH = bytes(range(16))
FRAME_BYTES = 600
"""A few objects fill a frame."""

PODS = ServedType("pods", "", "v1", "Pod", True, columns=(Column("Status"),), condition=TypeCondition.SYNCED)
NODES = ServedType("nodes", "", "v1", "Node", False, columns=(Column("Status"),), condition=TypeCondition.SYNCED)
WEB, API, NODE = key("pods", "red", "web"), key("pods", "red", "api"), key("nodes", "", "node-1")


class Agent:
    """An agent's state and link without a network: what it sends is in ``sessions``."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.state = HotState(clock=self.clock)
        self.health = Health(clock=self.clock)
        self.health.announced()
        self.sessions: list[list[bytes]] = []
        self._outflow: Outflow | None = None
        self._count = 0

    def put(self, key: Key, status: str = "Running") -> None:
        """Creates or changes an object."""
        self._count += 1
        self.state.put(key, encoded(key, str(self._count), status=status))

    def connect(self, resume_version: int, *, epoch: bytes = EPOCH) -> None:
        """Begins a session that goes on from a version, as a hub at it would ask for."""
        position = frame_pb2.Position(epoch=epoch, version=self.state.version)
        hello = pb.AgentHello(cluster="c1", position=position, horizon=self.state.horizon)
        self.sessions.append([pb.ConnectRequest(hello=hello).SerializeToString(deterministic=True)])
        self._outflow = Outflow(self.state, self.health, resume_version=resume_version, frame_bytes=FRAME_BYTES)

    def flush(self) -> None:
        """Sends all that is new, and a bookmark."""
        assert self._outflow is not None
        self.clock.advance(1)
        self.health.path_ok(self.clock.now())
        while (frame := self._outflow.next()) is not None:
            self._send(frame.content)
        self._send(self._outflow.bookmark().content)

    def _send(self, content: bytes) -> None:
        request = pb.ConnectRequest(frame=pb.LinkFrame.FromString(content))
        self.sessions[-1].append(request.SerializeToString(deterministic=True))


def record() -> list[dict[str, Any]]:
    """Every scenario: its name, and its sessions' messages with what each is to lead to."""
    links = []
    for scenario in (snapshot_in_parts, changes, recreated, resumed, restarted):
        agent = Agent()
        scenario(agent)
        assert scenario.__doc__ is not None
        links.append({"name": scenario.__doc__.rstrip("."), "sessions": replay(agent.sessions)})
    agent = Agent()
    changes(agent)
    for name, messages in broken_links(agent.sessions[0]):
        links.append({"name": name, "sessions": replay([messages])})
    return links


def replay(sessions: list[list[bytes]]) -> list[list[dict[str, Any]]]:
    """What a hub makes of each message. After a refusal a session takes no more, so it ends there."""
    return asyncio.run(_replay(sessions))


async def _replay(sessions: list[list[bytes]]) -> list[list[dict[str, Any]]]:
    clock = FakeClock()
    registry, fencing = Registry(clock), Fencing()
    told = []
    for messages in sessions:
        stream = _Stream(messages, lambda: held(registry.ensure("c1")))
        session = AgentSession(stream, AgentIdentity("c1", "credential"), registry, fencing, clock)
        refusal = await session.run(await session.open())
        if refusal is not None:
            stream.steps[-1]["refused"] = refusal.code
            stream.tell()
        told.append(stream.steps)
    return told


class _Stream:
    """Hands out messages one by one, and writes down what was held when the next one was asked for."""

    def __init__(self, messages: list[bytes], look: Callable[[], dict[str, Any]]) -> None:
        self.steps: list[dict[str, Any]] = []
        self._messages = iter(messages)
        self._look = look

    async def read(self) -> bytes | None:
        """The next message; what came of the former is known by now."""
        if len(self.steps) > 1:
            self.tell()
        message = next(self._messages, None)
        if message is not None:
            self.steps.append({"request": base64.b64encode(message).decode()})
        return message

    async def write(self, message: bytes) -> None:
        """The hub's answer to the message."""
        response = pb.ConnectResponse.FromString(message)
        if response.HasField("welcome"):
            self.steps[-1]["resume_version"] = response.welcome.resume_version
        else:
            self.steps[-1]["acknowledged"] = [response.ack.version, response.ack.received_bytes]

    def tell(self) -> None:
        """Writes down what is held."""
        self.steps[-1]["held"] = self._look()


def held(replica: Replica) -> dict[str, Any]:
    """What a replica holds, in plain values."""
    return {
        "version": replica.version,
        "horizon": replica.horizon if replica.is_loaded else None,
        "types": sorted(replica.types),
        "condition": replica.state.condition.name,
        "objects": {"/".join(stored.key): [stored.version, _body(stored.value.body)] for stored in replica.store.all()},
        "tombstones": [["/".join(gone.key), gone.version] for gone in replica.store.tombstones()],
    }


def snapshot_in_parts(agent: Agent) -> None:
    """An agent that the hub knows nothing of sends everything, in several parts, with what is gone."""
    _load(agent)
    for number in range(8):
        agent.put(key("pods", "red", f"pod-{number}"))
    agent.state.remove(API)
    agent.connect(0)
    agent.flush()


def changes(agent: Agent) -> None:
    """Objects and types come, change, and go."""
    _load(agent)
    agent.connect(0)
    agent.flush()
    agent.put(WEB, "Failed")
    agent.flush()
    agent.state.remove(API)
    agent.flush()
    agent.state.withdraw("nodes")
    agent.flush()


def recreated(agent: Agent) -> None:
    """An object is made anew under its name, and both are in one frame."""
    _load(agent)
    agent.connect(0)
    agent.flush()
    agent.put(WEB._replace(uid="another"))
    agent.flush()


def resumed(agent: Agent) -> None:
    """A link breaks, things change, and the next session goes on where the hub is."""
    _load(agent)
    agent.connect(0)
    agent.flush()
    version = agent.state.version
    agent.put(WEB, "Failed")
    agent.state.remove(API)
    agent.connect(version)
    agent.flush()


def restarted(agent: Agent) -> None:
    """An agent of another epoch has to send everything; what it does not have is gone."""
    _load(agent)
    agent.connect(0)
    agent.flush()
    agent.state.remove(API)
    agent.connect(0, epoch=EPOCH[::-1])
    agent.flush()


def broken_links(good: list[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Sessions that break their promise, each in one way, but for the frame that comes twice, which is allowed."""
    requests = [pb.ConnectRequest.FromString(message) for message in good]
    kinds = [request.frame.kind for request in requests]
    begin, part, end, delta = (
        kinds.index(kind)
        for kind in (
            frame_pb2.FRAME_KIND_SNAPSHOT_BEGIN,
            frame_pb2.FRAME_KIND_SNAPSHOT_PART,
            frame_pb2.FRAME_KIND_SNAPSHOT_END,
            frame_pb2.FRAME_KIND_DELTA,
        )
    )

    def edited(index: int, edit: Callable[[pb.LinkFrame], None]) -> list[bytes]:
        request = pb.ConnectRequest.FromString(good[index])
        edit(request.frame)
        return [*good[:index], request.SerializeToString(deterministic=True), *good[index + 1 :]]

    yield "A frame comes twice", [*good[: delta + 1], good[delta], *good[delta + 1 :]]
    yield "a frame is missing", [*good[:delta], *good[delta + 1 :]]
    yield "a part is missing", [*good[:part], *good[part + 1 :]]
    yield "a snapshot has no beginning", [*good[:begin], *good[begin + 1 :]]
    yield (
        "a snapshot lacks what its end counts",
        edited(end, lambda frame: _set(frame, item_count=frame.item_count + 1)),
    )
    yield "a snapshot lacks a tombstone", edited(end, lambda frame: _set(frame, tombstone_count=1))
    yield "a snapshot has another check sum", edited(end, lambda frame: _set(frame, digest=frame.digest ^ 1))
    yield "a delta comes inside a snapshot", [*good[:end], good[delta]]
    yield "a frame is of a kind that nobody knows", edited(delta, lambda frame: _set(frame, kind=99))
    yield "a frame has no time", edited(delta, lambda frame: frame.ClearField("as_of"))
    yield "a second hello comes", [*good[:delta], good[0]]


def _load(agent: Agent) -> None:
    for served in (NODES, PODS):
        agent.state.declare(served)
    for one in (WEB, API, NODE):
        agent.put(one)


def _set(message: Any, **fields: object) -> None:
    for name, value in fields.items():
        setattr(message, name, value)


def _body(field: bytes) -> Any:
    return orjson.loads(frame_pb2.Entry.FromString(field).body)
