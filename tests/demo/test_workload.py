"""The workload: what it builds, how it lives, and that it answers to what people do."""

from __future__ import annotations

import base64
import gzip
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from octokube_demo import DemoCluster, DemoSettings
from octokube_demo.workload.cronlines import is_due
from octokube_demo.workload.podstates import is_ready
from octokube_demo.workload.secrets import CANARY
from octokube_demo.workload.templates import template_hash
from tests.demo.conftest import pod
from tests.support.waiting import eventually

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> datetime:
        return self.moment


def _cluster(**settings: Any) -> DemoCluster:
    return DemoCluster(DemoSettings(**{"seed": 5, "now": FakeClock(), "churn_per_second": 0.0, **settings}))


def _dump(cluster: DemoCluster) -> bytes:
    return orjson.dumps({name: cluster.store.list(name) for name in sorted(cluster.store.type_names())})


def _app_pods(cluster: DemoCluster, namespace: str, app: str) -> list[dict[str, Any]]:
    return [one for one in cluster.store.list("pods", namespace) if one["metadata"]["labels"].get("app") == app]


def _patch(cluster: DemoCluster, type_name: str, namespace: str, name: str, patch: Any) -> None:
    cluster.api.patch(type_name, namespace, name, "application/merge-patch+json", patch)


def _live(cluster: DemoCluster, seconds: float) -> None:
    for _ in range(int(seconds)):
        cluster.workload.advance(1.0)
        cluster.settle()


@pytest.mark.parametrize("pods", [1, 10, 120, 1000])
def test_there_are_about_as_many_pods_as_asked_for(pods: int) -> None:
    assert _cluster(pods=pods).store.count("pods") == pytest.approx(pods, rel=0.1, abs=2)


def test_the_same_seed_and_clock_make_the_same_cluster_and_the_same_life() -> None:
    first, second = (_cluster(churn_per_second=20.0) for _ in range(2))
    assert _dump(first) == _dump(second)
    for cluster in (first, second):
        cluster.workload.advance(30.0)
    assert _dump(first) == _dump(second)
    assert _dump(_cluster(seed=6)) != _dump(_cluster(seed=5))


def test_every_object_could_have_been_created_through_the_api() -> None:
    cluster = _cluster()
    for resource in cluster.registry:
        for value in cluster.store.values(resource.name):
            assert value["kind"] == resource.kind
            assert value["apiVersion"] == resource.api_version()
            assert bool(value["metadata"].get("namespace")) is resource.namespaced
            assert value["metadata"]["uid"]
            assert int(value["metadata"]["resourceVersion"]) <= cluster.store.revision
            if namespace := value["metadata"].get("namespace"):
                assert cluster.store.peek("namespaces", "", namespace), namespace


def test_every_owner_exists() -> None:
    cluster = _cluster(churn_per_second=20.0)
    _live(cluster, 20)
    for type_name in cluster.store.type_names():
        for value in cluster.store.values(type_name):
            for owner in value["metadata"].get("ownerReferences") or ():
                resource = cluster.registry.of_kind(owner["apiVersion"], owner["kind"])
                assert resource is not None
                found = cluster.store.peek(resource.name, value["metadata"].get("namespace", ""), owner["name"])
                assert found is not None
                assert found["metadata"]["uid"] == owner["uid"]


def test_everything_worth_showing_is_there() -> None:
    cluster = _cluster()
    namespaces = {one["metadata"]["name"] for one in cluster.store.values("namespaces")}
    assert {"payments", "platform", "checkout", "observability", "kube-system"} <= namespaces
    reasons = Counter(
        (state.get("waiting") or {}).get("reason")
        for pod in cluster.store.values("pods")
        for state in (one["state"] for one in pod["status"].get("containerStatuses") or ())
    )
    assert reasons["ImagePullBackOff"] == 1
    phases = Counter(pod["status"]["phase"] for pod in cluster.store.values("pods"))
    assert phases["Pending"] == 2
    for type_name in (
        "services",
        "ingresses.networking.k8s.io",
        "horizontalpodautoscalers.autoscaling",
        "cronjobs.batch",
        "daemonsets.apps",
        "statefulsets.apps",
        "certificates.cert-manager.io",
        "databases.platform.demo.io",
    ):
        assert cluster.store.count(type_name), type_name


def test_every_value_of_every_secret_carries_a_canary_of_its_own() -> None:
    cluster = _cluster()
    seen: set[str] = set()
    releases = 0
    for secret in cluster.store.values("secrets"):
        for key, encoded in secret["data"].items():
            text = base64.b64decode(encoded).decode()
            if key == "release":
                text = gzip.decompress(base64.b64decode(text)).decode()
                releases += 1
            assert CANARY in text, (secret["metadata"]["name"], key)
            seen.add(text)
    assert releases
    assert len(seen) == sum(len(secret["data"]) for secret in cluster.store.values("secrets"))


