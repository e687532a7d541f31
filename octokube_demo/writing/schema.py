"""Checks a custom resource against the schema of its definition, and prunes what the schema does not know."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import orjson

from octokube_demo.objects import Object

Cause: TypeAlias = tuple[str, str, str]

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


def prune(value: Any, schema: Object) -> Any:
    """Without the fields the schema does not name, as structural schemas prune. Metadata is the caller's business."""
    if schema.get("x-kubernetes-preserve-unknown-fields") or not schema:
        return value
    if isinstance(value, dict):
        properties = schema.get("properties") or {}
        extra = schema.get("additionalProperties")
        if extra is True or (not properties and isinstance(extra, dict) and not extra):
            return value
        result = {}
        for field, part in value.items():
            if field in properties:
                result[field] = prune(part, properties[field])
            elif isinstance(extra, dict):
                result[field] = prune(part, extra)
        return result
    if isinstance(value, list):
        return [prune(item, schema.get("items") or {}) for item in value]
    return value


def violations(value: Any, schema: Object, path: str = "") -> list[Cause]:
    """What the schema forbids, as 422 causes in the real server's words. Understands the usual keywords."""
    if value is None and schema.get("nullable"):
        return []
    if schema.get("x-kubernetes-int-or-string"):
        is_fine = isinstance(value, int | str) and not isinstance(value, bool)
        return [] if is_fine else [_wrong_type(path, "integer or string", value)]
    expected = schema.get("type")
    if expected and not _is_type(value, expected):
        return [_wrong_type(path, expected, value)]
    causes: list[Cause] = []
    if "enum" in schema and value not in schema["enum"]:
        listed = ", ".join(orjson.dumps(one).decode() for one in schema["enum"])
        text = f"Unsupported value: {orjson.dumps(value).decode()}: supported values: {listed}"
        causes.append(("FieldValueNotSupported", path, text))
    if isinstance(value, dict):
        causes += _object_violations(value, schema, path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            causes += violations(item, schema.get("items") or {}, f"{path}[{index}]")
    causes += _bounds(value, schema, path)
    return causes


def _object_violations(value: Object, schema: Object, path: str) -> list[Cause]:
    causes: list[Cause] = []
    properties = schema.get("properties") or {}
    for field, part in value.items():
        if field in properties:
            causes += violations(part, properties[field], _join(path, field))
        elif isinstance(schema.get("additionalProperties"), dict):
            causes += violations(part, schema["additionalProperties"], _join(path, field))
    for field in schema.get("required") or ():
        if field not in value:
            causes.append(("FieldValueRequired", _join(path, field), "Required value"))
    return causes


def _bounds(value: Any, schema: Object, path: str) -> list[Cause]:
    shown = orjson.dumps(value).decode()
    problems: list[str] = []
    if isinstance(value, int | float) and not isinstance(value, bool):
        if "minimum" in schema and value < schema["minimum"]:
            problems.append(f"should be greater than or equal to {schema['minimum']}")
        if "maximum" in schema and value > schema["maximum"]:
            problems.append(f"should be less than or equal to {schema['maximum']}")
    if isinstance(value, str):
        if "minLength" in schema and len(value) < schema["minLength"]:
            problems.append(f"should be at least {schema['minLength']} chars long")
        if "maxLength" in schema and len(value) > schema["maxLength"]:
            problems.append(f"should be at most {schema['maxLength']} chars long")
        if "pattern" in schema and not re.search(schema["pattern"], value):
            problems.append(f"should match '{schema['pattern']}'")
    if isinstance(value, list) and "maxItems" in schema and len(value) > schema["maxItems"]:
        problems.append(f"should have at most {schema['maxItems']} items")
    return [("FieldValueInvalid", path, f"Invalid value: {shown}: {path} in body {problem}") for problem in problems]


def _join(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field


def _is_type(value: Any, expected: str) -> bool:
    if isinstance(value, bool):
        return expected == "boolean"
    return isinstance(value, _TYPES.get(expected, (object,)))


def _wrong_type(path: str, expected: str, value: Any) -> Cause:
    actual = next((name for name in _TYPES if _is_type(value, name)), "null")
    return (
        "FieldValueInvalid",
        path,
        f'Invalid value: "{actual}": {path or "the object"} in body must be of type {expected}: "{actual}"',
    )
