"""Projects, redacts and sends objects as documents."""

import copy
from collections.abc import Iterator
from typing import Any

import orjson
import structlog

from octokube.v1 import operation_pb2 as pb
from octokube.v1 import resource_pb2
from octokube_agent.operations.stream import OperationStream
from octokube_agent.projection import noise
from octokube_agent.projection.redaction import Redactor

log = structlog.get_logger(__name__)

Object = dict[str, Any]

MAX_HIDDEN_CHANGES = 1000


class Documents:
    """Sends objects in the order of the calls. What can't be redacted is not sent, but for its identity."""

    def __init__(self, stream: OperationStream, redactor: Redactor) -> None:
        self._stream = stream
        self._redactor = redactor

    async def send(self, role: "pb.DocumentRole", type: str, obj: Object, *, before: Object | None = None) -> None:
        """Sends one object. With the object before a write it says, too, where a change can't be seen."""
        shown = self.project(type, obj)
        part = pb.DocumentPart(role=role, key=key_of(type, obj))
        if before is not None:
            part.hidden_changes.extend(hidden_changes(before, obj, self.project(type, before), shown))
        await self._stream.send_document(part, orjson.dumps(shown, option=orjson.OPT_SORT_KEYS))

    def project(self, type: str, obj: Object) -> Object:
        """The reduced and redacted copy of an object."""
        shown = copy.deepcopy(obj)
        try:
            noise.reduce(type, shown)
            self._redactor.redact(type, shown)
            return shown
        except (RecursionError, TypeError, ValueError, AttributeError, KeyError, IndexError) as error:
            log.warning("operation.projection_failed", type=type, error=type_name(error))
        metadata = obj.get("metadata") or {}
        identity = {
            name: metadata[name] for name in ("name", "namespace", "uid", "resourceVersion") if name in metadata
        }
        return {"apiVersion": obj.get("apiVersion"), "kind": obj.get("kind"), "metadata": identity}


def type_name(error: BaseException) -> str:
    """An error's type: its text may quote the object."""
    return type(error).__name__


def key_of(type: str, obj: Object) -> resource_pb2.Key:
    """The contract's key of an object."""
    metadata = obj.get("metadata") or {}
    return resource_pb2.Key(
        type=type,
        namespace=str(metadata.get("namespace") or ""),
        name=str(metadata.get("name") or ""),
        uid=str(metadata.get("uid") or ""),
    )


def hidden_changes(before: Object, after: Object, shown_before: Object, shown_after: Object) -> list[str]:
    """Paths whose values differ, although what is shown of them does not."""
    shown = dict(_leaves(shown_before, "")), dict(_leaves(shown_after, ""))
    real = dict(_leaves(before, "")), dict(_leaves(after, ""))
    changed = [path for path in real[0].keys() | real[1].keys() if real[0].get(path) != real[1].get(path)]
    hidden = [path for path in changed if path in shown[0] and shown[0][path] == shown[1].get(path)]
    return sorted(hidden)[:MAX_HIDDEN_CHANGES]


def _leaves(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict) and node:
        for name, value in node.items():
            yield from _leaves(value, f"{path}.{name}" if path else str(name))
    elif isinstance(node, list) and node:
        for position, value in enumerate(node):
            yield from _leaves(value, f"{path}[{position}]")
    else:
        yield path, node