def test_no_canary_is_anywhere_but_in_secrets() -> None:
    cluster = _cluster(churn_per_second=20.0)
    _live(cluster, 10)
    for type_name in cluster.store.type_names():
        if type_name != "secrets":
            assert CANARY.encode() not in orjson.dumps(list(cluster.store.values(type_name)))


@pytest.mark.parametrize("rate", [2.0, 50.0])
def test_it_makes_about_as_many_changes_as_asked_for(rate: float) -> None:
    cluster = _cluster(churn_per_second=rate)
    start = cluster.store.revision
    cluster.workload.advance(60.0)
    assert cluster.store.revision - start == pytest.approx(rate * 60, rel=0.35)


def test_without_churn_it_rests() -> None:
    cluster = _cluster()
    start = cluster.store.revision
    _live(cluster, 60)
    assert cluster.store.revision == start


def test_a_scaled_deployment_gets_its_pods_and_loses_them_again() -> None:
    cluster = _cluster()
    _patch(cluster, "deployments.apps", "checkout", "cart", {"spec": {"replicas": 6}})
    _live(cluster, 15)
    assert sum(is_ready(pod) for pod in _app_pods(cluster, "checkout", "cart")) == 6
    found = cluster.store.get("deployments.apps", "checkout", "cart")
    assert found is not None
    assert (found["status"]["readyReplicas"], found["status"]["observedGeneration"]) == (6, 2)
    _patch(cluster, "deployments.apps", "checkout", "cart", {"spec": {"replicas": 1}})
    _live(cluster, 15)
    assert len(_app_pods(cluster, "checkout", "cart")) == 1


