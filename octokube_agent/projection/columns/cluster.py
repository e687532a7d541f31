"""Prints what a cluster is made of: nodes, namespaces, events, leases, definitions, API services."""

from octokube_agent.projection.columns.reading import (
    AGE,
    Cell,
    Object,
    Printer,
    condition,
    count,
    created,
    instant,
    items,
    joined,
    number,
    part,
    seconds,
    status,
    text,
    word,
)

_ROLE_PREFIX = "node-role.kubernetes.io/"


def _node(obj: Object) -> tuple[Cell, ...]:
    node_labels = part(obj, "metadata", "labels")
    roles = {name.removeprefix(_ROLE_PREFIX) for name in node_labels if name.startswith(_ROLE_PREFIX)}
    if "kubernetes.io/role" in node_labels:
        roles.add(str(node_labels["kubernetes.io/role"]))
    addresses = {word(item, "type"): word(item, "address") for item in reversed(items(obj, "status", "addresses"))}
    about = part(obj, "status", "nodeInfo")
    return (
        _node_status(obj),
        joined(sorted(roles)),
        created(obj),
        word(about, "kubeletVersion"),
        addresses.get("InternalIP") or None,
        addresses.get("ExternalIP") or None,
        word(about, "osImage") or None,
        word(about, "kernelVersion") or None,
        word(about, "containerRuntimeVersion") or None,
    )


def _node_status(obj: Object) -> str:
    ready = condition(obj, "Ready").get("status")
    words = ["Ready" if ready == "True" else "NotReady" if ready else "Unknown"]
    if part(obj, "spec").get("unschedulable"):
        words.append("SchedulingDisabled")
    return ",".join(words)


def _event(obj: Object) -> tuple[Cell, ...]:
    about = part(obj, "involvedObject") or part(obj, "regarding")
    last = (
        seconds(part(obj, "series").get("lastObservedTime"))
        or seconds(obj.get("lastTimestamp"))
        or seconds(obj.get("eventTime"))
        or created(obj)
    )
    source = word(obj, "source", "component") or word(obj, "reportingComponent")
    return (
        last,
        word(obj, "type"),
        word(obj, "reason"),
        f"{word(about, 'kind').lower()}/{word(about, 'name')}",
        word(obj, "message").strip(),
        count(obj, "series", "count") or count(obj, "count") or 1,
        source or None,
        seconds(obj.get("firstTimestamp")) or created(obj),
    )


def _definition(obj: Object) -> tuple[Cell, ...]:
    served = [word(version, "name") for version in items(obj, "spec", "versions") if version.get("served")]
    return (
        word(obj, "spec", "group"),
        word(obj, "spec", "names", "kind"),
        word(obj, "spec", "scope"),
        joined(served),
        "Established" if condition(obj, "Established").get("status") == "True" else "Pending",
        created(obj),
    )


def _api_service(obj: Object) -> tuple[Cell, ...]:
    service = part(obj, "spec", "service")
    available = condition(obj, "Available")
    shown = str(available.get("status", "Unknown"))
    if shown != "True" and available.get("reason"):
        shown = f"{shown} ({available['reason']})"
    return f"{word(service, 'namespace')}/{word(service, 'name')}" if service else "Local", shown, created(obj)


PRINTERS = {
    "nodes": Printer(
        (
            status("Status"),
            text("Roles"),
            AGE,
            text("Version"),
            text("Internal-IP", wide=True),
            text("External-IP", wide=True),
            text("OS-Image", wide=True),
            text("Kernel-Version", wide=True),
            text("Container-Runtime", wide=True),
        ),
        _node,
    ),
    "namespaces": Printer((status("Status"), AGE), lambda obj: (word(obj, "status", "phase"), created(obj))),
    "events": Printer(
        (
            instant("Last Seen"),
            status("Type"),
            text("Reason"),
            text("Object"),
            text("Message"),
            number("Count"),
            text("Source", wide=True),
            instant("First Seen", wide=True),
        ),
        _event,
    ),
    "leases.coordination.k8s.io": Printer(
        (text("Holder"), AGE), lambda obj: (word(obj, "spec", "holderIdentity") or None, created(obj))
    ),
    "customresourcedefinitions.apiextensions.k8s.io": Printer(
        (text("Group"), text("Kind"), text("Scope"), text("Versions"), status("Status"), AGE), _definition
    ),
    "apiservices.apiregistration.k8s.io": Printer((text("Service"), status("Available"), AGE), _api_service),
    "priorityclasses.scheduling.k8s.io": Printer(
        (number("Value"), text("Global-Default"), AGE),
        lambda obj: (count(obj, "value"), str(bool(obj.get("globalDefault"))).lower(), created(obj)),
    ),
    "runtimeclasses.node.k8s.io": Printer((text("Handler"), AGE), lambda obj: (word(obj, "handler"), created(obj))),
    "validatingwebhookconfigurations.admissionregistration.k8s.io": Printer(
        (number("Webhooks"), AGE), lambda obj: (len(items(obj, "webhooks")), created(obj))
    ),
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": Printer(
        (number("Webhooks"), AGE), lambda obj: (len(items(obj, "webhooks")), created(obj))
    ),
}
