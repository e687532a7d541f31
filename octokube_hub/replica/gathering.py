"""Gathers a snapshot beside the replica, and finds what in it differs."""

import asyncio

from octokube.state import EncodedObject, Key, SnapshotDigest, Stored, VersionedStore
from octokube_hub.replica.codec import Malformed, Put

MAX_OBJECTS = 2_000_000
"""Far beyond any cluster; an agent that sends more is not well, and the hub has other clusters to serve."""
SLICE = 5_000
"""Objects looked at between two turns of the event loop: about 2 ms."""


class Gathering:
    """One snapshot transaction.

    Nothing of the replica changes before it is taken over. Objects that are equal to what the replica holds (uid,
    resource version and bytes) are told apart while they come in, so that only true differences are forwarded.
    """

    def __init__(self, held: VersionedStore[EncodedObject]) -> None:
        self._held = held
        self._digest = SnapshotDigest()
        self.store: VersionedStore[EncodedObject] = VersionedStore()
        self.changed: list[Stored[EncodedObject]] = []

    def add(self, puts: list[Put]) -> None:
        """Takes the entries of one part. Raises Malformed."""
        if len(self.store) + len(puts) > MAX_OBJECTS:
            raise Malformed(f"a snapshot of more than {MAX_OBJECTS} objects")
        for put in puts:
            held = self._held.get(put.key)
            is_equal = held is not None and held.value == put.value
            try:
                if held is not None:
                    self.store.put(held.key, put.version, held.value if is_equal else put.value)
                else:
                    self.store.put(put.key, put.version, put.value)
            except ValueError as error:
                raise Malformed("a snapshot whose entries are out of order, or hold one name twice") from error
            self._digest.add(put.key, put.value.resource_version)
            if not is_equal:
                stored = self.store.get(put.key)
                if stored is not None:
                    self.changed.append(stored)

    async def finish(self, version: int, item_count: int, digest: int) -> list[Key]:
        """Checks the sums, moves to the snapshot's version and returns the keys that are gone. Raises Malformed."""
        if (self._digest.item_count, self._digest.value) != (item_count, digest):
            raise Malformed(
                f"a torn snapshot: {self._digest.item_count} entries where {item_count} were promised, "
                "or another check sum"
            )
        if version < self.store.version:
            raise Malformed("a snapshot with entries beyond its own version")
        self.store.advance(version)
        gone: list[Key] = []
        for index, stored in enumerate(self._held.all()):
            if index % SLICE == SLICE - 1:
                await asyncio.sleep(0)
            if stored.key not in self.store:
                gone.append(stored.key)
        return gone
