"""Parses label and field selectors into predicates over objects."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from octokube_demo import errors
from octokube_demo.objects import Object, labels_of

Predicate: TypeAlias = Callable[[Object], bool]

_SET_TERM = re.compile(r"^(?P<key>[^\s!=,()]+)\s+(?P<operator>in|notin)\s*\((?P<values>[^)]*)\)$")
_NUMBER_TERM = re.compile(r"^(?P<key>[^\s!=,()<>]+)\s*(?P<operator>[<>])\s*(?P<value>-?\d+)$")
_EQUAL_TERM = re.compile(r"^(?P<key>[^\s!=,()]+)\s*(?P<operator>==|=|!=)\s*(?P<value>[^\s!=,()]*)$")
_EXISTS_TERM = re.compile(r"^(?P<not>!?)\s*(?P<key>[^\s!=,()]+)$")
# A comma separates terms except inside the parentheses of a set.
_COMMA = re.compile(r",(?![^(]*\))")


def label_selector(text: str) -> Predicate | None:
    """`app=api,tier in (a,b),!legacy` as a predicate, None when it selects everything. Raises ApiError 400."""
    terms = [_label_term(term.strip()) for term in _COMMA.split(text) if term.strip()]
    if not terms:
        return None
    return lambda value: (labels := labels_of(value)) is not None and all(term(labels) for term in terms)


def _label_term(term: str) -> Callable[[dict[str, str]], bool]:
    if match := _SET_TERM.match(term):
        key, values = match["key"], {part.strip() for part in match["values"].split(",")}
        if match["operator"] == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if match := _NUMBER_TERM.match(term):
        key, bound, is_greater = match["key"], int(match["value"]), match["operator"] == ">"
        return lambda labels: _compare(labels.get(key), bound, is_greater=is_greater)
    if match := _EQUAL_TERM.match(term):
        key, wanted = match["key"], match["value"]
        if match["operator"] == "!=":
            return lambda labels: labels.get(key) != wanted
        return lambda labels: labels.get(key) == wanted
    if match := _EXISTS_TERM.match(term):
        key = match["key"]
        if match["not"]:
            return lambda labels: key not in labels
        return lambda labels: key in labels
    raise errors.bad_request(f'unable to parse requirement: found "{term}", expected: a label selector')


def _compare(text: str | None, bound: int, *, is_greater: bool) -> bool:
    if text is None or not text.lstrip("-").isdigit():
        return False
    return int(text) > bound if is_greater else int(text) < bound


def _path(*parts: str) -> Callable[[Object], str]:
    def read(value: Object) -> str:
        found: object = value
        for part in parts:
            found = found.get(part) if isinstance(found, dict) else None
        if isinstance(found, bool):
            return str(found).lower()
        return "" if found is None else str(found)

    return read


_EVERYWHERE = {"metadata.name": _path("metadata", "name"), "metadata.namespace": _path("metadata", "namespace")}
_INVOLVED = {
    f"involvedObject.{field}": _path("involvedObject", field)
    for field in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
}
_REGARDING = {field.replace("involvedObject", "regarding"): read for field, read in _INVOLVED.items()}
_EVENT_FIELDS = {
    "reason": _path("reason"),
    "type": _path("type"),
    "source": _path("source", "component"),
    "reportingComponent": _path("reportingComponent"),
}
# What the real server can select by, per type; anything else is a 400.
_PER_TYPE = {
    "pods": {
        field: _path(*field.split("."))
        for field in (
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        )
    },
    "events": {**_INVOLVED, **_EVENT_FIELDS},
    "events.events.k8s.io": {**_REGARDING, **_EVENT_FIELDS},
    "secrets": {"type": _path("type")},
    "namespaces": {"status.phase": _path("status", "phase")},
    "nodes": {"spec.unschedulable": _path("spec", "unschedulable")},
    "jobs.batch": {"status.successful": _path("status", "succeeded")},
    "replicasets.apps": {"status.replicas": _path("status", "replicas")},
    "replicationcontrollers": {"status.replicas": _path("status", "replicas")},
}


def field_selector(text: str, type_name: str) -> Predicate | None:
    """`status.phase=Running,spec.nodeName!=a` as a predicate, None when it selects everything. Raises ApiError 400."""
    readers = {**_EVERYWHERE, **_PER_TYPE.get(type_name, {})}
    terms: list[tuple[Callable[[Object], str], str, bool]] = []
    for term in filter(None, (part.strip() for part in text.split(","))):
        match = _EQUAL_TERM.match(term)
        if match is None:
            raise errors.bad_request(f"invalid selector: '{text}'; can't understand '{term}'")
        reader = readers.get(match["key"])
        if reader is None:
            raise errors.bad_request(f"field label not supported: {match['key']}")
        terms.append((reader, match["value"], match["operator"] != "!="))
    if not terms:
        return None
    return lambda value: all((read(value) == wanted) is is_equal for read, wanted, is_equal in terms)


def both(first: Predicate | None, second: Predicate | None) -> Predicate | None:
    """Their conjunction."""
    if first is None or second is None:
        return first or second
    return lambda value: first(value) and second(value)
