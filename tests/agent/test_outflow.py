"""Which frames lead a hub from where it is to now."""

import datetime
import itertools

import pytest

from octokube.state import EncodedObject, Key
from octokube.v1 import agent_service_pb2 as pb
from octokube.v1 import frame_pb2
from octokube_agent.health import Health
from octokube_agent.hot_state import HotState
from octokube_agent.link import frames
from octokube_agent.link.outflow import Outflow
from octokube_agent.served_type import Column, ServedType, TypeCondition

PODS = ServedType("pods", "", "v1", "Pod", namespaced=True, columns=(Column("Age"),))
BEGIN, PART, END = (
    frame_pb2.FRAME_KIND_SNAPSHOT_BEGIN,
    frame_pb2.FRAME_KIND_SNAPSHOT_PART,
    frame_pb2.FRAME_KIND_SNAPSHOT_END,
)
DELTA = frame_pb2.FRAME_KIND_DELTA


def key(name: str) -> Key:
    return Key("pods", "n", name, f"uid-{name}")


def value(version: str, size_bytes: int = 10) -> EncodedObject:
    return EncodedObject(version, b"", b"", frames.bytes_field(4, b"x" * size_bytes))


def drain(outflow: Outflow) -> list[pb.LinkFrame]:
    found = []
    while (frame := outflow.next()) is not None:
        found.append(pb.LinkFrame.FromString(frame.content))
    return found


@pytest.fixture
def hot_state() -> HotState:
    state = HotState()
    state.declare(PODS)
    for name in "abc":
        state.put(key(name), value("1"))
    return state


def test_a_hub_that_holds_nothing_gets_a_snapshot_with_types_and_digest(hot_state: HotState) -> None:
    begin, part, end = drain(Outflow(hot_state, Health(), resume_version=0))
    assert (begin.kind, part.kind, end.kind) == (BEGIN, PART, END)
    assert [item.type for item in begin.types.types] == ["pods"]
    assert begin.HasField("cluster_state")
    assert len(part.entries) == end.item_count == 3
    assert end.to_version == hot_state.version
    assert end.digest != 0


def test_an_empty_cluster_is_a_snapshot_without_parts() -> None:
    begin, end = drain(Outflow(HotState(), Health(), resume_version=0))
    assert (begin.kind, end.kind, end.item_count, end.digest) == (BEGIN, END, 0, 0)


def test_a_hub_that_is_behind_gets_only_what_changed(hot_state: HotState) -> None:
    before = hot_state.version
    hot_state.put(key("b"), value("2"))
    hot_state.remove(key("c"))
    outflow = Outflow(hot_state, Health(), resume_version=before)
    (delta,) = drain(outflow)
    assert (delta.kind, delta.from_version, delta.to_version) == (DELTA, before, hot_state.version)
    assert [entry.version for entry in delta.entries] == [before + 1]
    assert [item.key.name for item in delta.tombstones] == ["c"]
    assert abs(
        delta.tombstones[0].deleted_at.ToDatetime() - datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    ) < datetime.timedelta(seconds=5)
    assert not delta.HasField("types")
    assert drain(outflow) == []


def test_a_hub_that_is_up_to_date_gets_nothing_but_bookmarks(hot_state: HotState) -> None:
    outflow = Outflow(hot_state, Health(), resume_version=hot_state.version)
    assert not outflow.has_news
    assert drain(outflow) == []
    bookmark = pb.LinkFrame.FromString(outflow.bookmark().content)
    assert bookmark.from_version == bookmark.to_version == hot_state.version
    assert bookmark.HasField("cluster_state")
    assert not outflow.has_new_state


def test_a_hub_whose_version_is_beyond_the_horizon_gets_a_snapshot() -> None:
    state = HotState(tombstone_limit=1)
    state.declare(PODS)
    for name in "abc":
        state.put(key(name), value("1"))
    before = state.version
    state.remove_all([key("a"), key("b")])
    assert Outflow(state, Health(), resume_version=before).is_snapshot
    assert not Outflow(state, Health(), resume_version=state.horizon).is_snapshot


def test_a_version_that_never_was_leads_to_a_snapshot(hot_state: HotState) -> None:
    assert Outflow(hot_state, Health(), resume_version=hot_state.version + 1).is_snapshot


def test_a_change_of_types_is_a_delta_with_the_complete_list(hot_state: HotState) -> None:
    outflow = Outflow(hot_state, Health(), resume_version=hot_state.version)
    hot_state.set_condition("pods", TypeCondition.SYNCED)
    (delta,) = drain(outflow)
    assert [(item.type, item.condition) for item in delta.types.types] == [("pods", TypeCondition.SYNCED.value)]
    assert delta.to_version == delta.from_version + 1
    assert [column.name for column in delta.types.types[0].columns] == ["Age"]


def test_many_changes_are_cut_into_frames_that_follow_each_other(hot_state: HotState) -> None:
    before = hot_state.version
    for index in range(30):
        hot_state.put(key(f"big-{index}"), value("1", size_bytes=50_000))
    found = drain(Outflow(hot_state, Health(), resume_version=before))
    assert len(found) > 3
    assert found[0].from_version == before
    for former, frame in itertools.pairwise(found):
        assert frame.from_version == former.to_version
    assert found[-1].to_version == hot_state.version
    assert all(frame.ByteSize() <= frames.FRAME_BYTES + 1000 for frame in found)


