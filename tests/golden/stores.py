"""Plays scripts on a versioned store, and writes down what it then tells of every version."""

import random
from collections.abc import Iterator
from typing import Any

from octokube.state import Gone, Key, Removed, TombstoneReason, VersionedStore

COUNT = 40
LENGTH = 25
NAMES = [("pods", "red", "a"), ("pods", "red", "b"), ("nodes", "", "a")]


def scripts() -> Iterator[dict[str, Any]]:
    """Scripts of a fixed seed with their outcomes, as plain values."""
    draw = random.Random(7)
    for _ in range(COUNT):
        limit = draw.choice([0, 1, 3, 100])
        store: VersionedStore[int] = VersionedStore(tombstone_limit=limit)
        operations = [_operate(store, draw) for _ in range(LENGTH)]
        after = [_outcome(store, version) for version in range(store.version + 1)]
        yield {"limit": limit, "operations": operations, "horizon": store.horizon, "after": after}


def _operate(store: VersionedStore[int], draw: random.Random) -> list[Any]:
    """One thing that a store's owner may do, done."""
    version = store.version + draw.randint(1, 2)
    key = Key(*draw.choice(NAMES), draw.choice(["u1", "u2"]))
    reason = draw.choice(list(TombstoneReason))
    holder = store.named(*key[:3])
    kind = draw.choices(["put", "remove", "bury", "advance"], [6, 3, 1, 1])[0]
    if kind == "put" and (holder is None or holder.key == key):
        store.put(key, version, version * 10)
        return ["put", list(key), version, version * 10]
    if kind == "remove" and holder is not None:
        store.remove(holder.key, version, reason)
        return ["remove", list(holder.key), version, reason.value]
    if kind == "bury" and holder is None:
        store.bury(Removed(key, version, reason))
        return ["bury", list(key), version, reason.value]
    store.advance(version)
    return ["advance", None, version, None]


def _outcome(store: VersionedStore[int], version: int) -> dict[str, Any]:
    try:
        changes = store.changes_after(version)
    except Gone:
        return {"gone": True}
    return {
        "to": changes.to_version,
        "entries": [[list(stored.key), stored.version, stored.value] for stored in changes.entries],
        "tombstones": [[list(gone.key), gone.version, gone.reason.value] for gone in changes.tombstones],
    }
