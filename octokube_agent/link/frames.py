"""Joins encoded objects into link frames."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from octokube.runtime.wire import bytes_field, fixed64_field, varint, varint_field
from octokube.state import EncodedObject, Removed, SnapshotDigest, Stored
from octokube.v1 import frame_pb2, resource_pb2
from octokube_agent.health import Freshness
from octokube_agent.served_type import ServedType

FRAME_BYTES = 256 * 1024
"""Large enough that framing costs nothing, small enough that a receiver shows the first part of a snapshot early and
that one frame takes a slow line no longer than a moment."""

FRAME_ELEMENTS = 1_000
"""Entries and tombstones in one frame: both ends give way between frames, and tombstones are small."""

_EPOCH_START = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True, slots=True)
class Header:
    """What every frame says besides its content."""

    as_of: datetime.datetime
    types: bytes = b""
    cluster_state: bytes = b""


def delta(from_version: int, to_version: int, content: bytes, header: Header) -> bytes:
    """A DELTA frame; ``content`` is joined entries and tombstones."""
    return _frame(frame_pb2.FRAME_KIND_DELTA, from_version, to_version, content, header)


def bookmark(version: int, header: Header) -> bytes:
    """A BOOKMARK frame."""
    return _frame(frame_pb2.FRAME_KIND_BOOKMARK, version, version, b"", header)


def snapshot_begin(version: int, horizon: int, header: Header) -> bytes:
    """A SNAPSHOT_BEGIN frame of the snapshot at a version, with all tombstones since the horizon.

    The horizon is written also when it is 0: without one, the snapshot would lead nobody on from an earlier version.
    """
    return _frame(frame_pb2.FRAME_KIND_SNAPSHOT_BEGIN, 0, version, varint(11 << 3) + varint(horizon), header)


def snapshot_part(content: bytes, header: Header) -> bytes:
    """A SNAPSHOT_PART frame."""
    return _frame(frame_pb2.FRAME_KIND_SNAPSHOT_PART, 0, 0, content, header)


def snapshot_end(version: int, digest: SnapshotDigest, tombstone_count: int, header: Header) -> bytes:
    """A SNAPSHOT_END frame."""
    check = varint_field(8, digest.item_count) + fixed64_field(9, digest.value) + varint_field(12, tombstone_count)
    return _frame(frame_pb2.FRAME_KIND_SNAPSHOT_END, 0, version, check, header)


def entry(stored: Stored[EncodedObject]) -> bytes:
    """A LinkEntry as an element of a frame's ``entries``."""
    value = stored.value
    return bytes_field(
        5,
        varint_field(1, stored.version)
        + bytes_field(2, value.head)
        + bytes_field(3, value.row)
        + bytes_field(4, value.body),
    )


def tombstone(removed: Removed, deleted_at: datetime.datetime | None) -> bytes:
    """A LinkTombstone as an element of a frame's ``tombstones``."""
    key = removed.key
    encoded_key = resource_pb2.Key(
        type=key.type, namespace=key.namespace, name=key.name, uid=key.uid
    ).SerializeToString()
    content = varint_field(1, removed.version) + bytes_field(2, encoded_key)
    if deleted_at is not None:
        content += bytes_field(3, _timestamp(deleted_at))
    return bytes_field(6, content)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Joined elements that fit one frame, and the version up to which they are complete."""

    to_version: int
    content: bytes


def chunks(elements: Iterable[tuple[int, bytes]], *, limit_bytes: int = FRAME_BYTES) -> Iterator[Chunk]:
    """Joins (version, element) pairs, in version order, into chunks of at most ``limit_bytes`` and FRAME_ELEMENTS; an
    element that is larger has a chunk of its own.
    """
    gathered: list[bytes] = []
    size_bytes = 0
    last_version = 0
    for version, element in elements:
        if gathered and (size_bytes + len(element) > limit_bytes or len(gathered) >= FRAME_ELEMENTS):
            yield Chunk(last_version, b"".join(gathered))
            gathered = []
            size_bytes = 0
        gathered.append(element)
        size_bytes += len(element)
        last_version = version
    if gathered:
        yield Chunk(last_version, b"".join(gathered))


def type_list(types: Iterable[ServedType]) -> bytes:
    """A TypeList message."""
    parts = []
    for served in types:
        message = resource_pb2.ResourceType(
            type=served.name,
            group=served.group,
            version=served.version,
            kind=served.kind,
            namespaced=served.namespaced,
            short_names=served.short_names,
            singular=served.singular,
            columns=[
                resource_pb2.Column(
                    name=column.name,
                    kind=resource_pb2.ColumnKind.Name(column.kind.value),
                    priority=column.priority,
                    description=column.description,
                )
                for column in served.columns
            ],
            condition=resource_pb2.TypeCondition.Name(served.condition.value),
            reason=served.reason,
        )
        parts.append(bytes_field(1, message.SerializeToString()))
    return b"".join(parts)


def cluster_state(freshness: Freshness) -> bytes:
    """A ClusterState message."""
    live, stale = resource_pb2.CLUSTER_CONDITION_LIVE, resource_pb2.CLUSTER_CONDITION_STALE
    return (
        varint_field(1, live if freshness.is_live else stale)
        + bytes_field(2, _timestamp(freshness.since))
        + (bytes_field(3, freshness.reason.encode()) if freshness.reason else b"")
    )


def _frame(kind: int, from_version: int, to_version: int, content: bytes, header: Header) -> bytes:
    return b"".join(
        (
            varint_field(1, kind),
            varint_field(2, from_version),
            varint_field(3, to_version),
            bytes_field(4, _timestamp(header.as_of)),
            content,
            bytes_field(7, header.types) if header.types else b"",
            bytes_field(10, header.cluster_state) if header.cluster_state else b"",
        )
    )


def _timestamp(time: datetime.datetime) -> bytes:
    """A Timestamp message of an aware time after 1970."""
    since = time - _EPOCH_START
    return varint_field(1, since.days * 86_400 + since.seconds) + varint_field(2, since.microseconds * 1000)
