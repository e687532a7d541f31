"""Lets small things happen: the changes a cluster makes while nobody does anything."""

from __future__ import annotations

from collections.abc import Callable

from octokube_demo.objects import Key, Object, is_deleting
from octokube_demo.workload import customs, podstates
from octokube_demo.workload.batch import CronJobs
from octokube_demo.workload.events import EventRecorder
from octokube_demo.workload.nodes import renew_lease
from octokube_demo.workload.podlife import PodLife
from octokube_demo.workload.surroundings import HPAS
from octokube_demo.workload.world import World

# Rollouts and scaling stay with applications of at most this size, so that one of them is over within a minute.
_LARGEST_ROLLOUT = 8


class Churn:
    """Draws one small happening after the other. Each makes one change at once, and some start a longer story."""

    def __init__(self, world: World, events: EventRecorder, pods: PodLife, crons: CronJobs) -> None:
        self._world = world
        self._events = events
        self._pods = pods
        self._crons = crons
        self._next_node = 0
        self._sample: list[Key] = []
        self._sample_uses = 0
        # (weight, happening): heartbeats are most of what a real cluster writes.
        self._happenings: list[tuple[int, Callable[[], None]]] = [
            (24, self._beat),
            (20, self._measure),
            (14, self._probe),
            (12, self._flap),
            (10, self._count_connections),
            (6, self._reload),
            (5, self._use_too_much_memory),
            (5, self._scale),
            (2, self._roll_out),
            (2, self._run_job),
        ]
        self._weights = [weight for weight, _ in self._happenings]

    def happen(self) -> None:
        """One happening. It may find nothing to do and change nothing."""
        _, happening = self._world.random.choices(self._happenings, self._weights)[0]
        happening()

    def _beat(self) -> None:
        nodes = self._world.nodes
        self._next_node = (self._next_node + 1) % len(nodes)
        renew_lease(self._world, nodes[self._next_node])

    def _pod(self) -> Object | None:
        """A drawn pod that runs and is ready. From a sample, because sorting all pods for each draw would cost more."""
        world = self._world
        if not self._sample or self._sample_uses > 500:
            keys = world.store.table("pods").keys()
            self._sample = world.random.sample(keys, min(len(keys), 500))
            self._sample_uses = 0
        self._sample_uses += 1
        if not self._sample:
            return None
        pod = world.store.peek("pods", *world.random.choice(self._sample))
        return pod if pod is not None and podstates.is_ready(pod) else None

    def _choose(self, type_name: str) -> Object | None:
        keys = self._world.store.table(type_name).keys()
        return self._world.store.peek(type_name, *self._world.random.choice(keys)) if keys else None

    def _probe(self) -> None:
        if pod := self._pod():
            text = "Readiness probe failed: HTTP probe failed with statuscode: 503"
            self._events.record(pod, "Unhealthy", text, component="kubelet", is_warning=True)

    def _flap(self) -> None:
        pod = self._pod()
        if pod is None:
            return
        world = self._world
        pod = world.set_status("pods", pod, podstates.with_ready(pod["status"], world.time(), is_ready=False))
        key, uid = (pod["metadata"]["namespace"], pod["metadata"]["name"]), pod["metadata"]["uid"]

        def recover() -> None:
            current = world.store.peek("pods", *key)
            if current is None or current["metadata"]["uid"] != uid or is_deleting(current):
                return
            states = current["status"].get("containerStatuses") or []
            if states and all("running" in one["state"] for one in states):
                status = podstates.with_ready(current["status"], world.time(), is_ready=True)
                world.set_status("pods", current, status)

        world.timeline.after(2.0 + world.random.random() * 3, recover)

    def _use_too_much_memory(self) -> None:
        if pod := self._pod():
            self._pods.kill_for_memory(pod)

    def _measure(self) -> None:
        scaler = self._choose(HPAS)
        if scaler is None:
            return
        used = self._world.random.randrange(25, 95)
        current = {"averageUtilization": used, "averageValue": f"{used * 10}m"}
        metric = {"type": "Resource", "resource": {"name": "cpu", "current": current}}
        status = {**(scaler.get("status") or {}), "currentMetrics": [metric]}
        self._world.set_status(HPAS, scaler, status)

    def _scale(self) -> None:
        scaler = self._choose(HPAS)
        if scaler is None:
            return
        world = self._world
        spec, namespace = scaler["spec"], scaler["metadata"]["namespace"]
        deployment = world.store.peek("deployments.apps", namespace, spec["scaleTargetRef"]["name"])
        if deployment is None or is_deleting(deployment):
            return
        now = int(deployment["spec"].get("replicas", 1))
        wanted = min(spec["maxReplicas"], max(spec.get("minReplicas", 1), now + world.random.choice((-1, 1))))
        if wanted == now:
            return
        text = f"New size: {wanted}; reason: cpu resource utilization (percentage of request) " + (
            "above target" if wanted > now else "below target"
        )
        self._events.record(scaler, "SuccessfulRescale", text, component="horizontal-pod-autoscaler")
        status = {**(scaler.get("status") or {}), "currentReplicas": now, "desiredReplicas": wanted}
        world.set_status(HPAS, scaler, status | {"lastScaleTime": world.time()})
        self._change_spec("deployments.apps", deployment, {"replicas": wanted})

    def _roll_out(self) -> None:
        deployment = self._choose("deployments.apps")
        if deployment is None or is_deleting(deployment):
            return
        spec = deployment["spec"]
        status = deployment.get("status") or {}
        is_calm = status.get("availableReplicas", 0) == spec.get("replicas", 1) == status.get("updatedReplicas", 0)
        if not is_calm or spec.get("replicas", 1) > _LARGEST_ROLLOUT:
            return
        template = spec["template"]
        first, *others = template["spec"]["containers"]
        image = next_version(first["image"])
        labels = {**template["metadata"]["labels"], "version": image.rpartition(":")[2]}
        new_template = {
            **template,
            "metadata": {**template["metadata"], "labels": labels},
            "spec": {**template["spec"], "containers": [{**first, "image": image}, *others]},
        }
        self._change_spec("deployments.apps", deployment, {"template": new_template})

    def _change_spec(self, type_name: str, value: Object, fields: Object) -> None:
        meta = {**value["metadata"], "generation": value["metadata"].get("generation", 1) + 1}
        self._world.store.replace(type_name, {**value, "metadata": meta, "spec": {**value["spec"], **fields}})

    def _run_job(self) -> None:
        cron = self._choose("cronjobs.batch")
        if cron is not None:
            self._crons.start_job(cron)

    def _reload(self) -> None:
        found = self._choose("configmaps")
        if found is not None and str((found.get("data") or {}).get("revision", "")).isdigit():
            data = {**found["data"], "revision": str(int(found["data"]["revision"]) + 1)}
            self._world.store.replace("configmaps", {**found, "data": data})

    def _count_connections(self) -> None:
        database = self._choose(customs.DATABASES)
        if database is not None and isinstance(database.get("status"), dict):
            status = {**database["status"], "connections": self._world.random.randrange(4, 80)}
            self._world.set_status(customs.DATABASES, database, status)


def next_version(image: str) -> str:
    """`api:2.14.3` → `api:2.14.4`; an image without a version gets one."""
    name, _, tag = image.rpartition(":")
    if not name or "/" in tag:
        return f"{image}:1.0.1"
    head, dot, last = tag.rpartition(".")
    return f"{name}:{head}{dot}{int(last) + 1}" if last.isdigit() else f"{name}:{tag}.1"
