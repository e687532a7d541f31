"""Removes what nobody owns any more, as the garbage collector of a real cluster does."""

from __future__ import annotations

from collections import deque

from octokube_demo.controllers.loop import ControlLoop
from octokube_demo.history import Change, ChangeKind
from octokube_demo.objects import Key, Object
from octokube_demo.resources import Registry
from octokube_demo.store import Store
from octokube_demo.writing.deleting import FOREGROUND, ORPHAN, DeleteOptions, delete_object


class Garbage:
    """Knows who depends on whom by uid, and acts when an owner goes or asks for a foreground or orphan deletion.

    Non-guarantee: an object created with an owner that never existed stays (the real collector removes it after a
    lookup; tests of that belong to the real server).
    """

    def __init__(self, store: Store, registry: Registry, loop: ControlLoop) -> None:
        self._store = store
        self._registry = registry
        self._loop = loop
        self._dependents: dict[str, dict[tuple[str, Key], None]] = {}
        self._gone: deque[str] = deque()
        self._marked: deque[tuple[str, Key]] = deque()
        store.on_change(self._changed)
        loop.add(self)

    def dependents(self, uid: str) -> list[tuple[str, Key]]:
        """(type, key) of everything that names this uid as an owner."""
        return list(self._dependents.get(uid, ()))

    def _changed(self, change: Change) -> None:
        owners = change.value["metadata"].get("ownerReferences")
        before = change.previous["metadata"].get("ownerReferences") if change.previous else None
        is_deleted = change.kind is ChangeKind.DELETED
        if owners is not before or is_deleted:
            entry = (change.type_name, change.key)
            for owner in before or ():
                held = self._dependents.get(owner["uid"])
                if held is not None:
                    held.pop(entry, None)
                    if not held:
                        del self._dependents[owner["uid"]]
            if not is_deleted:
                for owner in owners or ():
                    self._dependents.setdefault(owner["uid"], {})[entry] = None
        if is_deleted:
            uid = change.value["metadata"]["uid"]
            if uid in self._dependents:
                self._gone.append(uid)
                self._loop.wake()
            # A foreground deletion of the owner may have waited for just this object.
            for owner in before or ():
                self._mark_owner(owner, change.key[0])
        elif change.value["metadata"].get("finalizers") and "deletionTimestamp" in change.value["metadata"]:
            self._marked.append((change.type_name, change.key))
            self._loop.wake()

    def _mark_owner(self, owner: Object, namespace: str) -> None:
        resource = self._registry.of_kind(owner["apiVersion"], owner["kind"])
        if resource is not None:
            self._marked.append((resource.name, (namespace if resource.namespaced else "", owner["name"])))
            self._loop.wake()

    def due_in_seconds(self) -> float | None:
        """Never by time."""
        return None

    def step(self, limit: int) -> int:
        """Deletes dependents of what is gone, and moves waiting deletions on."""
        writes = 0
        while self._gone and writes < limit:
            uid = self._gone[0]
            waiting = self.dependents(uid)[: limit - writes]
            if not waiting:
                self._gone.popleft()
                continue
            for type_name, key in waiting:
                self._let_go(uid, type_name, key)
                writes += 1
        while self._marked and writes < limit:
            writes += self._move_on(*self._marked.popleft())
        return writes

    def _let_go(self, uid: str, type_name: str, key: Key) -> None:
        """The owner is gone: the dependent goes too, unless it has another owner that lives."""
        value = self._store.peek(type_name, *key)
        entry = self._dependents.get(uid, {})
        if value is None:
            entry.pop((type_name, key), None)
            return
        others = [one for one in value["metadata"]["ownerReferences"] if one["uid"] != uid]
        if any(self._is_alive(one, key[0]) for one in others):
            meta = {**value["metadata"], "ownerReferences": others}
            self._store.replace(type_name, {**value, "metadata": meta})
            return
        # Out of the index first: a pod in its grace period stays a while and must not be deleted again and again.
        entry.pop((type_name, key), None)
        if not entry:
            self._dependents.pop(uid, None)
        if (resource := self._registry.find(type_name)) is not None:
            delete_object(self._store, resource, value, DeleteOptions())

    def _is_alive(self, owner: Object, namespace: str) -> bool:
        resource = self._registry.of_kind(owner["apiVersion"], owner["kind"])
        if resource is None:
            return False
        found = self._store.peek(resource.name, namespace if resource.namespaced else "", owner["name"])
        return found is not None and found["metadata"]["uid"] == owner["uid"]

    def _move_on(self, type_name: str, key: Key) -> int:
        value = self._store.peek(type_name, *key)
        if value is None or "deletionTimestamp" not in value["metadata"]:
            return 0
        meta = value["metadata"]
        finalizers = meta.get("finalizers") or []
        uid = meta["uid"]
        if ORPHAN in finalizers:
            for dependent_type, dependent_key in self.dependents(uid):
                self._release(uid, dependent_type, dependent_key)
        elif FOREGROUND in finalizers:
            blocking = self.dependents(uid)
            for dependent_type, dependent_key in blocking:
                dependent = self._store.peek(dependent_type, *dependent_key)
                resource = self._registry.find(dependent_type)
                if dependent is not None and resource is not None and "deletionTimestamp" not in dependent["metadata"]:
                    delete_object(self._store, resource, dependent, DeleteOptions(propagation="Foreground"))
            if self.dependents(uid):
                return 0  # comes back when the last of them is gone
        else:
            return 0
        left = [one for one in finalizers if one not in (ORPHAN, FOREGROUND)]
        if left:
            self._store.replace(type_name, {**value, "metadata": {**meta, "finalizers": left}})
        elif self._store.peek(type_name, *key) is not None:
            self._store.remove(type_name, key)
        return 1

    def _release(self, uid: str, type_name: str, key: Key) -> None:
        value = self._store.peek(type_name, *key)
        if value is not None:
            others = [one for one in value["metadata"].get("ownerReferences") or () if one["uid"] != uid]
            meta = {**value["metadata"], "ownerReferences": others}
            if not others:
                del meta["ownerReferences"]
            self._store.replace(type_name, {**value, "metadata": meta})
