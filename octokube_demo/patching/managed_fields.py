"""Keeps `metadata.managedFields` true after every write."""

from __future__ import annotations

from octokube_demo.objects import Object, copied
from octokube_demo.patching import field_sets
from octokube_demo.patching.field_sets import FieldSet, Path


def after_update(
    old: Object | None, new: Object, *, manager: str, time: str, subresource: str, is_custom: bool
) -> None:
    """Rewrites the entries of `new` after a create, update or patch: what changed belongs to `manager` alone."""
    changed = (
        field_sets.owned_fields(new, is_custom=is_custom)
        if old is None
        else field_sets.changed_fields(old, new, is_custom=is_custom)
    )
    before = (old or {}).get("metadata", {}).get("managedFields") or []
    entries = _pruned(copied({"": before})[""], new)
    if changed:
        for entry in entries:
            for path in field_sets.leaves(changed):
                field_sets.discard(entry["fieldsV1"], path)
        entries = [entry for entry in entries if entry["fieldsV1"]]
        _claim(entries, new["apiVersion"], manager, "Update", subresource, changed, time, is_merging=True)
    _store(new, entries)


def after_apply(
    new: Object, entries: list[Object], *, manager: str, claimed: FieldSet, taken: list[Path], time: str
) -> None:
    """Rewrites the entries after a server-side apply: the manager owns exactly what it applied."""
    entries = _pruned(copied({"": entries})[""], new)
    for entry in entries:
        if (entry["manager"], entry["operation"]) != (manager, "Apply"):
            for path in taken:
                field_sets.discard(entry["fieldsV1"], path)
    entries = [entry for entry in entries if entry["fieldsV1"]]
    _claim(entries, new["apiVersion"], manager, "Apply", "", claimed, time, is_merging=False)
    _store(new, entries)


def _pruned(entries: list[Object], value: Object) -> list[Object]:
    """Without the fields that no longer exist."""
    for entry in entries:
        for path in list(field_sets.leaves(entry.get("fieldsV1") or {})):
            if path[-1] != "." and field_sets.is_missing(field_sets.read(value, path)):
                field_sets.discard(entry["fieldsV1"], path)
    return [entry for entry in entries if entry.get("fieldsV1")]


def _claim(
    entries: list[Object],
    api_version: str,
    manager: str,
    operation: str,
    subresource: str,
    fields: FieldSet,
    time: str,
    *,
    is_merging: bool,
) -> None:
    identity = (manager, operation, subresource)
    for entry in entries:
        if (entry["manager"], entry["operation"], entry.get("subresource", "")) == identity:
            if is_merging:
                for path in field_sets.leaves(fields):
                    field_sets.add(entry["fieldsV1"], path)
            elif entry["fieldsV1"] == fields:
                return  # an apply that claims what it already had keeps its time
            else:
                entry["fieldsV1"] = copied(fields)
            entry["time"] = time
            return
    entry = {
        "manager": manager,
        "operation": operation,
        "apiVersion": api_version,
        "time": time,
        "fieldsType": "FieldsV1",
        "fieldsV1": copied(fields),
    }
    if subresource:
        entry["subresource"] = subresource
    if fields:
        entries.append(entry)


def _store(value: Object, entries: list[Object]) -> None:
    if entries:
        value["metadata"]["managedFields"] = entries
    else:
        value["metadata"].pop("managedFields", None)
