"""Keeps a cluster's objects ordered by the version of their last change, with a bounded ring of tombstones."""

import enum
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from octokube.state.key import Key

V = TypeVar("V")

DEFAULT_TOMBSTONE_LIMIT = 20_000
"""About 4 MB of keys: an hour of deletions at five a second, so that a reader away for a while still resumes."""


class Gone(Exception):
    """The version asked for is older than the tombstone ring: only a snapshot can tell what is missing."""


class TombstoneReason(enum.Enum):
    """Why a key left."""

    DELETED = "deleted"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Stored(Generic[V]):
    """An object and the version of its last change."""

    key: Key
    version: int
    value: V


@dataclass(frozen=True, slots=True)
class Removed:
    """A key that left, and the version at which it did."""

    key: Key
    version: int
    reason: TombstoneReason


@dataclass(frozen=True, slots=True)
class Changes(Generic[V]):
    """Everything that differs between two versions: newest states and keys that are gone, each in version order.

    A key is never in both: what was removed and came back with the same uid is an entry only.
    """

    from_version: int
    to_version: int
    entries: list[Stored[V]]
    tombstones: list[Removed]


class VersionedStore(Generic[V]):
    """Key → value, ordered by the version of the last change. Pure and synchronous; its owner does the locking.

    Guarantees: ``changes_after(v)`` for any v from ``horizon`` to ``version`` leads a copy that was equal at v to one
    that is equal now. Memory is O(objects + tombstone limit), whatever readers do. Does not guarantee intermediate
    states: of an object that changed twice after v only the newest state is told.

    Example: put a@1, put b@2, put a@3, remove b@4. ``changes_after(1)`` = entries [a@3], tombstones [b@4].
    """

    def __init__(self, *, tombstone_limit: int = DEFAULT_TOMBSTONE_LIMIT) -> None:
        if tombstone_limit < 0:
            raise ValueError(f"a tombstone limit is not negative: {tombstone_limit}")
        self._tombstone_limit = tombstone_limit
        self._by_type: dict[str, dict[str, dict[str, Stored[V]]]] = {}
        """Type → namespace → name. Neither a type nor a namespace in it is kept without objects."""
        # Insertion order is version order, because versions only grow: the newest are read from the end.
        self._by_version: dict[int, Stored[V]] = {}
        self._tombstones: deque[Removed] = deque()
        self._version = 0
        self._horizon = 0

    def copy(self) -> "VersionedStore[V]":
        """A store that holds the same, tombstones included, and goes its own way from here. The values are shared.

        Costs a few nanoseconds an object.
        """
        store: VersionedStore[V] = VersionedStore(tombstone_limit=self._tombstone_limit)
        store._by_type = {
            type: {namespace: objects.copy() for namespace, objects in namespaces.items()}
            for type, namespaces in self._by_type.items()
        }
        store._by_version = self._by_version.copy()
        store._tombstones = self._tombstones.copy()
        store._version = self._version
        store._horizon = self._horizon
        return store

    @property
    def version(self) -> int:
        """The version of the newest change, or as far as ``advance`` said."""
        return self._version

    @property
    def horizon(self) -> int:
        """The oldest version that ``changes_after`` can start from."""
        return self._horizon

    def __len__(self) -> int:
        return len(self._by_version)

    def __contains__(self, key: Key) -> bool:
        return self.get(key) is not None

    def get(self, key: Key) -> Stored[V] | None:
        """The object under exactly this key, uid included."""
        stored = self.named(key.type, key.namespace, key.name)
        return stored if stored is not None and stored.key.uid == key.uid else None

    def named(self, type: str, namespace: str, name: str) -> Stored[V] | None:
        """The object that has this name now, whatever its uid."""
        namespaces = self._by_type.get(type)
        objects = None if namespaces is None else namespaces.get(namespace)
        return None if objects is None else objects.get(name)

    def types(self) -> Iterator[str]:
        """The types that have objects."""
        return iter(list(self._by_type))

    def namespaces(self, type: str) -> list[str]:
        """The namespaces in which a type has objects; "" for those without one."""
        return list(self._by_type.get(type, ()))

    def has_any(self, type: str, namespace: str) -> bool:
        """Whether a namespace has objects of a type."""
        return namespace in self._by_type.get(type, ())

    def of_type(self, type: str) -> list[Stored[V]]:
        """All objects of a type, as a list of its own that later changes leave alone. No order."""
        return [stored for objects in self._by_type.get(type, {}).values() for stored in objects.values()]

    def of_namespace(self, type: str, namespace: str) -> list[Stored[V]]:
        """All objects of a type in one namespace, as a list of its own that later changes leave alone. No order."""
        return list(self._by_type.get(type, {}).get(namespace, {}).values())

    def count(self, type: str) -> int:
        """How many objects a type has."""
        return sum(map(len, self._by_type.get(type, {}).values()))

    def all(self) -> list[Stored[V]]:
        """Everything, oldest change first, as a list of its own that later changes leave alone."""
        return list(self._by_version.values())

    def tombstones(self) -> list[Removed]:
        """All tombstones that are kept, oldest first, as a list of its own. What came back later is among them."""
        return list(self._tombstones)

    def put(self, key: Key, version: int, value: V) -> None:
        """Sets an object's newest state.

        Raises ValueError when the version does not grow, or when the name is held under another uid: the predecessor
        must be removed first, with a version of its own.
        """
        self._check_grows(version)
        former = self.named(key.type, key.namespace, key.name)
        if former is not None:
            if former.key.uid != key.uid:
                raise ValueError(f"{key.type} {key.namespace}/{key.name} is held under another uid; remove that first")
            key = former.key  # one tuple per object, not one per change
            del self._by_version[former.version]
        stored = Stored(key, version, value)
        self._by_type.setdefault(key.type, {}).setdefault(key.namespace, {})[key.name] = stored
        self._by_version[version] = stored
        self._version = version

    def remove(self, key: Key, version: int, reason: TombstoneReason = TombstoneReason.DELETED) -> bool:
        """Removes an object and keeps a tombstone. False, and nothing happens, when the key is not held."""
        stored = self.get(key)
        if stored is None:
            return False
        self._check_grows(version)
        self._forget(key)
        del self._by_version[stored.version]
        self._bury(Removed(stored.key, version, reason))
        self._version = version
        return True

    def fill(self, type: str, namespace: str, values: Iterable[tuple[Key, V]]) -> None:
        """Puts objects of a type where a namespace has none yet, with the versions that come next; no name twice.

        The same as ``put`` for each, without looking each up. Raises ValueError when there are some already.
        """
        if self.has_any(type, namespace):
            raise ValueError(f"{type} in {namespace!r} has objects already; put each")
        version = self._version
        objects: dict[str, Stored[V]] = {}
        for key, value in values:
            version += 1
            objects[key.name] = self._by_version[version] = Stored(key, version, value)
        if objects:
            self._by_type.setdefault(type, {})[namespace] = objects
            self._version = version

    def clear(self, type: str, namespace: str, reason: TombstoneReason) -> list[Removed]:
        """Removes all objects of a type from a namespace, with the versions that come next; their tombstones."""
        namespaces = self._by_type.get(type, {})
        found = namespaces.pop(namespace, {})
        if found and not namespaces:
            del self._by_type[type]
        removed: list[Removed] = []
        for stored in found.values():
            del self._by_version[stored.version]
            self._version += 1
            removed.append(Removed(stored.key, self._version, reason))
        for each in removed:
            self._bury(each)
        return removed

    def bury(self, removed: Removed) -> None:
        """Keeps a tombstone of a key that is not held here, so that readers who hold it still learn of it."""
        self._check_grows(removed.version)
        self._bury(removed)
        self._version = removed.version

    def take_apart(self, count: int) -> bool:
        """Drops some objects of a store that nobody reads any more. False when there are none left.

        Freeing a hundred thousand at once takes as long as making them: it would hold up an event loop.
        """
        for _ in range(min(count, len(self._by_version))):
            _, stored = self._by_version.popitem()
            self._forget(stored.key)
        return bool(self._by_version)

    def advance(self, version: int) -> None:
        """Moves to a newer version without a change. Does nothing when already there; never goes back."""
        if version < self._version:
            raise ValueError(f"versions only grow: at {self._version}, asked to advance to {version}")
        self._version = version

    def changes_after(self, version: int) -> Changes[V]:
        """What a reader that is equal at ``version`` lacks. Raises Gone when the tombstones do not reach back that far.

        Costs O(changes), not O(objects).
        """
        if version > self._version:
            raise ValueError(f"asked for changes after {version}, but the newest version is {self._version}")
        if version < self._horizon:
            raise Gone(f"version {version} is older than the tombstone ring, which begins after {self._horizon}")
        entries: list[Stored[V]] = []
        for stored in reversed(self._by_version.values()):
            if stored.version <= version:
                break
            entries.append(stored)
        entries.reverse()
        tombstones: list[Removed] = []
        told: set[Key] = set()
        for removed in reversed(self._tombstones):
            if removed.version <= version:
                break
            # A key that left twice is told once, and one that came back is told as an entry only.
            if removed.key not in told and removed.key not in self:
                told.add(removed.key)
                tombstones.append(removed)
        tombstones.reverse()
        return Changes(version, self._version, entries, tombstones)

    def _bury(self, removed: Removed) -> None:
        self._tombstones.append(removed)
        while len(self._tombstones) > self._tombstone_limit:
            self._horizon = self._tombstones.popleft().version

    def _forget(self, key: Key) -> None:
        namespaces = self._by_type[key.type]
        objects = namespaces[key.namespace]
        del objects[key.name]
        if not objects:
            del namespaces[key.namespace]
            if not namespaces:
                del self._by_type[key.type]

    def _check_grows(self, version: int) -> None:
        if version <= self._version:
            raise ValueError(f"versions only grow: at {self._version}, asked for {version}")
