"""Evaluates the subset of JSONPath that Kubernetes uses in printer columns."""

import re
from collections.abc import Callable
from typing import Any

_FIELD = re.compile(r"\.((?:\\.|[^.\[\]\\])+)")
_QUOTED = re.compile(r"\[\s*'((?:\\'|[^'])*)'\s*\]|\[\s*\"((?:\\\"|[^\"])*)\"\s*\]")
_INDEX = re.compile(r"\[\s*(-?\d+)\s*\]")
_WILDCARD = re.compile(r"\[\s*\*\s*\]|\.\*")
_SLICE = re.compile(r"\[\s*(-?\d*)\s*:\s*(-?\d*)\s*\]")
_FILTER = re.compile(
    r"\[\?\(\s*@((?:\.(?:\\.|[\w/-])+)+)\s*(?:(==|!=|>=|<=|>|<)\s*(\"[^\"]*\"|'[^']*'|[^\s)]+)\s*)?\)\]"
)

Step = Callable[[list[Any]], list[Any]]


class PathError(ValueError):
    """A path that this subset does not cover."""


class JsonPath:
    """A path such as ``.status.conditions[?(@.type=="Ready")].status``: fields (dots in names escaped by a backslash,
    or quoted in brackets), indices, slices, wildcards, and filters that compare one path with one literal.
    """

    def __init__(self, path: str) -> None:
        self._steps: list[Step] = []
        rest = path.strip().removeprefix("{").removesuffix("}").removeprefix("$")
        if rest and rest[0] not in ".[":
            rest = "." + rest
        while rest:
            rest = self._take(rest, path)
        if not self._steps:
            raise PathError(f"the path {path!r} names nothing")

    def all(self, obj: object) -> list[Any]:
        """Every value at the path."""
        found: list[Any] = [obj]
        for step in self._steps:
            found = step(found)
        return found

    def first(self, obj: object) -> Any:
        """The first value at the path, which is what a column shows; None when there is none."""
        found = self.all(obj)
        return found[0] if found else None

    def _take(self, rest: str, path: str) -> str:
        for pattern, build in _STEPS:
            match = pattern.match(rest)
            if match:
                self._steps.append(build(match))
                return rest[match.end() :]
        raise PathError(f"the path {path!r} can't be read at {rest!r}")


def _field(name: str) -> Step:
    return lambda values: [value[name] for value in values if isinstance(value, dict) and name in value]


def _fields(match: re.Match[str]) -> Step:
    return _field(re.sub(r"\\(.)", r"\1", match.group(1)))


def _quoted(match: re.Match[str]) -> Step:
    return _field((match.group(1) or match.group(2) or "").replace("\\'", "'"))


def _index(match: re.Match[str]) -> Step:
    index = int(match.group(1))
    return lambda values: [
        value[index] for value in values if isinstance(value, list) and -len(value) <= index < len(value)
    ]


def _slice(match: re.Match[str]) -> Step:
    start, end = (int(part) if part else None for part in match.groups())
    return lambda values: [item for value in values if isinstance(value, list) for item in value[start:end]]


def _wildcard(match: re.Match[str]) -> Step:
    return lambda values: [
        item
        for value in values
        if isinstance(value, dict | list)
        for item in (value.values() if isinstance(value, dict) else value)
    ]


def _filter(match: re.Match[str]) -> Step:
    inner, operator, literal = match.groups()
    path = JsonPath(inner)
    expected = _literal(literal) if literal is not None else None

    def holds(item: object) -> bool:
        found = path.all(item)
        if operator is None:
            return bool(found)
        return bool(found) and _compare(found[0], operator, expected)

    return lambda values: [item for value in values if isinstance(value, list) for item in value if holds(item)]


def _literal(text: str) -> Any:
    if text[0] in "\"'":
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text)
    except ValueError:
        return text


def _compare(value: Any, operator: str, expected: Any) -> bool:
    if operator == "==":
        return bool(value == expected)
    if operator == "!=":
        return bool(value != expected)
    if not isinstance(value, int | float) or not isinstance(expected, int | float):
        return False
    return {">": value > expected, "<": value < expected, ">=": value >= expected, "<=": value <= expected}[operator]


_STEPS: list[tuple[re.Pattern[str], Callable[[re.Match[str]], Step]]] = [
    (_WILDCARD, _wildcard),
    (_FIELD, _fields),
    (_QUOTED, _quoted),
    (_INDEX, _index),
    (_SLICE, _slice),
    (_FILTER, _filter),
]