def test_an_object_larger_than_a_frame_has_a_frame_of_its_own(hot_state: HotState) -> None:
    before = hot_state.version
    for name, size_bytes in (("small", 10), ("huge", 2_000_000), ("other", 10)):
        hot_state.put(key(name), value("1", size_bytes))
    assert [len(frame.entries) for frame in drain(Outflow(hot_state, Health(), resume_version=before))] == [1, 1, 1]


def test_an_object_that_changes_while_frames_are_under_way_is_sent_once_in_its_newest_state(
    hot_state: HotState,
) -> None:
    before = hot_state.version
    for index in range(30):
        hot_state.put(key(f"big-{index}"), value("1", size_bytes=50_000))
    outflow = Outflow(hot_state, Health(), resume_version=before)
    first = outflow.next()
    assert first is not None
    hot_state.put(key("big-29"), value("2"))
    entries = [entry for frame in drain(outflow) for entry in frame.entries]
    newest = [entry for entry in entries if entry.version == hot_state.version]
    assert len(newest) == 1
    assert before + 30 not in [entry.version for entry in entries]
    assert outflow.version == hot_state.version


def test_a_snapshot_is_the_state_of_its_version_though_the_cluster_moves_on(hot_state: HotState) -> None:
    outflow = Outflow(hot_state, Health(), resume_version=0)
    begin = outflow.next()
    assert begin is not None
    version = hot_state.version
    hot_state.remove(key("a"))
    hot_state.put(key("b"), value("2"))
    _, part, end, delta = [None, *drain(outflow)]
    assert part is not None
    assert end is not None
    assert delta is not None
    assert len(part.entries) == end.item_count == 3
    assert end.to_version == delta.from_version == version
    assert [item.key.name for item in delta.tombstones] == ["a"]


def test_no_bookmark_belongs_inside_a_snapshot(hot_state: HotState) -> None:
    outflow = Outflow(hot_state, Health(), resume_version=0)
    assert outflow.is_inside
    drain(outflow)
    assert not outflow.is_inside


class FakeClock:
    def __init__(self) -> None:
        self.time = datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC)

    def now(self) -> datetime.datetime:
        self.time += datetime.timedelta(seconds=1)
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


def following(clock: FakeClock) -> Health:
    health = Health(clock=clock)
    health.announced()
    health.path_ok(clock.now())
    return health


def test_a_snapshot_does_not_claim_a_time_after_it_was_taken(hot_state: HotState) -> None:
    """Sending one may take a while on a slow line; what changes meanwhile is not in it."""
    clock = FakeClock()
    health = following(clock)
    taken_at = health.freshness.as_of
    outflow = Outflow(hot_state, health, resume_version=0)
    first = outflow.next()
    assert first is not None
    health.path_ok(clock.now())
    hot_state.put(key("d"), value("1"))
    *rest, delta = drain(outflow)
    assert {frame.as_of.ToDatetime(datetime.UTC) for frame in rest} == {taken_at}
    assert delta.as_of.ToDatetime(datetime.UTC) == health.freshness.as_of


def test_the_time_comes_with_the_last_of_several_frames(hot_state: HotState) -> None:
    """A hub that has the first of them does not have everything that the agent had seen by then."""
    clock = FakeClock()
    health = following(clock)
    outflow = Outflow(hot_state, health, resume_version=hot_state.version, frame_bytes=50)
    told_at = pb.LinkFrame.FromString(outflow.bookmark().content).as_of.ToDatetime(datetime.UTC)
    for name in "abcdef":
        hot_state.put(key(name), value("2", size_bytes=30))
    health.path_ok(clock.now())
    *early, last = drain(outflow)
    assert len(early) > 1
    assert {frame.as_of.ToDatetime(datetime.UTC) for frame in early} == {told_at}
    assert last.as_of.ToDatetime(datetime.UTC) == health.freshness.as_of > told_at


def test_a_bookmark_ahead_of_a_change_repeats_the_former_time(hot_state: HotState) -> None:
    clock = FakeClock()
    health = following(clock)
    outflow = Outflow(hot_state, health, resume_version=hot_state.version)
    told = pb.LinkFrame.FromString(outflow.bookmark().content).as_of
    hot_state.put(key("a"), value("2"))
    health.path_ok(clock.now())
    assert pb.LinkFrame.FromString(outflow.bookmark().content).as_of == told
    drain(outflow)
    assert pb.LinkFrame.FromString(outflow.bookmark().content).as_of.ToDatetime(datetime.UTC) == health.freshness.as_of


def test_a_snapshot_brings_the_tombstones_since_its_horizon_in_the_order_of_versions(hot_state: HotState) -> None:
    hot_state.remove(key("a"))
    hot_state.put(key("a"), value("3"))
    hot_state.remove(key("b"))
    begin, part, _ = drain(Outflow(hot_state, Health(), resume_version=0))
    assert begin.HasField("horizon")
    assert begin.horizon == hot_state.horizon == 0
    assert [(item.key.name, item.version) for item in part.tombstones] == [("a", 5), ("b", 7)]
    assert all(item.HasField("deleted_at") for item in part.tombstones)
    assert [entry.version for entry in part.entries] == [4, 6]


def test_a_snapshot_says_where_its_ring_begins() -> None:
    state = HotState(tombstone_limit=1)
    state.declare(PODS)
    for name in "abc":
        state.put(key(name), value("1"))
    state.remove_all([key("a"), key("b")])
    begin, part, _ = drain(Outflow(state, Health(), resume_version=0))
    assert begin.horizon == state.horizon == 5
    assert [item.key.name for item in part.tombstones] == ["b"]
