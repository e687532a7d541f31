"""Serves the types that CRDs define, and stops serving them when their CRD goes."""

from __future__ import annotations

from collections import deque

from octokube_demo.controllers.loop import ControlLoop
from octokube_demo.history import Change, ChangeKind
from octokube_demo.objects import Object, timestamp
from octokube_demo.resources import Registry
from octokube_demo.resources.catalog import CRD_TYPE
from octokube_demo.resources.custom import custom_type, definition_problems
from octokube_demo.store import Store
from octokube_demo.writing.deleting import CRD_CLEANUP


class Definitions:
    """The apiextensions part of the server.

    A type is served from the moment its CRD is stored; `Established` is written right after. On deletion the type's
    objects go first (their watches see it), then the CRD, then the watches end.
    """

    def __init__(self, store: Store, registry: Registry, loop: ControlLoop) -> None:
        self._store = store
        self._registry = registry
        self._loop = loop
        self._pending: deque[str] = deque()
        store.on_change(self._changed)
        loop.add(self)

    def _changed(self, change: Change) -> None:
        if change.type_name != CRD_TYPE:
            return
        if change.kind is ChangeKind.DELETED:
            if (removed := self._registry.remove(change.key[1])) is not None:
                self._store.drop_type(removed.name)
            return
        is_new = change.previous is None or change.previous["spec"] != change.value["spec"]
        if is_new and not definition_problems(change.value):
            defined = custom_type(change.value)
            if defined is None:
                self._registry.remove(change.key[1])
            else:
                self._registry.add(defined)
        self._pending.append(change.key[1])
        self._loop.wake()

    def due_in_seconds(self) -> float | None:
        """Never by time."""
        return None

    def step(self, limit: int) -> int:
        """Writes pending conditions and clears away what pending deletions must clear."""
        writes = 0
        while self._pending and writes < limit:
            name = self._pending[0]
            definition = self._store.peek(CRD_TYPE, "", name)
            if definition is not None and "deletionTimestamp" in definition["metadata"]:
                removed = self._remove_objects(name, limit - writes)
                writes += removed
                if removed:
                    continue
            self._pending.popleft()
            if definition is not None:
                writes += self._finish(definition)
        return writes

    def _remove_objects(self, type_name: str, limit: int) -> int:
        keys = list(self._store.table(type_name).objects)[:limit]
        for key in keys:
            self._store.remove(type_name, key)
        return len(keys)

    def _finish(self, definition: Object) -> int:
        meta = definition["metadata"]
        if "deletionTimestamp" in meta:
            finalizers = [one for one in meta.get("finalizers") or () if one != CRD_CLEANUP]
            if finalizers:
                return 0
            self._store.remove(CRD_TYPE, ("", meta["name"]))
            return 1
        if definition_problems(definition):
            return 0
        names = definition["spec"]["names"]
        status = definition.get("status") or {}
        if status.get("acceptedNames") == names:
            return 0
        time = timestamp(self._store.now())
        conditions = [
            ("NamesAccepted", "NoConflicts", "no conflicts found"),
            ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ]
        storage = next((one["name"] for one in definition["spec"]["versions"] if one.get("storage")), "")
        stored = list(status.get("storedVersions") or [])
        new_status = {
            "conditions": [
                {"type": kind, "status": "True", "lastTransitionTime": time, "reason": reason, "message": message}
                for kind, reason, message in conditions
            ],
            "acceptedNames": names,
            "storedVersions": stored if storage in stored else [*stored, storage],
        }
        self._store.replace(CRD_TYPE, {**definition, "status": new_status})
        return 1
