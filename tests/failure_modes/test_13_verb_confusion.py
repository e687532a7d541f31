"""Failure mode 13: one thing is allowed under the name of another.

Kubernetes opens a shell with a GET, scales by a PATCH of a subresource, and evicts by a POST. Which verb policy is
asked for follows from the operation alone, and there is one table of what exists; everything else is denied.
"""

import itertools
from datetime import UTC, datetime

import pytest

from octokube.v1 import operation_pb2 as pb
from octokube.v1 import resource_pb2
from octokube_agent.operations.kubernetes_rights import RIGHTS
from octokube_hub.broker.request import VERBS, BadOperation, read_operation
from octokube_hub.policy import Subject
from octokube_hub.policy.verbs import EVERY_ACTION, OPERATIONS, find_action
from tests.policy.conftest import build_from_texts

ALICE = Subject("user:alice")
CONTRACT = tuple(field.name for field in pb.OperationStart.DESCRIPTOR.oneofs_by_name["operation"].fields)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TYPES = ("pods", "deployments.apps", "statefulsets.apps", "nodes", "secrets", "configmaps", "widgets.example.com")
SUBRESOURCES = (
    "", "status", "scale", "log", "exec", "attach", "portforward", "ephemeralcontainers", "eviction", "resize", "proxy",
    "token", "approval", "binding", "finalize", "no-such-thing",
)  # fmt: skip
CONTENT = {
    "exec": {"exec": pb.ExecOperation(command=["sh"])},
    "debug": {"debug": pb.DebugOperation(image="busybox")},
    "apply": {"apply": pb.ApplyOperation(body=b"{}", field_manager="a")},
    "create": {"create": pb.CreateOperation(body=b"{}", field_manager="a")},
    "patch": {"patch": pb.PatchOperation(body=b"{}", field_manager="a")},
    "port_forward": {"port_forward": pb.PortForwardOperation(ports=[80])},
    "copy_from": {"copy_from": pb.CopyFromOperation(path="/x")},
    "reveal": {"reveal": pb.RevealOperation(key="k")},
}
GRANTING_READ = "p, user:alice, *, **, **, *, read, always, allow\n"


def start(operation: str, type: str, subresource: str) -> pb.OperationStart:
    namespace = "" if type == "nodes" else "payments"
    key = resource_pb2.Key(type=type, namespace=namespace, name="web", uid="u")
    target = pb.OperationTarget(cluster="c1", key=key, subresource=subresource, resource_version="1")
    made = pb.OperationStart(target=target, idempotency_key="k")
    if operation in CONTENT:
        made.MergeFrom(pb.OperationStart(**CONTENT[operation]))  # type: ignore[arg-type]
    else:
        getattr(made, operation).SetInParent()
    return made


def accepted() -> dict[tuple[str, str, str], tuple[str, str]]:
    """Operation, type and subresource → the (type, action) that policy decides about, for all that is not refused."""
    found = {}
    for operation, type, subresource in itertools.product(CONTRACT, TYPES, SUBRESOURCES):
        try:
            read = read_operation(start(operation, type, subresource), ALICE)
        except BadOperation:
            continue
        action = find_action(read.access.resource, read.access.verb)
        assert action is not None
        found[operation, type, subresource] = action
    return found


def test_every_operation_has_one_verb_and_its_rights_and_no_other_exists() -> None:
    assert set(VERBS) == set(CONTRACT) <= set(RIGHTS)
    assert set(VERBS.values()) <= EVERY_ACTION


def test_the_whole_table_of_operations_types_and_subresources() -> None:
    expected = {}
    for operation, type in itertools.product(CONTRACT, TYPES):
        verb = VERBS[operation]
        known = OPERATIONS.get(verb)
        if known is None or known.types is None or type in known.types:
            expected[operation, type, ""] = (type, verb)
    for type in set(TYPES) - {"nodes"}:  # which live in no namespace
        expected["logs", type, ""] = ("pods", "logs")  # of the pods that belong to it, each decided by itself
    for type in TYPES:
        for operation, verb in (("get", "get"), ("patch", "patch"), ("apply", "patch")):
            expected[operation, type, "status"] = (type, f"status:{verb}")
            # To read a scale is to read; to write one is to scale, by whatever way.
            expected[operation, type, "scale"] = (type, "scale:get" if verb == "get" else "scale")
    for operation, verb in (("get", "get"), ("patch", "patch"), ("apply", "patch")):
        expected[operation, "pods", "resize"] = ("pods", f"resize:{verb}")
        expected[operation, "pods", "ephemeralcontainers"] = (
            ("pods", "ephemeralcontainers:get") if verb == "get" else ("pods", "debug")
        )
    expected["get", "pods", "log"] = ("pods", "logs")
    assert accepted() == expected


def test_reading_a_type_is_no_leave_to_do_anything_with_it() -> None:
    """With everything readable, nothing but reading passes: not by another verb, subresource or operation."""
    policy = build_from_texts(policy=GRANTING_READ)
    passing = set()
    for operation, type, subresource in accepted():
        request = read_operation(start(operation, type, subresource), ALICE).access
        if policy.decide(request, NOON).is_allowed:
            passing.add((operation, subresource))
    assert passing == {
        *(("get", subresource) for subresource in ("", "status", "scale", "resize", "ephemeralcontainers")),
        ("describe", ""),
        ("schema", ""),
        ("rollout_status", ""),
    }


@pytest.mark.parametrize(
    ("granted", "operation", "type"),
    [
        ("scale", "patch", "deployments.apps"),
        ("patch", "exec", "pods"),
        ("exec", "attach", "pods"),
        ("attach", "exec", "pods"),
        ("logs", "exec", "pods"),
        ("get", "reveal", "secrets"),
        ("create", "exec", "pods"),
        ("update", "scale", "deployments.apps"),
        ("restart", "rollback", "deployments.apps"),
        ("cordon", "drain", "nodes"),
        ("delete", "drain", "nodes"),
        ("debug", "exec", "pods"),
    ],
)
def test_one_verb_is_no_other(granted: str, operation: str, type: str) -> None:
    policy = build_from_texts(policy=f"p, user:alice, *, **, {type}, *, {granted}, always, allow\n")
    request = read_operation(start(operation, type, ""), ALICE).access
    assert not policy.decide(request, NOON).is_allowed
