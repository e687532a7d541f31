"""Applies an RFC 7386 merge patch."""

from __future__ import annotations

from typing import Any

from octokube_demo.objects import Object


def merge_patch(value: Object, patch: Object) -> Object:
    """A patched copy that may share untouched parts with `value`: null removes, objects merge, the rest replaces."""
    result = dict(value)
    for field, new in patch.items():
        if new is None:
            result.pop(field, None)
        else:
            result[field] = _merged(result.get(field), new)
    return result


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(new, dict):
        return new
    return merge_patch(old if isinstance(old, dict) else {}, new)
