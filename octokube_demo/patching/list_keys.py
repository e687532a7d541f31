"""Knows which lists of built-in types merge by key, and by which keys."""

from __future__ import annotations

from typing import Any

# field → its merge keys: the strategic-merge key first, all of them together identify an item for server-side apply.
# The field name alone decides, except where one name means two things; those are keyed by (parent field, field).
_KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "imagePullSecrets": ("name",),
    "hostAliases": ("ip",),
    "conditions": ("type",),
    "ownerReferences": ("uid",),
    "addresses": ("type",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "secrets": ("name",),
    "taints": ("key", "effect"),
}
_PORTS = {"containers": ("containerPort", "protocol"), "initContainers": ("containerPort", "protocol")}
_SERVICE_PORTS = ("port", "protocol")
# Lists of plain values that are sets: every value is an item of its own.
_SETS = frozenset({"finalizers"})
# Objects that are replaced and owned whole: half a selector would select something nobody asked for.
_ATOMIC = frozenset(
    {
        "selector",
        "nodeSelector",
        "labelSelector",
        "podSelector",
        "namespaceSelector",
        "secretKeyRef",
        "configMapKeyRef",
        "fieldRef",
        "resourceFieldRef",
    }
)
# Items lacking one of these are given it, as the real server defaults it before it merges.
KEY_DEFAULTS = {"protocol": "TCP"}


def merge_keys(path: tuple[str, ...], *, is_custom: bool = False) -> tuple[str, ...]:
    """The merge keys of the list at a path of field names (list items add no step); `()` when it is replaced whole.

    In a custom resource only the metadata follows the built-in rules, as with the real server and a plain schema.
    """
    field = path[-1]
    if is_custom and path[0] != "metadata":
        return ()
    if field == "ports":
        if len(path) > 1 and path[-2] in _PORTS:
            return _PORTS[path[-2]]
        return _SERVICE_PORTS if path == ("spec", "ports") else ()
    if field == "taints" and path != ("spec", "taints"):
        return ()
    return _KEYS.get(field, ())


def is_set(path: tuple[str, ...]) -> bool:
    """The list at this path is a set of plain values."""
    return path[-1] in _SETS


def is_atomic(path: tuple[str, ...], *, is_custom: bool = False) -> bool:
    """The object at this path is replaced whole by server-side apply (other patches merge it)."""
    return not is_custom and path[-1] in _ATOMIC


def item_key(item: Any, keys: tuple[str, ...]) -> tuple[Any, ...] | None:
    """What identifies an item, None when it lacks its key."""
    if not isinstance(item, dict):
        return None
    found = tuple(item.get(key, KEY_DEFAULTS.get(key)) for key in keys)
    return None if any(part is None for part in found) else found
