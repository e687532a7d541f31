"""How fresh a cluster's copy is, as a value."""

import enum
from dataclasses import dataclass

from octokube.v1 import resource_pb2


class ClusterCondition(enum.IntEnum):
    """Numbers as in the contract."""

    LIVE = resource_pb2.CLUSTER_CONDITION_LIVE
    STALE = resource_pb2.CLUSTER_CONDITION_STALE
    OFFLINE = resource_pb2.CLUSTER_CONDITION_OFFLINE


@dataclass(frozen=True, slots=True)
class ClusterState:
    """``since_seconds`` is Unix time by the hub's clock; ``reason`` is empty exactly when LIVE."""

    condition: ClusterCondition
    since_seconds: float
    reason: str

    def to_message(self) -> resource_pb2.ClusterState:
        """The contract's form."""
        message = resource_pb2.ClusterState(condition=int(self.condition), reason=self.reason)  # type: ignore[arg-type]
        message.since.FromNanoseconds(int(self.since_seconds * 1e9))
        return message
