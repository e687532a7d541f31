"""Live views of clusters for programs: ``connect`` to a hub, hold a ``ClusterView``, iterate over what changes."""

from octokube.client.changes import Changes
from octokube.client.connection import Client, connect
from octokube.client.feed import FeedError
from octokube.client.view import AmbiguousName, ClusterView
from octokube.client.viewed import ChangeKind, ViewChange, ViewedObject

__all__ = [
    "AmbiguousName",
    "ChangeKind",
    "Changes",
    "Client",
    "ClusterView",
    "FeedError",
    "ViewChange",
    "ViewedObject",
    "connect",
]
