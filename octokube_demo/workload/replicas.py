"""Keeps the number of pods of ReplicaSets and StatefulSets and DaemonSets what it should be."""

from __future__ import annotations

from octokube_demo.objects import Object, is_deleting, labels_of, timestamp
from octokube_demo.workload import podstates
from octokube_demo.workload.events import EventRecorder
from octokube_demo.workload.templates import template_hash
from octokube_demo.workload.world import World
from octokube_demo.writing.deleting import DeleteOptions

# What one look at an object may create or delete; the rest follows with the next look, so nothing comes in one burst.
_BURST = 10


class ReplicaSets:
    """The ReplicaSet controller."""

    def __init__(self, world: World, events: EventRecorder) -> None:
        self._world = world
        self._events = events

    def reconcile(self, value: Object) -> None:
        """Creates or deletes pods, then writes the status."""
        world = self._world
        if is_deleting(value):
            return
        pods = world.owned(value, "pods")
        active = [pod for pod in pods if podstates.is_active(pod)]
        missing = int(value["spec"].get("replicas", 1)) - len(active)
        for _ in range(min(missing, _BURST)):
            name = world.pod_name(value)
            pod = world.store.insert("pods", podstates.new_pod(value["spec"]["template"], value, name, world.time()))
            active.append(pod)
            self._events.record(value, "SuccessfulCreate", f"Created pod: {name}", component="replicaset-controller")
        # The real one removes those first that are not ready, then the youngest.
        surplus = sorted(active, key=lambda pod: (podstates.is_ready(pod), pod["metadata"]["creationTimestamp"]))
        for pod in surplus[: min(-missing, _BURST) if missing < 0 else 0]:
            name = pod["metadata"]["name"]
            delete_pod(world, pod)
            active.remove(pod)
            self._events.record(value, "SuccessfulDelete", f"Deleted pod: {name}", component="replicaset-controller")
        if abs(missing) > _BURST:
            key = (value["metadata"]["namespace"], value["metadata"]["name"])
            world.timeline.after(0.2, lambda: world.mark("replicasets.apps", key))
        self._write_status(value, active)

    def _write_status(self, value: Object, active: list[Object]) -> None:
        ready = sum(podstates.is_ready(pod) for pod in active)
        status: Object = {
            "replicas": len(active),
            "fullyLabeledReplicas": len(active),
            "observedGeneration": value["metadata"].get("generation", 1),
        }
        if ready:
            status |= {"readyReplicas": ready, "availableReplicas": ready}
        key = (value["metadata"]["namespace"], value["metadata"]["name"])
        current = self._world.store.peek("replicasets.apps", *key)
        if current is not None:
            self._world.set_status("replicasets.apps", current, status)


class StatefulSets:
    """The StatefulSet controller: ordinals, one pod at a time."""

    def __init__(self, world: World, events: EventRecorder) -> None:
        self._world = world
        self._events = events

    def reconcile(self, value: Object) -> None:
        """Takes one step towards the wanted pods, then writes the status."""
        if is_deleting(value):
            return
        world = self._world
        wanted = int(value["spec"].get("replicas", 1))
        revision = f"{value['metadata']['name']}-{template_hash(value['spec']['template'])}"
        pods = {int(pod["metadata"]["name"].rpartition("-")[2]): pod for pod in world.owned(value, "pods")}
        self._step(value, wanted, revision, pods)
        live = [pod for pod in world.owned(value, "pods") if not is_deleting(pod)]
        ready = sum(podstates.is_ready(pod) for pod in live)
        updated = sum(labels_of(pod).get("controller-revision-hash") == revision for pod in live)
        is_done = updated == wanted == len(live)
        status: Object = {
            "replicas": len(live),
            "readyReplicas": ready,
            "availableReplicas": ready,
            "updatedReplicas": updated,
            "currentReplicas": updated,
            "updateRevision": revision,
            "currentRevision": revision if is_done else (value.get("status") or {}).get("currentRevision", revision),
            "observedGeneration": value["metadata"].get("generation", 1),
            "collisionCount": 0,
        }
        key = (value["metadata"]["namespace"], value["metadata"]["name"])
        if (current := world.store.peek("statefulsets.apps", *key)) is not None:
            world.set_status("statefulsets.apps", current, status)

    def _step(self, value: Object, wanted: int, revision: str, pods: dict[int, Object]) -> None:
        world = self._world
        for ordinal in range(wanted):
            pod = pods.get(ordinal)
            if pod is None:
                self._create(value, ordinal, revision)
                return
            if not podstates.is_ready(pod):
                return
        for ordinal in sorted(pods, reverse=True):
            pod = pods[ordinal]
            is_old = labels_of(pod).get("controller-revision-hash") != revision
            if (ordinal >= wanted or is_old) and not is_deleting(pod):
                delete_pod(world, pod)
                text = f"delete Pod {pod['metadata']['name']} in StatefulSet {value['metadata']['name']} successful"
                self._events.record(value, "SuccessfulDelete", text, component="statefulset-controller")
                return

    def _create(self, value: Object, ordinal: int, revision: str) -> None:
        world = self._world
        name = f"{value['metadata']['name']}-{ordinal}"
        extra = {
            "controller-revision-hash": revision,
            "statefulset.kubernetes.io/pod-name": name,
            "apps.kubernetes.io/pod-index": str(ordinal),
        }
        if world.store.peek("pods", value["metadata"]["namespace"], name) is not None:
            return
        world.store.insert("pods", podstates.new_pod(value["spec"]["template"], value, name, world.time(), extra))
        text = f"create Pod {name} in StatefulSet {value['metadata']['name']} successful"
        self._events.record(value, "SuccessfulCreate", text, component="statefulset-controller")