def test_a_rollout_replaces_every_pod_and_never_falls_below_what_must_be_available() -> None:
    cluster = _cluster()
    before = {pod["metadata"]["name"] for pod in _app_pods(cluster, "checkout", "checkout-api")}
    patch = {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}
    _patch(cluster, "deployments.apps", "checkout", "checkout-api", patch)
    available = []
    for _ in range(60):
        _live(cluster, 1)
        available.append(sum(is_ready(pod) for pod in _app_pods(cluster, "checkout", "checkout-api")))
    after = _app_pods(cluster, "checkout", "checkout-api")
    assert len(after) == 4
    assert all(is_ready(pod) for pod in after)
    assert before.isdisjoint(pod["metadata"]["name"] for pod in after)
    assert min(available) >= 3  # four replicas, a quarter of them may be away
    sets = [
        one
        for one in cluster.store.list("replicasets.apps", "checkout")
        if one["metadata"]["labels"]["app"] == "checkout-api"
    ]
    assert sorted(one["spec"]["replicas"] for one in sets) == [0, 4]
    found = cluster.store.get("deployments.apps", "checkout", "checkout-api")
    assert found is not None
    assert found["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"


def test_an_image_that_is_nowhere_stops_the_rollout_and_serves_on() -> None:
    cluster = _cluster()
    image = {"name": "cart", "image": "registry.demo.internal/cart:does-not-exist"}
    patch = {"spec": {"template": {"spec": {"containers": [image]}}}}
    cluster.api.patch("deployments.apps", "checkout", "cart", "application/strategic-merge-patch+json", patch)
    _live(cluster, 30)
    pods = _app_pods(cluster, "checkout", "cart")
    assert sum(is_ready(pod) for pod in pods) == 3
    waiting = [one["status"]["containerStatuses"][0]["state"] for one in pods if not is_ready(one)]
    assert [one["waiting"]["reason"] for one in waiting] == ["ImagePullBackOff"]


def test_a_template_has_one_name_whatever_the_order_of_its_fields() -> None:
    template = {"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"containers": [{"name": "x", "image": "y"}]}}
    same = {
        "spec": {"containers": [{"image": "y", "name": "x", "env": []}]},
        "metadata": {"creationTimestamp": None, "labels": {"b": "2", "pod-template-hash": "z", "a": "1"}},
    }
    assert template_hash(template) == template_hash(same)
    same["spec"]["containers"][0]["image"] = "z"  # type: ignore[index]
    assert template_hash(template) != template_hash(same)


def test_a_deleted_pod_of_a_stateful_set_comes_back_under_its_name() -> None:
    cluster = _cluster()
    old = cluster.store.get("pods", "payments", "payments-db-0")
    cluster.api.delete("pods", "payments", "payments-db-0")
    _live(cluster, 15)
    new = cluster.store.get("pods", "payments", "payments-db-0")
    assert old is not None
    assert new is not None
    assert new["metadata"]["uid"] != old["metadata"]["uid"]
    assert is_ready(new)


def test_a_cordoned_node_gets_no_new_pod() -> None:
    cluster = _cluster(pods=30)
    nodes = [one["metadata"]["name"] for one in cluster.store.values("nodes")]
    for name in nodes[:-1]:
        _patch(cluster, "nodes", "", name, {"spec": {"unschedulable": True}})
    _patch(cluster, "deployments.apps", "payments", "payments-api", {"spec": {"replicas": 9}})
    _live(cluster, 10)
    new = [pod for pod in _app_pods(cluster, "payments", "payments-api") if pod["metadata"]["creationTimestamp"] == NOW]
    assert len(new) == 6
    assert {pod["spec"]["nodeName"] for pod in new} == {nodes[-1]}


NOW = START.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_crashing_container_restarts_again_and_again() -> None:
    cluster = _cluster(churn_per_second=0.1)

    def restarts() -> int:
        pod = _app_pods(cluster, "payments", "refund-worker")[0]
        return int(pod["status"]["containerStatuses"][0]["restartCount"])

    before = restarts()
    _live(cluster, 150)
    assert restarts() >= before + 2
    events = [one for one in cluster.store.values("events", "payments") if one["reason"] == "BackOff"]
    assert max(one["count"] for one in events) >= 2


def test_a_cron_job_runs_at_its_minute_and_keeps_its_history_short() -> None:
    clock = FakeClock()
    cluster = _cluster(now=clock, churn_per_second=0.01)
    for _ in range(20):
        clock.moment += timedelta(minutes=1)
        _live(cluster, 20)
    jobs = [one for one in cluster.store.list("jobs.batch") if one["metadata"]["name"].startswith("settle-batch-")]
    ended = [one for one in jobs if one["status"].get("conditions")]
    assert 1 <= len(ended) <= 5
    assert any(one["status"].get("succeeded") == 1 for one in ended)


@pytest.mark.parametrize(
    ("line", "moment", "expected"),
    [
        ("* * * * *", START, True),
        ("*/5 * * * *", START.replace(minute=7), False),
        ("0 9 * * 1", START, True),  # a Monday
        ("0 9 * * 2-5", START, False),
        ("0,30 8-10 2 3 *", START, True),
        ("nonsense", START, False),
        ("a b c d e", START, False),
    ],
)
def test_cron_lines_are_read(line: str, moment: datetime, expected: bool) -> None:
    assert is_due(line, moment) is expected


def test_events_are_bounded() -> None:
    cluster = _cluster(pods=30, churn_per_second=200.0)
    cluster.workload.advance(60.0)
    assert cluster.store.count("events") <= 300


def test_a_hundred_thousand_pods_are_built_in_seconds() -> None:
    started = time.perf_counter()
    cluster = _cluster(pods=100_000)
    assert time.perf_counter() - started < 9  # 3.5 s on two idle cores; this machine may be busy
    assert cluster.store.count("pods") >= 100_000


async def test_a_served_cluster_lives_and_reacts() -> None:
    settings = DemoSettings(pods=30, churn_per_second=50.0, seed=1, termination_seconds=0.1)
    cluster = DemoCluster(settings)

    def phase() -> Any:
        found = cluster.store.peek("pods", "default", "mine")
        return found and found["status"]["phase"]

    async with cluster.serving():
        start = cluster.store.revision
        await eventually(lambda: cluster.store.revision > start + 20)
        cluster.api.create("pods", pod("mine"))
        await eventually(lambda: phase() == "Running")
        cluster.api.delete("pods", "default", "mine")
        await eventually(lambda: phase() is None)


def _daemon_set(cluster: DemoCluster, name: str, **spec: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "d", "image": "d:1"}], **spec}}
    body = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": "payments"},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template},
    }
    made: dict[str, Any] = cluster.api.create("daemonsets.apps", body)
    return made


def test_a_daemon_set_has_pods_on_the_nodes_that_it_selects_and_on_no_others() -> None:
    cluster = _cluster()
    _daemon_set(cluster, "nowhere", nodeSelector={"nowhere": "true"})
    _daemon_set(cluster, "everywhere")
    _live(cluster, 5)
    assert _app_pods(cluster, "payments", "nowhere") == []
    assert len(_app_pods(cluster, "payments", "everywhere")) == cluster.store.count("nodes")


def test_an_object_that_is_not_understood_stops_no_other() -> None:
    cluster = _cluster()
    odd = _daemon_set(cluster, "odd")
    cluster.store.replace("daemonsets.apps", {**odd, "spec": {}})
    _daemon_set(cluster, "sound")
    _live(cluster, 5)
    assert len(_app_pods(cluster, "payments", "sound")) == cluster.store.count("nodes")
