"""Reads the hub's state as Prometheus metrics, when somebody asks for them."""

from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from octokube.runtime.clock import Clock
from octokube_hub.api.crowd import Crowd
from octokube_hub.broker.broker import Broker
from octokube_hub.fanout.clusters import Fanout
from octokube_hub.fanout.sessions import Sessions
from octokube_hub.policy import PolicyEngine
from octokube_hub.replica import ClusterCondition

CONDITIONS = {condition: condition.name.lower() for condition in ClusterCondition}


@dataclass(frozen=True, slots=True)
class Sources:
    """What is read: nothing is kept here, and nothing is counted on any path that serves people but its own."""

    version: str
    policy: PolicyEngine
    fanout: Fanout
    sessions: Sessions
    broker: Broker
    crowd: Crowd
    clock: Clock


class HubCollector(Collector):
    """All metrics of one hub. To be asked in the event loop that the hub lives in.

    Names and units follow https://prometheus.io/docs/practices/naming/. Labels have few values: clusters, conditions
    and names of operations, never people, objects or namespaces.
    """

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterable[Metric]:
        """One family after another."""
        yield from self._hub()
        yield from self._policy()
        yield from self._clusters()

    def _hub(self) -> Iterable[Metric]:
        sources = self._sources
        yield _labelled("octokube_hub_info", "The version of the hub.", {"version": sources.version})
        yield _gauge(
            "octokube_hub_watch_streams", "Open streams of people and programs.", len(sources.sessions.watches)
        )
        yield _gauge(
            "octokube_hub_catalog_streams", "Open streams of what there is to see.", len(sources.sessions.catalogs)
        )
        yield _gauge("octokube_hub_people", "People and programs with a stream open.", sources.crowd.people)
        refusals = CounterMetricFamily(
            "octokube_hub_stream_refusals", "Streams that were turned away, by the limit.", labels=["limit"]
        )
        for limit, count in sources.crowd.refusals.items():
            refusals.add_metric([limit], count)
        yield refusals
        yield _gauge(
            "octokube_hub_audiences",
            "Distinct pairs of permissions and subscription: what the fan-out costs goes with these.",
            sources.fanout.audiences,
        )
        yield _gauge("octokube_hub_operations_running", "Operations that are running.", len(sources.broker))
        traffic = sources.fanout.traffic
        yield _counter("octokube_hub_messages_sent", "Messages handed to subscribers.", traffic.message_count)
        yield _counter("octokube_hub_sent_bytes", "Bytes of these messages.", traffic.sent_bytes)

    def _policy(self) -> Iterable[Metric]:
        policy = self._sources.policy
        current = policy.current
        yield _labelled(
            "octokube_hub_policy_info",
            "The revision in force; hubs that differ for more than a second disagree about access.",
            {"revision": current.revision, "commit": current.commit or ""},
        )
        yield _gauge("octokube_hub_policy_rows", "Rows in force.", len(current.rows))
        yield _gauge(
            "octokube_hub_policy_alarm",
            "1 while the files on disk are not what is in force, or allow nobody anything.",
            int(policy.alarm is not None),
        )
        yield _gauge(
            "octokube_hub_policy_compile_seconds",
            "How long the revision in force took to compile.",
            policy.compile_seconds,
        )
        yield _counter("octokube_hub_policy_activations", "Revisions that came into force.", policy.activations)
        yield _counter(
            "octokube_hub_policy_refusals", "Edits that were not valid and changed nothing.", policy.refusals
        )

    def _clusters(self) -> Iterable[Metric]:
        condition = GaugeMetricFamily(
            "octokube_hub_cluster_condition",
            "1 for the condition that the cluster's copy is in.",
            labels=["cluster", "condition"],
        )
        age = GaugeMetricFamily(
            "octokube_hub_cluster_age_seconds",
            "How far the copy is behind the cluster at most; absent before the first load.",
            labels=["cluster"],
        )
        objects = GaugeMetricFamily("octokube_hub_cluster_objects", "Objects in the copy.", labels=["cluster"])
        audiences = GaugeMetricFamily("octokube_hub_cluster_audiences", "Audiences of the cluster.", labels=["cluster"])
        changes = CounterMetricFamily(
            "octokube_hub_cluster_changes", "Changes since the agent's process began.", labels=["cluster"]
        )
        now = self._sources.clock.now().timestamp()
        for cluster in self._sources.fanout:
            replica = cluster.replica
            for each, name in CONDITIONS.items():
                condition.add_metric([replica.cluster, name], int(replica.state.condition == each))
            if replica.as_of_seconds:
                age.add_metric([replica.cluster], max(0.0, now - replica.as_of_seconds))
            objects.add_metric([replica.cluster], len(replica.store))
            audiences.add_metric([replica.cluster], len(cluster))
            changes.add_metric([replica.cluster], replica.version)
        yield from (condition, age, objects, audiences, changes)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _counter(name: str, text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, value=value)


def _labelled(name: str, text: str, labels: dict[str, str]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=list(labels))
    family.add_metric(list(labels.values()), 1)
    return family
