"""Applies a Watch stream's frames to a copy, and refuses any that would make it wrong."""

import enum
from dataclasses import dataclass, field

from octokube.state import Key, SnapshotDigest
from octokube.v1 import frame_pb2, resource_pb2


class FeedFault(Exception):
    """The stream broke its own promise: what it sends can't be applied. The remedy is a new stream."""


class OutOfSequence(FeedFault):
    """A frame was lost, repeated or reordered."""


class TornSnapshot(FeedFault):
    """A snapshot ended with another count or check sum than it had, or was broken into by something else."""


class ChangeKind(enum.Enum):
    """What happened to a key in the copy."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class ViewedObject:
    """An object as the subscriber may see it. ``body`` is projected JSON, empty when the detail is ROWS."""

    key: Key
    resource_version: str
    row: resource_pb2.Row
    body: bytes


@dataclass(frozen=True, slots=True)
class ViewChange:
    """One difference that a frame made. For DELETED and WITHDRAWN, ``object`` is the last that was held."""

    kind: ChangeKind
    cluster: str
    object: ViewedObject


@dataclass(slots=True)
class ClusterCopy:
    """What is held of one cluster. ``objects`` changes only in whole frames and whole snapshots."""

    objects: dict[Key, ViewedObject] = field(default_factory=dict)
    state: resource_pb2.ClusterState = field(default_factory=resource_pb2.ClusterState)
    as_of_seconds: float = 0.0
    """Unix time at which the copy was known to be current; 0 before the first frame."""
    resume_token: bytes = b""
    is_synced: bool = False
    """Whether a snapshot or a resume has completed: before that, absence means nothing."""
    gathering: "_Gathering | None" = None


class _Gathering:
    """The entries of an open snapshot, held beside what is shown."""

    def __init__(self) -> None:
        self.objects: dict[Key, ViewedObject] = {}
        self.digest = SnapshotDigest()


class Receiver:
    """Holds one copy per cluster and moves it frame by frame.

    Guarantees: after each ``apply`` that returns, every synced cluster's copy is one that the hub had; a torn snapshot
    never replaces a copy; what is withdrawn is forgotten. After a FeedFault the copies stay as they were, and the
    receiver takes frames again after ``restart``. Of a key that is missing from a new snapshot nobody can say why it
    left: it is told as WITHDRAWN.
    """

    def __init__(self) -> None:
        self.clusters: dict[str, ClusterCopy] = {}
        self.sequence = 0

    def restart(self) -> None:
        """Prepares for a new stream: sequences begin at 1 again, an open snapshot is dropped, copies are kept."""
        self.sequence = 0
        for copy in self.clusters.values():
            copy.gathering = None

    def resume_points(self) -> list[tuple[str, bytes]]:
        """What to hand to a new stream of an equal subscription: (cluster, newest token)."""
        return [(name, copy.resume_token) for name, copy in self.clusters.items() if copy.resume_token]

    def forget(self) -> None:
        """Drops every copy and token: for a new stream that starts from nothing."""
        self.clusters.clear()
        self.sequence = 0

    def apply(self, frame: frame_pb2.Frame) -> list[ViewChange]:
        """Applies the next frame and returns what it changed, in the frame's order. Raises FeedFault."""
        if frame.sequence != self.sequence + 1:
            raise OutOfSequence(f"frame {frame.sequence} came after frame {self.sequence}; start a new stream")
        copy = self.clusters.setdefault(frame.cluster, ClusterCopy())
        changes: list[ViewChange] = []
        match frame.kind:
            case frame_pb2.FRAME_KIND_SNAPSHOT_BEGIN:
                copy.gathering = _Gathering()
            case frame_pb2.FRAME_KIND_SNAPSHOT_PART:
                self._gather(copy, frame)
            case frame_pb2.FRAME_KIND_SNAPSHOT_END:
                changes = self._swap(copy, frame)
            case frame_pb2.FRAME_KIND_DELTA:
                if copy.gathering is not None:
                    raise TornSnapshot(f"a delta of cluster {frame.cluster} came inside its snapshot")
                changes = self._move(copy, frame)
                copy.is_synced = True
            case frame_pb2.FRAME_KIND_BOOKMARK:
                pass
            case _:
                raise FeedFault(f"frame {frame.sequence} has the unknown kind {frame.kind}; is this client too old?")
        self.sequence = frame.sequence
        if frame.HasField("as_of"):
            copy.as_of_seconds = frame.as_of.seconds + frame.as_of.nanos / 1e9
        if frame.HasField("cluster_state"):
            copy.state.CopyFrom(frame.cluster_state)
        if frame.resume_token:
            copy.resume_token = frame.resume_token
        return changes

    def _gather(self, copy: ClusterCopy, frame: frame_pb2.Frame) -> None:
        gathering = copy.gathering
        if gathering is None:
            raise TornSnapshot(f"part of a snapshot of cluster {frame.cluster} came without its beginning")
        for entry in frame.entries:
            viewed = _viewed(entry)
            gathering.objects[viewed.key] = viewed
            gathering.digest.add(viewed.key, viewed.resource_version)

    def _swap(self, copy: ClusterCopy, frame: frame_pb2.Frame) -> list[ViewChange]:
        self._gather(copy, frame)
        gathering = copy.gathering
        assert gathering is not None  # noqa: S101 - _gather has raised otherwise
        copy.gathering = None
        if (gathering.digest.item_count, gathering.digest.value) != (frame.item_count, frame.digest):
            raise TornSnapshot(
                f"the snapshot of cluster {frame.cluster} has {gathering.digest.item_count} entries where "
                f"{frame.item_count} were promised, or another check sum; start a new stream without a resume token"
            )
        former, copy.objects = copy.objects, gathering.objects
        copy.is_synced = True
        changes = [
            ViewChange(ChangeKind.WITHDRAWN, frame.cluster, viewed)
            for key, viewed in former.items()
            if key not in copy.objects
        ]
        for key, viewed in copy.objects.items():
            held = former.get(key)
            if held is None:
                changes.append(ViewChange(ChangeKind.ADDED, frame.cluster, viewed))
            elif held != viewed:
                changes.append(ViewChange(ChangeKind.MODIFIED, frame.cluster, viewed))
        return changes

    def _move(self, copy: ClusterCopy, frame: frame_pb2.Frame) -> list[ViewChange]:
        # A fault must leave the copy as it was, so everything is read before anything is changed.
        if any(entry.patch for entry in frame.entries):
            raise FeedFault("the hub sent a patch, which this receiver did not ask for")
        changes = []
        # Tombstones first: a re-created object's predecessor leaves before its successor of the same name arrives.
        for tombstone in frame.tombstones:
            left = copy.objects.pop(_key(tombstone.key), None)
            if left is not None:
                is_deleted = tombstone.reason == frame_pb2.TOMBSTONE_REASON_DELETED
                kind = ChangeKind.DELETED if is_deleted else ChangeKind.WITHDRAWN
                changes.append(ViewChange(kind, frame.cluster, left))
        for entry in frame.entries:
            viewed = _viewed(entry)
            kind = ChangeKind.MODIFIED if viewed.key in copy.objects else ChangeKind.ADDED
            copy.objects[viewed.key] = viewed
            changes.append(ViewChange(kind, frame.cluster, viewed))
        return changes


def _key(key: resource_pb2.Key) -> Key:
    return Key(key.type, key.namespace, key.name, key.uid)


def _viewed(entry: frame_pb2.Entry) -> ViewedObject:
    return ViewedObject(_key(entry.key), entry.resource_version, entry.row, entry.body)
