"""Computes the table row of an object: built-in types as kubectl prints them, custom ones by their definition."""

from collections.abc import Sequence
from typing import Any

from octokube_agent.projection.columns import (
    cluster,
    configuration,
    custom,
    metrics,
    network,
    pods,
    roles,
    storage,
    workloads,
)
from octokube_agent.projection.columns.reading import AGE, Cell, Printer, created

__all__ = ["DEFAULT_PRINTER", "Cell", "Printer", "has_built_in_printer", "printer_for"]

DEFAULT_PRINTER = Printer((AGE,), lambda obj: (created(obj),))
"""For types that nothing describes: as kubectl, the age."""

_BUILT_IN: dict[str, Printer] = {
    **pods.PRINTERS,
    **workloads.PRINTERS,
    **network.PRINTERS,
    **configuration.PRINTERS,
    **storage.PRINTERS,
    **cluster.PRINTERS,
    **roles.PRINTERS,
    **metrics.PRINTERS,
}


def has_built_in_printer(type: str) -> bool:
    """Whether a type's columns are known without any definition."""
    return type in _BUILT_IN


def printer_for(type: str, additional_columns: Sequence[dict[str, Any]] | None = None) -> Printer:
    """The printer of a type. ``additional_columns`` are the ``additionalPrinterColumns`` of its definition, if it has
    one: an empty list and None both mean the age alone.
    """
    built_in = _BUILT_IN.get(type)
    if built_in is not None:
        return built_in
    return custom.printer(additional_columns) if additional_columns else DEFAULT_PRINTER
