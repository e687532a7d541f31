"""Reads an agent's hot state the way a test wants to see it."""

from typing import Any

import orjson

from octokube.state import EncodedObject, Stored
from octokube.v1.frame_pb2 import Entry
from octokube_agent.hot_state import HotState


def entry_of(stored: Stored[EncodedObject]) -> Entry:
    """The whole Entry."""
    return Entry.FromString(stored.value.head + stored.value.row + stored.value.body)


def body_of(hot_state: HotState, type: str, namespace: str, name: str) -> dict[str, Any] | None:
    """The projected object of a name, or None."""
    stored = hot_state.named(type, namespace, name)
    body: dict[str, Any] | None = orjson.loads(entry_of(stored).body) if stored is not None else None
    return body


def row_of(hot_state: HotState, type: str, namespace: str, name: str) -> dict[str, Any]:
    """Column name → value of an object's row."""
    stored = hot_state.named(type, namespace, name)
    served = hot_state.served(type)
    assert stored is not None
    assert served is not None
    cells = entry_of(stored).row.cells
    return {
        column.name: getattr(cell, cell.WhichOneof("value") or "", None)
        for column, cell in zip(served.columns, cells, strict=False)
    }


def all_bytes(hot_state: HotState) -> bytes:
    """Everything that is stored, as one string of bytes to search."""
    return b"\n".join(part for item in hot_state.all() for part in (item.value.head, item.value.row, item.value.body))
