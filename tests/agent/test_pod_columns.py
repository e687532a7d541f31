"""The status word of a pod, as kubectl prints it."""

from typing import Any

import pytest

from octokube_agent.projection.columns.pods import pod_state


def running(name: str = "c", ready: bool = True, restarts: int = 0) -> dict[str, Any]:
    return {"name": name, "ready": ready, "restartCount": restarts, "state": {"running": {}}}


def waiting(reason: str, name: str = "c", restarts: int = 0) -> dict[str, Any]:
    return {"name": name, "ready": False, "restartCount": restarts, "state": {"waiting": {"reason": reason}}}


def terminated(reason: str = "", code: int = 0, signal: int = 0, name: str = "c", restarts: int = 0) -> dict[str, Any]:
    end = {"exitCode": code} | ({"reason": reason} if reason else {}) | ({"signal": signal} if signal else {})
    return {"name": name, "ready": False, "restartCount": restarts, "state": {"terminated": end}}


def pod(
    phase: str,
    *containers: dict[str, Any],
    init: tuple[dict[str, Any], ...] = (),
    init_spec: tuple[dict[str, Any], ...] = (),
    metadata: dict[str, Any] | None = None,
    **status: Any,
) -> dict[str, Any]:
    return {
        "metadata": metadata or {},
        "spec": {
            "containers": [{"name": item["name"]} for item in containers] or [{"name": "c"}],
            "initContainers": list(init_spec),
        },
        "status": {
            "phase": phase,
            "containerStatuses": list(containers),
            "initContainerStatuses": list(init),
            **status,
        },
    }


READY = {"type": "Ready", "status": "True"}
INITIALIZED = {"type": "Initialized", "status": "True"}
DELETED = {"deletionTimestamp": "2026-11-23T01:02:03Z"}

CASES: list[tuple[str, dict[str, Any], tuple[str, int, int, int]]] = [
    ("running", pod("Running", running("a", restarts=2), running("b", restarts=1)), ("Running", 2, 2, 3)),
    ("not ready", pod("Running", running("a"), running("b", ready=False)), ("Running", 1, 2, 0)),
    ("pending", pod("Pending"), ("Pending", 0, 1, 0)),
    ("creating", pod("Pending", waiting("ContainerCreating")), ("ContainerCreating", 0, 1, 0)),
    ("crash loop", pod("Running", waiting("CrashLoopBackOff", restarts=7)), ("CrashLoopBackOff", 0, 1, 7)),
    ("image", pod("Pending", waiting("ImagePullBackOff")), ("ImagePullBackOff", 0, 1, 0)),
    ("completed", pod("Succeeded", terminated("Completed")), ("Completed", 0, 1, 0)),
    ("error", pod("Failed", terminated("Error", 1)), ("Error", 0, 1, 0)),
    ("killed", pod("Failed", terminated("OOMKilled", 137)), ("OOMKilled", 0, 1, 0)),
    ("exit code", pod("Failed", terminated(code=3)), ("ExitCode:3", 0, 1, 0)),
    ("signal", pod("Failed", terminated(signal=9, code=137)), ("Signal:9", 0, 1, 0)),
    ("evicted", pod("Failed", reason="Evicted"), ("Evicted", 0, 1, 0)),
    (
        "one completed, one runs, ready",
        pod("Running", terminated("Completed", name="a"), running("b"), conditions=[READY]),
        ("Running", 1, 2, 0),
    ),
    (
        "one completed, one runs, not ready",
        pod("Running", terminated("Completed", name="a"), running("b")),
        ("NotReady", 1, 2, 0),
    ),
    ("terminating", pod("Running", running(), metadata=DELETED), ("Terminating", 1, 1, 0)),
    ("terminating but done", pod("Succeeded", terminated("Completed"), metadata=DELETED), ("Completed", 0, 1, 0)),
    ("node lost", pod("Running", running(), metadata=DELETED, reason="NodeLost"), ("Unknown", 1, 1, 0)),
    (
        "gated",
        pod("Pending", conditions=[{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]),
        ("SchedulingGated", 0, 1, 0),
    ),
    (
        "first init runs",
        pod(
            "Pending",
            waiting("PodInitializing"),
            init=(running("i", ready=False),),
            init_spec=({"name": "i"}, {"name": "j"}),
        ),
        ("Init:0/2", 0, 1, 0),
    ),
    (
        "second init waits",
        pod(
            "Pending",
            waiting("PodInitializing"),
            init=(terminated("Completed", name="i"), waiting("PodInitializing", "j")),
            init_spec=({"name": "i"}, {"name": "j"}),
        ),
        ("Init:1/2", 0, 1, 0),
    ),
    (
        "init crashes",
        pod(
            "Pending",
            waiting("PodInitializing"),
            init=(waiting("CrashLoopBackOff", "i", 4),),
            init_spec=({"name": "i"},),
        ),
        ("Init:CrashLoopBackOff", 0, 1, 4),
    ),
    (
        "init failed",
        pod(
            "Pending", waiting("PodInitializing"), init=(terminated("Error", 1, name="i"),), init_spec=({"name": "i"},)
        ),
        ("Init:Error", 0, 1, 0),
    ),
    (
        "init exit code",
        pod("Pending", init=(terminated(code=2, name="i"),), init_spec=({"name": "i"},)),
        ("Init:ExitCode:2", 0, 1, 0),
    ),
    (
        "init signal",
        pod("Pending", init=(terminated(code=137, signal=9, name="i"),), init_spec=({"name": "i"},)),
        ("Init:Signal:9", 0, 1, 0),
    ),
    (
        "sidecar runs",
        pod(
            "Running",
            running(restarts=1),
            init=({**running("s", restarts=2), "started": True},),
            init_spec=({"name": "s", "restartPolicy": "Always"},),
            conditions=[INITIALIZED, READY],
        ),
        ("Running", 2, 2, 3),
    ),
    (
        "init done long ago does not count its restarts",
        pod(
            "Running",
            running(restarts=1),
            init=(terminated("Completed", name="i", restarts=5),),
            init_spec=({"name": "i"},),
        ),
        ("Running", 1, 1, 1),
    ),
]


@pytest.mark.parametrize(("obj", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_pod_has_the_status_that_kubectl_prints(obj: dict[str, Any], expected: tuple[str, int, int, int]) -> None:
    assert pod_state(obj) == expected


def test_an_empty_pod_prints_without_failing() -> None:
    assert pod_state({}) == ("", 0, 0, 0)
