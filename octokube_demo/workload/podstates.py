"""Builds pods and their statuses: the words a scheduler and a kubelet write."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from random import Random
from typing import Any

from octokube_demo.objects import Object, is_deleting, name_suffix, owner_reference
from octokube_demo.workload.templates import managed_by

_READY_TYPES = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")


def new_pod(
    template: Object, owner: Object, name: str, time: str, extra_labels: dict[str, str] | None = None
) -> Object:
    """A pod of a controller, not yet scheduled. Shares the template's spec, which nobody changes in place."""
    meta = template["metadata"]
    found: Object = {
        "name": name,
        "namespace": owner["metadata"]["namespace"],
        "creationTimestamp": time,
        "labels": {**(meta.get("labels") or {}), **(extra_labels or {})},
        "ownerReferences": [owner_reference(owner)],
        "managedFields": managed_by("kube-controller-manager", "v1", time, *template["spec"]),
    }
    if "generateName" not in meta and "-" in name and owner["kind"] in ("ReplicaSet", "DaemonSet", "Job"):
        found["generateName"] = f"{owner['metadata']['name']}-"
    if annotations := meta.get("annotations"):
        found["annotations"] = annotations
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": found,
        "spec": template["spec"],
        "status": {"phase": "Pending", "qosClass": "Burstable"},
    }


def generated_name(owner: Object, random: Random, is_taken: Callable[[str], bool]) -> str:
    """`payments-api-5d4f8-x7k2p`, a name that is free."""
    while True:
        name = f"{owner['metadata']['name']}-{name_suffix(random)}"
        if not is_taken(name):
            return name


def conditions(time: str, *, is_scheduled: bool = True, is_started: bool = True, is_ready: bool = True) -> list[Object]:
    """The five conditions of a pod."""
    flags = {
        "PodReadyToStartContainers": is_started,
        "Initialized": is_scheduled,
        "Ready": is_ready,
        "ContainersReady": is_ready,
        "PodScheduled": is_scheduled,
    }
    found = []
    for kind in _READY_TYPES:
        condition: Object = {
            "type": kind,
            "status": "True" if flags[kind] else "False",
            "lastProbeTime": None,
            "lastTransitionTime": time,
        }
        if kind in ("Ready", "ContainersReady") and not is_ready:
            condition |= {"reason": "ContainersNotReady", "message": "containers with unready status"}
        found.append(condition)
    return found


def _digest(text: str) -> str:
    """Sixty-four believable digits, the same for the same text in every process."""
    return f"{zlib.crc32(text.encode()):08x}{zlib.adler32(text.encode()):08x}" * 4


def container_status(
    container: Object, state: Object, *, is_ready: bool, restarts: int = 0, last: Any = None, seed: str = ""
) -> Object:
    """The status of one container; `seed` makes its id its own."""
    found: Object = {
        "name": container["name"],
        "state": state,
        "lastState": last or {},
        "ready": is_ready,
        "restartCount": restarts,
        "image": container["image"],
        "imageID": "",
        "started": "running" in state,
    }
    if "waiting" not in state or restarts:
        image = container["image"]
        found["imageID"] = f"{image.rpartition(':')[0]}@sha256:{_digest(image)}"
        found["containerID"] = "containerd://" + _digest(f"{seed}/{container['name']}/{restarts}")
    return found


def running(
    spec: Object,
    time: str,
    address: str,
    host: str,
    *,
    is_ready: bool = True,
    restarts: int = 0,
    shared_conditions: list[Object] | None = None,
) -> Object:
    """The status of a pod whose containers run. `shared_conditions` spares building the same ones for many pods."""
    return {
        "phase": "Running",
        "conditions": shared_conditions or conditions(time, is_ready=is_ready),
        "hostIP": host,
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": time,
        "containerStatuses": [
            container_status(one, {"running": {"startedAt": time}}, is_ready=is_ready, restarts=restarts, seed=address)
            for one in spec["containers"]
        ],
        "qosClass": "Burstable",
    }


def waiting(spec: Object, time: str, host: str, reason: str, message: str = "") -> Object:
    """The status of a scheduled pod whose containers cannot run yet."""
    state: Object = {"waiting": {"reason": reason}}
    if message:
        state["waiting"]["message"] = message
    return {
        "phase": "Pending",
        "conditions": conditions(time, is_started=False, is_ready=False),
        "hostIP": host,
        "startTime": time,
        "containerStatuses": [container_status(one, state, is_ready=False) for one in spec["containers"]],
        "qosClass": "Burstable",
    }


def unschedulable(time: str, message: str) -> Object:
    """The status of a pod that fits on no node."""
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "lastProbeTime": None,
        "lastTransitionTime": time,
        "reason": "Unschedulable",
        "message": message,
    }
    return {"phase": "Pending", "conditions": [condition], "qosClass": "Burstable"}


def finished(status: Object, started: str, time: str, *, exit_code: int = 0) -> Object:
    """The status of a pod that ran to its end."""
    reason = "Completed" if exit_code == 0 else "Error"
    state = {"terminated": {"exitCode": exit_code, "reason": reason, "startedAt": started, "finishedAt": time}}
    return {
        **status,
        "phase": "Succeeded" if exit_code == 0 else "Failed",
        "conditions": conditions(time, is_ready=False),
        "containerStatuses": [
            {**one, "state": state, "ready": False, "started": False} for one in status["containerStatuses"]
        ],
    }


def crashed(status: Object, started: str, time: str, *, exit_code: int, reason: str, back_off: str) -> Object:
    """The status after the first container died: waiting for its next start, with the death on record."""
    first, *others = status["containerStatuses"]
    terminated = {"exitCode": exit_code, "reason": reason, "startedAt": started, "finishedAt": time}
    state: Object = {"waiting": {"reason": "CrashLoopBackOff", "message": back_off}}
    dead = {**first, "state": state, "lastState": {"terminated": terminated}, "ready": False, "started": False}
    return {**status, "conditions": conditions(time, is_ready=False), "containerStatuses": [dead, *others]}


def restarted(status: Object, time: str) -> Object:
    """The status after the first container started again; ready comes later."""
    first, *others = status["containerStatuses"]
    alive = {
        **first,
        "state": {"running": {"startedAt": time}},
        "restartCount": first["restartCount"] + 1,
        "started": True,
    }
    return {**status, "containerStatuses": [alive, *others]}


def with_ready(status: Object, time: str, *, is_ready: bool) -> Object:
    """The same status with other readiness."""
    return {
        **status,
        "conditions": conditions(time, is_ready=is_ready),
        "containerStatuses": [{**one, "ready": is_ready} for one in status["containerStatuses"]],
    }


def is_ready(pod: Object) -> bool:
    """Has the Ready condition, and is not on its way out."""
    found = (pod.get("status") or {}).get("conditions") or ()
    return not is_deleting(pod) and any(one["type"] == "Ready" and one["status"] == "True" for one in found)


def is_active(pod: Object) -> bool:
    """Counts as a replica: neither ended nor on its way out."""
    return not is_deleting(pod) and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
