"""Builds the cluster as it is found: everything running for hours or days, as if it had always been there."""

from __future__ import annotations

import gc
from dataclasses import replace
from datetime import timedelta

from octokube_demo.objects import Object, timestamp
from octokube_demo.workload import customs, podstates, surroundings
from octokube_demo.workload.catalog import APPS, App, Behaviour, Kind, tenant_app
from octokube_demo.workload.nodes import build_nodes, node_address, node_count
from octokube_demo.workload.rollouts import deployment_status, replica_set
from octokube_demo.workload.templates import controller, plain, template_hash
from octokube_demo.workload.world import World

# The tenants' applications of a large cluster have this many pods each.
_TENANT_REPLICAS = 20
_HIDDEN_FROM_GC_PODS = 10_000


def build(world: World) -> None:
    """Fills an empty store.

    The cyclic garbage collector rests meanwhile: nothing built here is garbage, and looking through a growing heap
    again and again takes as long as building it. What a large cluster is made of is then hidden from the collector for
    good: otherwise each full collection stops the whole process for a second. (What nobody holds is still freed.)
    """
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        _build(world)
        if world.settings.pods >= _HIDDEN_FROM_GC_PODS:
            gc.freeze()
    finally:
        if was_collecting:
            gc.enable()


def _build(world: World) -> None:
    start = timestamp(world.now() - timedelta(days=40))
    build_nodes(world, node_count(world.settings.pods), start)
    for type_name, value in surroundings.of_cluster(start):
        world.store.insert(type_name, value)
    for definition in customs.definitions(start):
        world.store.insert("customresourcedefinitions.apiextensions.k8s.io", definition)
    builder = _Builder(world)
    for app in choose_apps(world.settings.pods, len(world.nodes)):
        builder.add(app)
    builder.add_customs()


def choose_apps(pods: int, nodes: int) -> list[App]:
    """The applications of a cluster of about this many pods: the important ones first, then tenants to fill it up."""
    chosen: list[App] = []
    total = 0
    for app in APPS:
        size = {Kind.CRON: 0, Kind.DAEMON: nodes}.get(app.kind, app.replicas)
        if total + size > pods and chosen:
            size = max(0, pods - total)
            if not size or app.kind is Kind.DAEMON:
                continue
            app = replace(app, replicas=size)
        chosen.append(app)
        total += size
    number = 0
    while total < pods:
        replicas = min(_TENANT_REPLICAS, pods - total)
        chosen.append(tenant_app(number, replicas))
        total += replicas
        number += 1
    return chosen


