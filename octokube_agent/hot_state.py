"""The agent's one ordered copy of its cluster."""

import datetime
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import replace

from octokube.runtime.clock import Clock, SystemClock
from octokube.state import Changes, EncodedObject, Key, Position, Removed, Stored, VersionedStore, new_epoch
from octokube.state.store import DEFAULT_TOMBSTONE_LIMIT
from octokube_agent.served_type import ServedType, TypeCondition


class HotState:
    """Every type and object the agent holds, in the order in which it learned of them.

    One writer at a time: all methods are synchronous and belong to one event loop. Each change of an object and each
    change of the list of types takes one version, so ``changes_after`` and ``types_version`` together say everything
    that differs since a version. An update that changes neither resource version nor bytes takes none.

    Example: declare pods (version 1), put pod a (2), put it unchanged (still 2), remove it (3).
    """

    def __init__(self, *, clock: Clock | None = None, tombstone_limit: int = DEFAULT_TOMBSTONE_LIMIT) -> None:
        self._clock = clock or SystemClock()
        self._store: VersionedStore[EncodedObject] = VersionedStore(tombstone_limit=tombstone_limit)
        self._epoch = new_epoch()
        self._types: dict[str, ServedType] = {}
        self._types_version = 0
        self._deletions: dict[int, datetime.datetime] = {}
        self._deletion_order: deque[int] = deque()
        self._listeners: list[Callable[[], None]] = []

    @property
    def position(self) -> Position:
        """The newest position."""
        return Position(self._epoch, self._store.version)

    @property
    def version(self) -> int:
        """The newest version."""
        return self._store.version

    @property
    def horizon(self) -> int:
        """The oldest version that ``changes_after`` can start from."""
        return self._store.horizon

    @property
    def types_version(self) -> int:
        """The version of the last change of the list of types."""
        return self._types_version

    def __len__(self) -> int:
        return len(self._store)

    def types(self) -> list[ServedType]:
        """The types, sorted by name."""
        return [self._types[name] for name in sorted(self._types)]

    def served(self, type: str) -> ServedType | None:
        """One type's description."""
        return self._types.get(type)

    def named(self, type: str, namespace: str, name: str) -> Stored[EncodedObject] | None:
        """The object that has this name now."""
        return self._store.named(type, namespace, name)

    def of_type(self, type: str) -> list[Stored[EncodedObject]]:
        """All objects of a type, in no order, as a list of its own."""
        return self._store.of_type(type)

    def all(self) -> list[Stored[EncodedObject]]:
        """Everything, oldest change first, as a list of its own that later changes leave alone."""
        return self._store.all()

    def tombstones(self) -> list[Removed]:
        """What left since the horizon, oldest first; also what came back later."""
        return self._store.tombstones()

    def changes_after(self, version: int) -> Changes[EncodedObject]:
        """What a copy that was equal at a version lacks. Raises ``octokube.state.Gone`` beyond the horizon."""
        return self._store.changes_after(version)

    def is_current(self, stored: Stored[EncodedObject]) -> bool:
        """Whether nothing has happened to an object since it was read."""
        now = self._store.named(stored.key.type, stored.key.namespace, stored.key.name)
        return now is not None and now.version == stored.version

    def deleted_at(self, version: int) -> datetime.datetime | None:
        """When the agent learned of the deletion that took this version, while its tombstone is kept."""
        return self._deletions.get(version)

    def put(self, key: Key, value: EncodedObject) -> bool:
        """Sets an object's newest state. A predecessor of the same name with another uid leaves a tombstone first.

        False when nothing changed. Raises KeyError for a type that was not declared.
        """
        if key.type not in self._types:
            raise KeyError(f"the type {key.type} was not declared")
        former = self._store.named(key.type, key.namespace, key.name)
        if former is not None:
            if former.key.uid != key.uid:
                self._remove(former.key)
            elif former.value == value:
                return False
        self._store.put(key, self._store.version + 1, value)
        self._tell()
        return True

    def remove(self, key: Key) -> bool:
        """Removes an object and keeps a tombstone. False when exactly this key is not held."""
        is_removed = self._remove(key)
        if is_removed:
            self._tell()
        return is_removed

    def remove_all(self, keys: Collection[Key]) -> int:
        """Removes several objects; how many were held."""
        removed = sum(self._remove(key) for key in keys)
        if removed:
            self._tell()
        return removed

    def declare(self, served: ServedType) -> None:
        """Adds a type or changes its description."""
        if self._types.get(served.name) != served:
            self._types[served.name] = served
            self._types_changed()

    def set_condition(self, type: str, condition: TypeCondition, reason: str = "") -> None:
        """Says how complete a type is. A type that has gone meanwhile is left alone."""
        served = self._types.get(type)
        if served is not None:
            self.declare(replace(served, condition=condition, reason=reason))

    def withdraw(self, type: str) -> None:
        """Takes a type off the list, with a tombstone for each of its objects."""
        if self._types.pop(type, None) is None:
            return
        for stored in self._store.of_type(type):
            self._remove(stored.key)
        self._types_changed()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Calls ``listener`` after each change, until the returned function is called. It must only wake somebody."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _remove(self, key: Key) -> bool:
        version = self._store.version + 1
        if not self._store.remove(key, version):
            return False
        self._deletions[version] = self._clock.now()
        self._deletion_order.append(version)
        while self._deletion_order and self._deletion_order[0] <= self._store.horizon:
            del self._deletions[self._deletion_order.popleft()]
        return True

    def _types_changed(self) -> None:
        self._types_version = self._store.version + 1
        self._store.advance(self._types_version)
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()
