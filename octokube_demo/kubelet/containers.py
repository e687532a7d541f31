"""Reads from a pod what its containers did: when they started, ended, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from octokube_demo.objects import Object, parse_timestamp

PodSource: TypeAlias = Callable[[str, str], Object | None]


class NoLogs(Exception):
    """Why a container has no log; the text is the kubelet's answer."""


@dataclass(frozen=True, slots=True)
class Run:
    """One life of a container. `ended` is None while it lives; `exit_code` counts only after that."""

    uid: str
    container: str
    image: str
    started: datetime
    ended: datetime | None = None
    exit_code: int = 0
    number: int = 0


def find_run(pod: Object, container: str, *, is_previous: bool = False) -> Run:
    """The current (or the previous) life of a container. Raises NoLogs when there is none."""
    meta = pod["metadata"]
    status = pod.get("status") or {}
    every = (*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ()))
    found = next((one for one in every if one["name"] == container), None)
    image = next((one["image"] for one in _containers(pod) if one["name"] == container), "")
    name = meta["name"]
    if found is None:
        raise NoLogs(f'container "{container}" in pod "{name}" is waiting to start: ContainerCreating')
    count = int(found.get("restartCount", 0))
    last = (found.get("lastState") or {}).get("terminated")
    if is_previous:
        if last is None:
            raise NoLogs(f'previous terminated container "{container}" in pod "{name}" not found')
        return _ended(meta["uid"], container, image, last, count - 1)
    state = found.get("state") or {}
    if "running" in state:
        started = parse_timestamp(state["running"]["startedAt"])
        return Run(meta["uid"], container, image, started, number=count)
    if "terminated" in state:
        return _ended(meta["uid"], container, image, state["terminated"], count)
    if last is not None:  # waiting to be restarted: the kubelet shows the last life
        return _ended(meta["uid"], container, image, last, count - 1)
    reason = (state.get("waiting") or {}).get("reason", "ContainerCreating")
    if reason in ("ImagePullBackOff", "ErrImagePull"):
        text = f'container "{container}" in pod "{name}" is waiting to start: trying and failing to pull image'
        raise NoLogs(text)
    raise NoLogs(f'container "{container}" in pod "{name}" is waiting to start: {reason}')


def _containers(pod: Object) -> list[Object]:
    spec = pod["spec"]
    return [*spec["containers"], *(spec.get("initContainers") or ())]


def _ended(uid: str, container: str, image: str, terminated: Object, number: int) -> Run:
    started = parse_timestamp(terminated["startedAt"])
    ended = parse_timestamp(terminated["finishedAt"])
    return Run(uid, container, image, started, ended, int(terminated.get("exitCode", 0)), number)


def stand_in_pod(namespace: str, name: str, started: datetime) -> Object:
    """A pod for a kubelet that was started alone and does not know the pods of its cluster: it accepts them all."""
    time = started.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "metadata": {"name": name, "namespace": namespace, "uid": f"{namespace}/{name}"},
        "spec": {"nodeName": "stand-in", "containers": []},
        "status": {"phase": "Running", "containerStatuses": [], "startTime": time},
    }
