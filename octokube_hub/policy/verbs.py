"""The one table of what can be done to an object.

Everything that policy decides is a pair (type, action). Kubernetes says the same thing in several ways (a log is read
by ``get`` on ``pods/log``, a scale is an ``update`` or a ``patch`` on ``deployments.apps/scale``); the table folds them
into one action, for rows and for requests alike, so that what is granted and what is asked cannot differ in spelling.
What is not in the table does not exist: rows that name it are refused at load, requests that name it are denied. That
goes for the subresources that nothing here brokers, too (``proxy``, ``token``, ``approval``): a star cannot grant them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

KUBERNETES_VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
VERB_SETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"read": ("get", "list", "watch"), "write": ("create", "update", "patch", "delete")}
)
_WORKLOADS = frozenset({"deployments.apps", "statefulsets.apps", "daemonsets.apps"})
_PODS = frozenset({"pods"})
_NODES = frozenset({"nodes"})
_SECRETS = frozenset({"secrets"})


@dataclass(frozen=True, slots=True)
class Operation:
    """A documented name for exact pairs.

    ``types`` is where it exists (None: on every type). ``subresource`` and ``verbs`` are the Kubernetes pairs that mean
    the same; an operation without them exists under its own name only and is granted by no Kubernetes verb.
    """

    name: str
    types: frozenset[str] | None
    subresource: str = ""
    verbs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subresource:
    """A subresource, the types that have it (None: any) and the Kubernetes verbs it answers to."""

    name: str
    types: frozenset[str] | None
    verbs: tuple[str, ...]


OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        operation.name: operation
        for operation in (
            Operation("logs", _PODS, "log", ("get",)),
            Operation("exec", _PODS, "exec", ("create",)),
            Operation("attach", _PODS, "attach", ("create",)),
            Operation("portforward", _PODS, "portforward", ("create",)),
            Operation("debug", _PODS, "ephemeralcontainers", ("update", "patch")),
            Operation("scale", None, "scale", ("update", "patch")),
            Operation("restart", _WORKLOADS),
            Operation("rollback", _WORKLOADS),
            Operation("cordon", _NODES),
            Operation("drain", _NODES),
            Operation("reveal", _SECRETS),
            Operation("escalate", None),
        )
    }
)
SUBRESOURCES: Mapping[str, Subresource] = MappingProxyType(
    {
        subresource.name: subresource
        for subresource in (
            Subresource("status", None, ("get", "update", "patch")),
            Subresource("scale", None, ("get", "update", "patch")),
            Subresource("log", _PODS, ("get",)),
            Subresource("exec", _PODS, ("create",)),
            Subresource("attach", _PODS, ("create",)),
            Subresource("portforward", _PODS, ("create",)),
            Subresource("ephemeralcontainers", _PODS, ("get", "update", "patch")),
            Subresource("eviction", _PODS, ("create",)),
            Subresource("resize", _PODS, ("get", "update", "patch")),
        )
    }
)
_OPERATION_OF_PAIR = {
    (operation.subresource, verb): operation.name for operation in OPERATIONS.values() for verb in operation.verbs
}


def action_of_pair(subresource: str, verb: str) -> str:
    """The one action of a verb on a subresource ("" for the object itself): "get", "logs", "status:patch"."""
    if not subresource:
        return verb
    return _OPERATION_OF_PAIR.get((subresource, verb), f"{subresource}:{verb}")


PLAIN_SUBRESOURCE_ACTIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        verb: frozenset(
            f"{subresource.name}:{verb}"
            for subresource in SUBRESOURCES.values()
            if verb in subresource.verbs and (subresource.name, verb) not in _OPERATION_OF_PAIR
        )
        for verb in KUBERNETES_VERBS
    }
)
SUBRESOURCE_ACTIONS = frozenset(
    action_of_pair(subresource.name, verb) for subresource in SUBRESOURCES.values() for verb in subresource.verbs
)
EVERY_ACTION = frozenset(KUBERNETES_VERBS) | frozenset(OPERATIONS) | SUBRESOURCE_ACTIONS


@lru_cache(maxsize=8192)
def find_action(resource: str, verb: str) -> tuple[str, str] | None:
    """Reads a request: ``("pods", "exec")`` and ``("pods/exec", "create")`` are both ``("pods", "exec")``.

    None means that no such thing exists, which policy denies. Verb sets and ``*`` belong to rows: asked for, they are
    unknown. The 8,192 pairs used last are kept.
    """
    type_name, slash, subresource = resource.partition("/")
    if not type_name:
        return None
    if slash:
        known = SUBRESOURCES.get(subresource)
        if known is None or verb not in known.verbs or (known.types is not None and type_name not in known.types):
            return None
        return type_name, action_of_pair(subresource, verb)
    operation = OPERATIONS.get(verb)
    if operation is not None:
        return (type_name, verb) if operation.types is None or type_name in operation.types else None
    return (type_name, verb) if verb in KUBERNETES_VERBS else None
