"""Runs one agent's session: from its hello to its end."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Protocol

import structlog

from octokube.runtime.clock import Clock
from octokube.state import Position
from octokube.v1 import agent_service_pb2, frame_pb2, resource_pb2
from octokube_hub.errors import Refused
from octokube_hub.identity import AgentIdentity
from octokube_hub.ingest.cursor import Verdict, judge, resume_version
from octokube_hub.ingest.fencing import Fencing, Hold
from octokube_hub.replica import ClusterCondition, Registry, Replica
from octokube_hub.replica.agent_clock import AgentClock
from octokube_hub.replica.applying import plan
from octokube_hub.replica.codec import Malformed, Put, Remove, read_entries, read_request, read_tombstones, read_types
from octokube_hub.replica.gathering import SLICE, Gathering

log = structlog.get_logger(__name__)

WINDOW_BYTES = 4 * 1024 * 1024
"""A dozen full frames: enough to keep a line busy over a round trip, and all that a session may make the hub hold."""
READ_SLICE = 250
"""Entries or tombstones of a frame that are read with one turn of the event loop: about 3 ms."""
HELLO_SECONDS = 15.0


class LinkStream(Protocol):
    """The part of a gRPC stream that a session needs."""

    async def read(self) -> bytes | None:
        """The agent's next message; None at the end."""
        ...

    async def write(self, message: bytes) -> None:
        """Hands a message to the agent."""
        ...


