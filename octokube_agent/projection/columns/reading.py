"""Reads values out of objects that may lack them."""

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from octokube_agent.served_type import Column, ColumnKind

Object = dict[str, Any]
Cell = str | int | bool | None
"""A column's kind says which: TEXT and STATUS hold a str, NUMBER an int, TIME seconds since 1970, BOOLEAN a bool."""

AGE = Column("Age", ColumnKind.TIME, description="When the object was created.")


@dataclass(frozen=True, slots=True)
class Printer:
    """A type's columns, with the function that computes one object's cells in their order."""

    columns: tuple[Column, ...]
    cells: Callable[[Object], Sequence[Cell]]


def text(name: str, *, wide: bool = False, description: str = "") -> Column:
    """A column of text; a wide one is shown on demand only."""
    return Column(name, ColumnKind.TEXT, int(wide), description)


def number(name: str, *, wide: bool = False, description: str = "") -> Column:
    """A column of whole numbers."""
    return Column(name, ColumnKind.NUMBER, int(wide), description)


def status(name: str, *, description: str = "") -> Column:
    """A column of words that stand for health."""
    return Column(name, ColumnKind.STATUS, 0, description)


def instant(name: str, *, wide: bool = False, description: str = "") -> Column:
    """A column of times."""
    return Column(name, ColumnKind.TIME, int(wide), description)


def flag(name: str, *, wide: bool = False, description: str = "") -> Column:
    """A column of yes and no."""
    return Column(name, ColumnKind.BOOLEAN, int(wide), description)


def part(obj: Object | None, *path: str) -> Object:
    """The object at a path, empty when anything on the way is missing."""
    for name in path:
        if not isinstance(obj, dict):
            return {}
        obj = obj.get(name)
    return obj if isinstance(obj, dict) else {}


def items(obj: Object | None, *path: str) -> list[Any]:
    """The list at a path, empty when anything on the way is missing."""
    value = part(obj, *path[:-1]).get(path[-1])
    return value if isinstance(value, list) else []


def count(obj: Object | None, *path: str) -> int:
    """The number at a path, 0 when it is missing: Kubernetes leaves zeros out."""
    value = part(obj, *path[:-1]).get(path[-1])
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def word(obj: Object | None, *path: str) -> str:
    """The scalar at a path as text, empty when it is missing."""
    value = part(obj, *path[:-1]).get(path[-1])
    return "" if value is None or isinstance(value, dict | list) else str(value)


def created(obj: Object) -> int | None:
    """metadata.creationTimestamp in seconds."""
    return seconds(part(obj, "metadata").get("creationTimestamp"))


def seconds(timestamp: object) -> int | None:
    """Seconds since 1970 of an RFC 3339 time; None for anything else. Fractions are cut off."""
    if not isinstance(timestamp, str):
        return None
    try:
        parsed = datetime.datetime.fromisoformat(timestamp)
    except ValueError:
        return None
    return None if parsed.tzinfo is None else int(parsed.timestamp())


def joined(values: Iterable[object], *, limit: int = 0, none: str = "<none>") -> str:
    """Comma-separated text; beyond ``limit`` values, kubectl's "+ 2 more..."."""
    texts = [str(value) for value in values if value not in (None, "")]
    if not texts:
        return none
    if limit and len(texts) > limit:
        return f"{','.join(texts[:limit])} + {len(texts) - limit} more..."
    return ",".join(texts)


def labels(selector: Object | None) -> str:
    """A map of labels or a LabelSelector as ``kubectl`` writes it."""
    if not selector:
        return "<none>"
    if "matchLabels" in selector or "matchExpressions" in selector:
        matches = [f"{name}={value}" for name, value in sorted(part(selector, "matchLabels").items())]
        for expression in items(selector, "matchExpressions"):
            matches.append(_expression(expression))
        return joined(matches)
    return joined(f"{name}={value}" for name, value in sorted(selector.items()))


def condition(obj: Object, type: str) -> Object:
    """The status condition of a type, empty when there is none."""
    for item in items(obj, "status", "conditions"):
        if isinstance(item, dict) and item.get("type") == type:
            return item
    return {}


def _expression(expression: Object) -> str:
    key, values = word(expression, "key"), ",".join(map(str, items(expression, "values")))
    operator = word(expression, "operator")
    if operator == "Exists":
        return key
    if operator == "DoesNotExist":
        return f"!{key}"
    return f"{key} {operator.lower()} ({values})"
