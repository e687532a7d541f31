"""Keeps every object under one revision counter, as etcd does for a kube-apiserver.

This is the synchronous door for tests and for the simulated controllers: it fills in what storage must have (uid,
creationTimestamp, resourceVersion) and enforces nothing else. What a *client* may write is decided in `writing`.

Objects in the store are shared and read-only. `get` and `list` hand out copies; `peek` and `values` do not, and are for
code that only reads.

Guarantee: every change gets the next revision and is in the type's history before the call returns; hooks run inside
the call. Non-guarantee: nothing is kept on disk, and nothing here may be used from a second thread.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from random import Random
from typing import TypeAlias

from octokube_demo import errors
from octokube_demo.history import Change, ChangeKind, History
from octokube_demo.objects import Clock, Key, Object, copied, key_of, new_uid, timestamp

Hook: TypeAlias = Callable[[Change], None]


class Table:
    """The objects of one type, and their order."""

    __slots__ = ("_sorted", "history", "objects")

    def __init__(self, history: History) -> None:
        self.objects: dict[Key, Object] = {}
        self.history = history
        self._sorted: list[Key] | None = None

    def keys(self) -> list[Key]:
        """All keys in the order of a list: to be read, not kept, since it changes with the table."""
        if self._sorted is None:
            self._sorted = sorted(self.objects)
        return self._sorted

    def add(self, key: Key, value: Object) -> None:
        """Puts in a new key. Nothing is sorted before somebody lists, so filling a table is cheap."""
        self.objects[key] = value
        if self._sorted is not None:
            insort(self._sorted, key)

    def remove(self, key: Key) -> Object:
        """Takes a key out and returns its object. Raises KeyError."""
        value = self.objects.pop(key)
        if self._sorted is not None:
            del self._sorted[bisect_left(self._sorted, key)]
        return value


class Store:
    """All objects of the cluster. `history_limit` bounds the remembered changes per type."""

    def __init__(self, now: Clock, random: Random, history_limit: int = 4096) -> None:
        self.now = now
        self._random = random
        self._history_limit = history_limit
        self._tables: dict[str, Table] = {}
        self._hooks: list[Hook] = []
        # A real cluster has a past; version 1 would make "0" and "oldest" the same thing by accident.
        self.revision = 1000
        self._compacted = 0
        self._dropped: dict[str, int] = {}

    # Reading

    def get(self, type_name: str, namespace: str, name: str) -> Object | None:
        """A copy of an object, None when there is none."""
        found = self.peek(type_name, namespace, name)
        return None if found is None else copied(found)

    def peek(self, type_name: str, namespace: str, name: str) -> Object | None:
        """The shared, read-only object; None when there is none."""
        table = self._tables.get(type_name)
        return None if table is None else table.objects.get((namespace, name))

    def values(self, type_name: str, namespace: str | None = None) -> Iterator[Object]:
        """The shared, read-only objects of a type in list order. Safe against changes while it is read."""
        table = self._tables.get(type_name)
        if table is None:
            return
        keys = table.keys() if namespace is None else namespace_keys(table.keys(), namespace)
        for key in list(keys):
            value = table.objects.get(key)
            if value is not None:
                yield value

    def count(self, type_name: str) -> int:
        """How many objects of a type there are."""
        table = self._tables.get(type_name)
        return 0 if table is None else len(table.objects)

    def type_names(self) -> list[str]:
        """The types that have, or had, objects."""
        return list(self._tables)

    def table(self, type_name: str) -> Table:
        """The objects and the history of a type; an empty one for a type that never had objects."""
        found = self._tables.get(type_name)
        if found is None:
            forgotten = max(self._compacted, self._dropped.get(type_name, 0))
            found = self._tables[type_name] = Table(History(self._history_limit, forgotten))
        return found

    # Writing

    def create(self, type_name: str, value: Object) -> Object:
        """Stores a new object and returns a copy. Raises ApiError 409 when the key is taken."""
        return copied(self.insert(type_name, copied(value)))

    def update(
        self, type_name: str, namespace: str, name: str, change: Object | Callable[[Object], Object | None]
    ) -> Object:
        """Replaces an object by `change`, or by what `change` makes of a copy (in place when it returns None).

        uid and creationTimestamp stay. Returns a copy; raises ApiError 404 when there is no such object.
        """
        current = self.peek(type_name, namespace, name)
        if current is None:
            plural, _, group = type_name.partition(".")
            raise errors.not_found(plural, group, name)
        draft = copied(current)
        draft = (change(draft) or draft) if callable(change) else copied(change)
        for field in ("uid", "creationTimestamp"):
            draft["metadata"][field] = current["metadata"][field]
        return copied(self.replace(type_name, draft))

    def delete(self, type_name: str, namespace: str, name: str) -> Object:
        """Removes an object at once, whatever its finalizers; returns its last state. Raises ApiError 404."""
        if self.peek(type_name, namespace, name) is None:
            plural, _, group = type_name.partition(".")
            raise errors.not_found(plural, group, name)
        return copied(self.remove(type_name, (namespace, name)))

    def insert(self, type_name: str, value: Object) -> Object:
        """Stores a new object without copying it: the caller gives it away. Raises ApiError 409."""
        key = key_of(value)
        table = self.table(type_name)
        if key in table.objects:
            plural, _, group = type_name.partition(".")
            raise errors.already_exists(plural, group, key[1])
        meta = value["metadata"]
        if not meta.get("uid"):
            meta["uid"] = new_uid(self._random)
        if not meta.get("creationTimestamp"):
            meta["creationTimestamp"] = timestamp(self.now())
        self.revision += 1
        meta["resourceVersion"] = str(self.revision)
        table.add(key, value)
        self._changed(table, Change(type_name, ChangeKind.ADDED, key, value, None, self.revision))
        return value

    def replace(self, type_name: str, value: Object) -> Object:
        """Stores the new state of an object without copying it; its `metadata` dictionary is replaced, not changed.

        So `{**old, "status": …}` is a safe and cheap way to make a new state. The key must exist (KeyError otherwise).
        """
        key = key_of(value)
        table = self.table(type_name)
        previous = table.objects[key]
        self.revision += 1
        value["metadata"] = {**value["metadata"], "resourceVersion": str(self.revision)}
        table.objects[key] = value
        self._changed(table, Change(type_name, ChangeKind.MODIFIED, key, value, previous, self.revision))
        return value

    def remove(self, type_name: str, key: Key) -> Object:
        """Takes an object out and returns its last state under the deletion's version. Raises KeyError."""
        table = self.table(type_name)
        previous = table.remove(key)
        self.revision += 1
        meta = {**previous["metadata"], "resourceVersion": str(self.revision)}
        value = {**previous, "metadata": meta}
        self._changed(table, Change(type_name, ChangeKind.DELETED, key, value, previous, self.revision))
        return value

    def _changed(self, table: Table, change: Change) -> None:
        table.history.append(change)
        for hook in self._hooks:
            hook(change)

    # Around it

    def on_change(self, hook: Hook) -> None:
        """Calls `hook` inside every later change. A hook may write; it must not raise."""
        self._hooks.append(hook)

    def compact(self) -> None:
        """Forgets all history up to now: every older position answers 410, as after etcd's compaction."""
        self._compacted = self.revision
        for table in self._tables.values():
            table.history.compact(self.revision)

    def drop_type(self, type_name: str) -> None:
        """Ends a type: its watches end, its history is gone. Its objects must have been removed before."""
        table = self._tables.pop(type_name, None)
        if table is not None:
            # Should the type come back, positions from its former life are expired, not silently incomplete.
            self._dropped[type_name] = self.revision
            table.history.finish()

    def wake_all(self) -> None:
        """Lets every watch look at the world again (a fault was switched, or the server is closing)."""
        for table in self._tables.values():
            table.history.wake()

    # Last, because it hides the built-in from the annotations after it.

    def list(self, type_name: str, namespace: str | None = None) -> list[Object]:
        """Copies of all objects of a type in list order, of one namespace when given."""
        return [copied(value) for value in self.values(type_name, namespace)]


