"""Reads link frames: protobuf on one side, the shared state machine's values on the other."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from octokube.state import EncodedObject, Key
from octokube.v1 import agent_service_pb2, frame_pb2, resource_pb2

MAX_NAME_LENGTH = 512
"""Kubernetes allows 253 for names and 317 for a type with its group; an agent that sends more is broken."""
_ROW_TAG = 3 << 3 | 2
_BODY_TAG = 4 << 3 | 2
_FRAME_TAG = 2 << 3 | 2


class Malformed(Exception):
    """A peer sent what the contract does not allow. The text says what, without content of objects."""


@dataclass(frozen=True, slots=True)
class Put:
    """An object's newest state."""

    version: int
    key: Key
    value: EncodedObject


@dataclass(frozen=True, slots=True)
class Remove:
    """An object that is gone."""

    version: int
    key: Key


def read_request(message: bytes) -> agent_service_pb2.AgentHello | tuple[agent_service_pb2.LinkFrame, int]:
    """A hello, or a link frame with its size in bytes as the agent counts it. Raises Malformed."""
    try:
        payload = _only_field(message, _FRAME_TAG)
        if payload is not None:
            return agent_service_pb2.LinkFrame.FromString(payload), len(payload)
        request = agent_service_pb2.ConnectRequest.FromString(message)
    except DecodeError as error:
        raise Malformed("a message that is no protobuf of this contract") from error
    if request.HasField("hello"):
        return request.hello
    if request.HasField("frame"):
        return request.frame, request.frame.ByteSize()
    raise Malformed("a message that is neither hello nor frame")


def read_entries(entries: Iterable[agent_service_pb2.LinkEntry]) -> list[Put]:
    """The entries of a frame. Raises Malformed.

    Row and body must each be exactly one field, and head none of theirs: what is joined into a subscriber's frame can
    then say nothing about any key but the one that policy was asked about.
    """
    return [_read_entry(item) for item in entries]


def read_tombstones(tombstones: Iterable[agent_service_pb2.LinkTombstone]) -> list[Remove]:
    """The tombstones of a frame. Raises Malformed."""
    return [Remove(item.version, _read_key(item.key)) for item in tombstones]


def read_types(types: agent_service_pb2.TypeList) -> dict[str, resource_pb2.ResourceType]:
    """The types by name. Raises Malformed."""
    result: dict[str, resource_pb2.ResourceType] = {}
    for item in types.types:
        if not _is_type_name(item.type) or item.type in result:
            raise Malformed("a type without a proper name, or named twice")
        copy = resource_pb2.ResourceType()
        copy.CopyFrom(item)  # one of its own: the item would keep the whole frame alive
        result[item.type] = copy
    return result


def _read_entry(item: agent_service_pb2.LinkEntry) -> Put:
    try:
        head = frame_pb2.Entry.FromString(item.head)
    except DecodeError as error:
        raise Malformed("an entry whose head is no protobuf") from error
    if head.HasField("row") or head.body or head.patch:
        raise Malformed("an entry whose head holds more than a key and a resource version")
    row, body = item.row, item.body
    if (row and _only_field(row, _ROW_TAG) is None) or (body and _only_field(body, _BODY_TAG) is None):
        raise Malformed("an entry whose row or body is not exactly that field")
    return Put(item.version, _read_key(head.key), EncodedObject(head.resource_version, item.head, row, body))


def _read_key(key: resource_pb2.Key) -> Key:
    if not _is_type_name(key.type) or not key.name or not key.uid:
        raise Malformed("a key without type, name or uid")
    if max(len(key.namespace), len(key.name), len(key.uid)) > MAX_NAME_LENGTH:
        raise Malformed(f"a key with more than {MAX_NAME_LENGTH} characters in a part")
    # Types and namespaces repeat by the thousand: one string each.
    return Key(sys.intern(key.type), sys.intern(key.namespace), key.name, key.uid)


def _is_type_name(name: str) -> bool:
    return 0 < len(name) <= MAX_NAME_LENGTH and "/" not in name


def _only_field(data: bytes, tag: int) -> bytes | None:
    """The content of a message that is exactly one length-delimited field with this (one byte) tag, else None."""
    if not data or data[0] != tag:
        return None
    length = shift = 0
    for index in range(1, min(len(data), 11)):
        byte = data[index]
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            return data[index + 1 :] if length == len(data) - index - 1 else None
        shift += 7
    return None
