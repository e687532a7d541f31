"""Prints configuration, secrets, quotas and disruption budgets."""

from octokube_agent.projection.columns.reading import (
    AGE,
    Cell,
    Object,
    Printer,
    count,
    created,
    items,
    joined,
    number,
    part,
    text,
    word,
)


def _config_map(obj: Object) -> tuple[Cell, ...]:
    return len(part(obj, "data")) + len(part(obj, "binaryData")), created(obj)


def _secret(obj: Object) -> tuple[Cell, ...]:
    return word(obj, "type"), len(part(obj, "data")), created(obj)


def _quota(obj: Object) -> tuple[Cell, ...]:
    used, hard = part(obj, "status", "used"), part(obj, "status", "hard")
    shown = {name: f"{name}: {used.get(name, '0')}/{limit}" for name, limit in sorted(hard.items())}
    return (
        joined((text for name, text in shown.items() if not name.startswith("limits.")), none=""),
        joined((text for name, text in shown.items() if name.startswith("limits.")), none=""),
        created(obj),
    )


def _disruption_budget(obj: Object) -> tuple[Cell, ...]:
    return (
        word(obj, "spec", "minAvailable") or "N/A",
        word(obj, "spec", "maxUnavailable") or "N/A",
        count(obj, "status", "disruptionsAllowed"),
        created(obj),
    )


PRINTERS = {
    "configmaps": Printer((number("Data", description="How many entries it has."), AGE), _config_map),
    "secrets": Printer((text("Type"), number("Data", description="How many keys it has."), AGE), _secret),
    "resourcequotas": Printer((text("Request"), text("Limit"), AGE), _quota),
    "limitranges": Printer((AGE,), lambda obj: (created(obj),)),
    "serviceaccounts": Printer((number("Secrets"), AGE), lambda obj: (len(items(obj, "secrets")), created(obj))),
    "poddisruptionbudgets.policy": Printer(
        (text("Min Available"), text("Max Unavailable"), number("Allowed Disruptions"), AGE), _disruption_budget
    ),
}
