"""Prints the types that run pods."""

from octokube_agent.projection.columns.reading import (
    AGE,
    Cell,
    Object,
    Printer,
    condition,
    count,
    created,
    flag,
    instant,
    items,
    joined,
    labels,
    number,
    part,
    seconds,
    status,
    text,
    word,
)

_CONTAINERS = (text("Containers", wide=True), text("Images", wide=True), text("Selector", wide=True))


def _containers(template: Object, selector: Object) -> tuple[Cell, Cell, Cell]:
    containers = items(template, "spec", "containers")
    return (
        joined(word(item, "name") for item in containers),
        joined(word(item, "image") for item in containers),
        labels(selector),
    )


def _workload(obj: Object) -> tuple[Cell, Cell, Cell]:
    return _containers(part(obj, "spec", "template"), part(obj, "spec", "selector"))


def _desired(obj: Object) -> int:
    """spec.replicas, whose absence means one."""
    value = part(obj, "spec").get("replicas")
    return value if isinstance(value, int) else 1


def _deployment(obj: Object) -> tuple[Cell, ...]:
    return (
        f"{count(obj, 'status', 'readyReplicas')}/{_desired(obj)}",
        count(obj, "status", "updatedReplicas"),
        count(obj, "status", "availableReplicas"),
        created(obj),
        *_workload(obj),
    )


def _replica_set(obj: Object) -> tuple[Cell, ...]:
    return (
        _desired(obj),
        count(obj, "status", "replicas"),
        count(obj, "status", "readyReplicas"),
        created(obj),
        *_workload(obj),
    )


def _stateful_set(obj: Object) -> tuple[Cell, ...]:
    return (f"{count(obj, 'status', 'readyReplicas')}/{_desired(obj)}", created(obj), *_workload(obj)[:2])


def _daemon_set(obj: Object) -> tuple[Cell, ...]:
    return (
        count(obj, "status", "desiredNumberScheduled"),
        count(obj, "status", "currentNumberScheduled"),
        count(obj, "status", "numberReady"),
        count(obj, "status", "updatedNumberScheduled"),
        count(obj, "status", "numberAvailable"),
        labels(part(obj, "spec", "template", "spec", "nodeSelector")),
        created(obj),
        *_workload(obj),
    )


def _job(obj: Object) -> tuple[Cell, ...]:
    succeeded = count(obj, "status", "succeeded")
    completions = part(obj, "spec").get("completions")
    parallelism = count(obj, "spec", "parallelism")
    if isinstance(completions, int):
        done = f"{succeeded}/{completions}"
    else:
        done = f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"
    started = seconds(part(obj, "status").get("startTime"))
    ended = seconds(part(obj, "status").get("completionTime"))
    return (
        _job_status(obj),
        done,
        duration(ended - started) if started is not None and ended is not None else None,
        created(obj),
        *_workload(obj),
    )


def _job_status(obj: Object) -> str:
    for type, name in (("Complete", "Complete"), ("Failed", "Failed"), ("Suspended", "Suspended")):
        if condition(obj, type).get("status") == "True":
            return name
    if "deletionTimestamp" in part(obj, "metadata"):
        return "Terminating"
    for type in ("FailureTarget", "SuccessCriteriaMet"):
        if condition(obj, type).get("status") == "True":
            return type
    return "Running"


def _cron_job(obj: Object) -> tuple[Cell, ...]:
    template = part(obj, "spec", "jobTemplate", "spec")
    return (
        word(obj, "spec", "schedule"),
        word(obj, "spec", "timeZone") or "<none>",
        bool(part(obj, "spec").get("suspend")),
        len(items(obj, "status", "active")),
        seconds(part(obj, "status").get("lastScheduleTime")),
        created(obj),
        *_containers(part(template, "template"), part(template, "selector")),
    )


def _autoscaler(obj: Object) -> tuple[Cell, ...]:
    target = part(obj, "spec", "scaleTargetRef")
    return (
        f"{word(target, 'kind')}/{word(target, 'name')}",
        _metrics(obj),
        _minimum(obj),
        count(obj, "spec", "maxReplicas"),
        count(obj, "status", "currentReplicas"),
        created(obj),
    )


