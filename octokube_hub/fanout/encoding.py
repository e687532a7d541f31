"""Joins encoded objects into the parts of frames that many streams share."""

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from octokube.runtime.wire import bytes_field, fixed64_field, varint, varint_field
from octokube.state import EncodedObject, Key, TombstoneReason
from octokube.v1 import frame_pb2, resource_pb2
from octokube_hub.replica import ClusterState

PART_BYTES = 256 * 1024
"""Large enough that framing costs nothing, small enough to be joined within a millisecond or two."""
PART_ELEMENTS = 1_500
"""Small objects, which fill a part only by the thousand, are joined within a few milliseconds, too."""
FIRST_PART_BYTES = 32 * 1024
"""The first screen of a table, on its way before the rest is joined."""

_ENTRY_TAG = varint(7 << 3 | 2)
_FRAME_TAG = varint(1 << 3 | 2)
_REASONS = {
    TombstoneReason.DELETED: frame_pb2.TOMBSTONE_REASON_DELETED,
    TombstoneReason.WITHDRAWN: frame_pb2.TOMBSTONE_REASON_WITHDRAWN,
}


@dataclass(frozen=True, slots=True)
class Header:
    """What every frame of a cluster says at some moment."""

    cluster: str
    as_of_seconds: float


def entry(value: EncodedObject) -> bytes:
    """An element of ``Frame.entries``."""
    return b"".join(
        (_ENTRY_TAG, varint(len(value.head) + len(value.row) + len(value.body)), value.head, value.row, value.body)
    )


def patched_entry(value: EncodedObject, patch: bytes) -> bytes:
    """The same with a merge patch in place of the body."""
    field = bytes_field(5, patch)
    return b"".join((_ENTRY_TAG, varint(len(value.head) + len(value.row) + len(field)), value.head, value.row, field))


# An edit of the policy hides the same objects from many audiences at once.
@functools.lru_cache(maxsize=10_000)
def tombstone(key: Key, reason: TombstoneReason) -> bytes:
    """An element of ``Frame.tombstones``."""
    encoded_key = resource_pb2.Key(
        type=key.type, namespace=key.namespace, name=key.name, uid=key.uid
    ).SerializeToString()
    return bytes_field(8, bytes_field(1, encoded_key) + varint_field(2, _REASONS[reason]))


def shared_frame(
    kind: int,
    header: Header,
    *,
    content: bytes = b"",
    token: bytes = b"",
    item_count: int = 0,
    digest: int = 0,
) -> bytes:
    """A frame without what is a single stream's own: sequence, cluster state and resume outcome."""
    return b"".join(
        (
            varint_field(2, kind),
            bytes_field(3, header.cluster.encode()),
            bytes_field(4, timestamp(header.as_of_seconds)) if header.as_of_seconds else b"",
            bytes_field(5, token) if token else b"",
            content,
            varint_field(9, item_count),
            fixed64_field(10, digest),
        )
    )


def watch_response(sequence: int, shared: bytes, state: ClusterState | None, outcome: str = "") -> bytes:
    """A WatchResponse with one frame, joined from what is shared and what is this stream's own."""
    own = varint_field(1, sequence)
    if state is not None:
        own += bytes_field(6, state.to_message().SerializeToString())
    if outcome:
        own += bytes_field(11, outcome.encode())
    return b"".join((_FRAME_TAG, varint(len(own) + len(shared)), own, shared))


def timestamp(seconds: float) -> bytes:
    """A Timestamp message of a Unix time after 1970, to the millisecond."""
    milliseconds = int(seconds * 1000)
    return varint_field(1, milliseconds // 1000) + varint_field(2, milliseconds % 1000 * 1_000_000)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Joined elements that fit one frame; ``last`` is what came with the last of them."""

    content: bytes
    last: int


def chunks(elements: Iterable[tuple[int, bytes]], *, first_bytes: int | None = None) -> Iterator[Chunk]:
    """Joins elements, each with a number that only grows, into chunks of at most PART_BYTES and PART_ELEMENTS,
    lazily.

    An element that is larger has a chunk of its own; ``first_bytes`` bounds the first chunk.
    """
    gathered: list[bytes] = []
    size_bytes = last = 0
    limit_bytes = PART_BYTES if first_bytes is None else first_bytes
    for number, element in elements:
        if gathered and (size_bytes + len(element) > limit_bytes or len(gathered) >= PART_ELEMENTS):
            yield Chunk(b"".join(gathered), last)
            gathered = []
            size_bytes = 0
            limit_bytes = PART_BYTES
        gathered.append(element)
        size_bytes += len(element)
        last = number
    if gathered:
        yield Chunk(b"".join(gathered), last)
