"""The types the cluster serves: their names, verbs and subresources."""

from octokube_demo.resources.kinds import ResourceType, Subresource
from octokube_demo.resources.registry import Registry

__all__ = ["Registry", "ResourceType", "Subresource"]