def _minimum(obj: Object) -> int:
    value = part(obj, "spec").get("minReplicas")
    return value if isinstance(value, int) else 1


def _metrics(obj: Object) -> str:
    """``cpu: 41%/80%`` and its like, for autoscaling/v2 and v1."""
    if "targetCPUUtilizationPercentage" in part(obj, "spec"):
        current = word(obj, "status", "currentCPUUtilizationPercentage")
        return (
            f"cpu: {current + '%' if current else '<unknown>'}/{word(obj, 'spec', 'targetCPUUtilizationPercentage')}%"
        )
    shown = []
    currents = items(obj, "status", "currentMetrics")
    for index, metric in enumerate(items(obj, "spec", "metrics")):
        source = _metric_source(metric)
        now = _metric_source(currents[index]) if index < len(currents) else {}
        name = word(source, "name") or word(source, "metric", "name")
        shown.append(
            f"{name}: {_amount(part(now, 'current')) or '<unknown>'}/{_amount(part(source, 'target')) or '<auto>'}"
        )
    return joined(shown, limit=2)


def _metric_source(metric: Object) -> Object:
    type = word(metric, "type")
    return part(metric, type[:1].lower() + type[1:]) if type else {}


def _amount(value: Object) -> str:
    if "averageUtilization" in value:
        return f"{value['averageUtilization']}%"
    return word(value, "averageValue") or word(value, "value")


def duration(total: int) -> str:
    """``42s``, ``3m5s``, ``2h10m``, ``5d3h``: two units, as kubectl writes durations."""
    if total < 0:
        return "<invalid>"
    if total < 120:
        return f"{total}s"
    minutes, rest = divmod(total, 60)
    if minutes < 60:
        return f"{minutes}m{rest}s" if rest and minutes < 10 else f"{minutes}m"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours}h{minutes}m" if minutes and hours < 8 else f"{hours}h"
    days, hours = divmod(hours, 24)
    return f"{days}d{hours}h" if hours and days < 8 else f"{days}d"


_REPLICA_SET = Printer((number("Desired"), number("Current"), number("Ready"), AGE, *_CONTAINERS), _replica_set)

PRINTERS = {
    "deployments.apps": Printer(
        (text("Ready"), number("Up-to-date"), number("Available"), AGE, *_CONTAINERS), _deployment
    ),
    "replicasets.apps": _REPLICA_SET,
    "replicationcontrollers": _REPLICA_SET,
    "statefulsets.apps": Printer((text("Ready"), AGE, *_CONTAINERS[:2]), _stateful_set),
    "daemonsets.apps": Printer(
        (
            number("Desired"),
            number("Current"),
            number("Ready"),
            number("Up-to-date"),
            number("Available"),
            text("Node Selector"),
            AGE,
            *_CONTAINERS,
        ),
        _daemon_set,
    ),
    "jobs.batch": Printer((status("Status"), text("Completions"), text("Duration"), AGE, *_CONTAINERS), _job),
    "cronjobs.batch": Printer(
        (
            text("Schedule"),
            text("Timezone"),
            flag("Suspend"),
            number("Active"),
            instant("Last Schedule"),
            AGE,
            *_CONTAINERS,
        ),
        _cron_job,
    ),
    "horizontalpodautoscalers.autoscaling": Printer(
        (text("Reference"), text("Targets"), number("MinPods"), number("MaxPods"), number("Replicas"), AGE), _autoscaler
    ),
    "controllerrevisions.apps": Printer(
        (text("Controller"), number("Revision"), AGE),
        lambda obj: (_owner(obj), count(obj, "revision"), created(obj)),
    ),
}


def _owner(obj: Object) -> str:
    for owner in items(obj, "metadata", "ownerReferences"):
        if owner.get("controller"):
            group = word(owner, "apiVersion").partition("/")[0] if "/" in word(owner, "apiVersion") else ""
            kind = word(owner, "kind").lower()
            return f"{kind}.{group}/{word(owner, 'name')}" if group else f"{kind}/{word(owner, 'name')}"
    return "<none>"
