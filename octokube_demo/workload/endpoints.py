"""Keeps Endpoints equal to the ready pods behind their service."""

from __future__ import annotations

from octokube_demo.objects import Object, labels_of
from octokube_demo.workload import podstates
from octokube_demo.workload.world import World


class Endpoints:
    """The endpoints controller, for services that have an Endpoints object already."""

    def __init__(self, world: World) -> None:
        self._world = world

    def reconcile(self, value: Object) -> None:
        """Rewrites the subsets when the ready pods changed."""
        world = self._world
        namespace, name = value["metadata"]["namespace"], value["metadata"]["name"]
        service = world.store.peek("services", namespace, name)
        wanted = ((service or {}).get("spec") or {}).get("selector")
        if not wanted:
            return
        ready: list[Object] = []
        other: list[Object] = []
        for pod in world.store.values("pods", namespace):
            labels = labels_of(pod)
            if any(labels.get(key) != text for key, text in wanted.items()) or not podstates.is_active(pod):
                continue
            if address := (pod.get("status") or {}).get("podIP"):
                reference = {"kind": "Pod", "namespace": namespace, "name": pod["metadata"]["name"]}
                entry = {"ip": address, "nodeName": pod["spec"].get("nodeName"), "targetRef": reference}
                (ready if podstates.is_ready(pod) else other).append(entry)
        subset: Object = {}
        if ready:
            subset["addresses"] = ready
        if other:
            subset["notReadyAddresses"] = other
        if subset and service is not None:
            subset["ports"] = [
                {"name": port.get("name", ""), "port": port["port"], "protocol": "TCP"}
                for port in service["spec"]["ports"]
            ]
        subsets = [subset] if subset else []
        if value.get("subsets") != subsets:
            world.store.replace("endpoints", {**value, "subsets": subsets})
