"""Checks what a person sends to be written."""

import re
from dataclasses import replace
from typing import Any

import orjson

from octokube_agent.operations.failures import Refused
from octokube_agent.operations.reference import Reference
from octokube_agent.projection.marker import REDACTED

Object = dict[str, Any]

MAX_BODY_BYTES = 3 * 1024 * 1024
"""The API server's own limit."""
_VERSION = re.compile(r"v[1-9][0-9]{0,2}((alpha|beta)[1-9][0-9]{0,2})?")


def parse(body: bytes) -> Any:
    """Parsed JSON without redaction markers: written back, such a marker would replace the value that it hides."""
    if len(body) > MAX_BODY_BYTES:
        raise Refused(f"the body has more than {MAX_BODY_BYTES} bytes, which Kubernetes does not take")
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused("the body is no JSON") from None  # the decoder's text quotes it
    if REDACTED.encode() in body:
        raise Refused(f"the body holds {REDACTED}, which stands for a hidden value; leave out what you do not change")
    return parsed


def whole_object(body: bytes, reference: Reference) -> tuple[Object, Reference]:
    """A whole object that is the one the reference names, with what was missing filled in, and the reference in the
    version in which the object is written. Raises Refused for another object.
    """
    obj = parse(body)
    if not isinstance(obj, dict):
        raise Refused("the body is no object")
    group, _, version = str(obj.setdefault("apiVersion", reference.api_version)).rpartition("/")
    if obj.setdefault("kind", reference.kind) != reference.kind or group != reference.group:
        raise Refused(f"the body is of another type than {reference.type}, for which the request was decided")
    if not _VERSION.fullmatch(version):
        raise Refused("the body's apiVersion is none that Kubernetes can have")
    metadata = obj.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        raise Refused("the body's metadata is no object")
    for name, wanted in (("name", reference.name), ("namespace", reference.namespace)):
        if not metadata.get(name):
            metadata.pop(name, None)
        if metadata.get(name, wanted) != wanted:
            raise Refused(f"the body's {name} is another than that for which the request was decided")
        if wanted:
            metadata[name] = wanted
    for name in ("managedFields", "resourceVersion", "uid", "creationTimestamp", "selfLink", "generation"):
        metadata.pop(name, None)
    obj.pop("status", None)
    return obj, replace(reference, version=version)


def patch_of(body: bytes, before: Object, *, is_json_patch: bool) -> Any:
    """A patch that only fits the object as it was before."""
    patch = parse(body)
    metadata = before["metadata"]
    bound = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
    if is_json_patch:
        return _json_patch(patch, bound)
    if not isinstance(patch, dict) or not isinstance(patch.setdefault("metadata", {}), dict):
        raise Refused("the patch is no object, or its metadata is none")
    patch["metadata"] |= bound
    return patch


def _json_patch(patch: Any, bound: dict[str, str]) -> list[Object]:
    if not isinstance(patch, list) or not all(isinstance(step, dict) for step in patch):
        raise Refused("a JSON patch is a list of operations")
    for step in patch:
        # A test tells whether a guess of a hidden value is right; copy and move carry one to where it is shown.
        if step.get("op") not in ("add", "replace", "remove"):
            raise Refused("of JSON patches only add, replace and remove are taken here")
    tests = [{"op": "test", "path": f"/metadata/{name}", "value": value} for name, value in bound.items()]
    return [*tests, *patch]
