"""Turns an operation's target into the one object that is checked and then asked for."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from octokube.v1 import operation_pb2 as pb
from octokube.v1 import resource_pb2
from octokube_agent.operations.failures import Failed, Refused
from octokube_agent.served_type import ServedType

Served = Callable[[str], ServedType | None]
"""Finds a type by its name, as the agent serves it."""

_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._@~-]{0,252}")
"""Everything that Kubernetes accepts somewhere as a name and that means nothing in a path. RBAC names hold colons."""


@dataclass(frozen=True, slots=True)
class Reference:
    """One object, or with an empty name one collection. Made only by ``parse`` and ``of``, so its parts fit a path."""

    type: str
    group: str
    version: str
    kind: str
    namespace: str
    name: str
    uid: str
    resource_version: str

    @property
    def api_version(self) -> str:
        """As objects carry it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def collection(self) -> str:
        """The path of the objects beside it."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        inside = f"/namespaces/{self.namespace}" if self.namespace else ""
        return f"{root}{inside}/{self.type.partition('.')[0]}"

    @property
    def path(self) -> str:
        """The object's path."""
        return f"{self.collection}/{self.name}"

    @property
    def key(self) -> resource_pb2.Key:
        """As the contract names it."""
        return resource_pb2.Key(type=self.type, namespace=self.namespace, name=self.name, uid=self.uid)

    def __str__(self) -> str:
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.type} {self.name or '(any)'}{where}"


def parse(target: pb.OperationTarget, served: Served, *, cluster: str, subresources: frozenset[str]) -> Reference:
    """The reference of a target. Raises Refused for one that is not exactly one object, or one collection, here."""
    if target.cluster != cluster:
        raise Refused(f"the operation is for cluster {target.cluster!r}, and this agent is that of {cluster!r}")
    if target.subresource and target.subresource not in subresources:
        raise Refused(f"the operation has nothing to do with the subresource {target.subresource!r}")
    key = target.key
    return of(
        key.type, key.namespace, key.name, served, uid=key.uid, resource_version=target.resource_version, is_asked=True
    )


def of(
    type: str,
    namespace: str,
    name: str,
    served: Served,
    *,
    uid: str = "",
    resource_version: str = "",
    is_asked: bool = False,
) -> Reference:
    """The reference of an object by its parts. Raises Refused, or for a type that is not served here Failed."""
    found = served(type)
    if found is None:
        raise Failed(f"the cluster serves no {type!r}, or its agent does not follow them")
    if namespace and not _NAMESPACE.fullmatch(namespace):
        raise Refused("the namespace is not one that Kubernetes can have")
    if name and (not _NAME.fullmatch(name) or ".." in name):
        raise Refused("the name is not one that Kubernetes can have")
    if found.namespaced != bool(namespace) and (is_asked or name):
        raise Refused(f"{type} are {'inside' if found.namespaced else 'outside'} namespaces; the target says otherwise")
    return Reference(type, found.group, found.version, found.kind, namespace, name, uid, resource_version)