class DaemonSets:
    """The DaemonSet controller: one pod per node, updated one after the other."""

    def __init__(self, world: World, events: EventRecorder) -> None:
        self._world = world
        self._events = events

    def reconcile(self, value: Object) -> None:
        """Creates pods for nodes without one, replaces one old pod, then writes the status."""
        if is_deleting(value):
            return
        world = self._world
        revision = template_hash(value["spec"]["template"])
        by_node: dict[str, Object] = {}
        for pod in world.owned(value, "pods"):
            node = pod["spec"].get("nodeName") or pod["spec"].get("nodeSelector", {}).get("kubernetes.io/hostname", "")
            by_node[node] = pod
        nodes = [node for node in world.nodes if self._selects(value, node)]
        missing = [node for node in nodes if node not in by_node]
        for node in missing[:_BURST]:
            self._create(value, node, revision)
        live = [pod for pod in by_node.values() if not is_deleting(pod)]
        old = [pod for pod in live if labels_of(pod).get("controller-revision-hash") != revision]
        if not missing and old and all(podstates.is_ready(pod) for pod in by_node.values()):
            delete_pod(world, old[0])
        ready = sum(podstates.is_ready(pod) for pod in live)
        status = {
            "currentNumberScheduled": len(live),
            "desiredNumberScheduled": len(nodes),
            "numberAvailable": ready,
            "numberReady": ready,
            "numberMisscheduled": 0,
            "updatedNumberScheduled": len(live) - len(old),
            "observedGeneration": value["metadata"].get("generation", 1),
        }
        key = (value["metadata"]["namespace"], value["metadata"]["name"])
        if (current := world.store.peek("daemonsets.apps", *key)) is not None:
            world.set_status("daemonsets.apps", current, status)

    def _selects(self, value: Object, name: str) -> bool:
        node = self._world.store.peek("nodes", "", name)
        wanted = value["spec"]["template"]["spec"].get("nodeSelector") or {}
        return node is not None and wanted.items() <= labels_of(node).items()

    def _create(self, value: Object, node: str, revision: str) -> None:
        world = self._world
        name = world.pod_name(value)
        pod = podstates.new_pod(
            value["spec"]["template"], value, name, timestamp(world.now()), {"controller-revision-hash": revision}
        )
        selector = {**(pod["spec"].get("nodeSelector") or {}), "kubernetes.io/hostname": node}
        pod["spec"] = {**pod["spec"], "nodeSelector": selector}
        world.store.insert("pods", pod)
        self._events.record(value, "SuccessfulCreate", f"Created pod: {name}", component="daemonset-controller")


def delete_pod(world: World, pod: Object) -> None:
    """Deletes a pod the way a controller does: with its grace period."""
    if is_deleting(pod):
        return
    meta = pod["metadata"]
    world.api.delete("pods", meta["namespace"], meta["name"], DeleteOptions(propagation="Background"))
