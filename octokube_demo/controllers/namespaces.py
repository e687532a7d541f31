"""Empties namespaces that are being deleted, then lets them go; gives new ones what every namespace has."""

from __future__ import annotations

from collections import deque

from octokube_demo.controllers.loop import ControlLoop
from octokube_demo.history import Change, ChangeKind
from octokube_demo.resources import Registry
from octokube_demo.store import Store, namespace_keys
from octokube_demo.writing.deleting import DeleteOptions, delete_object


class Namespaces:
    """The namespace and service-account controllers, as far as anybody can see them."""

    def __init__(self, store: Store, registry: Registry, loop: ControlLoop) -> None:
        self._store = store
        self._registry = registry
        self._loop = loop
        self._new: deque[str] = deque()
        self._closing: dict[str, None] = {}
        store.on_change(self._changed)
        loop.add(self)

    def _changed(self, change: Change) -> None:
        if change.type_name == "namespaces":
            name = change.key[1]
            if change.kind is ChangeKind.ADDED:
                self._new.append(name)
            elif change.kind is ChangeKind.DELETED:
                self._closing.pop(name, None)
                return
            if "deletionTimestamp" in change.value["metadata"]:
                self._closing[name] = None
            self._loop.wake()
        elif change.kind is ChangeKind.DELETED and change.key[0] in self._closing:
            self._loop.wake()

    def due_in_seconds(self) -> float | None:
        """Never by time."""
        return None

    def step(self, limit: int) -> int:
        """Creates default service accounts; deletes content; removes namespaces that are empty."""
        writes = 0
        while self._new and writes < limit:
            writes += self._furnish(self._new.popleft())
        for name in list(self._closing):
            writes += self._empty(name, limit - writes)
            if writes >= limit:
                break
        return writes

    def _furnish(self, name: str) -> int:
        namespace = self._store.peek("namespaces", "", name)
        if namespace is None or "deletionTimestamp" in namespace["metadata"]:
            return 0
        if self._store.peek("serviceaccounts", name, "default") is not None:
            return 0
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}}
        self._store.insert("serviceaccounts", account)
        return 1

    def _empty(self, name: str, limit: int) -> int:
        writes = 0
        is_empty = True
        for resource in list(self._registry):
            if not resource.namespaced or not resource.can_be_listed or resource.shows:
                continue
            for key in namespace_keys(self._store.table(resource.name).keys(), name):
                is_empty = False
                value = self._store.peek(resource.name, *key)
                if value is None or "deletionTimestamp" in value["metadata"] or writes >= limit:
                    continue
                delete_object(self._store, resource, value, DeleteOptions())
                writes += 1
        if is_empty and self._store.peek("namespaces", "", name) is not None:
            self._store.remove("namespaces", ("", name))
            writes += 1
        return writes
