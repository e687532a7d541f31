"""Encodes objects as an agent would, with stock protobuf."""

import dataclasses
import json

from octokube.state import EncodedObject, Key
from octokube.v1 import agent_service_pb2, frame_pb2, resource_pb2


def key(type: str, namespace: str, name: str, uid: str = "") -> Key:
    """A key; the uid is made from the name when none is given."""
    return Key(type, namespace, name, uid or f"uid-{namespace}-{name}")


def canary(key: Key) -> str:
    """A text that is in every object's row and body, and in no other's."""
    return f"canary<{key.type}|{key.namespace}|{key.name}>"


def encoded(
    key: Key, resource_version: str, *, status: str = "Running", note: str = "", label: str = ""
) -> EncodedObject:
    """An object whose row shows ``status`` and whose body has ``note``, too, and the label ``note``."""
    head = frame_pb2.Entry(key=to_message(key), resource_version=resource_version).SerializeToString()
    cells = [resource_pb2.Cell(text=status), resource_pb2.Cell(text=canary(key))]
    row = frame_pb2.Entry(row=resource_pb2.Row(cells=cells)).SerializeToString()
    labels = f'"metadata":{{"labels":{{"note":"{label}"}}}},' if label else ""
    text = f'{{"c":"{canary(key)}",{labels}"note":"{note}"'
    body = frame_pb2.Entry(body=f'{text},"rv":"{resource_version}","status":"{status}"}}'.encode()).SerializeToString()
    return EncodedObject(resource_version, head, row, body)


def documented(key: Key, document: dict[str, object]) -> EncodedObject:
    """An object with a body of one's own."""
    value = encoded(key, "1")
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    return dataclasses.replace(value, body=frame_pb2.Entry(body=body).SerializeToString())


def to_message(key: Key) -> resource_pb2.Key:
    """The contract's form of a key."""
    return resource_pb2.Key(type=key.type, namespace=key.namespace, name=key.name, uid=key.uid)


def link_entry(version: int, value: EncodedObject) -> agent_service_pb2.LinkEntry:
    """An entry of a link frame."""
    return agent_service_pb2.LinkEntry(version=version, head=value.head, row=value.row, body=value.body)


def type_named(name: str) -> resource_pb2.ResourceType:
    """A type with two columns."""
    return resource_pb2.ResourceType(
        type=name,
        version="v1",
        kind=name.title(),
        namespaced=name != "nodes",
        columns=[resource_pb2.Column(name="Status"), resource_pb2.Column(name="Canary")],
        condition=resource_pb2.TYPE_CONDITION_SYNCED,
    )
