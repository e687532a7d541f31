"""Answers for metrics-server: what pods and nodes use, made up so that it moves slowly."""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime

from aiohttp import web

from octokube_demo import errors
from octokube_demo.handlers.context import Call, answer
from octokube_demo.listing import ListOptions, list_page
from octokube_demo.objects import Object

GROUP = "metrics.k8s.io"
WINDOW = "15s"
PERIOD_SECONDS = 600.0
CPU_NANOCORES, MEMORY_KIB = 80_000_000, 96 * 1024
"""What a container uses on average."""
NODE_CPU_NANOCORES, NODE_MEMORY_KIB = 150_000_000, 900 * 1024
"""What a node uses without its pods."""


async def metrics(call: Call) -> web.StreamResponse:
    """GET of one object's usage, or of a collection's."""
    if call.request.method not in ("GET", "HEAD"):
        raise errors.method_not_allowed()
    now = datetime.now(UTC)
    options = ListOptions(namespace=call.namespace, selector=call.selector())
    pods = list_page(call.parts.store, "pods", ListOptions() if call.resource.plural == "nodes" else options).items
    running = [pod for pod in pods if (pod.get("status") or {}).get("phase") == "Running"]
    if call.resource.plural == "pods":
        found = [_of_pod(pod, now) for pod in running]
    else:
        nodes = list_page(call.parts.store, "nodes", options).items
        found = [_of_node(node, running, now) for node in nodes]
    shape = {"apiVersion": f"{GROUP}/v1beta1", "kind": call.resource.kind}
    name = call.target.name
    if name:
        for one in found:
            if one["metadata"]["name"] == name:
                return answer({**shape, **one})
        raise errors.not_found(call.resource.plural, GROUP, name)
    return answer({**shape, "kind": f"{call.resource.kind}List", "metadata": {}, "items": found})


def _of_pod(pod: Object, now: datetime) -> Object:
    containers = [
        {"name": container["name"], "usage": _usage(*_used(f"{pod['metadata']['uid']}/{container['name']}", now))}
        for container in (pod.get("spec") or {}).get("containers") or ()
    ]
    return {**_head(pod, now), "containers": containers}


def _of_node(node: Object, pods: list[Object], now: datetime) -> Object:
    cpu, memory = NODE_CPU_NANOCORES, NODE_MEMORY_KIB
    for pod in pods:
        if (pod.get("spec") or {}).get("nodeName") == node["metadata"]["name"]:
            for container in pod["spec"].get("containers") or ():
                more = _used(f"{pod['metadata']['uid']}/{container['name']}", now)
                cpu, memory = cpu + more[0], memory + more[1]
    return {**_head(node, now), "usage": _usage(cpu, memory)}


def _head(about: Object, now: datetime) -> Object:
    metadata = about["metadata"]
    kept = {key: metadata[key] for key in ("name", "namespace", "labels") if key in metadata}
    stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"metadata": {**kept, "creationTimestamp": stamp}, "timestamp": stamp, "window": WINDOW}


def _used(what: str, now: datetime) -> tuple[int, int]:
    """Nanocores and KiB: a level of its own for each container, and a slow wave around it."""
    digest = hashlib.sha256(what.encode()).digest()
    level, phase = 0.2 + 1.6 * digest[0] / 255, 2 * math.pi * digest[1] / 255
    wave = math.sin(2 * math.pi * now.timestamp() / PERIOD_SECONDS + phase)
    return int(CPU_NANOCORES * level * (1 + 0.5 * wave)), int(MEMORY_KIB * level * (1 + 0.1 * wave))


def _usage(cpu: int, memory: int) -> Object:
    return {"cpu": f"{cpu}n", "memory": f"{memory}Ki"}
