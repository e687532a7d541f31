"""Converts objects between the version they are stored in and the version a request speaks."""

from __future__ import annotations

from collections.abc import Callable

from octokube_demo.objects import Object
from octokube_demo.resources import ResourceType

# (core field, events.k8s.io field): the two names of the same thing.
_EVENT_FIELDS = (
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
)
_TO_NEW = dict(_EVENT_FIELDS)
_TO_CORE = {new: core for core, new in _EVENT_FIELDS}


def shown_in(resource: ResourceType, version: str) -> Callable[[Object], Object] | None:
    """How a stored object is shown to a request for this version; None when it is shown as it is stored.

    The converters share everything below the renamed fields with the stored object and never change it.
    """
    if resource.shows:
        return _new_style_event
    if version == resource.stored_version:
        return None
    api_version = resource.api_version(version)
    return lambda value: {**value, "apiVersion": api_version}


def as_stored(resource: ResourceType, value: Object) -> Object:
    """A request body in the form its type is stored in."""
    if resource.shows:
        body = {_TO_CORE.get(field, field): part for field, part in value.items()}
        return {**body, "kind": "Event", "apiVersion": "v1"}
    return {**value, "kind": resource.kind, "apiVersion": resource.api_version()}


def _new_style_event(value: Object) -> Object:
    body = {_TO_NEW.get(field, field): part for field, part in value.items()}
    return {**body, "kind": "Event", "apiVersion": "events.k8s.io/v1"}
