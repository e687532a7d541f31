"""Says which operations may pass at all, whatever the hub asks for."""

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass

from octokube.runtime.errors import UserError
from octokube.v1.operation_pb2 import OperationStart

ALL = tuple(sorted(member.name for member in OperationStart.DESCRIPTOR.oneofs_by_name["operation"].fields))
READ_ONLY = ("describe", "get", "logs", "rollout_status", "schema")
WRITES = ("apply", "cordon", "create", "delete", "drain", "patch", "restart", "rollback", "scale")
ESCALATE = "escalate"
"""Stands among the operations for writes that raise privileges: without it no hub's leave lets one pass."""
PROFILES = {"none": (), "read-only": READ_ONLY, "read-write": (*READ_ONLY, *WRITES), "all": (*ALL, ESCALATE)}
"""What can be said in one word. A shell, files, ports, values of Secrets and raised privileges are in ``all`` alone."""
CLUSTER_SCOPED = "cluster-scoped"
"""Stands in the list of namespaces for objects that are in none."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The agent's static limit. Everything that it does not name is refused before anything is asked of the cluster.

    ``operations`` are names of the contract's OperationStart members. ``types`` and ``namespaces`` are patterns with
    ``*`` and ``?``; objects in no namespace pass as ``cluster-scoped``. ``is_escalating`` lets writes raise privileges,
    when the hub allows them, too.
    """

    operations: frozenset[str] = frozenset(READ_ONLY)
    types: tuple[str, ...] = ("*",)
    namespaces: tuple[str, ...] = ("*",)
    is_escalating: bool = False

    @classmethod
    def of(
        cls, operations: Iterable[str] = ("read-only",), types: Iterable[str] = (), namespaces: Iterable[str] = ()
    ) -> "Ceiling":
        """Reads what an operator wrote: names and profiles. Raises UserError for an unknown one."""
        names: set[str] = set()
        for word in operations:
            if word in PROFILES:
                names.update(PROFILES[word])
            elif word in (*ALL, ESCALATE):
                names.add(word)
            else:
                known = ", ".join((*PROFILES, *ALL, ESCALATE))
                raise UserError(f"unknown operation {word!r} in --operations; use one of: {known}")
        is_escalating = ESCALATE in names
        passing = frozenset(names - {ESCALATE})
        return cls(passing, tuple(types) or ("*",), tuple(namespaces) or ("*",), is_escalating)

    def refusal(self, operation: str, type: str, namespace: str) -> str:
        """Why an operation on an object may not pass, in one sentence; "" when it may."""
        if operation not in self.operations:
            return f"the cluster's agent does not allow {operation} (its --operations leaves it out)"
        return self.object_refusal(type, namespace)

    def object_refusal(self, type: str, namespace: str) -> str:
        """Why nothing may be done with an object, in one sentence; "" when something may."""
        if not _is_matched(type, self.types):
            return f"the cluster's agent allows no operation on {type} (its --operation-type leaves it out)"
        if not _is_matched(namespace or CLUSTER_SCOPED, self.namespaces):
            where = f"in namespace {namespace}" if namespace else "on objects outside namespaces"
            return f"the cluster's agent allows no operation {where} (its --operation-namespace leaves it out)"
        return ""


def _is_matched(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
