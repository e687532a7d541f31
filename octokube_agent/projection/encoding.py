"""Turns an object into the bytes that travel: head, row, body, each a part of one protobuf ``Entry``."""

from collections.abc import Sequence
from typing import Any

import orjson
import structlog

from octokube.runtime.wire import bytes_field, varint, varint_field
from octokube.state import EncodedObject, Key
from octokube_agent.projection import noise
from octokube_agent.projection.columns import Cell, Printer
from octokube_agent.projection.redaction import Redactor
from octokube_agent.served_type import ColumnKind

log = structlog.get_logger(__name__)

_ENTRY_KEY, _ENTRY_RESOURCE_VERSION, _ENTRY_ROW, _ENTRY_BODY = 1, 2, 3, 4
_KEY_TYPE, _KEY_NAMESPACE, _KEY_NAME, _KEY_UID = 1, 2, 3, 4
_ROW_CELLS = 1
_CELL_TEXT, _CELL_NUMBER, _CELL_UNIX_SECONDS, _CELL_FLAG = 1, 2, 3, 4
_NO_CELL = bytes_field(_ROW_CELLS, b"")
_NUMBERS = range(-(1 << 63), 1 << 63)


class NotAnObject(ValueError):
    """What the server sent has no name. Its text never holds any of the content."""


class Projector:
    """Projects, redacts and encodes the objects of one type.

    Deterministic: equal objects give equal bytes (members are sorted by name, so that a merge patch leads to them), and
    objects that print equally give equal row bytes. The object that is passed in is consumed: it is changed on the way.
    """

    def __init__(self, type: str, *, api_version: str, kind: str, printer: Printer, redactor: Redactor) -> None:
        self._type = type
        self._api_version = api_version
        self._kind = kind
        self._printer = printer
        self._kinds = tuple(column.kind for column in printer.columns)
        self._redactor = redactor
        self._type_field = _text_field(_KEY_TYPE, type)
        self._has_warned = False

    def encode(self, obj: dict[str, Any]) -> tuple[Key, EncodedObject]:
        """The key and the encoded parts. Raises NotAnObject when name or uid is missing."""
        key, resource_version = identify(self._type, obj)
        obj, body = self._project(obj, key, resource_version)
        key_bytes = (
            self._type_field
            + _text_field(_KEY_NAMESPACE, key.namespace)
            + _text_field(_KEY_NAME, key.name)
            + _text_field(_KEY_UID, key.uid)
        )
        return key, EncodedObject(
            resource_version=resource_version,
            head=bytes_field(_ENTRY_KEY, key_bytes) + _text_field(_ENTRY_RESOURCE_VERSION, resource_version),
            row=bytes_field(_ENTRY_ROW, encode_row(self._kinds, self._cells(obj))),
            body=bytes_field(_ENTRY_BODY, body),
        )

    def _project(self, obj: dict[str, Any], key: Key, resource_version: str) -> tuple[dict[str, Any], bytes]:
        """The reduced and redacted object and its JSON. Of an object on which that fails (nested too deep, or not in
        the shape that its type promises) only the identity is left: what can't be redacted does not leave the cluster.
        """
        # Items of a list come without them; as a whole object has both, all are made alike.
        whole = {"apiVersion": self._api_version, "kind": self._kind, **obj}
        try:
            noise.reduce(self._type, whole)
            self._redactor.redact(self._type, whole)
            return whole, orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)
        except (RecursionError, TypeError, ValueError, AttributeError, KeyError, IndexError) as error:
            self._warn("projection.failed", error)
        metadata = {"name": key.name, "namespace": key.namespace, "uid": key.uid, "resourceVersion": resource_version}
        identity = {
            "apiVersion": self._api_version,
            "kind": self._kind,
            "metadata": {name: value for name, value in metadata.items() if value},
        }
        return identity, orjson.dumps(identity, option=orjson.OPT_SORT_KEYS)

    def _cells(self, obj: dict[str, Any]) -> Sequence[Cell]:
        try:
            return self._printer.cells(obj)
        except (RecursionError, KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
            # The shapes are the server's to check; should one be off, its row is empty and its body still there.
            self._warn("projection.row_failed", error)
            return ()

    def _warn(self, event: str, error: Exception) -> None:
        """Once per type, and without the error's text, which may quote the object."""
        if not self._has_warned:
            self._has_warned = True
            log.warning(event, type=self._type, error=type(error).__name__)


def identify(type: str, obj: dict[str, Any]) -> tuple[Key, str]:
    """The key and the resource version of an object. Raises NotAnObject when name or uid is missing."""
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict) or not metadata.get("name"):
        raise NotAnObject(f"the server sent an object of {type} without a name")
    # A few aggregated APIs give no uid; the name then is all the identity there is.
    uid = str(metadata.get("uid") or f"name:{metadata['name']}")
    key = Key(type, str(metadata.get("namespace") or ""), str(metadata["name"]), uid)
    return key, str(metadata.get("resourceVersion") or "")


def encode_row(kinds: Sequence[ColumnKind], cells: Sequence[Cell]) -> bytes:
    """An encoded Row: one cell per column, trailing unknown ones left out."""
    parts = [_NO_CELL if cell is None else _cell(kind, cell) for kind, cell in zip(kinds, cells, strict=False)]
    while parts and parts[-1] is _NO_CELL:
        parts.pop()
    return b"".join(parts)


def _cell(kind: ColumnKind, value: str | int | bool) -> bytes:
    """One cell of the row. Members of a oneof are written even when they hold their default value."""
    if kind is ColumnKind.NUMBER:
        whole = int(value)
        if whole not in _NUMBERS:
            return _NO_CELL  # the contract's numbers have 64 bits
        member = varint(_CELL_NUMBER << 3) + varint((whole << 1) ^ (whole >> 63))
    elif kind is ColumnKind.TIME:
        member = varint(_CELL_UNIX_SECONDS << 3) + varint(int(value) & 0xFFFF_FFFF_FFFF_FFFF)
    elif kind is ColumnKind.BOOLEAN:
        member = varint_field(_CELL_FLAG, 1) if value else varint(_CELL_FLAG << 3) + b"\0"
    else:
        member = bytes_field(_CELL_TEXT, str(value).encode())
    return bytes_field(_ROW_CELLS, member)


def _text_field(number: int, text: str) -> bytes:
    """A string field, left out when empty, as encoders do."""
    return bytes_field(number, text.encode()) if text else b""
