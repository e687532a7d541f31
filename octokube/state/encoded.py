"""An object's newest state as the bytes that travel: encoded once at the agent, joined everywhere after."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EncodedObject:
    """The three parts of a protobuf ``Entry``: ``head + row`` and ``head + row + body`` are each a valid encoding.

    Parts are opaque here. ``resource_version`` repeats what ``head`` holds: check sums and diffs need it unparsed.
    """

    resource_version: str
    head: bytes
    row: bytes
    body: bytes

    @property
    def size_bytes(self) -> int:
        """The encoded size with body."""
        return len(self.head) + len(self.row) + len(self.body)
