"""Joined bytes are the bytes that protobuf's own encoder writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octokube.runtime.wire import bytes_field, fixed64_field, varint, varint_field
from octokube.v1.frame_pb2 import Entry, Frame, Position, Tombstone

UNSIGNED_64 = st.one_of(st.integers(0, 2**64 - 1), st.sampled_from([0, 1, 127, 128, 2**32, 2**63, 2**64 - 1]))


@given(UNSIGNED_64)
def test_a_varint_field_equals_protobufs(value: int) -> None:
    assert varint_field(2, value) == Position(version=value).SerializeToString()


@given(st.binary(max_size=300))
def test_a_bytes_field_equals_protobufs(payload: bytes) -> None:
    expected = Position(epoch=payload).SerializeToString()
    # Encoders leave an empty scalar out; written out it means the same, and inside a oneof it even has to be.
    assert bytes_field(1, payload) == expected if payload else Position.FromString(bytes_field(1, b"")) == Position()


@given(UNSIGNED_64)
def test_a_fixed64_field_equals_protobufs(value: int) -> None:
    assert fixed64_field(10, value) == Frame(digest=value).SerializeToString()


@given(st.integers(1, 2**29 - 1), st.binary(max_size=8))
def test_any_field_number_is_written_as_a_tag(number: int, payload: bytes) -> None:
    assert bytes_field(number, payload) == varint(number * 8 + 2) + bytes([len(payload)]) + payload


@pytest.mark.parametrize("size", [0, 127, 128, 16_383, 16_384, 300_000])
def test_the_length_of_a_large_payload_is_read_back(size: int) -> None:
    assert Position.FromString(bytes_field(1, bytes(size))).epoch == bytes(size)


@given(st.lists(st.tuples(st.text(max_size=5), st.binary(max_size=40)), max_size=6))
def test_a_frame_joined_from_encoded_entries_is_the_frame(parts: list[tuple[str, bytes]]) -> None:
    """What hub and gateway rely on: entries that were encoded elsewhere, appended to a header, are one frame."""
    frame = Frame(sequence=7, cluster="demo", digest=2**63)
    entries = [Entry(resource_version=version, body=body) for version, body in parts]
    tombstone = Tombstone(reason=1)  # type: ignore[arg-type]
    frame.entries.extend(entries)
    frame.tombstones.append(tombstone)
    joined = (
        varint_field(1, 7)
        + bytes_field(3, b"demo")
        + b"".join(bytes_field(7, entry.SerializeToString()) for entry in entries)
        + bytes_field(8, tombstone.SerializeToString())
        + fixed64_field(10, 2**63)
    )
    assert joined == frame.SerializeToString()


@given(st.text(max_size=5), st.binary(max_size=40))
def test_an_entry_is_the_concatenation_of_its_parts(version: str, body: bytes) -> None:
    head = Entry(resource_version=version)
    head.key.name = "api"
    row = Entry()
    row.row.cells.add().text = "Running"
    whole = Entry(resource_version=version, body=body)
    whole.key.name = "api"
    whole.row.cells.add().text = "Running"
    parts = head.SerializeToString() + row.SerializeToString() + Entry(body=body).SerializeToString()
    assert parts == whole.SerializeToString()
