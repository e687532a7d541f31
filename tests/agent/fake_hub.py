"""A hub that only records: decodes what an agent sends with stock protobuf and checks the contract's rules."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import grpc
import grpc.aio

from octokube.state import Key, SnapshotDigest
from octokube.v1 import agent_service_pb2 as pb
from octokube.v1 import frame_pb2, operation_pb2, resource_pb2
from tests.agent.operation_desk import Operation, OperationDesk
from tests.support.waiting import HANG_SECONDS

METHOD_SERVICE = "octokube.v1.AgentService"


@dataclass
class Held:
    """One object of the replica, as far as the hub can see it."""

    version: int
    entry: frame_pb2.Entry


@dataclass
class FakeSession:
    """One accepted Connect stream."""

    hello: pb.AgentHello
    metadata: dict[str, str]
    frames: list[pb.LinkFrame] = field(default_factory=list)
    received_bytes: int = 0
    outbox: "asyncio.Queue[pb.ConnectResponse | None]" = field(default_factory=asyncio.Queue)

    @property
    def kinds(self) -> list[int]:
        """The kinds of the frames so far."""
        return [frame.kind for frame in self.frames]

    def ack(self) -> None:
        """Acknowledges everything received."""
        self.outbox.put_nowait(pb.ConnectResponse(ack=pb.LinkAck(version=0, received_bytes=self.received_bytes)))

    def drain(self, seconds: float) -> None:
        """Asks the agent to leave."""
        response = pb.ConnectResponse(drain=pb.Drain(reason="the hub stops"))
        response.drain.retry_after.FromMilliseconds(int(seconds * 1000))
        self.outbox.put_nowait(response)

    def end(self) -> None:
        """Ends the stream."""
        self.outbox.put_nowait(None)


class FakeHub:
    """Serves AgentService on loopback. ``problems`` lists every breach of the contract it saw."""

    def __init__(self) -> None:
        self.window_bytes = 4 * 1024 * 1024
        self.is_acknowledging = True
        self.refusal: tuple[grpc.StatusCode, str] | None = None
        self.forgets = False
        self.sessions: list[FakeSession] = []
        self.attempts = 0
        self.problems: list[str] = []
        self.replica: dict[Key, Held] = {}
        self.types: dict[str, resource_pb2.ResourceType] = {}
        self.version = 0
        self.epoch = b""
        self.state: resource_pb2.ClusterState | None = None
        self.port = 0
        self.desk = OperationDesk(self.problems)
        self._server: grpc.aio.Server | None = None
        self._snapshot: tuple[dict[Key, Held], dict[str, resource_pb2.ResourceType]] | None = None
        self._changed = asyncio.Event()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    @property
    def frames(self) -> list[pb.LinkFrame]:
        """All frames of all sessions."""
        return [frame for session in self.sessions for frame in session.frames]

    async def start(self) -> None:
        """Listens, on the same port as before if there was one."""
        self._server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        handler = grpc.stream_stream_rpc_method_handler(
            self._connect,
            request_deserializer=pb.ConnectRequest.FromString,
            response_serializer=pb.ConnectResponse.SerializeToString,
        )
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(METHOD_SERVICE, {"Connect": handler}), self.desk.handler())
        )
        self.port = self._server.add_insecure_port(f"127.0.0.1:{self.port}")
        await self._server.start()

    async def stop(self) -> None:
        """Cuts every stream."""
        if self._server is not None:
            await self._server.stop(None)
            self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def order(self, start: operation_pb2.ExecuteStart, *, is_generous: bool = True) -> Operation:
        """Orders an operation from the agent of the newest session."""
        operation = self.desk.book(start, is_generous=is_generous)
        order = pb.OperationOrder(operation_id=operation.id)
        self.sessions[-1].outbox.put_nowait(pb.ConnectResponse(order=order))
        return operation

    async def until(self, look: Any, *, seconds: float = HANG_SECONDS) -> Any:
        """The first truthy result of ``look(self)``, asked after each frame."""
        async with asyncio.timeout(seconds):
            while not (result := look(self)):
                self._changed.clear()
                await self._changed.wait()
            return result

    async def _connect(self, requests: AsyncIterator[pb.ConnectRequest], context: Any) -> AsyncIterator[Any]:
        self.attempts += 1
        self._changed.set()
        if self.refusal is not None:
            await context.abort(*self.refusal)
        first = await anext(requests)
        if first.WhichOneof("message") != "hello":
            self.problems.append("the first message is no hello")
        metadata = {name: str(value) for name, value in context.invocation_metadata() or ()}
        session = FakeSession(first.hello, metadata)
        self.sessions.append(session)
        yield pb.ConnectResponse(welcome=self._welcome(session))
        reader = asyncio.create_task(self._read(requests, session))
        try:
            while (response := await session.outbox.get()) is not None:
                yield response
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    def _welcome(self, session: FakeSession) -> pb.HubWelcome:
        can_resume = session.hello.position.epoch == self.epoch and not self.forgets
        return pb.HubWelcome(
            session_id=f"session-{len(self.sessions)}",
            fence=len(self.sessions),
            resume_version=self.version if can_resume else 0,
            window_bytes=self.window_bytes,
        )

    async def _read(self, requests: AsyncIterator[pb.ConnectRequest], session: FakeSession) -> None:
        async for request in requests:
            if request.WhichOneof("message") != "frame":
                self.problems.append("a second hello")
                continue
            session.received_bytes += request.frame.ByteSize()
            session.frames.append(request.frame)
            self._apply(request.frame, session)
            if self.is_acknowledging:
                session.ack()
            self._changed.set()
        session.end()

    def _apply(self, frame: pb.LinkFrame, session: FakeSession) -> None:
        if not frame.HasField("as_of"):
            self.problems.append("a frame without as_of")
        if frame.HasField("cluster_state"):
            self.state = frame.cluster_state
        types = {item.type: item for item in frame.types.types} if frame.HasField("types") else None
        if types is not None and list(types) != sorted(types):
            self.problems.append("types are not sorted")
        if frame.kind == frame_pb2.FRAME_KIND_SNAPSHOT_BEGIN:
            self._snapshot = ({}, types or {})
        elif frame.kind == frame_pb2.FRAME_KIND_SNAPSHOT_PART:
            assert self._snapshot is not None
            self._take(frame, self._snapshot[0])
        elif frame.kind == frame_pb2.FRAME_KIND_SNAPSHOT_END:
            assert self._snapshot is not None
            self._finish(frame, session)
        elif frame.from_version != self.version:
            self.problems.append(f"a frame from {frame.from_version} when {self.version} is held")
        else:
            if self._snapshot is not None:
                self.problems.append("a delta or bookmark inside a snapshot")
            if frame.kind == frame_pb2.FRAME_KIND_BOOKMARK and not frame.HasField("cluster_state"):
                self.problems.append("a bookmark without the cluster's state")
            if types is not None:
                self.types = types
            self._take(frame, self.replica)
            self.version = frame.to_version

    def _take(self, frame: pb.LinkFrame, replica: dict[Key, Held]) -> None:
        """In the order of versions, as a store that holds one object per name has to."""
        changes: list[Any] = sorted([*frame.entries, *frame.tombstones], key=lambda item: item.version)
        for change in changes:
            if isinstance(change, pb.LinkTombstone):
                replica.pop(_key(change.key), None)
                continue
            entry = frame_pb2.Entry.FromString(change.head + change.row + change.body)
            key = _key(entry.key)
            for other in replica:
                if other[:3] == key[:3] and other != key:
                    self.problems.append(f"{key[:3]} came under a second uid without a tombstone")
            replica[key] = Held(change.version, entry)

    def _finish(self, frame: pb.LinkFrame, session: FakeSession) -> None:
        assert self._snapshot is not None
        replica, types = self._snapshot
        self._snapshot = None
        digest = SnapshotDigest()
        for key, held in replica.items():
            digest.add(key, held.entry.resource_version)
        if (digest.item_count, digest.value) != (frame.item_count, frame.digest):
            self.problems.append("the digest of a snapshot does not match")
        self.replica, self.types = replica, types
        self.version = frame.to_version
        self.epoch = session.hello.position.epoch


def _key(key: resource_pb2.Key) -> Key:
    return Key(key.type, key.namespace, key.name, key.uid)
