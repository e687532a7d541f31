"""Holds what a family of operations needs to do one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from octokube.runtime.clock import Clock
from octokube.v1 import operation_pb2 as pb
from octokube_agent.operations.ceiling import Ceiling
from octokube_agent.operations.cluster import Cluster
from octokube_agent.operations.documents import Documents
from octokube_agent.operations.reference import Reference, Served
from octokube_agent.operations.stream import OperationStream
from octokube_agent.projection.redaction import Redactor
from octokube_agent.served_type import ServedType

Object = dict[str, Any]


class Commit:
    """The point from which a write is no longer called off, since its outcome would not be known."""

    def __init__(self) -> None:
        self.has_begun = False

    def begin(self) -> None:
        """To be called right before the request that changes something."""
        self.has_begun = True


@dataclass(frozen=True, slots=True)
class Written:
    """What a write came to, and the documents that tell of it: role, type, object, and the object before, if any."""

    result: pb.OperationResult
    documents: "list[tuple[pb.DocumentRole, str, Object, Object | None]]" = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One operation that has passed the ceiling, with everything it may touch."""

    start: pb.ExecuteStart
    reference: Reference
    stream: OperationStream
    cluster: Cluster
    documents: Documents
    redactor: Redactor
    ceiling: Ceiling
    served: Served
    types: Callable[[], Sequence[ServedType]]
    clock: Clock
    commit: Commit

    def done(self, obj: Object | None = None, message: str = "") -> pb.OperationResult:
        """The result of a success, with the object's identity when there is one."""
        result = pb.OperationResult(outcome=pb.OPERATION_OUTCOME_SUCCEEDED, message=message, key=self.reference.key)
        metadata = (obj or {}).get("metadata") or {}
        if metadata.get("uid"):
            result.key.uid = metadata["uid"]
        result.resource_version = str(metadata.get("resourceVersion") or "")
        return result
