"""Says at each instant whether an operation may go on, and what of its output may pass."""

import datetime
from collections.abc import Callable

from octokube.runtime.clock import Clock
from octokube.v1 import operation_pb2 as pb
from octokube_hub.broker.request import ESCALATING, Operation
from octokube_hub.policy import PolicySet, Scope
from octokube_hub.replica import Replica

MAX_PODS = 2_000
"""Pods named one by one in a PodScope; where policy allows a whole namespace, none is."""
_OWN_DOCUMENTS = frozenset({pb.DOCUMENT_ROLE_OBJECT, pb.DOCUMENT_ROLE_BEFORE, pb.DOCUMENT_ROLE_AFTER})


class Permission:
    """One operation under the policy in force. Every answer is about now; nothing is remembered but the scope."""

    def __init__(
        self, operation: Operation, policy: Callable[[], PolicySet], clock: Clock, replica: Replica | None
    ) -> None:
        self._operation = operation
        self._policy = policy
        self._clock = clock
        self._replica = replica
        self._besides: tuple[str, ...] = ("escalate",) if operation.name in ESCALATING else ()
        if operation.name == "apply":
            self._besides = ("escalate", "patch", "create")
        self._told: frozenset[str] = frozenset()

    @property
    def scope(self) -> Scope:
        """What the subject may do now."""
        return self._policy().scope(self._operation.subject, self._clock.now())

    def holds(self) -> bool:
        """Whether the operation may go on, with everything that the agent was told is allowed besides."""
        operation = self._operation
        if not all(self._allows(verb) for verb in self._told):
            return False
        if operation.is_of_many_pods:
            key = operation.start.target.key
            is_named = bool(key.name)
            may_read = not is_named or self._allows("get")
            selector = self.scope.selector(operation.cluster, "pods", "logs")
            return may_read and selector.has_namespace(key.namespace)
        if operation.is_of_generated_name:
            # No row says anything of a name that nobody knows yet; one that denies some names would be gone around.
            asked = operation.access
            return self.scope.selector(asked.cluster, asked.resource, asked.verb).has_all_of(asked.namespace)
        return self._allows(operation.access.verb) or (operation.name == "apply" and self._allows("create"))

    def fill(self, start: pb.ExecuteStart) -> None:
        """Writes what policy says about the operation beside it."""
        operation = self._operation
        policy, now = self._policy(), self._clock.now()
        start.subject = operation.subject.name
        start.groups.extend(sorted(policy.groups_of(operation.subject, now) - {operation.subject.name}))
        self._told = frozenset(verb for verb in self._besides if self._allows(verb))
        start.escalate_allowed = "escalate" in self._told
        start.patch_allowed = "patch" in self._told
        start.create_allowed = "create" in self._told
        if operation.is_of_many_pods:
            start.pods.CopyFrom(self.pods())

    def pods(self) -> pb.PodScope:
        """The pods of the operation's namespace whose logs may be read."""
        namespace = self._operation.start.target.key.namespace
        selector = self.scope.selector(self._operation.cluster, "pods", "logs")
        if selector.has_all_of(namespace):
            return pb.PodScope(all=True)
        found = pb.PodScope()
        stored = self._replica.store.of_namespace("pods", namespace) if self._replica is not None else []
        for pod in stored:
            if len(found.pods) < MAX_PODS and selector.allows(namespace, pod.key.name):
                found.pods.add(type="pods", namespace=namespace, name=pod.key.name, uid=pod.key.uid)
        return found

    def passes(self, output: pb.OperationOutput) -> bool:
        """Whether an output may reach the caller, whatever the agent thinks."""
        operation = self._operation
        target = operation.start.target.key
        kind = output.WhichOneof("output")
        if kind == "document":
            document = output.document
            key = document.key
            if document.role == pb.DOCUMENT_ROLE_UNSPECIFIED:
                return False
            if document.role in _OWN_DOCUMENTS and (key.type, key.namespace) != (target.type, target.namespace):
                return False
            if document.role in _OWN_DOCUMENTS and target.name and key.name != target.name:
                return False
            return self.scope.allows(operation.cluster, key.type, key.namespace, key.name, "get")
        if kind == "stdout" and operation.name == "logs":
            pod = output.source.pod
            if not operation.is_of_many_pods:
                return pod in ("", target.name)
            return bool(pod) and self.scope.allows(operation.cluster, "pods", target.namespace, pod, "logs")
        if kind == "progress" and output.HasField("about"):
            key, verb = output.about, "logs" if operation.name == "logs" else "get"
            return self.scope.allows(operation.cluster, key.type, key.namespace, key.name, verb)
        return kind is not None

    def until(self) -> datetime.datetime | None:
        """When the clock alone ends the permission; None when it does not within 400 days."""
        operation = self._operation
        policy, now = self._policy(), self._clock.now()
        if not self._allows(operation.access.verb):
            return policy.next_edge(operation.subject, now)
        return policy.next_change(operation.access, now)

    def _allows(self, verb: str) -> bool:
        operation = self._operation
        asked = operation.asking(verb)
        key = operation.start.target.key
        type, name = (key.type, key.name) if verb == "get" else (asked.resource, asked.name)
        return self.scope.allows(operation.cluster, type, key.namespace, name, verb)
