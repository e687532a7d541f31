"""Reads an operation's start once, into the one typed request that is decided, recorded and executed."""

import hashlib
from dataclasses import dataclass

from octokube.v1 import operation_pb2 as pb
from octokube_hub.policy import AccessRequest, Subject
from octokube_hub.policy.verbs import find_action

MAX_LENGTH = 512
MAX_BODY_BYTES = 3 * 1024 * 1024
"""What a kube-apiserver takes by default."""
MAX_KEY_BYTES = 64
MAX_COMMAND_WORDS = 256
MAX_COMMAND_BYTES = 32 * 1024
MAX_PORTS = 32

VERBS = {
    "get": "get",
    "describe": "get",
    "schema": "get",
    "rollout_status": "get",
    "logs": "logs",
    "exec": "exec",
    "copy_from": "exec",
    "attach": "attach",
    "port_forward": "portforward",
    "debug": "debug",
    "apply": "patch",
    "create": "create",
    "patch": "patch",
    "delete": "delete",
    "scale": "scale",
    "restart": "restart",
    "rollback": "rollback",
    "cordon": "cordon",
    "drain": "drain",
    "reveal": "reveal",
}
"""The policy verb of each operation: it follows from the member that is set, and from nothing else."""
WRITES = frozenset({"apply", "create", "patch", "delete", "scale", "restart", "rollback", "cordon", "drain", "debug"})
ESCALATING = frozenset({"apply", "create", "patch", "rollback"})
"""Writes whose outcome may have more privileges than what was there."""
_WITH_SUBRESOURCE = frozenset({"get", "patch", "apply"})


class BadOperation(ValueError):
    """The start can't be read. The text says which part, and what to write."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as it is decided and executed. ``name`` is the member of OperationStart, such as "port_forward"."""

    name: str
    start: pb.OperationStart
    subject: Subject

    @property
    def cluster(self) -> str:
        """The cluster."""
        return self.start.target.cluster

    @property
    def is_write(self) -> bool:
        """Whether it changes the cluster."""
        return self.name in WRITES

    @property
    def is_of_many_pods(self) -> bool:
        """Whether it reads pods other than the one that the target names, if it names one."""
        return self.name == "logs" and not (self.start.target.key.type == "pods" and self.start.target.key.name)

    @property
    def is_of_generated_name(self) -> bool:
        """Whether it creates an object whose name the server makes up."""
        return self.name == "create" and not self.start.target.key.name

    @property
    def access(self) -> AccessRequest:
        """What has to be allowed for it."""
        return self.asking(VERBS[self.name])

    def asking(self, verb: str, *, is_of_target: bool = False) -> AccessRequest:
        """The question whether another verb is allowed there; ``is_of_target``: on the object that is named."""
        target = self.start.target
        type, name = target.key.type, target.key.name
        if self.is_of_many_pods and not is_of_target:
            type, name = "pods", ""
        resource = f"{type}/{target.subresource}" if target.subresource else type
        return AccessRequest(self.subject, target.cluster, resource, target.key.namespace, name, verb)

    @property
    def summary(self) -> str:
        """What is done, to which object in which version, and the request's hash: for the audit log, without anything
        that could hold a secret. Whoever has the request can show with the hash that it was this one.
        """
        target = self.start.target
        words = [self._words] if self._words else []
        if target.key.uid:
            words.append(f"uid {target.key.uid}")
        if target.resource_version:
            words.append(f"version {target.resource_version}")
        digest = hashlib.sha256(self.start.SerializeToString(deterministic=True)).hexdigest()
        return "; ".join((*words, f"request sha256:{digest}"))

    @property
    def _words(self) -> str:
        match self.name:
            case "exec":
                return f"runs {self.start.exec.command[0][:128]}"
            case "copy_from":
                return f"reads {self.start.copy_from.path[:256]}"
            case "scale":
                return f"to {self.start.scale.replicas} replicas"
            case "reveal":
                return f"key {self.start.reveal.key[:253]}"
            case "port_forward":
                return f"ports {', '.join(map(str, self.start.port_forward.ports))}"
            case "apply" | "create" | "patch" if getattr(self.start, self.name).dry_run:
                return "dry run"
        return ""


def read_operation(start: pb.OperationStart, subject: Subject) -> Operation:
    """Checks a start. Raises BadOperation."""
    name = start.WhichOneof("operation")
    if name is None:
        raise BadOperation("the start names no operation that this hub knows; set one")
    target, key = start.target, start.target.key
    texts = (target.cluster, key.type, key.namespace, key.name, key.uid, target.subresource, target.resource_version)
    if not target.cluster or not key.type:
        raise BadOperation("target.cluster and target.key.type are needed; give both")
    if max(map(len, texts)) > MAX_LENGTH:
        raise BadOperation(f"a part of the target is longer than {MAX_LENGTH} characters")
    if any("/" in text or text in (".", "..") for text in (key.type, key.namespace, key.name, target.subresource)):
        raise BadOperation("a part of the target has a slash or is only dots; a subresource has a field of its own")
    operation = Operation(name, start, subject)
    if operation.is_of_many_pods and not key.namespace:
        raise BadOperation("logs of several pods need target.key.namespace")
    if not key.name and not operation.is_of_many_pods and name not in ("create", "schema"):
        raise BadOperation(f"{name} needs target.key.name")
    if target.subresource and name not in _WITH_SUBRESOURCE:
        raise BadOperation(f"{name} is about the object itself; leave target.subresource empty")
    asked = operation.access
    if find_action(asked.resource, asked.verb) is None:
        raise BadOperation(f"there is no {name} for {asked.resource}")
    if operation.is_write and not 0 < len(start.idempotency_key.encode()) <= MAX_KEY_BYTES:
        raise BadOperation(f"a write needs an idempotency_key of at most {MAX_KEY_BYTES} bytes")
    _check_content(name, start)
    return operation


def _check_content(name: str, start: pb.OperationStart) -> None:
    match name:
        case "exec":
            _check_command(start.exec.command, is_needed=True)
        case "debug":
            _check_command(start.debug.command, is_needed=False)
            if not start.debug.image:
                raise BadOperation("debug needs an image")
        case "apply" | "create" | "patch":
            content = getattr(start, name)
            if len(content.body) > MAX_BODY_BYTES:
                raise BadOperation(f"the body has {len(content.body)} bytes; at most {MAX_BODY_BYTES} are taken")
            if not content.body or not content.field_manager:
                raise BadOperation(f"{name} needs a body and a field_manager")
            if name == "patch" and not (start.target.key.uid and start.target.resource_version):
                raise BadOperation("patch needs the uid and the resource_version of the object that was seen")
        case "port_forward":
            if not 0 < len(start.port_forward.ports) <= MAX_PORTS:
                raise BadOperation(f"port_forward needs 1 to {MAX_PORTS} ports")
        case "copy_from":
            if not start.copy_from.path.startswith("/"):
                raise BadOperation("copy_from needs an absolute path")
        case "reveal":
            if not start.reveal.key:
                raise BadOperation("reveal needs the key of one value")


def _check_command(command: object, *, is_needed: bool) -> None:
    words = list(command)  # type: ignore[call-overload]
    if is_needed and not (words and words[0]):
        raise BadOperation("exec needs a command")
    if len(words) > MAX_COMMAND_WORDS or sum(len(word.encode()) for word in words) > MAX_COMMAND_BYTES:
        raise BadOperation(f"the command is longer than {MAX_COMMAND_WORDS} words or {MAX_COMMAND_BYTES} bytes")
