"""Holds what one audience sees of one cluster."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from octokube.state import EncodedObject, Key, Stored, TombstoneReason, VersionedStore
from octokube_hub.fanout.bases import Bases
from octokube_hub.fanout.presence import Presence
from octokube_hub.fanout.selection import Selection
from octokube_hub.policy import Scope, Selector
from octokube_hub.replica import Replica

TOMBSTONE_LIMIT = 5_000
"""Only for readers who are behind on an open stream: beyond it they get a snapshot."""
_MEMO_SIZE = 10_000

_Place = tuple[str, str, list[Stored[EncodedObject]]]
"""A type, a namespace, and what the replica has there."""


@dataclass(frozen=True, slots=True)
class AudienceKey:
    """What makes two subscribers see the same of a cluster."""

    scope: str
    selection: bytes


class AudienceView:
    """The replica of one cluster, filtered by one scope and one selection, in versions of its own.

    Shared read-only by all subscribers with that scope and selection; each is a cursor, the version they were sent up
    to. The view's versions are shown to nobody. Kept equal to the filtered replica with each of its
    changes; its audience says when it is behind a large one. Whether a key is visible depends on
    the key alone, so objects enter and leave a view with their existence, or, where labels are selected, with them.

    With detail ROWS a change that leaves the row's bytes as they were does not exist here: the view, and whoever reads
    it, keeps the former resource version until a column changes.
    """

    def __init__(self, key: AudienceKey, replica: Replica, scope: Scope, selection: Selection) -> None:
        self.key = key
        self.replica = replica
        self.scope = scope
        self.selection = selection
        self.store: VersionedStore[EncodedObject] = VersionedStore(tombstone_limit=TOMBSTONE_LIMIT)
        self.is_ready = False
        """Whether the first pass over the replica is done; nothing may be sent before."""
        self.bases: Bases | None = None
        """What objects were before they changed; kept from when the first reader asks for patches."""
        self._presence = Presence()
        self._selectors: dict[str, Selector | None] = {}
        self._namespaces: dict[str, bool] = {}

    @property
    def version(self) -> int:
        """The newest of the view's own versions."""
        return self.store.version

    def is_visible(self, key: Key) -> bool:
        """Whether this audience sees the object of this key, if it exists and its labels are selected."""
        try:
            selector = self._selectors[key.type]
        except KeyError:
            selector = self._resolve(key.type)
        if selector is None:
            return False
        is_asked = self._namespaces.get(key.namespace)
        if is_asked is None:
            if len(self._namespaces) >= _MEMO_SIZE:
                self._namespaces.clear()
            is_asked = self._namespaces[key.namespace] = self.selection.has_namespace(key.namespace)
        return is_asked and selector.allows(key.namespace, key.name) and self.selection.has_name(key.name)

    def candidates(self) -> list[Stored[EncodedObject]]:
        """All of the replica that can be visible, and little else. An object in a namespace that is out of sight
        costs nothing.
        """
        store = self.replica.store
        found = (
            store.of_namespace(type, namespace)
            for type in store.types()
            if self.has_type(type)
            for namespace in store.namespaces(type)
            if self._has_namespace(type, namespace)
        )
        return list(itertools.chain.from_iterable(found))

    def derive(self, basis: "AudienceView", limit: int) -> bool:
        """Fills itself from another view of the same replica and selection: a copy, and what the scopes differ in.

        The versions go on from the basis's, so that a reader's cursor there means the same here. False, and nothing
        has happened, when more than ``limit`` objects would have to be looked at one by one.
        """
        found = self._apart(basis.scope, self.scope, limit)
        if found is None:
            return False
        self.store = basis.store.copy()
        self._presence = basis._presence.copy()
        self._take(found)
        return True

    def rescope(self, key: AudienceKey, scope: Scope, limit: int) -> bool:
        """The same in place, for a view that nobody else reads: costs what the scopes differ in, and no copy."""
        found = self._apart(self.scope, scope, limit)
        if found is None:
            return False
        self.key, self.scope = key, scope
        self._selectors.clear()
        if self.bases is not None:
            self.bases = Bases(self.version)
        self._take(found)
        return True

    def put(self, stored: Stored[EncodedObject]) -> bool:
        """Takes an object's newest state. False when this audience sees no difference."""
        return self.is_visible(stored.key) and self._put(stored)

    def why_gone(self, key: Key) -> TombstoneReason:
        """As what a key that is not in the view is told to have left.

        What is out of sight is never told as deleted, and neither is what is there without the selected labels.
        """
        is_deleted = self.is_visible(key) and (self.selection.labels is None or key not in self.replica.store)
        return TombstoneReason.DELETED if is_deleted else TombstoneReason.WITHDRAWN

    def _put(self, stored: Stored[EncodedObject]) -> bool:
        key, value = stored.key, stored.value
        labels = self.selection.labels
        if labels is not None and not labels.is_met_by(value.body):
            return self._leave(key, TombstoneReason.WITHDRAWN)
        held = self.store.get(key)
        if held is not None and (held.value.row == value.row if self.selection.is_rows else held.value == value):
            return False
        version = self.store.version + 1
        if held is not None and self.bases is not None:
            self.bases.replaced(held, version)
        self.store.put(key, version, self._kept(value))
        if held is None:
            self._presence.enter(key, version)
        return True

    def remove(self, key: Key) -> bool:
        """Takes a deletion. False when the object was not in the view."""
        return self._leave(key, TombstoneReason.DELETED)

    def _leave(self, key: Key, reason: TombstoneReason) -> bool:
        version = self.store.version + 1
        if not self.store.remove(key, version, reason):
            return False
        self._presence.leave(key, version)
        self._presence.forget(self.store.horizon)
        return True

    def remember_bases(self) -> None:
        """Has patches made from now on. A view of rows has no bodies, and so no patches."""
        if self.bases is None and not self.selection.is_rows:
            self.bases = Bases(self.version)

    def was_held(self, key: Key, version: int) -> bool:
        """Whether a reader at a version, not before the horizon, was sent the key and not told that it left."""
        return self._presence.was_in(key, version)

    def keys_at(self, version: int) -> Iterator[Key]:
        """All keys that a reader at a version, not before the horizon, holds, whatever happens while they are read."""
        return self._presence.keys_at(version)

    def _apart(self, former: Scope, scope: Scope, limit: int) -> list[_Place] | None:
        """Where two scopes may not treat all alike, of what the selection asks for. None beyond ``limit`` objects."""
        found: list[_Place] = []
        store, cluster = self.replica.store, self.replica.cluster
        count = 0
        for type in store.types():
            if not self.selection.has_type(type):
                continue
            apart = scope.selector(cluster, type).apart(former.selector(cluster, type), store.namespaces(type))
            for namespace in filter(self.selection.has_namespace, apart):
                objects = store.of_namespace(type, namespace)
                found.append((type, namespace, objects))
                count += len(objects)
            if count > limit:
                return None
        return found

    def _take(self, found: list[_Place]) -> None:
        for type, namespace, objects in found:
            selector = self._resolve(type)
            if selector is None or not selector.has_namespace(namespace):
                self._leave_wholly(type, namespace)
            elif selector.has_all_of(namespace) and self.selection.is_any and not self.store.has_any(type, namespace):
                self._enter_wholly(type, namespace, objects)
            else:
                for stored in objects:
                    if self.is_visible(stored.key):
                        self._put(stored)
                    else:
                        self._leave(stored.key, TombstoneReason.WITHDRAWN)

    def _enter_wholly(self, type: str, namespace: str, objects: list[Stored[EncodedObject]]) -> None:
        """All of a namespace that nothing was seen of: what an edit mostly comes to."""
        version = self.store.version
        self.store.fill(type, namespace, ((stored.key, self._kept(stored.value)) for stored in objects))
        for entered, stored in enumerate(objects, version + 1):
            self._presence.enter(stored.key, entered)

    def _leave_wholly(self, type: str, namespace: str) -> None:
        """All that was seen of a namespace."""
        for removed in self.store.clear(type, namespace, TombstoneReason.WITHDRAWN):
            self._presence.leave(removed.key, removed.version)
        self._presence.forget(self.store.horizon)

    def _kept(self, value: EncodedObject) -> EncodedObject:
        """A view of rows keeps no bodies."""
        return EncodedObject(value.resource_version, value.head, value.row, b"") if self.selection.is_rows else value

    def has_type(self, type: str) -> bool:
        """Whether anything of a type can be visible."""
        return self.selection.has_type(type) and self._resolve(type) is not None

    def _has_namespace(self, type: str, namespace: str) -> bool:
        selector = self._selectors[type]
        return selector is not None and self.selection.has_namespace(namespace) and selector.has_namespace(namespace)

    def _resolve(self, type: str) -> Selector | None:
        selector: Selector | None = None
        if self.selection.has_type(type):
            selector = self.scope.selector(self.replica.cluster, type)
            if selector.none:
                selector = None
        self._selectors[type] = selector
        return selector
