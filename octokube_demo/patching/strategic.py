"""Applies a strategic merge patch: a merge patch that knows the lists of built-in types."""

from __future__ import annotations

from typing import Any

from octokube_demo import errors
from octokube_demo.objects import Object
from octokube_demo.patching.list_keys import is_set, merge_keys

_DELETE_FROM = "$deleteFromPrimitiveList/"
_ORDER = "$setElementOrder/"
_RETAIN = "$retainKeys"


def strategic_merge(value: Object, patch: Object, path: tuple[str, ...] = ()) -> Object:
    """A patched copy that may share untouched parts with `value`. Raises ApiError 400 for an unusable directive.

    Understands `$patch: replace|delete|merge` in objects and list items, `$deleteFromPrimitiveList`,
    `$setElementOrder` (honoured by keeping the merged order) and `$retainKeys`.
    """
    directive = patch.get("$patch")
    if directive == "delete":
        return {}
    if directive == "replace":
        return {field: new for field, new in patch.items() if field != "$patch"}
    if directive not in (None, "merge"):
        raise errors.bad_request(f"unable to find api field or directive: $patch: {directive}")
    result = dict(value)
    if isinstance(retained := patch.get(_RETAIN), list):
        result = {field: old for field, old in result.items() if field in retained}
    for field, new in patch.items():
        if field == "$patch" or field == _RETAIN or field.startswith(_ORDER):
            continue
        if field.startswith(_DELETE_FROM):
            name = field.removeprefix(_DELETE_FROM)
            result[name] = [item for item in result.get(name) or () if item not in new]
        elif new is None:
            result.pop(field, None)
        elif isinstance(new, dict):
            old = result.get(field)
            result[field] = strategic_merge(old if isinstance(old, dict) else {}, new, (*path, field))
        elif isinstance(new, list):
            result[field] = _merge_lists(result.get(field), new, (*path, field))
        else:
            result[field] = new
    return result


def _merge_lists(old: Any, new: list[Any], path: tuple[str, ...]) -> list[Any]:
    if is_set(path):
        kept = list(old) if isinstance(old, list) else []
        return kept + [item for item in new if item not in kept]
    keys = merge_keys(path)
    if not keys:
        return new
    # Strategic merge has one key per list: the first. (That two ports differing only in protocol collide is the real
    # server's behaviour, and one reason why server-side apply exists.)
    key = keys[0]
    items = [
        item for item in new if not (isinstance(item, dict) and item.get("$patch") == "replace" and len(item) == 1)
    ]
    result = [] if len(items) < len(new) else list(old or ())
    for item in items:
        if not isinstance(item, dict) or key not in item:
            raise errors.bad_request(f"map: {item} does not contain declared merge key: {key}")
        index = next((at for at, have in enumerate(result) if have.get(key) == item[key]), None)
        if item.get("$patch") == "delete":
            if index is not None:
                del result[index]
        elif index is None:
            result.append(strategic_merge({}, item, path))
        else:
            result[index] = strategic_merge(result[index], item, path)
    return result
