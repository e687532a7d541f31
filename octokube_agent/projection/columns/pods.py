"""Prints pods, with the status word that kubectl computes."""

from octokube_agent.projection.columns import reading
from octokube_agent.projection.columns.reading import AGE, Cell, Object, Printer, count, created, items, part, word

_LOST_NODE = "NodeLost"


def pod_state(pod: Object) -> tuple[str, int, int, int]:
    """(status word, ready containers, containers, restarts) of a pod, by the algorithm of kubectl's printer."""
    state = part(pod, "status")
    phase = word(state, "phase")
    reason = word(state, "reason") or phase
    for condition in items(state, "conditions"):
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            reason = "SchedulingGated"
    init_containers = items(pod, "spec", "initContainers")
    sidecars = {word(item, "name") for item in init_containers if item.get("restartPolicy") == "Always"}
    total = len(items(pod, "spec", "containers")) + len(sidecars)
    init_reason, ready, restarts, sidecar_restarts = _initialisation(state, len(init_containers), sidecars)
    if init_reason:
        reason = init_reason
    if not init_reason or _is_condition_true(state, "Initialized"):
        restarts = sidecar_restarts
        has_running = False
        for container in reversed(items(state, "containerStatuses")):
            restarts += count(container, "restartCount")
            current = part(container, "state")
            if word(current, "waiting", "reason"):
                reason = word(current, "waiting", "reason")
            elif "terminated" in current:
                reason = _ending(part(current, "terminated"))
            elif container.get("ready") and "running" in current:
                has_running = True
                ready += 1
        if reason == "Completed" and has_running:
            reason = "Running" if _is_condition_true(state, "Ready") else "NotReady"
    if "deletionTimestamp" in part(pod, "metadata"):
        if word(state, "reason") == _LOST_NODE:
            reason = "Unknown"
        elif phase not in ("Succeeded", "Failed"):
            reason = "Terminating"
    return reason, ready, total, restarts


def _initialisation(state: Object, declared: int, sidecars: set[str]) -> tuple[str, int, int, int]:
    """(reason while initialising or "", ready sidecars, restarts, restarts of sidecars)."""
    ready = restarts = sidecar_restarts = 0
    for index, container in enumerate(items(state, "initContainerStatuses")):
        is_sidecar = word(container, "name") in sidecars
        restarts += count(container, "restartCount")
        if is_sidecar:
            sidecar_restarts += count(container, "restartCount")
        current = part(container, "state")
        if "terminated" in current and not count(current, "terminated", "exitCode"):
            continue
        if is_sidecar and container.get("started"):
            ready += bool(container.get("ready"))
            continue
        if "terminated" in current:
            return f"Init:{_ending(part(current, 'terminated'))}", ready, restarts, sidecar_restarts
        waiting = word(current, "waiting", "reason")
        if waiting and waiting != "PodInitializing":
            return f"Init:{waiting}", ready, restarts, sidecar_restarts
        return f"Init:{index}/{declared}", ready, restarts, sidecar_restarts
    return "", ready, restarts, sidecar_restarts


def _ending(terminated: Object) -> str:
    reason = word(terminated, "reason")
    if reason:
        return reason
    if signal := count(terminated, "signal"):
        return f"Signal:{signal}"
    return f"ExitCode:{count(terminated, 'exitCode')}"


def _is_condition_true(state: Object, type: str) -> bool:
    return any(item.get("type") == type and item.get("status") == "True" for item in items(state, "conditions"))


def _cells(pod: Object) -> tuple[Cell, ...]:
    reason, ready, total, restarts = pod_state(pod)
    gates = items(pod, "spec", "readinessGates")
    open_gates = sum(_is_condition_true(part(pod, "status"), word(gate, "conditionType")) for gate in gates)
    return (
        f"{ready}/{total}",
        reason,
        restarts,
        created(pod),
        word(pod, "status", "podIP") or None,
        word(pod, "spec", "nodeName") or None,
        word(pod, "status", "nominatedNodeName") or None,
        f"{open_gates}/{len(gates)}" if gates else None,
    )


PODS = Printer(
    (
        reading.text("Ready", description="Containers that are ready, of all."),
        reading.status("Status", description="What the pod is doing, or why it is not."),
        reading.number("Restarts", description="How often its containers were restarted."),
        AGE,
        reading.text("IP", wide=True),
        reading.text("Node", wide=True),
        reading.text("Nominated Node", wide=True),
        reading.text("Readiness Gates", wide=True),
    ),
    _cells,
)

PRINTERS = {"pods": PODS}
