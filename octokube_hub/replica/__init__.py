"""The hub's copies of clusters, and who is told when they change."""

from octokube_hub.replica.registry import Registry
from octokube_hub.replica.replica import Replica, ReplicaEvent
from octokube_hub.replica.state import ClusterCondition, ClusterState

__all__ = ["ClusterCondition", "ClusterState", "Registry", "Replica", "ReplicaEvent"]
