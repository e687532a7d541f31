"""Leads a pod through its life: scheduled, pulling, running, ready, and whatever goes wrong with it."""

from __future__ import annotations

from collections.abc import Callable

from octokube_demo.history import Change, ChangeKind
from octokube_demo.objects import Key, Object, is_deleting
from octokube_demo.workload import podstates
from octokube_demo.workload.events import EventRecorder
from octokube_demo.workload.world import World

# Images nobody can pull: the application's of the catalogue, and what people type to see it happen.
_MISSING_IMAGES = ("sbom-scanner:0.4.0-rc7", "does-not-exist")
_CRASHING_APPS = frozenset({"refund-worker"})
_BACK_OFF_SECONDS = (10, 20, 40, 80, 160, 300)


class PodLife:
    """The scheduler and all kubelets. Acts on the timeline; every step first looks whether its pod still is there."""

    def __init__(self, world: World, events: EventRecorder) -> None:
        self._world = world
        self._events = events

    def changed(self, change: Change) -> None:
        """Told of every change of a pod."""
        if change.kind is ChangeKind.ADDED and not change.value["spec"].get("nodeName"):
            self._later(0.2, change.value, self._schedule)
        elif change.kind is ChangeKind.MODIFIED and is_deleting(change.value):
            before = change.previous
            if before is not None and not is_deleting(before) and change.value["spec"].get("nodeName"):
                self._later(0.0, change.value, self._kill)

    def adopt(self, pod: Object) -> None:
        """Takes over a pod that was built in the middle of its life."""
        if keeps_crashing(pod):
            self._later(4.0 + self._world.random.random() * 8, pod, self._crash)
        elif _has_missing_image(pod["spec"]):
            self._later(10.0, pod, self._fail_pull)

    def _later(self, seconds: float, pod: Object, step: Callable[[Object], None]) -> None:
        meta = pod["metadata"]
        key: Key = (meta["namespace"], meta["name"])
        uid = meta["uid"]
        is_ending = step in (self._kill, self._end)

        def act() -> None:
            current = self._world.store.peek("pods", *key)
            if current is None or current["metadata"]["uid"] != uid or (is_deleting(current) and not is_ending):
                return
            step(current)

        self._world.timeline.after(seconds, act)

    def _write(self, pod: Object, status: Object) -> Object:
        return self._world.set_status("pods", pod, status)

    def _schedule(self, pod: Object) -> None:
        world = self._world
        if pod["spec"].get("nodeName"):
            return
        pinned = pod["spec"].get("nodeSelector", {}).get("kubernetes.io/hostname")
        open_nodes = [pinned] if pinned else [name for name in world.nodes if not self._is_cordoned(name)]
        if not open_nodes:
            message = f"0/{len(world.nodes)} nodes are available: {len(world.nodes)} node(s) were unschedulable."
            self._write(pod, podstates.unschedulable(world.time(), message))
            self._later(5.0, pod, self._schedule)
            return
        if _is_too_big(pod["spec"]):
            message = f"0/{len(world.nodes)} nodes are available: {len(world.nodes)} Insufficient cpu."
            self._write(pod, podstates.unschedulable(world.time(), message))
            self._events.record(pod, "FailedScheduling", message, component="default-scheduler", is_warning=True)
            return
        node = world.random.choice(open_nodes)
        spec = {**pod["spec"], "nodeName": node}
        status = {**pod["status"], "conditions": podstates.conditions(world.time(), is_started=False, is_ready=False)}
        pod = world.store.replace("pods", {**pod, "spec": spec, "status": status})
        name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        self._events.record(pod, "Scheduled", f"Successfully assigned {name} to {node}", component="default-scheduler")
        self._later(0.3, pod, self._create_containers)

    def _is_cordoned(self, name: str) -> bool:
        node = self._world.store.peek("nodes", "", name)
        return node is None or bool(node["spec"].get("unschedulable"))

    def _create_containers(self, pod: Object) -> None:
        world = self._world
        host = self._host(pod)
        pod = self._write(pod, podstates.waiting(pod["spec"], world.time(), host, "ContainerCreating"))
        image = pod["spec"]["containers"][0]["image"]
        self._events.record(pod, "Pulling", f'Pulling image "{image}"', component="kubelet")
        is_missing = _has_missing_image(pod["spec"])
        self._later(0.5 + world.random.random(), pod, self._fail_pull if is_missing else self._start)

    def _fail_pull(self, pod: Object) -> None:
        image = pod["spec"]["containers"][0]["image"]
        message = f'Back-off pulling image "{image}": ErrImagePull: {image}: not found'
        host = self._host(pod)
        started = (pod["status"] or {}).get("startTime") or self._world.time()
        self._write(pod, podstates.waiting(pod["spec"], started, host, "ImagePullBackOff", message))
        text = f'Failed to pull image "{image}": {image}: not found'
        self._events.record(pod, "Failed", text, component="kubelet", is_warning=True)
        self._events.record(pod, "BackOff", f'Back-off pulling image "{image}"', component="kubelet")
        self._later(20.0 + self._world.random.random() * 10, pod, self._fail_pull)

    def _start(self, pod: Object) -> None:
        world = self._world
        address = f"10.244.{world.random.randrange(250)}.{world.random.randrange(2, 250)}"
        status = podstates.running(pod["spec"], world.time(), address, self._host(pod), is_ready=False)
        pod = self._write(pod, status)
        for container in pod["spec"]["containers"]:
            self._events.record(pod, "Started", f"Started container {container['name']}", component="kubelet")
        if _is_job(pod):
            self._later(4.0 + world.random.random() * 10, pod, self._complete)
        else:
            self._later(0.7 + world.random.random() * 1.5, pod, self._become_ready)

    def _become_ready(self, pod: Object) -> None:
        if pod["status"].get("phase") != "Running":
            return
        self._write(pod, podstates.with_ready(pod["status"], self._world.time(), is_ready=True))
        if keeps_crashing(pod):
            self._later(6.0 + self._world.random.random() * 10, pod, self._crash)

    def _crash(self, pod: Object) -> None:
        self._die(pod, exit_code=1, reason="Error")

    def kill_for_memory(self, pod: Object) -> None:
        """The pod's first container used more memory than it may."""
        self._die(pod, exit_code=137, reason="OOMKilled")

    def _die(self, pod: Object, *, exit_code: int, reason: str) -> None:
        first = pod["status"]["containerStatuses"][0]
        running = first["state"].get("running")
        if running is None:
            return
        restarts = first["restartCount"]
        seconds = _BACK_OFF_SECONDS[min(restarts, len(_BACK_OFF_SECONDS) - 1)]
        name = pod["metadata"]["name"]
        message = f"back-off {seconds}s restarting failed container={first['name']} pod={name}"
        time = self._world.time()
        pod = self._write(
            pod,
            podstates.crashed(
                pod["status"], running["startedAt"], time, exit_code=exit_code, reason=reason, back_off=message
            ),
        )
        text = f"Back-off restarting failed container {first['name']} in pod {name}"
        self._events.record(pod, "BackOff", text, component="kubelet", is_warning=True)
        # Shorter than the message says, so that a demo of ten minutes shows more than one round.
        wait_seconds = 3.0 if exit_code == 137 else min(seconds, 20) * (0.8 + self._world.random.random() * 0.4)
        self._later(wait_seconds, pod, self._restart)

    def _restart(self, pod: Object) -> None:
        pod = self._write(pod, podstates.restarted(pod["status"], self._world.time()))
        name = pod["spec"]["containers"][0]["name"]
        self._events.record(pod, "Started", f"Started container {name}", component="kubelet")
        self._later(1.0 + self._world.random.random(), pod, self._become_ready)

    def _complete(self, pod: Object) -> None:
        states = pod["status"].get("containerStatuses") or []
        if not states or "running" not in states[0]["state"]:
            return
        started = states[0]["state"]["running"]["startedAt"]
        exit_code = 1 if self._world.random.random() < 0.08 else 0
        self._write(pod, podstates.finished(pod["status"], started, self._world.time(), exit_code=exit_code))

    def _kill(self, pod: Object) -> None:
        for container in pod["spec"]["containers"][:1]:
            self._events.record(pod, "Killing", f"Stopping container {container['name']}", component="kubelet")

        grace = float(pod["metadata"].get("deletionGracePeriodSeconds") or 0)
        self._later(min(grace, self._world.settings.termination_seconds), pod, self._end)

    def _end(self, pod: Object) -> None:
        # The housekeeping does the same in real time; whoever comes first is right, and time told by `advance` counts.
        if not pod["metadata"].get("finalizers"):
            self._world.store.remove("pods", (pod["metadata"]["namespace"], pod["metadata"]["name"]))

    def _host(self, pod: Object) -> str:
        node = self._world.store.peek("nodes", "", pod["spec"].get("nodeName", ""))
        return str(node["status"]["addresses"][0]["address"]) if node else ""


def keeps_crashing(pod: Object) -> bool:
    """The pod belongs to an application that keeps crashing."""
    return (pod["metadata"].get("labels") or {}).get("app") in _CRASHING_APPS


def _has_missing_image(spec: Object) -> bool:
    return any(word in one["image"] for one in spec["containers"] for word in _MISSING_IMAGES)


def _is_too_big(spec: Object) -> bool:
    for one in spec["containers"]:
        cpu = str(((one.get("resources") or {}).get("requests") or {}).get("cpu", "0"))
        if cpu.isdigit() and int(cpu) > 16:
            return True
    return False


def _is_job(pod: Object) -> bool:
    return any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences") or ())
