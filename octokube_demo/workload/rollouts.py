"""Turns a Deployment into ReplicaSets, one rolling step at a time."""

from __future__ import annotations

import math
from typing import Any

from octokube_demo.objects import Object, is_deleting, owner_reference
from octokube_demo.workload.events import EventRecorder
from octokube_demo.workload.templates import managed_by, template_hash
from octokube_demo.workload.world import World

_REVISION = "deployment.kubernetes.io/revision"
_COMPONENT = "deployment-controller"


class Deployments:
    """The Deployment controller. Each look does one step; the changes it makes bring the next look."""

    def __init__(self, world: World, events: EventRecorder) -> None:
        self._world = world
        self._events = events

    def reconcile(self, value: Object) -> None:
        """Creates the ReplicaSet of the current template, moves replicas to it, and writes the status."""
        if is_deleting(value):
            return
        world = self._world
        key = (value["metadata"]["namespace"], value["metadata"]["name"])
        sets = world.owned(value, "replicasets.apps")
        name = f"{value['metadata']['name']}-{template_hash(value['spec']['template'])}"
        new = next((one for one in sets if one["metadata"]["name"] == name), None)
        old = [one for one in sets if one["metadata"]["name"] != name]
        is_paused = bool(value["spec"].get("paused"))
        if new is None and not is_paused:
            new = self._create(value, name, sets)
        if new is not None:
            if not is_paused:
                self._roll(value, new, old)
            self._forget_oldest(value, old)
        current = world.store.peek("deployments.apps", *key)
        if current is not None:
            self._write_status(current, name)

    def _create(self, value: Object, name: str, sets: list[Object]) -> Object:
        world = self._world
        template = value["spec"]["template"]
        revision = str(max((int(_revision_of(one)) for one in sets), default=0) + 1)
        hash_label = {"pod-template-hash": name.rpartition("-")[2]}
        new = replica_set(value, name, replicas=0 if sets else _wanted(value), revision=revision, time=world.time())
        new["spec"]["template"] = {
            **template,
            "metadata": {**template["metadata"], "labels": {**template["metadata"]["labels"], **hash_label}},
        }
        new = world.store.insert("replicasets.apps", new)
        if (value["metadata"].get("annotations") or {}).get(_REVISION) != revision:
            annotations = {**(value["metadata"].get("annotations") or {}), _REVISION: revision}
            meta = {**value["metadata"], "annotations": annotations}
            world.store.replace("deployments.apps", {**value, "metadata": meta})
        text = f"Scaled up replica set {name} from 0 to {new['spec']['replicas']}"
        self._events.record(value, "ScalingReplicaSet", text, component=_COMPONENT)
        return new

    def _roll(self, value: Object, new: Object, old: list[Object]) -> None:
        wanted = _wanted(value)
        running_old = [one for one in old if one["spec"]["replicas"] > 0]
        if not running_old:
            self._scale(value, new, wanted)
            return
        strategy = value["spec"].get("strategy") or {}
        if strategy.get("type") == "Recreate":
            for one in running_old:
                self._scale(value, one, 0)
            if not any((one.get("status") or {}).get("replicas") for one in old):
                self._scale(value, new, wanted)
            return
        rolling = strategy.get("rollingUpdate") or {}
        surge = _share(rolling.get("maxSurge", "25%"), wanted, is_rounded_up=True)
        unavailable = _share(rolling.get("maxUnavailable", "25%"), wanted, is_rounded_up=False)
        if not surge and not unavailable:
            unavailable = 1
        total = new["spec"]["replicas"] + sum(one["spec"]["replicas"] for one in running_old)
        room = wanted + surge - total
        if room > 0 and new["spec"]["replicas"] < wanted:
            self._scale(value, new, min(wanted, new["spec"]["replicas"] + room))
            return
        available = sum((one.get("status") or {}).get("availableReplicas", 0) for one in (new, *running_old))
        spare = available - (wanted - unavailable)
        # What is not available may go first: it serves nobody.
        for one in running_old:
            dead = one["spec"]["replicas"] - (one.get("status") or {}).get("availableReplicas", 0)
            leaving = min(one["spec"]["replicas"], max(spare, 0) + dead)
            if leaving > 0:
                self._scale(value, one, one["spec"]["replicas"] - leaving)
                return

    def _scale(self, value: Object, one: Object, replicas: int) -> None:
        before = one["spec"]["replicas"]
        if before == replicas:
            return
        meta = {**one["metadata"], "generation": one["metadata"].get("generation", 1) + 1}
        spec = {**one["spec"], "replicas": replicas}
        self._world.store.replace("replicasets.apps", {**one, "metadata": meta, "spec": spec})
        direction = "up" if replicas > before else "down"
        text = f"Scaled {direction} replica set {one['metadata']['name']} from {before} to {replicas}"
        self._events.record(value, "ScalingReplicaSet", text, component=_COMPONENT)

    def _forget_oldest(self, value: Object, old: list[Object]) -> None:
        limit = int(value["spec"].get("revisionHistoryLimit", 10))
        empty = [one for one in old if not one["spec"]["replicas"] and not (one.get("status") or {}).get("replicas")]
        for one in sorted(empty, key=lambda found: int(_revision_of(found)))[: max(0, len(empty) - limit)]:
            self._world.store.remove("replicasets.apps", (one["metadata"]["namespace"], one["metadata"]["name"]))

    def _write_status(self, value: Object, new_name: str) -> None:
        world = self._world
        sets = world.owned(value, "replicasets.apps")
        new = next((one for one in sets if one["metadata"]["name"] == new_name), None)
        status = deployment_status(value, sets, new, world.time())
        world.set_status("deployments.apps", value, status)


