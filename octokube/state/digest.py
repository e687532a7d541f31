"""The order-independent check sum that ends a snapshot."""

import zlib

from octokube.state.key import Key


class SnapshotDigest:
    """Counts and sums the entries of one snapshot, in any order.

    With c = CRC-32 of ``type\\nnamespace\\nname\\nuid\\nresource_version`` in UTF-8, the value is
    ``(sum of c mod 2**32) << 32 | (xor of c)``. Sum and xor together notice what either alone would not (a pair that
    cancels out, parts swapped between entries). Detects torn and mixed snapshots; no protection against an adversary.
    """

    __slots__ = ("_sum", "_xor", "item_count")

    def __init__(self) -> None:
        self.item_count = 0
        self._sum = 0
        self._xor = 0

    def add(self, key: Key, resource_version: str) -> None:
        """Takes one entry into the sum. Adding an entry twice is a different snapshot."""
        crc = zlib.crc32("\n".join((*key, resource_version)).encode())
        self.item_count += 1
        self._sum = (self._sum + crc) & 0xFFFFFFFF
        self._xor ^= crc

    @property
    def value(self) -> int:
        """The check sum as an unsigned 64-bit number; 0 for no entries."""
        return self._sum << 32 | self._xor
