"""Finds and applies the difference of two JSON documents, as a merge patch (RFC 7386)."""

import re
from typing import Any

import orjson

Json = Any
"""A document as a JSON parser gives it: dict, list, str, int, float, bool or None."""

MAX_BODY_BYTES = 512 * 1024
"""Parsing more would hold up an event loop for longer than the bytes saved are worth."""
_BEYOND_DOUBLE = re.compile(rb"[:\[,]-?\d{16,}[,\]}.eE]")
"""A number that a receiver which reads all numbers as doubles (JavaScript) might write back as another."""


class Unpatchable(ValueError):
    """No merge patch leads from the one document to the other: the new one has a null where a patch would remove."""


class BadPatch(ValueError):
    """A patch, or what it is to be applied to, is no JSON object."""


def apply(target: Json, patch: Json) -> Json:
    """The document that a patch makes of ``target``, which is left as it is; unchanged parts are shared with it.

    Section 2 of the RFC: a member that is null is removed, an object is merged, anything else replaces.
    """
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = apply(merged.get(name), value)
    return merged


def diff(old: dict[str, Json], new: dict[str, Json]) -> dict[str, Json]:
    """The smallest patch by members: ``apply(old, diff(old, new)) == new``. Raises Unpatchable.

    Lists are replaced as a whole, as the RFC has no way to say less.
    """
    patch: dict[str, Json] = {name: None for name in old if name not in new}
    for name, value in new.items():
        if name not in old:
            patch[name] = _settable(value)
            continue
        former = old[name]
        if isinstance(value, dict) and isinstance(former, dict):
            inner = diff(former, value)
            if inner:
                patch[name] = inner
        elif not _is_same(former, value):
            patch[name] = _settable(value)
    return patch


def diff_bodies(old: bytes, new: bytes) -> bytes | None:
    """The patch between two encoded objects, or None where the whole new body is the better answer.

    That is when no patch exists, when it is no smaller, or when a number might not survive a receiver's parser.
    """
    if max(len(old), len(new)) > MAX_BODY_BYTES or _BEYOND_DOUBLE.search(old) or _BEYOND_DOUBLE.search(new):
        return None
    try:
        before, after = orjson.loads(old), orjson.loads(new)
        if not isinstance(before, dict) or not isinstance(after, dict):
            return None
        patch = orjson.dumps(diff(before, after))
    except (Unpatchable, RecursionError, orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None  # whatever it is, the receiver gets the bytes that the agent sent
    return patch if len(patch) < len(new) else None


def apply_to_body(body: bytes, patch: bytes) -> bytes:
    """The body that an encoded patch makes of an encoded object: byte for byte what the agent has encoded.

    That they are equal rests on members being sorted by name on both sides. Raises BadPatch.
    """
    try:
        before, change = orjson.loads(body), orjson.loads(patch)
    except orjson.JSONDecodeError as error:
        raise BadPatch("a patch, or the body that it is for, is not JSON") from error
    if not isinstance(before, dict) or not isinstance(change, dict):
        raise BadPatch("a patch, or the body that it is for, is no JSON object")
    try:
        return orjson.dumps(apply(before, change), option=orjson.OPT_SORT_KEYS)
    except (RecursionError, orjson.JSONEncodeError) as error:
        raise BadPatch("a patch that is nested too deep") from error


def _settable(value: Json) -> Json:
    """A value that a patch can set as it is. Inside a list a null is a null; in an object it would remove."""
    if value is None:
        raise Unpatchable("a member that is null")
    if isinstance(value, dict):
        for inner in value.values():
            _settable(inner)
    return value


def _is_same(one: Json, other: Json) -> bool:
    """Equality of documents. Python's own takes 1, 1.0 and True for equal."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_is_same(value, other[name]) for name, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if isinstance(one, float):
        return repr(one) == repr(other)  # -0.0 equals 0.0, and is another document
    return bool(one == other)
