"""The versioned store's answers, one story at a time."""

import pytest

from octokube.state import Gone, Key, Removed, Stored, TombstoneReason, VersionedStore

A = Key("pods", "payments", "a", "uid-a")
B = Key("pods", "payments", "b", "uid-b")


def test_only_the_newest_state_of_an_object_is_told() -> None:
    store: VersionedStore[str] = VersionedStore()
    store.put(A, 1, "old")
    store.put(B, 2, "b")
    store.put(A, 3, "new")
    store.remove(B, 4)
    changes = store.changes_after(1)
    assert changes.entries == [Stored(A, 3, "new")]
    assert changes.tombstones == [Removed(B, 4, TombstoneReason.DELETED)]
    assert (changes.from_version, changes.to_version) == (1, 4)


def test_what_came_back_with_the_same_uid_is_told_as_an_entry_only() -> None:
    store: VersionedStore[str] = VersionedStore()
    store.put(A, 1, "seen")
    store.remove(A, 2, TombstoneReason.WITHDRAWN)
    store.put(A, 3, "seen again")
    changes = store.changes_after(1)
    assert [stored.key for stored in changes.entries] == [A]
    assert changes.tombstones == []


def test_a_recreated_name_is_a_tombstone_of_the_old_uid_and_an_entry_of_the_new() -> None:
    store: VersionedStore[str] = VersionedStore()
    store.put(A, 1, "first")
    successor = A._replace(uid="uid-a2")
    with pytest.raises(ValueError, match="pods payments/a is held under another uid; remove that first"):
        store.put(successor, 2, "second")
    store.remove(A, 2)
    store.put(successor, 3, "second")
    changes = store.changes_after(1)
    assert [stored.key for stored in changes.entries] == [successor]
    assert [removed.key for removed in changes.tombstones] == [A]
    assert store.get(A) is None
    named = store.named("pods", "payments", "a")
    assert named is not None and named.key == successor


def test_a_key_that_left_twice_is_told_once_with_its_last_reason() -> None:
    store: VersionedStore[str] = VersionedStore()
    store.put(A, 1, "a")
    store.remove(A, 2, TombstoneReason.WITHDRAWN)
    store.put(A, 3, "a")
    store.remove(A, 4, TombstoneReason.DELETED)
    assert store.changes_after(1).tombstones == [Removed(A, 4, TombstoneReason.DELETED)]


def test_the_ring_forgets_the_oldest_tombstones_and_says_gone_to_who_would_need_them() -> None:
    store: VersionedStore[int] = VersionedStore(tombstone_limit=2)
    keys = [A._replace(name=str(number)) for number in range(3)]
    for number, key in enumerate(keys):
        store.put(key, number + 1, number)
    for number, key in enumerate(keys):
        store.remove(key, number + 4)
    assert store.horizon == 4
    with pytest.raises(Gone, match="version 3 is older than the tombstone ring, which begins after 4"):
        store.changes_after(3)
    assert [removed.key for removed in store.changes_after(4).tombstones] == keys[1:]


def test_removing_under_another_uid_removes_nothing() -> None:
    store: VersionedStore[str] = VersionedStore()
    store.put(A, 1, "a")
    assert not store.remove(A._replace(uid="other"), 2)
    assert A in store
    assert store.version == 1


def test_a_list_taken_before_a_change_stays_as_it_was() -> None:
    store: VersionedStore[str] = VersionedStore()
    store.put(A, 1, "a")
    everything, pods = store.all(), store.of_type("pods")
    store.remove(A, 2)
    assert [stored.key for stored in everything] == [stored.key for stored in pods] == [A]
    assert store.all() == []


def test_a_version_that_does_not_grow_is_refused_and_changes_nothing() -> None:
    store: VersionedStore[str] = VersionedStore()
    store.put(A, 5, "a")
    for attempt in (
        lambda: store.put(B, 5, "b"),
        lambda: store.remove(A, 5),
        lambda: store.bury(Removed(B, 5, TombstoneReason.DELETED)),
        lambda: store.advance(4),
    ):
        with pytest.raises(ValueError, match="versions only grow"):
            attempt()
    assert store.all() == [Stored(A, 5, "a")]
    assert store.version == 5


def test_advancing_moves_the_version_without_a_change() -> None:
    store: VersionedStore[str] = VersionedStore()
    store.advance(7)
    store.advance(7)
    assert store.version == 7
    changes = store.changes_after(3)
    assert (changes.entries, changes.tombstones, changes.to_version) == ([], [], 7)


def test_a_negative_tombstone_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        VersionedStore(tombstone_limit=-1)


def test_catching_up_costs_the_changes_and_not_the_objects() -> None:
    """Reading the newest of many objects looks at as many as changed, so that an idle stream costs nothing."""
    store: VersionedStore[int] = VersionedStore()
    for number in range(1, 2_001):
        store.put(A._replace(name=str(number)), number, number)

    looked_at = 0

    class Counting(dict[int, Stored[int]]):
        def values(self):  # type: ignore[no-untyped-def]
            parent = super()

            class View:
                def __reversed__(self):  # type: ignore[no-untyped-def]
                    nonlocal looked_at
                    for stored in reversed(parent.values()):
                        looked_at += 1
                        yield stored

            return View()

    store._by_version = Counting(store._by_version)
    assert len(store.changes_after(1_997).entries) == 3
    assert looked_at == 4


def test_a_store_is_taken_apart_in_pieces() -> None:
    store: VersionedStore[str] = VersionedStore()
    for number in range(5):
        store.put(Key("pods", "n", f"p{number}", f"u{number}"), number + 1, "x")
    assert store.take_apart(2)
    assert len(store) == 3
    assert store.take_apart(2)
    assert not store.take_apart(2)
    assert (len(store), store.of_type("pods")) == (0, [])
