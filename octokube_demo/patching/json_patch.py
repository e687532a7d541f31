"""Applies an RFC 6902 JSON patch."""

from __future__ import annotations

from typing import Any

from octokube_demo import errors
from octokube_demo.objects import Object, copied


def apply_json_patch(value: Object, operations: Any) -> Object:
    """A patched copy. Raises ApiError 400 for a malformed patch, 422 for one that does not fit the object."""
    if not isinstance(operations, list):
        raise errors.bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    # One wrapper makes the root itself replaceable by the same code.
    root: dict[str, Any] = {"": copied(value)}
    for operation in operations:
        if not isinstance(operation, dict) or "op" not in operation or "path" not in operation:
            raise errors.bad_request("a JSON patch operation needs op and path")
        _apply(root, operation)
    result = root[""]
    if not isinstance(result, dict):
        raise _unfit("the document root must stay an object")
    return result


def _unfit(why: str) -> errors.ApiError:
    return errors.ApiError(422, f"the server rejected our request due to an error in our request: {why}", details={})


def _apply(root: dict[str, Any], operation: dict[str, Any]) -> None:
    op, path = operation["op"], operation["path"]
    if op == "add":
        _add(root, path, _value(operation))
    elif op == "remove":
        _take(root, path)
    elif op == "replace":
        _read(root, path)
        _replace(root, path, _value(operation))
    elif op == "move":
        _add(root, path, _take(root, operation.get("from", "")))
    elif op == "copy":
        found = _read(root, operation.get("from", ""))
        _add(root, path, copied({"": found})[""])
    elif op == "test":
        if _read(root, path) != operation.get("value"):
            raise _unfit(f"testing value {path} failed")
    else:
        raise errors.bad_request(f"unexpected kind of JSON patch operation: {op}")


def _value(operation: dict[str, Any]) -> Any:
    if "value" not in operation:
        raise errors.bad_request(f"JSON patch operation {operation['op']} at {operation['path']} has no value")
    return operation["value"]


def _parts(path: str) -> list[str]:
    if path and not path.startswith("/"):
        raise errors.bad_request(f"JSON pointer {path!r} must start with a slash")
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")]


def _parent(root: dict[str, Any], path: str) -> tuple[Any, str]:
    parts = _parts(path)
    current: Any = root
    for part in parts[:-1]:
        current = _child(current, part, path)
    return current, parts[-1]


def _child(container: Any, part: str, path: str) -> Any:
    if isinstance(container, dict) and part in container:
        return container[part]
    if isinstance(container, list) and part.isdigit() and int(part) < len(container):
        return container[int(part)]
    raise _unfit(f"path does not exist: {path}")


def _read(root: dict[str, Any], path: str) -> Any:
    container, last = _parent(root, path)
    return _child(container, last, path)


def _replace(root: dict[str, Any], path: str, new: Any) -> None:
    container, last = _parent(root, path)
    container[int(last) if isinstance(container, list) else last] = new


def _add(root: dict[str, Any], path: str, new: Any) -> None:
    container, last = _parent(root, path)
    if isinstance(container, dict):
        container[last] = new
    elif isinstance(container, list) and last == "-":
        container.append(new)
    elif isinstance(container, list) and last.isdigit() and int(last) <= len(container):
        container.insert(int(last), new)
    else:
        raise _unfit(f"path does not exist: {path}")


def _take(root: dict[str, Any], path: str) -> Any:
    container, last = _parent(root, path)
    found = _child(container, last, path)
    del container[int(last) if isinstance(container, list) else last]
    return found
