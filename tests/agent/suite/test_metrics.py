"""What metrics-server measures is followed like an object, though it can't be watched."""

import pathlib
from typing import Any

import pytest

from octokube_agent.projection.columns.metrics import quantity
from octokube_agent.reflector import polling
from octokube_agent.served_type import TypeCondition
from octokube_agent.settings import AgentSettings
from tests.agent.fake_hub import FakeHub
from tests.agent.suite.conftest import simulated_cluster
from tests.agent.suite.reading import body_of, row_of
from tests.support.running import running_agent
from tests.support.waiting import until

PODS, NODES = "pods.metrics.k8s.io", "nodes.metrics.k8s.io"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("250m", 0.25), ("1", 1.0), ("0.5", 0.5), ("12345678n", 0.012345678), ("7u", 7e-6), ("2k", 2000.0),
        ("128Mi", 134217728.0), ("1Gi", 2.0**30), ("1e3", 1000.0), ("1E3", 1000.0), ("2E", 2e18), ("3Ei", 3 * 2.0**60),
        ("-5", -5.0), ("", None), ("abc", None), ("12Q", None), ("1e", None), (None, None),
    ],
)  # fmt: skip
def test_a_quantity_is_read_as_kubernetes_writes_it(text: Any, value: float | None) -> None:
    assert quantity(text) == (pytest.approx(value) if value is not None else None)


async def test_usage_of_pods_and_nodes_has_rows_and_leaves_with_its_pod(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "POLL_SECONDS", 0.05)
    async with FakeHub() as hub, simulated_cluster(tmp_path) as cluster:
        settings = AgentSettings(cluster="prod-eu", hub=hub.address, kubeconfig=str(cluster.kubeconfig))
        async with running_agent(settings) as agent:
            state = agent.hot_state
            await until(state, lambda: list(state.of_type(PODS)) and list(state.of_type(NODES)))
            served = state.served(PODS)
            assert served is not None
            assert [column.name for column in served.columns] == ["CPU", "Memory", "Measured"]
            stored = next(iter(state.of_type(PODS)))
            row = row_of(state, *stored.key[:3])
            body = body_of(state, *stored.key[:3])
            assert body is not None
            used = [one["usage"] for one in body["containers"]]
            assert row["CPU"] == round(sum(quantity(one["cpu"]) or 0 for one in used) * 1000) > 0
            assert row["Memory"] == round(sum(quantity(one["memory"]) or 0 for one in used) / 2**20) > 0
            assert "creationTimestamp" not in body["metadata"]
            await until(state, lambda: _condition(state) is TypeCondition.SYNCED)
            await cluster.admin.delete(f"/api/v1/namespaces/{stored.key.namespace}/pods/{stored.key.name}")
            await until(state, lambda: state.named(*stored.key[:3]) is None)


def _condition(state: Any) -> TypeCondition | None:
    served = state.served(PODS)
    return served.condition if served is not None else None


async def test_a_large_cluster_is_asked_the_less_often() -> None:
    """A hundred objects a second, whatever the size."""
    assert polling.OBJECTS_PER_SECOND * polling.POLL_SECONDS == 3000


async def test_a_metrics_server_that_fails_is_told_and_asked_again(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "POLL_SECONDS", 0.05)
    async with FakeHub() as hub, simulated_cluster(tmp_path) as cluster:
        assert cluster.simulated is not None
        _, server = cluster.simulated
        server.faults.forbid(PODS)
        settings = AgentSettings(cluster="prod-eu", hub=hub.address, kubeconfig=str(cluster.kubeconfig))
        async with running_agent(settings) as agent:
            await until(agent.hot_state, lambda: _condition(agent.hot_state) is TypeCondition.FORBIDDEN)
            assert list(agent.hot_state.of_type(NODES))
