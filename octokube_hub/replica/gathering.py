"""Gathers a snapshot beside the replica, and finds what in it differs."""

from collections.abc import Sequence

from octokube.runtime.turns import Turns
from octokube.state import EncodedObject, Key, Removed, SnapshotDigest, Stored, TombstoneReason, VersionedStore
from octokube_hub.replica.codec import Malformed, Put, Remove

MAX_OBJECTS = 2_000_000
"""Far beyond any cluster; an agent that sends more is not well, and the hub has other clusters to serve."""
SLICE = 5_000
"""Objects looked at with one turn of the event loop: about 2 ms."""


class Gathering:
    """One snapshot transaction.

    Nothing of the replica changes before it is taken over. Objects that are equal to what the replica holds (uid,
    resource version and bytes) are told apart while they come in, so that only true differences are forwarded.

    With a ``horizon`` the snapshot brings the tombstones since then, of which as many are kept as of any others.
    """

    def __init__(
        self, held: VersionedStore[EncodedObject], *, horizon: int | None = None, turns: Turns | None = None
    ) -> None:
        self._held = held
        self._turns = turns or Turns()
        self.horizon = horizon
        self._digest = SnapshotDigest()
        self.store: VersionedStore[EncodedObject] = VersionedStore()
        self._tombstone_count = 0
        self.changed: list[Stored[EncodedObject]] = []
        self.has_new_keys = False
        """Whether anything came that the replica did not hold."""

    def add(self, puts: list[Put], removes: Sequence[Remove] = ()) -> None:
        """Takes the entries and tombstones of one part. Raises Malformed."""
        if len(self.store) + len(puts) > MAX_OBJECTS:
            raise Malformed(f"a snapshot of more than {MAX_OBJECTS} objects")
        steps: list[Put | Remove] = [*puts]
        if removes:
            steps += removes
            steps.sort(key=lambda step: step.version)
        for step in steps:
            try:
                if isinstance(step, Put):
                    self._put(step)
                else:
                    self._bury(step)
            except ValueError as error:
                raise Malformed("a snapshot that is out of order, or holds one name twice") from error

    def _put(self, put: Put) -> None:
        held = self._held.get(put.key)
        is_equal = held is not None and held.value == put.value
        if held is not None:
            self.store.put(held.key, put.version, held.value if is_equal else put.value)
        else:
            self.has_new_keys = True
            self.store.put(put.key, put.version, put.value)
        self._digest.add(put.key, put.value.resource_version)
        if not is_equal:
            stored = self.store.get(put.key)
            if stored is not None:
                self.changed.append(stored)

    def _bury(self, remove: Remove) -> None:
        if self.horizon is None or remove.version <= self.horizon:
            raise Malformed("a snapshot with a tombstone from before its horizon, or without one")
        if remove.key in self.store:
            raise Malformed("a snapshot with an object that is older than its own tombstone")
        self._tombstone_count += 1
        held = self._held.get(remove.key)  # one tuple per key, as long as both stores are there
        self.store.bury(Removed(held.key if held else remove.key, remove.version, TombstoneReason.DELETED))

    async def finish(self, version: int, item_count: int, digest: int, *, tombstone_count: int = 0) -> list[Key]:
        """Checks the sums, moves to the snapshot's version and returns the keys that are gone. Raises Malformed."""
        if (self._digest.item_count, self._digest.value) != (item_count, digest):
            raise Malformed(
                f"a torn snapshot: {self._digest.item_count} entries where {item_count} were promised, "
                "or another check sum"
            )
        if self._tombstone_count != tombstone_count:
            raise Malformed(f"a snapshot of {self._tombstone_count} tombstones where {tombstone_count} were promised")
        if version < max(self.store.version, self.horizon or 0):
            raise Malformed("a snapshot with content, or a horizon, beyond its own version")
        self.store.advance(version)
        gone: list[Key] = []
        for index, stored in enumerate(self._held.all()):
            if index % SLICE == 0:
                await self._turns.take()
            if stored.key not in self.store:
                gone.append(stored.key)
        return gone
