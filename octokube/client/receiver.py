"""Applies a Watch stream's frames to a copy, and refuses any that would make it wrong."""

from octokube.client.copies import ClusterCopy, Gathering
from octokube.client.viewed import ChangeKind, ViewChange, ViewedObject
from octokube.state import Key, TombstoneReason, VersionedStore, merge_patch
from octokube.v1 import frame_pb2, resource_pb2

WORTHLESS_TOKEN = b"\0"
"""No hub can read it: it says that something of a cluster is held, and nothing of what."""


class FeedFault(Exception):
    """The stream broke its own promise: what it sends can't be applied. The remedy is a new stream."""


class OutOfSequence(FeedFault):
    """A frame was lost, repeated or reordered."""


class TornSnapshot(FeedFault):
    """A snapshot ended with another count or check sum than it had, or was broken into by something else."""


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

    def distrust(self) -> None:
        """Gives every token up: the next stream begins with snapshots, which replace the copies once they are complete.

        The clusters are named to it all the same: of one that may no longer be seen, only the hub can say so.
        """
        for copy in self.clusters.values():
            copy.resume_token = WORTHLESS_TOKEN if copy.is_synced or copy.resume_token else b""

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
                copy.gathering = Gathering()
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
        names = {key[:3] for key in gathering.objects}
        if len(names) != len(gathering.objects):
            raise TornSnapshot(f"the snapshot of cluster {frame.cluster} holds one name twice; start a new stream")
        copy.is_synced = True
        store = copy.store
        changes = []
        for stored in store.all():
            if stored.key not in gathering.objects:
                store.remove(stored.key, store.version + 1, TombstoneReason.WITHDRAWN)
                changes.append(ViewChange(ChangeKind.WITHDRAWN, frame.cluster, stored.value))
        for viewed in gathering.objects.values():
            held = store.get(viewed.key)
            if held is None or held.value != viewed:
                store.put(viewed.key, store.version + 1, viewed)
                kind = ChangeKind.ADDED if held is None else ChangeKind.MODIFIED
                changes.append(ViewChange(kind, frame.cluster, viewed))
        return changes

    def _move(self, copy: ClusterCopy, frame: frame_pb2.Frame) -> list[ViewChange]:
        # A fault must leave the copy as it was, so everything is read before anything is changed.
        store = copy.store
        leaving = {_key(tombstone.key): tombstone.reason for tombstone in frame.tombstones}
        arriving: dict[tuple[str, str, str], ViewedObject] = {}
        for entry in frame.entries:
            viewed = _patched(entry, store) if entry.patch else _viewed(entry)
            name = viewed.key[:3]
            former = store.named(*name)
            if name in arriving or (former is not None and former.key != viewed.key and former.key not in leaving):
                raise FeedFault(
                    f"the hub sent {'/'.join(name)} of cluster {frame.cluster} again under another uid; "
                    "start a new stream without a resume token"
                )
            arriving[name] = viewed
        changes = []
        # Tombstones first: a re-created object's predecessor leaves before its successor of the same name arrives.
        for key, reason in leaving.items():
            left = store.get(key)
            if left is not None:
                is_deleted = reason == frame_pb2.TOMBSTONE_REASON_DELETED
                store.remove(
                    key, store.version + 1, TombstoneReason.DELETED if is_deleted else TombstoneReason.WITHDRAWN
                )
                kind = ChangeKind.DELETED if is_deleted else ChangeKind.WITHDRAWN
                changes.append(ViewChange(kind, frame.cluster, left.value))
        for viewed in arriving.values():
            kind = ChangeKind.MODIFIED if viewed.key in store else ChangeKind.ADDED
            store.put(viewed.key, store.version + 1, viewed)
            changes.append(ViewChange(kind, frame.cluster, viewed))
        return changes


def _patched(entry: frame_pb2.Entry, store: VersionedStore[ViewedObject]) -> ViewedObject:
    """An entry that comes as the difference to the body that is held."""
    key = _key(entry.key)
    held = store.get(key)
    if held is None or not held.value.body or entry.body:
        raise FeedFault(f"the hub sent a patch of {key.type} {key.name}, of which no body is held; start a new stream")
    try:
        body = merge_patch.apply_to_body(held.value.body, entry.patch)
    except merge_patch.BadPatch as error:
        raise FeedFault(f"the hub sent a patch of {key.type} {key.name} that can't be applied: {error}") from error
    return ViewedObject(key, entry.resource_version, entry.row, body)


def _key(key: resource_pb2.Key) -> Key:
    if not key.name:
        raise FeedFault("an entry or tombstone came without its key; start a new stream")
    return Key(key.type, key.namespace, key.name, key.uid)


def _viewed(entry: frame_pb2.Entry) -> ViewedObject:
    return ViewedObject(_key(entry.key), entry.resource_version, entry.row, entry.body)
