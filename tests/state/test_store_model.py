"""The versioned store against a model that forgets nothing: a copy moved by ``changes_after`` equals the store."""

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from octokube.state import Gone, Key, Removed, Stored, TombstoneReason, VersionedStore

NAMES = st.tuples(st.sampled_from(["pods", "nodes"]), st.sampled_from(["", "payments"]), st.sampled_from("ab"))
UIDS = st.sampled_from(["uid-1", "uid-2"])
STEPS = st.integers(1, 3)
REASONS = st.sampled_from(TombstoneReason)

Content = dict[Key, tuple[int, int]]
"""Key → (version, value) of everything that lived at one version."""


class StoreAgainstModel(RuleBasedStateMachine):
    """Keeps the whole history, so that every former version can be asked to catch up."""

    def __init__(self) -> None:
        super().__init__()
        self.store: VersionedStore[int] = VersionedStore()
        self.limit = 0
        self.now: Content = {}
        self.history: dict[int, Content] = {0: {}}
        self.buried: list[Removed] = []
        self.value = 0

    @initialize(limit=st.integers(0, 4))
    def begin(self, limit: int) -> None:
        self.limit = limit
        self.store = VersionedStore(tombstone_limit=limit)

    def happened(self, version: int) -> None:
        """Remembers what lives now, for this version and all that were skipped to reach it."""
        before = self.history[max(self.history)]
        for skipped in range(max(self.history) + 1, version):
            self.history[skipped] = before
        self.history[version] = dict(self.now)

    def holder(self, key: Key) -> Key | None:
        """Who has the key's name in the model."""
        return next((held for held in self.now if held[:3] == key[:3]), None)

    @rule(name=NAMES, uid=UIDS, step=STEPS)
    def put(self, name: tuple[str, str, str], uid: str, step: int) -> None:
        key = Key(*name, uid)
        version = self.store.version + step
        self.value += 1
        if self.holder(key) not in (None, key):
            with pytest.raises(ValueError, match="held under another uid"):
                self.store.put(key, version, self.value)
            return
        self.store.put(key, version, self.value)
        self.now[key] = (version, self.value)
        self.happened(version)

    @rule(name=NAMES, uid=UIDS, step=STEPS, reason=REASONS)
    def remove(self, name: tuple[str, str, str], uid: str, step: int, reason: TombstoneReason) -> None:
        key = Key(*name, uid)
        version = self.store.version + step
        was_held = self.now.pop(key, None) is not None
        assert self.store.remove(key, version, reason) is was_held
        if was_held:
            self.buried.append(Removed(key, version, reason))
            self.happened(version)

    @rule(place=st.tuples(st.sampled_from(["pods", "nodes"]), st.sampled_from(["", "payments"])), uid=UIDS)
    def fill(self, place: tuple[str, str], uid: str) -> None:
        keys = [Key(*place, name, uid) for name in "ab"]
        if any(held[:2] == place for held in self.now):
            with pytest.raises(ValueError, match="has objects already"):
                self.store.fill(*place, [])
            return
        self.store.fill(*place, ((key, self.value + place) for place, key in enumerate(keys, 1)))
        for key in keys:
            self.value += 1
            version = max(self.history) + 1
            self.now[key] = (version, self.value)
            self.happened(version)

    @rule(place=st.tuples(st.sampled_from(["pods", "nodes"]), st.sampled_from(["", "payments"])), reason=REASONS)
    def clear(self, place: tuple[str, str], reason: TombstoneReason) -> None:
        held = {key for key in self.now if key[:2] == place}
        removed = self.store.clear(*place, reason)
        assert {each.key for each in removed} == held
        for each in removed:
            assert (each.version, each.reason) == (max(self.history) + 1, reason)
            del self.now[each.key]
            self.buried.append(each)
            self.happened(each.version)

    @rule(name=NAMES, step=STEPS, reason=REASONS)
    def bury(self, name: tuple[str, str, str], step: int, reason: TombstoneReason) -> None:
        removed = Removed(Key(*name, "never-held"), self.store.version + step, reason)
        self.store.bury(removed)
        self.buried.append(removed)
        self.happened(removed.version)

    @rule(step=st.integers(0, 3))
    def advance(self, step: int) -> None:
        self.store.advance(self.store.version + step)
        self.happened(self.store.version)

    @precondition(lambda self: self.store.version > 0)
    @rule(name=NAMES, back=st.integers(0, 3))
    def refuse_to_go_back(self, name: tuple[str, str, str], back: int) -> None:
        key = Key(*name, "uid-1")
        if self.holder(key) in (None, key):
            with pytest.raises(ValueError, match="versions only grow"):
                self.store.put(key, max(0, self.store.version - back), 0)
        if key in self.now:
            with pytest.raises(ValueError, match="versions only grow"):
                self.store.remove(key, max(0, self.store.version - back))

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        assert {stored.key: (stored.version, stored.value) for stored in self.store.all()} == self.now
        assert len(self.store) == len(self.now)
        versions = [stored.version for stored in self.store.all()]
        assert versions == sorted(set(versions))
        assert set(self.store.types()) == {key.type for key in self.now}
        for type in ("pods", "nodes"):
            of_type = {stored.key for stored in self.store.of_type(type)}
            assert of_type == {key for key in self.now if key.type == type}
            assert self.store.count(type) == len(of_type)
        for key, (version, value) in self.now.items():
            assert self.store.get(key) == Stored(key, version, value)
            assert key in self.store
            assert key._replace(uid="another") not in self.store

    @invariant()
    def reaches_back_exactly_as_far_as_its_tombstones(self) -> None:
        evicted = self.buried[: max(0, len(self.buried) - self.limit)]
        assert self.store.horizon == (evicted[-1].version if evicted else 0)

    @invariant()
    def leads_every_copy_to_now(self) -> None:
        for version, former in self.history.items():
            if version < self.store.horizon:
                with pytest.raises(Gone, match="older than the tombstone ring"):
                    self.store.changes_after(version)
                continue
            self.check_changes(version, former)
        with pytest.raises(ValueError, match="but the newest version is"):
            self.store.changes_after(self.store.version + 1)

    def check_changes(self, version: int, former: Content) -> None:
        changes = self.store.changes_after(version)
        assert (changes.from_version, changes.to_version) == (version, self.store.version)
        entered = [stored.key for stored in changes.entries]
        left = [removed.key for removed in changes.tombstones]
        assert not set(entered) & set(left)
        assert len(set(left)) == len(left)
        for told in (changes.entries, changes.tombstones):
            assert [item.version for item in told] == sorted(item.version for item in told)
            assert all(item.version > version for item in told)
        copy = dict(former)
        for key in left:
            copy.pop(key, None)
        for stored in changes.entries:
            copy[stored.key] = (stored.version, stored.value)
        assert copy == self.now
        newest = {removed.key: removed for removed in self.buried}
        assert all(newest[removed.key] == removed for removed in changes.tombstones)


StoreAgainstModel.TestCase.settings = hypothesis.settings(max_examples=120, stateful_step_count=30, deadline=None)
TestStoreAgainstModel = StoreAgainstModel.TestCase
