"""An agent in memory: keeps objects, and tells the hub of them over real gRPC as the contract says."""

import asyncio
import time

import grpc
import grpc.aio

from octokube.runtime.channels import open_channel
from octokube.state import EncodedObject, Key, Removed, SnapshotDigest, VersionedStore, new_epoch
from octokube.v1 import agent_service_pb2 as pb
from octokube.v1 import frame_pb2, resource_pb2
from tests.hub.objects import encoded, link_entry, to_message, type_named
from tests.support.waiting import HANG_SECONDS

TYPES = ("configmaps", "nodes", "pods", "secrets")


class FakeAgent:
    """One agent process of one cluster. ``session`` opens a Connect stream; several can be open at once."""

    def __init__(self, cluster: str, address: str, credential: str, *, types: tuple[str, ...] = TYPES) -> None:
        self.cluster = cluster
        self.types = types
        self.address = address
        self.credential = credential
        self.epoch = new_epoch()
        self.store: VersionedStore[EncodedObject] = VersionedStore()
        self._count = 0
        self._channels: list[grpc.aio.Channel] = []
        self._links: list[AgentLink] = []

    def put(self, key: Key, value: EncodedObject | None = None, *, status: str = "Running", note: str = "") -> None:
        """Creates or changes an object, to one of the caller's own or one that is made here."""
        self._count += 1
        former = self.store.named(key.type, key.namespace, key.name)
        if former is not None and former.key.uid != key.uid:
            self.store.remove(former.key, self.store.version + 1)
        made = value or encoded(key, str(self._count), status=status, note=note)
        self.store.put(key, self.store.version + 1, made)

    def remove(self, key: Key) -> None:
        """Deletes an object."""
        self.store.remove(key, self.store.version + 1)

    def restart(self) -> None:
        """Begins a new epoch with the same objects, as another process would."""
        self.epoch = new_epoch()
        former = self.store.all()
        self.store = VersionedStore()
        for stored in former:
            self.store.put(stored.key, self.store.version + 1, stored.value)

    def link(self) -> "AgentLink":
        """Opens a Connect stream, and says nothing yet."""
        channel = open_channel(self.address)
        self._channels.append(channel)
        link = AgentLink(self, channel)
        self._links.append(link)
        return link

    async def session(self, **hello: object) -> "AgentLink":
        """Connects and says hello."""
        link = self.link()
        await link.hello(**hello)
        return link

    async def connect(self) -> "AgentLink":
        """Connects and brings the hub up to date."""
        link = await self.session()
        await link.begin()
        return link

    async def close(self) -> None:
        """Cuts every connection."""
        for link in self._links:
            link.call.cancel()
        for channel in self._channels:
            await channel.close()


