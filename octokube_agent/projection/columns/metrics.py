"""Prints what metrics-server measures, as kubectl top does."""

from octokube_agent.projection.columns.reading import Cell, Object, Printer, instant, items, number, part, seconds

SUFFIXES = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip
"""Of Kubernetes quantities, https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/"""
MEBIBYTE = 2.0**20


def quantity(text: object) -> float | None:
    """A quantity such as ``250m``, ``12Mi`` or ``1e3`` as a number; None for what is none."""
    written = str(text)
    digits = written.rstrip("numkKMGTPEi") if not written.endswith(("e", "E")) else written.rstrip("E")
    factor = SUFFIXES.get(written[len(digits) :])
    if factor is None:
        return None
    try:
        return float(digits) * factor
    except ValueError:
        return None


def _usage(usages: list[Object]) -> tuple[Cell, Cell]:
    """Millicores and MiB; None where a part can't be read, since a sum without it would be a lie."""
    cpu = [quantity(one.get("cpu")) for one in usages]
    memory = [quantity(one.get("memory")) for one in usages]
    return _whole(cpu, 1000.0), _whole(memory, 1 / MEBIBYTE)


def _whole(values: list[float | None], factor: float) -> int | None:
    known = [value for value in values if value is not None]
    return round(sum(known) * factor) if known and len(known) == len(values) else None


def _pod(obj: Object) -> tuple[Cell, ...]:
    usages = [part(container, "usage") for container in items(obj, "containers")]
    return *_usage(usages), seconds(obj.get("timestamp"))


def _node(obj: Object) -> tuple[Cell, ...]:
    return *_usage([part(obj, "usage")]), seconds(obj.get("timestamp"))


_COLUMNS = (
    number("CPU", description="Millicores."),
    number("Memory", description="MiB."),
    instant("Measured", description="When that was so."),
)
PRINTERS = {"pods.metrics.k8s.io": Printer(_COLUMNS, _pod), "nodes.metrics.k8s.io": Printer(_COLUMNS, _node)}
