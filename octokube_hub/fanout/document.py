"""Reads what an object's encoded body says, where that has to be looked into."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson


def read(body: bytes) -> Mapping[str, Any]:
    """The JSON object in an encoded body (see ``EncodedObject``); an empty one where a broken agent sent none."""
    start = 1  # behind the field's tag; its length goes on as long as its bytes say so
    while start < len(body) and body[start] >= 0x80:
        start += 1
    try:
        found = orjson.loads(memoryview(body)[start + 1 :])
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def labels(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """The labels of an object that was read."""
    return _mapping(_mapping(found.get("metadata")).get("labels"))


def annotations(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """The annotations of an object that was read."""
    return _mapping(_mapping(found.get("metadata")).get("annotations"))


def images(found: Mapping[str, Any]) -> Iterator[str]:
    """The images of an object's containers: a pod's, those of what makes pods, and of what makes such (CronJob)."""
    spec = _mapping(found.get("spec"))
    while spec:
        for kind in ("containers", "initContainers", "ephemeralContainers"):
            for container in spec.get(kind) or ():
                image = _mapping(container).get("image")
                if isinstance(image, str):
                    yield image
        spec = _mapping(_mapping(spec.get("template") or spec.get("jobTemplate")).get("spec"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
