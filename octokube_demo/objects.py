"""Small helpers for API objects, which are plain JSON dictionaries here as they are on the wire."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any, TypeAlias, cast

import orjson

Object: TypeAlias = dict[str, Any]
Clock: TypeAlias = Callable[[], datetime]
Key: TypeAlias = tuple[str, str]  # (namespace, name); the namespace of a cluster-scoped object is ""


def copied(value: Object) -> Object:
    """A deep copy. Stored objects are shared and read-only; whoever changes one starts here."""
    return cast(Object, orjson.loads(orjson.dumps(value)))


def metadata(value: Object) -> Object:
    """The metadata of an object, `{}` when it has none (which only an unvalidated request body can lack)."""
    found = value.get("metadata")
    return found if isinstance(found, dict) else {}


def key_of(value: Object) -> Key:
    """(namespace, name) of an object."""
    meta = metadata(value)
    return meta.get("namespace", ""), meta.get("name", "")


def labels_of(value: Object) -> dict[str, str]:
    """The labels, `{}` when there are none."""
    return metadata(value).get("labels") or {}


def timestamp(moment: datetime) -> str:
    """`2026-01-31T10:00:00Z`: the form of `creationTimestamp` and most times; whole seconds, UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_timestamp(moment: datetime) -> str:
    """`2026-01-31T10:00:00.123456Z`: the form of `MicroTime`, used by leases and new-style events."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_timestamp(text: str) -> datetime:
    """Reads either form. Raises ValueError on anything else."""
    return datetime.fromisoformat(text)


def new_uid(random: Random) -> str:
    """A version-4 uid from a seeded source, so that a seeded cluster is the same cluster every time."""
    digits = f"{random.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


# The alphabet of the real server's generated names: no vowels, so that no words appear.
_SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def name_suffix(random: Random, length: int = 5) -> str:
    """The random part of a generated name, `x7k2p`."""
    return "".join(random.choices(_SUFFIX_ALPHABET, k=length))


def controller_of(value: Object) -> Object | None:
    """The ownerReference with `controller: true`, or None."""
    for owner in metadata(value).get("ownerReferences") or ():
        if owner.get("controller"):
            return cast(Object, owner)
    return None


def owner_reference(owner: Object) -> Object:
    """The reference a controller puts on what it creates."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def is_deleting(value: Object) -> bool:
    """Marked for deletion, though still there."""
    return "deletionTimestamp" in value["metadata"]
