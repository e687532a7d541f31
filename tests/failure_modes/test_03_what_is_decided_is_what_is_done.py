"""Failure mode 3: what is authorised is not what is fetched.

A request is read once into a typed reference. Whatever texts a caller puts into it, it is refused, or the object that
policy was asked about and the path that the agent asks the API server for are one and the same.
"""

import re
from urllib.parse import unquote

from hypothesis import example, given
from hypothesis import strategies as st

from octokube.v1 import operation_pb2 as pb
from octokube.v1 import resource_pb2
from octokube_agent.operations.failures import Failed, Refused
from octokube_agent.operations.reference import parse
from octokube_agent.served_type import ServedType
from octokube_hub.broker.request import BadOperation, read_operation
from octokube_hub.policy import Subject

ALICE = Subject("user:alice")
SERVED = {
    "pods": ServedType("pods", "", "v1", "Pod", namespaced=True),
    "deployments.apps": ServedType("deployments.apps", "apps", "v1", "Deployment", namespaced=True),
    "nodes": ServedType("nodes", "", "v1", "Node", namespaced=False),
}
ODD = [
    "", ".", "..", "/", "a/b", "../x", "..%2f", "%2e%2e", "a?b", "a#b", "a b", "A", "pods", "Pods", "PODS", "pod",
    "web-1", "kube-system", "cluster", "*", "**", "a\x00", "a\n", "é", "\uff41", "a;b", "a%00", "x" * 300, "-a", "a-",
    "exec", "pods/exec", "nodes", "deployments.apps", "deployments", "deployments.apps/scale",
]  # fmt: skip
TEXTS = st.sampled_from(ODD) | st.text(max_size=12)
OPERATIONS = {
    "get": pb.GetOperation(),
    "delete": pb.DeleteOperation(),
    "scale": pb.ScaleOperation(replicas=1),
    "exec": pb.ExecOperation(command=["sh"]),
    "cordon": pb.CordonOperation(),
}


@given(st.sampled_from(sorted(OPERATIONS)), TEXTS, TEXTS, TEXTS, TEXTS)
@example("get", "pods", "payments", "web-1", "")
@example("get", "pods", "payments", "..", "")
@example("exec", "pods", "payments/../kube-system", "web-1", "")
@example("delete", "nodes", "", "node-1", "")
@example("delete", "nodes", "payments", "node-1", "")
def test_the_path_that_is_asked_for_names_the_object_that_was_decided_on(
    operation: str, type: str, namespace: str, name: str, subresource: str
) -> None:
    key = resource_pb2.Key(type=type, namespace=namespace, name=name)
    target = pb.OperationTarget(cluster="c1", key=key, subresource=subresource)
    start = pb.OperationStart(target=target, idempotency_key="k", **{operation: OPERATIONS[operation]})  # type: ignore[arg-type]
    try:
        decided = read_operation(start, ALICE).access
    except BadOperation:
        return
    # Past the hub, policy was asked about exactly the texts that go on to the agent.
    resource = f"{type}/{subresource}" if subresource else type
    assert (decided.resource, decided.namespace, decided.name) == (resource, namespace, name)
    try:
        reference = parse(target, SERVED.get, cluster="c1", subresources=frozenset({"status"}))
    except (Refused, Failed):
        return
    assert unquote(reference.path) == reference.path, "nothing in it means something else to a server"
    segments = reference.path.strip("/").split("/")
    plural, _, group = type.partition(".")
    root = ["apis", group, "v1"] if group else ["api", "v1"]
    inside = ["namespaces", namespace] if namespace else []
    assert segments == [*root, *inside, plural, name]
    assert not re.search(r"[?#%\\\s;]|//|\.\.", reference.path)


@given(TEXTS, TEXTS)
def test_an_agent_does_nothing_for_another_cluster_or_with_a_subresource_that_it_does_not_know(
    cluster: str, subresource: str
) -> None:
    key = resource_pb2.Key(type="pods", namespace="payments", name="web-1")
    target = pb.OperationTarget(cluster=cluster, key=key, subresource=subresource)
    try:
        parse(target, SERVED.get, cluster="c1", subresources=frozenset({"status"}))
    except Refused:
        assert cluster != "c1" or subresource not in ("", "status")
    else:
        assert cluster == "c1" and subresource in ("", "status")
