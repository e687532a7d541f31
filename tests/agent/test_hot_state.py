"""The one order of everything the agent holds."""

import pytest

from octokube.state import EncodedObject, Key
from octokube_agent.hot_state import HotState
from octokube_agent.served_type import ServedType, TypeCondition

PODS = ServedType("pods", "", "v1", "Pod", namespaced=True)


def key(name: str, uid: str = "u") -> Key:
    return Key("pods", "n", name, uid)


def value(version: str, row: bytes = b"r") -> EncodedObject:
    return EncodedObject(version, b"h", row, b"b")


@pytest.fixture
def hot_state() -> HotState:
    state = HotState()
    state.declare(PODS)
    return state


def test_versions_are_dense_over_types_and_objects(hot_state: HotState) -> None:
    assert hot_state.version == hot_state.types_version == 1
    hot_state.put(key("a"), value("1"))
    hot_state.remove(key("a"))
    hot_state.set_condition("pods", TypeCondition.SYNCED)
    assert (hot_state.version, hot_state.types_version) == (4, 4)


def test_an_update_that_changes_nothing_takes_no_version(hot_state: HotState) -> None:
    assert hot_state.put(key("a"), value("1"))
    assert not hot_state.put(key("a"), value("1"))
    assert hot_state.version == 2
    assert hot_state.put(key("a"), value("1", row=b"other columns"))


def test_a_recreated_name_is_a_tombstone_then_an_entry(hot_state: HotState) -> None:
    hot_state.put(key("a", "first"), value("1"))
    hot_state.put(key("a", "second"), value("2"))
    changes = hot_state.changes_after(2)
    assert [(item.key.uid, item.version) for item in changes.tombstones] == [("first", 3)]
    assert [(item.key.uid, item.version) for item in changes.entries] == [("second", 4)]
    assert hot_state.deleted_at(3) is not None


def test_a_withdrawn_type_leaves_tombstones_of_all_its_objects(hot_state: HotState) -> None:
    hot_state.put(key("a"), value("1"))
    hot_state.put(key("b"), value("2"))
    before = hot_state.version
    hot_state.withdraw("pods")
    assert {item.key for item in hot_state.changes_after(before).tombstones} == {key("a"), key("b")}
    assert hot_state.types() == []
    assert hot_state.types_version == hot_state.version
    hot_state.set_condition("pods", TypeCondition.SYNCED)
    assert hot_state.types() == []


def test_a_type_has_to_be_declared_before_its_objects(hot_state: HotState) -> None:
    with pytest.raises(KeyError):
        hot_state.put(Key("nodes", "", "a", "u"), value("1"))


def test_listeners_are_called_for_changes_only_and_until_they_leave(hot_state: HotState) -> None:
    calls: list[int] = []
    leave = hot_state.listen(lambda: calls.append(hot_state.version))
    hot_state.put(key("a"), value("1"))
    hot_state.put(key("a"), value("1"))
    hot_state.declare(PODS)
    assert calls == [2]
    leave()
    hot_state.remove(key("a"))
    assert calls == [2]


def test_times_of_deletions_are_kept_as_long_as_the_tombstones() -> None:
    state = HotState(tombstone_limit=1)
    state.declare(PODS)
    for name in "ab":
        state.put(key(name), value("1"))
    state.remove_all([key("a"), key("b")])
    assert state.deleted_at(4) is None
    assert state.deleted_at(5) is not None
