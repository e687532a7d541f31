"""Describes which fields a manager owns, in the `fieldsV1` form of `managedFields`.

A set is a nested dictionary: `f:spec` → `f:replicas` → `{}`; an item of a keyed list is `k:{"name":"web"}`, an item
of a set is `v:"x"`, and `.` stands for the container itself. `{}` is an owned leaf.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import orjson

from octokube_demo.objects import Object
from octokube_demo.patching.list_keys import KEY_DEFAULTS, is_atomic, is_set, item_key, merge_keys

FieldSet: TypeAlias = dict[str, Any]
Path: TypeAlias = tuple[str, ...]

# What the server alone writes; nobody owns it.
_UNOWNED = frozenset(
    {
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "managedFields",
        "selfLink",
    }
)


def owned_fields(value: Object, *, is_custom: bool = False) -> FieldSet:
    """Everything an applied configuration or a created object claims."""
    found: FieldSet = {}
    for field, part in value.items():
        if field in ("apiVersion", "kind"):
            continue
        if field == "metadata":
            part = {name: inner for name, inner in part.items() if name not in _UNOWNED}
            if not part:
                continue
        found[f"f:{field}"] = _claims(part, (field,), is_custom)
    return found


def _claims(value: Any, path: Path, is_custom: bool) -> FieldSet:
    if isinstance(value, dict) and value and not is_atomic(path, is_custom=is_custom):
        return {f"f:{field}": _claims(part, (*path, field), is_custom) for field, part in value.items()}
    if isinstance(value, list) and value:
        if is_set(path):
            return {f"v:{orjson.dumps(item).decode()}": {} for item in value}
        keys = merge_keys(path, is_custom=is_custom)
        if keys and all(item_key(item, keys) is not None for item in value):
            return {item_step(item, keys): {".": {}, **_claims(item, path, is_custom)} for item in value}
    return {}


def item_step(item: Object, keys: tuple[str, ...]) -> str:
    """`k:{"name":"web"}`."""
    identity = {key: item.get(key, KEY_DEFAULTS.get(key)) for key in sorted(keys)}
    return f"k:{orjson.dumps(identity).decode()}"


def changed_fields(old: Object, new: Object, *, is_custom: bool = False) -> FieldSet:
    """What of `new` differs from `old`: what an update makes its manager own."""
    old_set = owned_fields(old, is_custom=is_custom)
    found: FieldSet = {}
    for path in leaves(owned_fields(new, is_custom=is_custom)):
        if not contains(old_set, path) or read(old, path) != read(new, path):
            add(found, path)
    return found


def leaves(fields: FieldSet, prefix: Path = ()) -> Iterator[Path]:
    """Every owned leaf as a path of steps."""
    for step, inner in fields.items():
        if inner:
            yield from leaves(inner, (*prefix, step))
        else:
            yield (*prefix, step)


def contains(fields: FieldSet, path: Path) -> bool:
    """The path is in the set (as a leaf or as a container)."""
    current = fields
    for step in path:
        if step not in current:
            return False
        current = current[step]
    return True


def add(fields: FieldSet, path: Path) -> None:
    """Puts a path into a set."""
    for step in path:
        fields = fields.setdefault(step, {})


def discard(fields: FieldSet, path: Path) -> None:
    """Takes a path, and containers it leaves empty, out of a set."""
    if not path or path[0] not in fields:
        return
    inner = fields[path[0]]
    if len(path) == 1:
        if not inner:
            del fields[path[0]]
        return
    discard(inner, path[1:])
    if not inner:
        del fields[path[0]]


_MISSING = object()


def read(value: Any, path: Path) -> Any:
    """The value at a path, or a marker equal only to itself when there is none."""
    for step in path:
        value = step_into(value, step)
        if value is _MISSING:
            return _MISSING
    return value


def is_missing(found: Any) -> bool:
    """Whether `read` found nothing."""
    return found is _MISSING


def step_into(value: Any, step: str) -> Any:
    """One step down."""
    if step == ".":
        return True  # the container's existence is what `.` owns
    kind, _, rest = step.partition(":")
    if kind == "f":
        return value.get(rest, _MISSING) if isinstance(value, dict) else _MISSING
    if not isinstance(value, list):
        return _MISSING
    if kind == "v":
        wanted = orjson.loads(rest)
        return wanted if wanted in value else _MISSING
    index = find_item(value, orjson.loads(rest))
    return _MISSING if index is None else value[index]


def find_item(items: list[Any], identity: Object) -> int | None:
    """The index of the item with this identity."""
    for index, item in enumerate(items):
        if isinstance(item, dict) and all(
            item.get(key, KEY_DEFAULTS.get(key)) == part for key, part in identity.items()
        ):
            return index
    return None


def dotted(path: Path) -> str:
    """`.spec.template.spec.containers[name="web"].image`, as conflicts name a field."""
    text = ""
    for step in path:
        kind, _, rest = step.partition(":")
        if kind == "f":
            text += f".{rest}"
        elif kind == "k":
            inner = ",".join(f"{key}={orjson.dumps(part).decode()}" for key, part in orjson.loads(rest).items())
            text += f"[{inner}]"
        elif kind == "v":
            text += f"[={rest}]"
    return text