class AgentSession:
    """One Connect stream of one agent.

    Guarantees: frames are applied in order and whole, and acknowledged after; whatever an agent sends can end its own
    session and nothing else; once a newer session of the cluster exists, this one changes nothing. Not guaranteed: that
    a session ends with the connection at once; a silent one is noticed by the transport's pings.
    """

    def __init__(
        self, stream: LinkStream, identity: AgentIdentity, registry: Registry, fencing: Fencing, clock: Clock
    ) -> None:
        self._stream = stream
        self._identity = identity
        self._registry = registry
        self._fencing = fencing
        self._clock = clock
        self._agent_clock = AgentClock()
        self._ended: asyncio.Future[Refused] = asyncio.get_running_loop().create_future()
        self._epoch = b""
        self._received_bytes = 0
        self._gathering: Gathering | None = None
        self._snapshot_version = 0
        self._snapshot_types: dict[str, resource_pb2.ResourceType] = {}
        self._is_complete = False
        self._agent_state = (ClusterCondition.STALE, "the agent is loading")
        self.on_welcome: Callable[[], None] = lambda: None
        """Called once the agent has been welcomed, after which it takes orders."""
        self.has_fenced = False
        """Whether an older session of the cluster had to go for this one."""

    async def open(self) -> agent_service_pb2.AgentHello:
        """Reads the hello and checks it against the credential. Raises Refused."""
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                message = await self._stream.read()
        except TimeoutError as error:
            raise Refused("DEADLINE_EXCEEDED", f"no hello within {HELLO_SECONDS:g} s") from error
        try:
            hello = read_request(message or b"")
            if not isinstance(hello, agent_service_pb2.AgentHello):
                raise Malformed("a frame before the hello")
            Position(hello.position.epoch, hello.position.version)
        except (Malformed, ValueError) as error:
            raise Refused("INVALID_ARGUMENT", f"the first message is no proper hello: {error}") from error
        if hello.cluster != self._identity.cluster:
            raise Refused(
                "PERMISSION_DENIED",
                f"this credential is for another cluster than {hello.cluster!r}; "
                "set the agent's cluster name to the one the credential was made for",
            )
        return hello

    async def run(self, hello: agent_service_pb2.AgentHello) -> Refused | None:
        """Serves an opened session. None when the agent ended it; otherwise why the hub did."""
        replica = self._registry.ensure(self._identity.cluster)
        hold, self.has_fenced = self._fencing.take(replica.cluster, self.end)
        reader = asyncio.create_task(self._serve(hello, replica, hold), name=f"hub/agent/{replica.cluster}")
        try:
            await asyncio.wait((reader, self._ended), return_when=asyncio.FIRST_COMPLETED)
            if self._ended.done():
                return self._ended.result()
            return reader.result()
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
            if not self._ended.done():
                self._ended.cancel()
            if self._fencing.release(hold):
                replica.set_state(ClusterCondition.OFFLINE, "the agent is not connected")

    def end(self, reason: Refused) -> None:
        """Ends the session from outside: fenced, drained, or its credential revoked."""
        if not self._ended.done():
            self._ended.set_result(reason)

    async def drain(self, retry_after_seconds: float) -> None:
        """Asks the agent to come back later."""
        message = agent_service_pb2.ConnectResponse(drain=agent_service_pb2.Drain(reason="the hub is about to stop"))
        message.drain.retry_after.FromMilliseconds(int(retry_after_seconds * 1000))
        await self._stream.write(message.SerializeToString())

    async def order(self, operation_id: str) -> None:
        """Asks the agent to open a stream for an operation."""
        order = agent_service_pb2.OperationOrder(operation_id=operation_id)
        await self._stream.write(agent_service_pb2.ConnectResponse(order=order).SerializeToString())

    async def _serve(self, hello: agent_service_pb2.AgentHello, replica: Replica, hold: Hold) -> Refused | None:
        replica.agent_version = hello.agent_version[:64]
        replica.server_version = hello.server_version[:64]
        self._epoch = hello.position.epoch
        held = Position(replica.epoch, replica.version) if replica.epoch is not None else None
        start = resume_version(held, Position(self._epoch, hello.position.version), hello.horizon)
        self._is_complete = start > 0
        self._agent_state = (ClusterCondition.STALE, "the agent is loading")
        replica.set_state(*self._agent_state)
        welcome = agent_service_pb2.HubWelcome(
            session_id=secrets.token_hex(8), fence=hold.fence, resume_version=start, window_bytes=WINDOW_BYTES
        )
        log.info("link.welcomed", cluster=replica.cluster, session=welcome.session_id, resume_version=start)
        await self._stream.write(agent_service_pb2.ConnectResponse(welcome=welcome).SerializeToString())
        self.on_welcome()
        while (message := await self._stream.read()) is not None:
            if not self._fencing.is_held(hold):
                return None  # the newer session's word is final from the instant it exists; run() says so to the agent
            try:
                request = read_request(message)
                if isinstance(request, agent_service_pb2.AgentHello):
                    raise Malformed("a second hello")
                frame, size_bytes = request
                refusal = await self._take(frame, replica, hold)
            except Malformed as error:
                log.warning("link.malformed", cluster=replica.cluster, reason=str(error))
                return Refused("INVALID_ARGUMENT", f"the agent sent {error}")
            if refusal is not None:
                return refusal
            self._received_bytes += size_bytes
            version = replica.version if replica.epoch == self._epoch else 0
            ack = agent_service_pb2.LinkAck(version=version, received_bytes=self._received_bytes)
            await self._stream.write(agent_service_pb2.ConnectResponse(ack=ack).SerializeToString())
        return None

    async def _take(self, frame: agent_service_pb2.LinkFrame, replica: Replica, hold: Hold) -> Refused | None:
        if frame.HasField("cluster_state"):
            is_live = frame.cluster_state.condition == resource_pb2.CLUSTER_CONDITION_LIVE
            condition = ClusterCondition.LIVE if is_live else ClusterCondition.STALE
            self._agent_state = (condition, "" if is_live else frame.cluster_state.reason or "the agent is loading")
        match frame.kind:
            case frame_pb2.FRAME_KIND_SNAPSHOT_BEGIN:
                horizon = frame.horizon if frame.HasField("horizon") else None
                self._gathering = Gathering(replica.store, horizon=horizon, turns=self._registry.turns)
                self._snapshot_version = frame.to_version
                self._snapshot_types = read_types(frame.types)
                await self._gather(frame)
            case frame_pb2.FRAME_KIND_SNAPSHOT_PART:
                await self._gather(frame)
            case frame_pb2.FRAME_KIND_SNAPSHOT_END:
                await self._finish(frame, replica, hold)
            case frame_pb2.FRAME_KIND_DELTA | frame_pb2.FRAME_KIND_BOOKMARK:
                content = await self._read(frame)
                if not self._fencing.is_held(hold):
                    return None
                refusal = self._move(frame, replica, *content)
                if refusal is not None:
                    return refusal
            case _:
                raise Malformed(f"a frame of unknown kind {frame.kind}")
        if self._is_complete and self._gathering is None and self._fencing.is_held(hold):
            replica.set_state(*self._agent_state)
        return None

    async def _finish(self, frame: agent_service_pb2.LinkFrame, replica: Replica, hold: Hold) -> None:
        gathering = await self._gather(frame)
        if frame.to_version != self._snapshot_version:
            raise Malformed("a snapshot that ends at another version than it began with")
        gone = await gathering.finish(
            frame.to_version, frame.item_count, frame.digest, tombstone_count=frame.tombstone_count
        )
        self._gathering = None
        if not self._fencing.is_held(hold):
            return
        former = replica.store
        replica.take(
            gathering, gone, epoch=self._epoch, types=self._snapshot_types, as_of_seconds=self._as_of_seconds(frame)
        )
        self._is_complete = True
        del gathering, gone
        while former.take_apart(SLICE):
            await self._registry.turns.take()

    def _move(
        self, frame: agent_service_pb2.LinkFrame, replica: Replica, puts: list[Put], removes: list[Remove]
    ) -> Refused | None:
        if self._gathering is not None:
            raise Malformed("a delta or bookmark inside a snapshot")
        if not self._is_complete:
            raise Malformed("a delta or bookmark where a snapshot was asked for")
        verdict = judge(replica.version, frame.from_version, frame.to_version)
        if verdict is Verdict.GAP:
            log.warning("link.gap", cluster=replica.cluster, held=replica.version, offered=frame.from_version)
            return Refused(
                "FAILED_PRECONDITION",
                f"a frame from {frame.from_version} to {frame.to_version} where {replica.version} is held; "
                "connect again to go on from there",
            )
        if verdict is Verdict.DUPLICATE:
            return None
        as_of_seconds = self._as_of_seconds(frame)
        if frame.kind == frame_pb2.FRAME_KIND_BOOKMARK:
            if frame.from_version != frame.to_version or frame.entries or frame.tombstones:
                raise Malformed("a bookmark with content")
            replica.progress(as_of_seconds)
            return None
        steps = plan(
            replica.store,
            puts,
            removes,
            from_version=frame.from_version,
            to_version=frame.to_version,
        )
        types = read_types(frame.types) if frame.HasField("types") else None
        replica.apply(steps, frame.to_version, types=types, as_of_seconds=as_of_seconds)
        return None

    async def _gather(self, frame: agent_service_pb2.LinkFrame) -> Gathering:
        gathering = self._gathering
        if gathering is None:
            raise Malformed("part of a snapshot without its beginning")
        gathering.add(*await self._read(frame))
        return gathering

    async def _read(self, frame: agent_service_pb2.LinkFrame) -> tuple[list[Put], list[Remove]]:
        """The content of a frame, in slices when there is much. Afterwards the session may have been fenced."""
        entries, tombstones = frame.entries, frame.tombstones
        if len(entries) + len(tombstones) <= READ_SLICE:
            return read_entries(entries), read_tombstones(tombstones)
        turns = self._registry.turns
        puts: list[Put] = []
        removes: list[Remove] = []
        for start in range(0, len(entries), READ_SLICE):
            await turns.take()
            puts += read_entries(entries[start : start + READ_SLICE])
        for start in range(0, len(tombstones), READ_SLICE):
            await turns.take()
            removes += read_tombstones(tombstones[start : start + READ_SLICE])
        await turns.take()  # what is done with them is a slice of its own
        return puts, removes

    def _as_of_seconds(self, frame: agent_service_pb2.LinkFrame) -> float:
        received_seconds = self._clock.now().timestamp()
        if not frame.HasField("as_of"):
            raise Malformed("a frame without as_of")
        as_of_seconds = frame.as_of.seconds + frame.as_of.nanos / 1e9
        is_live = self._agent_state[0] is ClusterCondition.LIVE
        return self._agent_clock.translate(as_of_seconds, received_seconds, is_live=is_live)
