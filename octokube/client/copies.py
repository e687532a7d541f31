"""Holds what a subscriber was sent of one cluster."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from octokube.client.viewed import ViewedObject
from octokube.state import Key, SnapshotDigest, VersionedStore
from octokube.v1 import resource_pb2


class Objects(Mapping[Key, ViewedObject]):
    """What a store holds now, as a mapping. No order."""

    def __init__(self, store: VersionedStore[ViewedObject]) -> None:
        self._store = store

    def __getitem__(self, key: Key) -> ViewedObject:
        stored = self._store.get(key)
        if stored is None:
            raise KeyError(key)
        return stored.value

    def __iter__(self) -> Iterator[Key]:
        return iter([stored.key for stored in self._store.all()])

    def __len__(self) -> int:
        return len(self._store)


def _new_store() -> VersionedStore[ViewedObject]:
    return VersionedStore(tombstone_limit=0)  # nobody catches up from a receiver's copy


@dataclass(slots=True)
class ClusterCopy:
    """What is held of one cluster. ``store`` changes only in whole frames and snapshots, in versions of its own."""

    store: VersionedStore[ViewedObject] = field(default_factory=_new_store)
    state: resource_pb2.ClusterState = field(default_factory=resource_pb2.ClusterState)
    as_of_seconds: float = 0.0
    """Unix time at which the copy was known to be current; 0 before the first frame."""
    resume_token: bytes = b""
    is_synced: bool = False
    """Whether a snapshot or a resume has completed: before that, absence means nothing."""
    gathering: "Gathering | None" = None

    @property
    def objects(self) -> Objects:
        """What is held, by key."""
        return Objects(self.store)


class Gathering:
    """The entries of an open snapshot, held beside what is shown."""

    def __init__(self) -> None:
        self.objects: dict[Key, ViewedObject] = {}
        self.digest = SnapshotDigest()
