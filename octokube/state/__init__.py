"""The state machine that every tier shares: positions, the versioned store, snapshot check sums."""

from octokube.state.digest import SnapshotDigest
from octokube.state.encoded import EncodedObject
from octokube.state.key import Key
from octokube.state.position import Position, new_epoch
from octokube.state.store import Changes, Gone, Removed, Stored, TombstoneReason, VersionedStore

__all__ = [
    "Changes",
    "EncodedObject",
    "Gone",
    "Key",
    "Position",
    "Removed",
    "SnapshotDigest",
    "Stored",
    "TombstoneReason",
    "VersionedStore",
    "new_epoch",
]
