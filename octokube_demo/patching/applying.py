"""Merges a server-side apply into an object: who owns which field, who conflicts, what goes away."""

from __future__ import annotations

from typing import Any

from octokube_demo import errors
from octokube_demo.objects import Object, copied
from octokube_demo.patching import field_sets
from octokube_demo.patching.field_sets import FieldSet, Path
from octokube_demo.patching.list_keys import is_atomic, is_set, item_key, merge_keys


def merge_applied(live: Object, applied: Object, *, is_custom: bool) -> Object:
    """`live` with everything `applied` says: objects merge, keyed lists merge by item, the rest is replaced."""
    return {field: _merge_field(live, applied, field, (field,), is_custom) for field in {**live, **applied}}


def _merge_field(live: Object, applied: Object, field: str, path: tuple[str, ...], is_custom: bool) -> Any:
    if field not in applied:
        return live[field]
    return _merge(live.get(field), applied[field], path, is_custom)


def _merge(old: Any, new: Any, path: tuple[str, ...], is_custom: bool) -> Any:
    if isinstance(new, dict) and isinstance(old, dict) and not is_atomic(path, is_custom=is_custom):
        return {field: _merge_field(old, new, field, (*path, field), is_custom) for field in {**old, **new}}
    if isinstance(new, list) and isinstance(old, list):
        if is_set(path):
            return old + [item for item in new if item not in old]
        keys = merge_keys(path, is_custom=is_custom)
        if keys and all(item_key(item, keys) is not None for item in (*old, *new)):
            merged = {item_key(item, keys): item for item in old}
            for item in new:
                identity = item_key(item, keys)
                merged[identity] = _merge(merged[identity], item, path, is_custom) if identity in merged else item
            return list(merged.values())
    return new


def find_conflicts(
    live: Object, applied: Object, claimed: FieldSet, manager: str, entries: list[Object]
) -> list[tuple[str, str]]:
    """(manager, field) of every claimed field that somebody else owns with another value."""
    found: list[tuple[str, str]] = []
    for entry in entries:
        if entry["manager"] == manager and entry["operation"] == "Apply" and not entry.get("subresource"):
            continue
        owned: FieldSet = entry.get("fieldsV1") or {}
        for path in field_sets.leaves(owned):
            if path[-1] == "." or not field_sets.contains(claimed, path):
                continue
            if field_sets.read(live, path) != field_sets.read(applied, path):
                found.append((_title(entry), field_sets.dotted(path)))
    return found


def _title(entry: Object) -> str:
    title = f'"{entry["manager"]}"'
    if entry.get("subresource"):
        title += f' with subresource "{entry["subresource"]}"'
    return f"{title} using {entry['apiVersion']}" if entry["operation"] == "Update" else title


def server_side_apply(
    live: Object | None, applied: Object, *, manager: str, force: bool, is_custom: bool
) -> tuple[Object, FieldSet, list[Path]]:
    """(result, fields the manager now owns, paths it took from others). Raises ApiError 409.

    Fields the manager applied before and no longer mentions are removed when nobody else owns them.
    """
    claimed = field_sets.owned_fields(applied, is_custom=is_custom)
    if live is None:
        return copied(applied), claimed, []
    entries: list[Object] = live["metadata"].get("managedFields") or []
    conflicts = find_conflicts(live, applied, claimed, manager, entries)
    if conflicts and not force:
        raise errors.apply_conflict(conflicts)
    result = copied(merge_applied(live, applied, is_custom=is_custom))
    taken: list[Path] = []
    mine: FieldSet = {}
    others: list[FieldSet] = []
    for entry in entries:
        owned = entry.get("fieldsV1") or {}
        if entry["manager"] == manager and entry["operation"] == "Apply" and not entry.get("subresource"):
            mine = owned
        else:
            others.append(owned)
            taken += [
                path
                for path in field_sets.leaves(owned)
                if path[-1] != "."
                and field_sets.contains(claimed, path)
                and field_sets.read(live, path) != field_sets.read(applied, path)
            ]
    dropped = [path for path in field_sets.leaves(mine) if not field_sets.contains(claimed, path)]
    # Deepest first, so that an item's own marker "." is looked at after its fields are gone.
    for path in sorted(dropped, key=len, reverse=True):
        if not any(field_sets.contains(owned, path) for owned in others):
            _remove(result, path)
    return result, claimed, taken


def _remove(value: Object, path: Path) -> None:
    if path[-1] == ".":
        path = path[:-1]
    container: Any = value
    for step in path[:-1]:
        container = field_sets.step_into(container, step)
        if field_sets.is_missing(container):
            return
    kind, _, rest = path[-1].partition(":")
    if kind == "f" and isinstance(container, dict):
        container.pop(rest, None)
    elif kind == "v" and isinstance(container, list):
        wanted = field_sets.step_into(container, path[-1])
        if wanted in container:
            container.remove(wanted)
    elif kind == "k" and isinstance(container, list):
        found = field_sets.step_into(container, path[-1])
        if not field_sets.is_missing(found):
            container.remove(found)
