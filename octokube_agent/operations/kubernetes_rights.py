"""Says what each operation asks of the API server, and which rules of a role that takes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from octokube.runtime.errors import UserError
from octokube_agent.operations.changing import ROLLED
from octokube_agent.operations.reading import DEPENDANTS

ANY = "*"
OWN = "own"
"""Stands in the table for the types that an operation is allowed on."""
METHODS = {
    "get": "GET",
    "list": "GET",
    "create": "POST",
    "patch": "PATCH",
    "delete": "DELETE",
    "impersonate": "",  # a header of any request
}
"""The HTTP method by which the agent does what a Kubernetes verb names. A websocket is opened by GET."""
SCALED = ("deployments.apps", "replicasets.apps", "replicationcontrollers", "statefulsets.apps")

Rule = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Right:
    """What an operation does on some types: by ``verbs`` of Kubernetes' RBAC, on the objects or a subresource."""

    verbs: tuple[str, ...]
    types: tuple[str, ...] = (OWN,)
    subresource: str = ""


def _socket(subresource: str) -> tuple[Right, ...]:
    # Opening a websocket is a "get" up to Kubernetes 1.34, and from 1.35 on a "create", as it always was over SPDY.
    return Right(("get",), ("pods",)), Right(("get", "create"), ("pods",), subresource)


_CONTROLLERS = tuple(DEPENDANTS)
_DEPENDANTS = tuple(sorted({name for names in DEPENDANTS.values() for name in names}))
_REVISIONS = Right(("list",), ("controllerrevisions.apps", "replicasets.apps"))

RIGHTS: Mapping[str, tuple[Right, ...]] = {
    "get": (Right(("get",)),),
    "describe": (Right(("get",)), Right(("get",), _CONTROLLERS), Right(("list",), ("events", *_DEPENDANTS))),
    "logs": (
        Right(("get",), ("pods", *(name for name in _CONTROLLERS if name != "services"))),
        Right(("list",), ("pods", "jobs.batch", "replicasets.apps")),
        Right(("get",), ("pods",), "log"),
    ),
    "apply": (Right(("get", "create", "patch")),),
    "create": (Right(("create",)),),
    "patch": (Right(("get", "patch")),),
    "delete": (Right(("get", "delete")),),
    "scale": (Right(("get",), (OWN, *SCALED)), Right(("patch",), (OWN, *SCALED), "scale")),
    "restart": (Right(("get", "patch"), ROLLED),),
    "rollback": (Right(("get", "patch"), ROLLED), _REVISIONS),
    "rollout_status": (Right(("get",), ROLLED),),
    "schema": (),  # at /openapi, which system:discovery opens to whoever is signed in
    "cordon": (Right(("get", "patch"), ("nodes",)),),
    "drain": (
        Right(("get", "patch"), ("nodes",)),
        Right(("get", "list"), ("pods",)),
        Right(("create",), ("pods",), "eviction"),
    ),
    "reveal": (Right(("get",), ("secrets",)),),
    "exec": _socket("exec"),
    "copy_from": _socket("exec"),
    "attach": _socket("attach"),
    "debug": (*_socket("attach"), Right(("patch",), ("pods",), "ephemeralcontainers")),
    "port_forward": _socket("portforward"),
    "escalate": (),  # only lets the other writes do more; Kubernetes still lets nobody grant what they have not
}
"""Every word that a ceiling knows: the contract's operations, and escalate. What has no line is never asked."""


def rules_for(operations: Iterable[str], types: Iterable[str] = (), *, is_impersonating: bool = False) -> list[Rule]:
    """The rules of a ClusterRole with which these operations work, and no others: sorted, one for each set of verbs.

    ``types`` are those (``pods``, ``deployments.apps``, ``*.apps``) on which get, describe, apply, create, patch,
    delete and scale may be done; without any, these yield what they need beside the object only. Raises UserError for a
    name that is no operation, and for a pattern that Kubernetes has no way to say. ``*`` as a resource covers its
    subresources in Kubernetes, ``pods/exec`` among them: name the types wherever that matters.
    """
    own = tuple(types)
    verbs: dict[tuple[str, str], set[str]] = {}
    for operation in operations:
        if operation not in RIGHTS:
            raise UserError(f"unknown operation {operation!r}; there are {', '.join(sorted(RIGHTS))}")
        for right in RIGHTS[operation]:
            for type in _named(right.types, own):
                resource, _, group = type.partition(".")
                _check(type, resource, group)
                if resource == ANY and not group:
                    group = ANY
                place = (group, f"{resource}/{right.subresource}" if right.subresource else resource)
                verbs.setdefault(place, set()).update(right.verbs)
    if is_impersonating:
        verbs["", "users"] = verbs["", "groups"] = {"impersonate"}
    together: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (group, resource), allowed in sorted(verbs.items()):
        together.setdefault((group, tuple(sorted(allowed))), []).append(resource)
    return [
        {"apiGroups": [group], "resources": resources, "verbs": list(allowed)}
        for (group, allowed), resources in sorted(together.items())
    ]


def _named(types: tuple[str, ...], own: tuple[str, ...]) -> list[str]:
    return [name for type in types for name in (own if type == OWN else (type,))]


def _check(type: str, resource: str, group: str) -> None:
    has_pattern = any(sign in part for part in (resource, group) for sign in "*?[") and resource != ANY
    if not resource or has_pattern or any(sign in group for sign in "*?["):
        raise UserError(f"a role can't name the types {type!r}: write whole names, *.<group>, or *")
