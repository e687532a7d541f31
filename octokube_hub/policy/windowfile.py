"""Reads windows.yaml into named windows, with the line of each."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar
from zoneinfo import ZoneInfo

import yaml

from octokube_hub.policy import windowtext
from octokube_hub.policy.problems import Problem
from octokube_hub.policy.wallclock import find_zone
from octokube_hub.policy.windows import EARLIEST, LATEST, Recurrence, Span, TimeRange, Window

T = TypeVar("T")

_FIELDS = ("days", "daily", "times", "from", "to", "zone", "except", "since", "until")
_DEEPEST = 5  # the file, a window, a list of ranges, a range, its list of times


@dataclass(frozen=True, slots=True)
class NamedWindow:
    """A window of windows.yaml. ``window.name`` carries the leading ``@``."""

    window: Window
    line: int


class _Refused(Exception):
    def __init__(self, node: yaml.Node, message: str) -> None:
        super().__init__(message)
        self.line = node.start_mark.line + 1


def read_windows(file: str, text: str) -> tuple[Mapping[str, NamedWindow], tuple[Problem, ...]]:
    """Windows by "@name", and everything that is wrong with the file.

    Scalars are taken as they are written, so that YAML's own ideas of ``18:00`` (the number 1,080) do not matter.
    """
    try:
        fault = _find_fault(file, text)
        if fault is not None:
            return MappingProxyType({}), (fault,)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        what = getattr(error, "problem", None) or "it cannot be parsed"
        return MappingProxyType({}), (Problem(file, line, f"this is not YAML: {what}"),)
    if root is None:
        return MappingProxyType({}), ()
    found: dict[str, NamedWindow] = {}
    problems: list[Problem] = []
    try:
        entries = list(_entries(root, "the file is a mapping of names to windows"))
    except _Refused as refused:
        return MappingProxyType({}), (Problem(file, refused.line, str(refused)),)
    for key, value in entries:
        line = key.start_mark.line + 1
        name = f"@{key.value}"
        try:
            if name in found:
                raise _Refused(key, f"window {key.value!r} is already defined in line {found[name].line}; keep one")
            found[name] = NamedWindow(Window(name, _read_spans(value)), line)
        except _Refused as refused:
            problems.append(Problem(file, refused.line, f"window {key.value!r}: {refused}"))
            # Known by name all the same: rows that use it are not to be reported as well.
            found.setdefault(name, NamedWindow(Window(name), line))
    return MappingProxyType(found), tuple(problems)


def _find_fault(file: str, text: str) -> Problem | None:
    """What would make composing the document cost more than its size: a few lines can mean a billion windows."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark is not None else 1
        if isinstance(event, yaml.AliasEvent):
            return Problem(file, line, "aliases (*name) are not supported; write the window out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            return Problem(file, line, "it is nested too deeply; a window is a mapping or a list of mappings")
    return None


def _read_spans(node: yaml.Node) -> tuple[Span, ...]:
    if isinstance(node, yaml.ScalarNode):
        window = _convert(node, windowtext.read_inline)
        if window.is_always:
            raise _Refused(node, "'always' needs no name; write always in the row")
        return window.spans
    if isinstance(node, yaml.SequenceNode):
        if not node.value:
            raise _Refused(node, "it is empty and would never open; list at least one range or delete it")
        return tuple(span for item in node.value for span in _read_spans(item))
    return (_read_span(node),)


def _read_span(node: yaml.Node) -> Span:
    fields: dict[str, yaml.Node] = {}
    for key, value in _entries(node, "a window is a mapping such as { days: Mon-Fri, from: ..., to: ..., zone: ... }"):
        if key.value not in _FIELDS:
            raise _Refused(key, f"unknown field {key.value!r}; known are {', '.join(_FIELDS)}")
        if key.value in fields:
            raise _Refused(key, f"{key.value!r} is given twice; keep one")
        fields[key.value] = value
    if not fields:
        raise _Refused(node, "it is empty; give it days, times and a zone, or since and until")
    zone = _convert(_scalar(fields["zone"]), find_zone) if "zone" in fields else None
    since, until = EARLIEST, LATEST
    if "since" in fields:
        since = _convert(_scalar(fields["since"]), lambda text: windowtext.read_instant(text, zone, "since"))
    if "until" in fields:
        until = _convert(_scalar(fields["until"]), lambda text: windowtext.read_instant(text, zone, "until"))
    if since >= until:
        raise _Refused(fields["until"], "it is never open: until is not after since")
    span = Span(since, until, _read_recurrence(node, fields, zone))
    if span.is_never_open:
        raise _Refused(node, "it is never open: none of its times lies between since and until")
    return span


def _read_recurrence(node: yaml.Node, fields: Mapping[str, yaml.Node], zone: ZoneInfo | None) -> Recurrence | None:
    if "daily" in fields and ("days" in fields or "times" in fields):
        raise _Refused(fields["daily"], "'daily' says days and times at once; use days and times instead of it")
    if ("from" in fields) != ("to" in fields):
        raise _Refused(node, "'from' and 'to' belong together; add the other")
    ranges = tuple(_read_ranges(fields))
    if not ranges:
        for name in ("days", "except"):
            if name in fields:
                raise _Refused(fields[name], f"{name!r} needs times; add from and to, such as 00:00 and 24:00")
        if "since" not in fields and "until" not in fields:
            raise _Refused(node, "it says no time; give it days, times and a zone, or since and until")
        return None
    if zone is None:
        raise _Refused(node, "times of day need a zone; add zone: Europe/Berlin, or zone: UTC")
    days = windowtext.EVERY_DAY
    if "days" in fields:
        parts = (_convert(item, windowtext.read_days) for item in _items(fields["days"]))
        days = frozenset(day for part in parts for day in part)
    exceptions = (
        tuple(_convert(item, windowtext.read_dates) for item in _items(fields["except"])) if "except" in fields else ()
    )
    return Recurrence(days, ranges, zone, exceptions)


def _read_ranges(fields: Mapping[str, yaml.Node]) -> Iterator[TimeRange]:
    for name in ("daily", "times"):
        for item in _items(fields[name]) if name in fields else ():
            for part in item.value.split(","):
                yield _convert(item, windowtext.read_range, part)
    if "from" in fields and "to" in fields:
        stop = _scalar(fields["to"]).value
        yield _convert(_scalar(fields["from"]), lambda start: windowtext.make_range(start, stop))


def _entries(node: yaml.Node, expected: str) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        raise _Refused(node, expected)
    for key, value in node.value:
        yield _scalar(key), value


def _items(node: yaml.Node) -> tuple[yaml.ScalarNode, ...]:
    if isinstance(node, yaml.SequenceNode):
        if not node.value:
            raise _Refused(node, "an empty list says nothing; fill it or delete the field")
        return tuple(_scalar(item) for item in node.value)
    return (_scalar(node),)


def _scalar(node: yaml.Node) -> yaml.ScalarNode:
    if not isinstance(node, yaml.ScalarNode):
        raise _Refused(node, "a single value belongs here")
    return node


def _convert(node: yaml.ScalarNode, read: Callable[[str], T], text: str | None = None) -> T:
    try:
        return read(node.value if text is None else text)
    except ValueError as error:
        raise _Refused(node, str(error)) from error