def namespace_keys(keys: list[Key], namespace: str) -> list[Key]:
    """The slice of sorted keys that is one namespace."""
    return keys[bisect_left(keys, (namespace, "")) : bisect_left(keys, (namespace + "\0", ""))]


class Past:
    """The objects of a type as they were at a version. Cheap: it undoes what changed since, and copies no object.

    `keys` is in list order and may hold keys that did not exist yet; `value` answers None for those.
    Raises ApiError 410 when the version is forgotten. To be read without waiting in between.
    """

    def __init__(self, store: Store, type_name: str, namespace: str | None, revision: int) -> None:
        table = store.table(type_name)
        if revision < table.history.compacted:
            raise errors.list_too_old()
        self._objects = table.objects
        self._undone: dict[Key, Object | None] = {}
        for change in table.history.newer_than(revision):
            if namespace is None or change.key[0] == namespace:
                self._undone[change.key] = change.previous
        keys = table.keys() if namespace is None else namespace_keys(table.keys(), namespace)
        gone = [key for key, value in self._undone.items() if value is not None and key not in table.objects]
        if gone:
            keys = keys.copy()
            for key in gone:
                insort(keys, key)
        self.keys = keys
        self._not_yet = sorted(key for key, value in self._undone.items() if value is None and key in table.objects)

    def value(self, key: Key) -> Object | None:
        """The object at that version."""
        if self._undone and key in self._undone:
            return self._undone[key]
        return self._objects.get(key)

    def count_after(self, index: int) -> int:
        """How many objects follow the key at an index."""
        later = len(self._not_yet) - bisect_right(self._not_yet, self.keys[index])
        return len(self.keys) - index - 1 - later
