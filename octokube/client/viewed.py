"""What a subscriber holds of an object, and what one frame did to it."""

import enum
from dataclasses import dataclass
from typing import Any

import orjson

from octokube.state import Key
from octokube.v1 import resource_pb2


class ChangeKind(enum.Enum):
    """What happened to a key in the copy."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class ViewedObject:
    """An object as the subscriber may see it. ``body`` is projected JSON, empty when the detail is ROWS."""

    key: Key
    resource_version: str
    row: resource_pb2.Row
    body: bytes

    @property
    def content(self) -> dict[str, Any]:
        """The body as Python values, parsed with each call. Raises ValueError when the view has no bodies."""
        if not self.body:
            raise ValueError(f"{self.key.type} {self.key.name} was asked for without its body; ask for bodies")
        parsed: dict[str, Any] = orjson.loads(self.body)
        return parsed


@dataclass(frozen=True, slots=True)
class ViewChange:
    """One difference that a frame made. For DELETED and WITHDRAWN, ``object`` is the last that was held."""

    kind: ChangeKind
    cluster: str
    object: ViewedObject