class _Builder:
    def __init__(self, world: World) -> None:
        self._world = world
        self._namespaces = {str(one["metadata"]["name"]) for one in world.store.values("namespaces")}
        self._address = 0
        self._node = 0

    def add(self, app: App) -> None:
        """An application with everything that runs and surrounds it."""
        world = self._world
        self._add_namespace(app.namespace)
        age = timedelta(hours=world.random.uniform(3, 700))
        time = timestamp(world.now() - age)
        is_tenant = app not in APPS and app.name not in _KNOWN
        if not is_tenant:
            for type_name, value in surroundings.around_app(world, app, time):
                world.store.insert(type_name, value)
        type_name, value = controller(app, time)
        value = world.store.insert(type_name, value)
        started = timestamp(world.now() - age * world.random.uniform(0.1, 0.9))
        if app.kind is Kind.DEPLOYMENT:
            self._add_deployment(app, value, started)
        elif app.kind is Kind.STATEFUL:
            self._add_stateful(app, value, started)
        elif app.kind is Kind.DAEMON:
            self._add_daemon(app, value, started)

    def _add_namespace(self, name: str) -> None:
        if name in self._namespaces:
            return
        self._namespaces.add(name)
        world = self._world
        time = timestamp(world.now() - timedelta(days=39))
        labels = {"kubernetes.io/metadata.name": name, "team": name}
        namespace = plain(
            "v1",
            "Namespace",
            "",
            name,
            time,
            labels=labels,
            spec={"finalizers": ["kubernetes"]},
            status={"phase": "Active"},
        )
        world.store.insert("namespaces", namespace)
        for type_name, value in surroundings.of_namespace(world, name, time):
            world.store.insert(type_name, value)

    def _add_deployment(self, app: App, value: Object, started: str) -> None:
        world = self._world
        name = f"{app.name}-{template_hash(value['spec']['template'])}"
        new = replica_set(value, name, replicas=app.replicas, revision="1", time=started)
        new = world.store.insert("replicasets.apps", new)
        self._add_pods(app, new, self._names(name, app.replicas), started)
        ready = app.replicas if app.behaviour is Behaviour.FINE else 0
        status: Object = {
            "replicas": app.replicas,
            "fullyLabeledReplicas": app.replicas,
            "observedGeneration": 1,
        }
        if ready:
            status |= {"readyReplicas": ready, "availableReplicas": ready}
        new = world.set_status("replicasets.apps", new, status)
        world.set_status("deployments.apps", value, deployment_status(value, [new], new, started))

    def _add_stateful(self, app: App, value: Object, started: str) -> None:
        revision = f"{app.name}-{template_hash(value['spec']['template'])}"
        names = [f"{app.name}-{ordinal}" for ordinal in range(app.replicas)]
        self._add_pods(app, value, names, started, {"controller-revision-hash": revision})
        self._world.set_status(
            "statefulsets.apps",
            value,
            {
                "replicas": app.replicas,
                "readyReplicas": app.replicas,
                "availableReplicas": app.replicas,
                "updatedReplicas": app.replicas,
                "currentReplicas": app.replicas,
                "updateRevision": revision,
                "currentRevision": revision,
                "observedGeneration": 1,
                "collisionCount": 0,
            },
        )

    def _add_daemon(self, app: App, value: Object, started: str) -> None:
        world = self._world
        revision = template_hash(value["spec"]["template"])
        names = self._names(app.name, len(world.nodes))
        self._node = 0
        self._add_pods(app, value, names, started, {"controller-revision-hash": revision})
        count = len(world.nodes)
        world.set_status(
            "daemonsets.apps",
            value,
            {
                "currentNumberScheduled": count,
                "desiredNumberScheduled": count,
                "numberAvailable": count,
                "numberReady": count,
                "numberMisscheduled": 0,
                "updatedNumberScheduled": count,
                "observedGeneration": 1,
            },
        )

    def _names(self, owner: str, count: int) -> list[str]:
        """That many different names. A dictionary, because a set has another order in every process."""
        found: dict[str, None] = {}
        while len(found) < count:
            found[f"{owner}-{_suffix(self._world)}"] = None
        return list(found)

    def _add_pods(
        self, app: App, owner: Object, names: list[str], started: str, extra: dict[str, str] | None = None
    ) -> None:
        """Pods share what they have in common: a hundred thousand of them are built in a few seconds."""
        world = self._world
        insert = world.store.insert
        if not names:
            return
        model = podstates.new_pod(owner["spec"]["template"], owner, names[0], started, extra)
        meta, spec = model["metadata"], model["spec"]
        conditions = podstates.conditions(started)
        for name in names:
            self._address += 1
            self._node = (self._node + 1) % len(world.nodes)
            address = f"10.244.{self._address // 250 % 256}.{self._address % 250 + 2}"
            host = node_address(self._node)
            pod_spec = {**spec, "nodeName": world.nodes[self._node]}
            if app.behaviour is Behaviour.FINE:
                status = podstates.running(spec, started, address, host, shared_conditions=conditions)
            else:
                status = self._troubled(app, spec, started, address, host)
                if app.behaviour is Behaviour.TOO_BIG:
                    pod_spec = spec
            pod = {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {**meta, "name": name},
                "spec": pod_spec,
                "status": status,
            }
            insert("pods", pod)

    def _troubled(self, app: App, spec: Object, started: str, address: str, host: str) -> Object:
        world = self._world
        now = timestamp(world.now() - timedelta(seconds=20))
        if app.behaviour is Behaviour.TOO_BIG:
            message = f"0/{len(world.nodes)} nodes are available: {len(world.nodes)} Insufficient nvidia.com/gpu."
            return podstates.unschedulable(started, message)
        if app.behaviour is Behaviour.NO_IMAGE:
            message = f'Back-off pulling image "{app.image}": ErrImagePull: {app.image}: not found'
            return podstates.waiting(spec, started, host, "ImagePullBackOff", message)
        status = podstates.running(spec, now, address, host, is_ready=False, restarts=world.random.randrange(7, 40))
        first, *others = status["containerStatuses"]
        ended = timestamp(world.now() - timedelta(seconds=60))
        began = timestamp(world.now() - timedelta(seconds=95))
        terminated = {"exitCode": 1, "reason": "Error", "startedAt": began, "finishedAt": ended}
        return {**status, "containerStatuses": [{**first, "lastState": {"terminated": terminated}}, *others]}

    def add_customs(self) -> None:
        """Objects of the custom types."""
        world = self._world
        time = timestamp(world.now() - timedelta(days=30))
        for namespace in ("payments", "checkout", "platform"):
            if namespace in self._namespaces:
                host = f"{namespace}.demo.internal"
                world.store.insert(customs.CERTIFICATES, customs.certificate(namespace, host, time))
                database = customs.database(namespace, f"{namespace}-main", world.random, time)
                world.store.insert(customs.DATABASES, database)


_KNOWN = frozenset(app.name for app in APPS)
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def _suffix(world: World) -> str:
    """Like `name_suffix`, from one draw: this runs a hundred thousand times."""
    bits = world.random.getrandbits(40)
    return "".join([_LETTERS[(bits >> shift & 255) % 27] for shift in (0, 8, 16, 24, 32)])