def _wanted(value: Object) -> int:
    return int(value["spec"].get("replicas", 1))


def _revision_of(one: Object) -> str:
    return str((one["metadata"].get("annotations") or {}).get(_REVISION, "0"))


def _share(amount: Any, total: int, *, is_rounded_up: bool) -> int:
    if isinstance(amount, str) and amount.endswith("%"):
        share = total * int(amount[:-1]) / 100
        return math.ceil(share) if is_rounded_up else math.floor(share)
    return int(amount)


def replica_set(owner: Object, name: str, *, replicas: int, revision: str, time: str) -> Object:
    """A ReplicaSet of a Deployment; the caller puts in a template with the hash label when it differs."""
    template = owner["spec"]["template"]
    hash_label = {"pod-template-hash": name.rpartition("-")[2]}
    labels = {**template["metadata"]["labels"], **hash_label}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "namespace": owner["metadata"]["namespace"],
            "generation": 1,
            "creationTimestamp": time,
            "labels": labels,
            "annotations": {_REVISION: revision, "deployment.kubernetes.io/desired-replicas": str(_wanted(owner))},
            "ownerReferences": [owner_reference(owner)],
            "managedFields": managed_by("kube-controller-manager", "apps/v1", time, "replicas", "selector", "template"),
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {**owner["spec"]["selector"].get("matchLabels", {}), **hash_label}},
            "template": {**template, "metadata": {**template["metadata"], "labels": labels}},
        },
        "status": {"replicas": 0},
    }


def deployment_status(value: Object, sets: list[Object], new: Object | None, time: str) -> Object:
    """The status of a Deployment from those of its ReplicaSets. Conditions keep their time while they stay the same."""
    wanted = _wanted(value)
    counts = [one.get("status") or {} for one in sets]
    total = sum(one.get("replicas", 0) for one in counts)
    ready = sum(one.get("readyReplicas", 0) for one in counts)
    available = sum(one.get("availableReplicas", 0) for one in counts)
    updated = ((new or {}).get("status") or {}).get("replicas", 0)
    status: Object = {"observedGeneration": value["metadata"].get("generation", 1)}
    figures = {"replicas": total, "updatedReplicas": updated, "readyReplicas": ready, "availableReplicas": available}
    status |= {field: number for field, number in figures.items() if number}
    if total > available:
        status["unavailableReplicas"] = total - available
    is_available = available >= wanted - _share("25%", wanted, is_rounded_up=False)
    is_complete = updated == wanted == total and available >= wanted
    name = (new or {}).get("metadata", {}).get("name", "")
    progress = (
        ("NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.')
        if is_complete
        else ("ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.')
    )
    availability = (
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        if is_available
        else ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    )
    before = {one["type"]: one for one in (value.get("status") or {}).get("conditions") or ()}
    status["conditions"] = [
        _condition(before.get("Available"), "Available", *availability, time),
        _condition(before.get("Progressing"), "Progressing", "True", *progress, time),
    ]
    return status


def _condition(before: Object | None, kind: str, truth: str, reason: str, message: str, time: str) -> Object:
    if before and (before["status"], before["reason"], before["message"]) == (truth, reason, message):
        return before
    since = before["lastTransitionTime"] if before and before["status"] == truth else time
    return {
        "type": kind,
        "status": truth,
        "lastUpdateTime": time,
        "lastTransitionTime": since,
        "reason": reason,
        "message": message,
    }
