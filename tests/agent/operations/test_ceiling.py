"""The agent's own limit holds, whatever the hub orders."""

import pathlib

import pytest

from octokube.runtime.errors import UserError
from octokube.v1 import operation_pb2 as pb
from octokube_agent.operations.ceiling import ALL, READ_ONLY, Ceiling
from octokube_agent.operations.executor import FAMILIES
from octokube_agent.operations.failures import Failed, Refused
from octokube_agent.operations.reference import of
from octokube_agent.served_type import ServedType
from tests.agent.fake_hub import FakeHub
from tests.agent.operations.conftest import serving
from tests.agent.suite.conftest import simulated_cluster

MEMBERS = [field.name for field in pb.OperationStart.DESCRIPTOR.oneofs_by_name["operation"].fields]
PODS = ServedType("pods", "", "v1", "Pod", namespaced=True)
NODES = ServedType("nodes", "", "v1", "Node", namespaced=False)


def served(type: str) -> ServedType | None:
    return {"pods": PODS, "nodes": NODES}.get(type)


def test_every_operation_of_the_contract_has_an_executor() -> None:
    assert set(FAMILIES) == set(MEMBERS) == set(ALL)


@pytest.mark.parametrize("operation", sorted(set(MEMBERS) - set(READ_ONLY)))
def test_nothing_but_reading_passes_unless_it_was_enabled(operation: str) -> None:
    assert "does not allow" in Ceiling.of().refusal(operation, "pods", "default")
    assert Ceiling.of(["read-only", operation]).refusal(operation, "pods", "default") == ""


@pytest.mark.parametrize(
    ("type", "namespace", "is_allowed"),
    [
        ("pods", "payments", True),
        ("deployments.apps", "payments-eu", True),
        ("pods", "observability", False),
        ("secrets", "payments", False),
        ("nodes", "", False),
    ],
)
def test_types_and_namespaces_are_limited_by_patterns(type: str, namespace: str, is_allowed: bool) -> None:
    ceiling = Ceiling.of(["get"], ["pods", "*.apps", "nodes"], ["payments*"])
    assert (ceiling.refusal("get", type, namespace) == "") is is_allowed


def test_objects_outside_namespaces_pass_by_their_own_word() -> None:
    assert Ceiling.of(["get"], [], ["cluster-scoped"]).refusal("get", "nodes", "") == ""


def test_a_word_that_names_no_operation_is_refused_at_the_start() -> None:
    with pytest.raises(UserError, match="unknown operation 'shell'"):
        Ceiling.of(["read-only", "shell"])


@pytest.mark.parametrize(
    ("type", "namespace", "name"),
    [
        ("pods", "default", "../../secrets/x"),
        ("pods", "default/../kube-system", "x"),
        ("pods", "default", "x?y=z"),
        ("pods", "default", "x%2f..%2fy"),
        ("pods", "default", ".."),
        ("pods", "default", "a..b"),
        ("pods", "default", "x\n"),
        ("pods", "", "x"),
        ("nodes", "default", "x"),
        ("pods/exec", "default", "x"),
        ("Pods", "default", "x"),
    ],
)
def test_a_target_that_means_more_than_one_object_is_refused(type: str, namespace: str, name: str) -> None:
    with pytest.raises((Refused, Failed)):
        of(type, namespace, name, served, is_asked=True)


async def test_a_hub_that_orders_more_than_the_ceiling_gets_nothing(hub: FakeHub, tmp_path: pathlib.Path) -> None:
    async with (
        simulated_cluster(tmp_path) as cluster,
        serving(cluster, hub, operation_namespaces=("payments",)) as desk,
    ):
        assert hub.sessions[-1].hello.operations == sorted(READ_ONLY)
        assert cluster.simulated is not None
        server = cluster.simulated[1]

        def asked() -> list[int]:
            return [server.requests(f"{verb} pods") for verb in ("get", "create", "patch", "update", "delete")]

        before = asked()
        for member in sorted(set(MEMBERS) - set(READ_ONLY)):
            operation = desk.order("pods", "payments", "api-1", **{member: {}})
            assert member in await operation.denied()
        assert "no operation in namespace default" in await desk.order("pods", "default", "api-1", get={}).denied()
        assert asked() == before
        await desk.order("pods", "payments", "missing", get={}).failed()
        assert asked() != before


async def test_an_order_for_another_cluster_or_for_nobody_is_refused(hub: FakeHub, tmp_path: pathlib.Path) -> None:
    async with simulated_cluster(tmp_path) as cluster, serving(cluster, hub) as desk:
        assert "another" in await desk.order("nodes", "", "node-1", cluster="another", get={}).denied()
        assert "who" in await desk.order("nodes", "", "node-1", subject="", get={}).denied()
        order = desk.order("nodes", "", "node-1")
        assert "does not know" in await order.denied()


@pytest.mark.parametrize(
    "name", ["system:admin", "", " system:masters", "alice ", "alice\r\nImpersonate-Group: system:masters"]
)
async def test_with_impersonation_no_name_of_kubernetes_own_is_taken(
    hub: FakeHub, tmp_path: pathlib.Path, name: str
) -> None:
    async with simulated_cluster(tmp_path) as cluster, serving(cluster, hub, is_impersonating=True) as desk:
        await desk.order("nodes", "", "node-1", subject=name, get={}).denied()
        await desk.order("nodes", "", "node-1", groups=(name,), get={}).denied()


async def test_a_hub_that_names_no_object_is_not_given_all_of_them(hub: FakeHub, tmp_path: pathlib.Path) -> None:
    async with simulated_cluster(tmp_path) as cluster, serving(cluster, hub, operations=("all",)) as desk:
        # A schema is of the type, and holds no object.
        for member in sorted(set(MEMBERS) - {"create", "logs", "schema"}):
            operation = desk.order("secrets", "payments", "", **{member: {}})
            assert "named none" in await operation.denied(), member
            assert not operation.documents
