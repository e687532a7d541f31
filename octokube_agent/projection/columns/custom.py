"""Prints custom resources by the ``additionalPrinterColumns`` of their definition."""

from collections.abc import Sequence
from typing import Any

import structlog

from octokube_agent.projection.columns.jsonpath import JsonPath, PathError
from octokube_agent.projection.columns.reading import Cell, Object, Printer, seconds
from octokube_agent.served_type import Column, ColumnKind

log = structlog.get_logger(__name__)

_KINDS = {
    "integer": ColumnKind.NUMBER,
    "boolean": ColumnKind.BOOLEAN,
    "date": ColumnKind.TIME,
}
_STATUS_NAMES = frozenset(("status", "phase", "state", "ready", "health", "healthy"))


def printer(definitions: Sequence[dict[str, Any]]) -> Printer:
    """A printer for the columns of a definition, in its order. A column whose path can't be read is left out and
    logged: the API server accepts some that no client can print.
    """
    columns: list[Column] = []
    paths: list[JsonPath] = []
    for definition in definitions:
        name = str(definition.get("name", ""))
        if not name or any(column.name == name for column in columns):
            continue
        try:
            paths.append(JsonPath(str(definition.get("jsonPath", ""))))
        except PathError as error:
            log.warning("columns.path_unreadable", column=name, error=str(error))
            continue
        priority = definition.get("priority")
        columns.append(
            Column(
                name,
                _kind(name, str(definition.get("type", ""))),
                priority if isinstance(priority, int) and priority > 0 else 0,
                str(definition.get("description", "")),
            )
        )
    kinds = [column.kind for column in columns]

    def cells(obj: Object) -> list[Cell]:
        return [_cell(kind, path.first(obj)) for kind, path in zip(kinds, paths, strict=True)]

    return Printer(tuple(columns), cells)


def _kind(name: str, type: str) -> ColumnKind:
    kind = _KINDS.get(type, ColumnKind.TEXT)
    return ColumnKind.STATUS if kind is ColumnKind.TEXT and name.lower() in _STATUS_NAMES else kind


def _cell(kind: ColumnKind, value: object) -> Cell:
    """A value in the shape of its column; None where it does not fit, as kubectl leaves such cells empty."""
    if value is None:
        return None
    if kind is ColumnKind.TIME:
        return seconds(value)
    if kind is ColumnKind.BOOLEAN:
        return value if isinstance(value, bool) else None
    if kind is ColumnKind.NUMBER:
        if isinstance(value, bool) or not isinstance(value, int | float) or value % 1 != 0:
            return None  # infinity, as which an exponent too large arrives, included
        return int(value)
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{' '.join(_text(item) for item in value)}]"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{name}:{_text(item)}' for name, item in sorted(value.items()))}]"
    return str(value)