class AgentLink:
    """One Connect stream."""

    def __init__(self, agent: FakeAgent, channel: grpc.aio.Channel) -> None:
        self.agent = agent
        metadata = (("authorization", f"Bearer {agent.credential}"),)
        self.call = channel.stream_stream(
            "/octokube.v1.AgentService/Connect", response_deserializer=pb.ConnectResponse.FromString
        )(metadata=metadata)
        self.welcome: pb.HubWelcome | None = None
        self.version = 0
        self.sent_bytes = 0

    async def hello(self, **changes: object) -> None:
        """Introduces the agent; fields can be changed."""
        fields: dict[str, object] = {
            "cluster": self.agent.cluster,
            "position": frame_pb2.Position(epoch=self.agent.epoch, version=self.agent.store.version),
            "horizon": self.agent.store.horizon,
            "agent_version": "test",
            "server_version": "v1.33",
        }
        fields.update(changes)
        hello = pb.AgentHello(**fields)  # type: ignore[arg-type]
        await self.call.write(pb.ConnectRequest(hello=hello).SerializeToString())

    async def begin(self) -> None:
        """Reads the welcome, and sends the snapshot or the changes it asks for, until all is acknowledged."""
        self.welcome = (await self.read()).welcome
        if self.welcome.resume_version:
            self.version = self.welcome.resume_version
        else:
            await self.snapshot()
        await self.flush()

    async def read(self) -> pb.ConnectResponse:
        """The hub's next message."""
        async with asyncio.timeout(HANG_SECONDS):
            message = await self.call.read()
        assert isinstance(message, pb.ConnectResponse), message
        return message

    async def send(self, frame: pb.LinkFrame, *, is_acknowledged: bool = True) -> pb.LinkAck | None:
        """Sends a frame, and waits until the hub has applied it."""
        if not frame.HasField("as_of"):
            frame.as_of.FromNanoseconds(time.time_ns())
        self.sent_bytes += frame.ByteSize()
        await self.call.write(pb.ConnectRequest(frame=frame).SerializeToString())
        if not is_acknowledged:
            return None
        while True:
            ack = (await self.read()).ack
            if ack.received_bytes >= self.sent_bytes:
                return ack

    async def flush(self) -> None:
        """Sends what changed, and a bookmark."""
        await self.delta()
        await self.bookmark()

    async def delta(self) -> None:
        """Sends what changed, if anything did."""
        if self.agent.store.version > self.version:
            await self.send(self.delta_frame())
            self.version = self.agent.store.version

    def delta_frame(self) -> pb.LinkFrame:
        """What changed since the last frame."""
        changes = self.agent.store.changes_after(self.version)
        frame = pb.LinkFrame(kind=frame_pb2.FRAME_KIND_DELTA, from_version=self.version, to_version=changes.to_version)
        frame.entries.extend(link_entry(stored.version, stored.value) for stored in changes.entries)
        frame.tombstones.extend(_tombstone(removed) for removed in changes.tombstones)
        return frame

    async def bookmark(self, condition: int = resource_pb2.CLUSTER_CONDITION_LIVE, reason: str = "") -> None:
        """Sends a bookmark with the cluster's state."""
        frame = pb.LinkFrame(kind=frame_pb2.FRAME_KIND_BOOKMARK, from_version=self.version, to_version=self.version)
        frame.cluster_state.condition = condition  # type: ignore[assignment]
        frame.cluster_state.reason = reason
        await self.send(frame)

    async def snapshot(self, *, digest_error: int = 0) -> None:
        """Sends everything as a snapshot transaction."""
        version = self.agent.store.version
        begin = pb.LinkFrame(kind=frame_pb2.FRAME_KIND_SNAPSHOT_BEGIN, to_version=version)
        begin.types.types.extend(type_named(name) for name in self.agent.types)
        await self.send(begin)
        digest = SnapshotDigest()
        objects = self.agent.store.all()
        for start in range(0, len(objects), 500):
            part = pb.LinkFrame(kind=frame_pb2.FRAME_KIND_SNAPSHOT_PART)
            for stored in objects[start : start + 500]:
                digest.add(stored.key, stored.value.resource_version)
                part.entries.append(link_entry(stored.version, stored.value))
            await self.send(part)
        end = pb.LinkFrame(
            kind=frame_pb2.FRAME_KIND_SNAPSHOT_END,
            to_version=version,
            item_count=digest.item_count,
            digest=digest.value ^ digest_error,
        )
        await self.send(end, is_acknowledged=digest_error == 0)
        self.version = version

    async def ending(self) -> tuple[grpc.StatusCode, str]:
        """How the hub ended the stream; reads what comes before."""
        async with asyncio.timeout(HANG_SECONDS):
            try:
                while await self.call.read() is not grpc.aio.EOF:
                    pass
            except grpc.aio.AioRpcError as error:
                return error.code(), error.details() or ""
            return await self.call.code(), await self.call.details() or ""


def _tombstone(removed: Removed) -> pb.LinkTombstone:
    return pb.LinkTombstone(version=removed.version, key=to_message(removed.key))
