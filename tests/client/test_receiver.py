"""The receiver's copy is always one that the hub had."""

import pytest

from octokube.client.receiver import FeedFault, OutOfSequence, Receiver, TornSnapshot
from octokube.client.viewed import ChangeKind
from octokube.state import Key, SnapshotDigest
from octokube.v1 import frame_pb2, resource_pb2


def entry(name: str, version: str = "1", uid: str = "") -> frame_pb2.Entry:
    key = resource_pb2.Key(type="pods", namespace="payments", name=name, uid=uid or f"uid-{name}")
    row = resource_pb2.Row(cells=[resource_pb2.Cell(text=version)])
    return frame_pb2.Entry(key=key, resource_version=version, row=row)


def frame(kind: int, sequence: int, **fields: object) -> frame_pb2.Frame:
    return frame_pb2.Frame(kind=kind, sequence=sequence, cluster="demo", **fields)  # type: ignore[arg-type]


def snapshot(*entries: frame_pb2.Entry, first: int = 1) -> list[frame_pb2.Frame]:
    digest = SnapshotDigest()
    for one in entries:
        digest.add(Key(one.key.type, one.key.namespace, one.key.name, one.key.uid), one.resource_version)
    return [
        frame(frame_pb2.FRAME_KIND_SNAPSHOT_BEGIN, first),
        frame(frame_pb2.FRAME_KIND_SNAPSHOT_PART, first + 1, entries=entries),
        frame(
            frame_pb2.FRAME_KIND_SNAPSHOT_END,
            first + 2,
            item_count=digest.item_count,
            digest=digest.value,
            resume_token=b"t1",
        ),
    ]


def names(receiver: Receiver) -> set[str]:
    return {key.name for key in receiver.clusters["demo"].objects}


def delta(sequence: int, *entries: frame_pb2.Entry, gone: dict[str, int] | None = None) -> frame_pb2.Frame:
    tombstones = [
        frame_pb2.Tombstone(key=entry(name).key, reason=reason)  # type: ignore[arg-type]
        for name, reason in (gone or {}).items()
    ]
    return frame(frame_pb2.FRAME_KIND_DELTA, sequence, entries=entries, tombstones=tombstones)


def synced(*entries: frame_pb2.Entry) -> Receiver:
    receiver = Receiver()
    for one in snapshot(*entries):
        receiver.apply(one)
    return receiver


def test_a_snapshot_is_shown_only_once_it_is_complete() -> None:
    receiver = Receiver()
    begin, part, end = snapshot(entry("a"), entry("b"))
    receiver.apply(begin)
    assert receiver.apply(part) == []
    assert not receiver.clusters["demo"].is_synced
    assert names(receiver) == set()
    changes = receiver.apply(end)
    assert [change.kind for change in changes] == [ChangeKind.ADDED, ChangeKind.ADDED]
    assert receiver.clusters["demo"].is_synced
    assert receiver.resume_points() == [("demo", b"t1")]


def test_a_torn_snapshot_never_replaces_the_copy() -> None:
    receiver = synced(entry("a"))
    begin, part, end = snapshot(entry("b"), entry("c"), first=4)
    del part.entries[0]
    receiver.apply(begin)
    receiver.apply(part)
    with pytest.raises(TornSnapshot, match="1 entries where 2 were promised"):
        receiver.apply(end)
    assert names(receiver) == {"a"}


def test_a_snapshot_with_an_exchanged_entry_is_torn_although_the_count_matches() -> None:
    receiver = Receiver()
    begin, part, end = snapshot(entry("a"), entry("b"))
    part.entries[1].resource_version = "2"
    receiver.apply(begin)
    receiver.apply(part)
    with pytest.raises(TornSnapshot):
        receiver.apply(end)


@pytest.mark.parametrize("sequence", [3, 5])
def test_a_repeated_or_lost_frame_is_refused(sequence: int) -> None:
    receiver = synced(entry("a"))
    with pytest.raises(OutOfSequence, match=f"frame {sequence} came after frame 3"):
        receiver.apply(delta(sequence, entry("b")))
    assert names(receiver) == {"a"}


def test_a_delta_inside_a_snapshot_is_refused() -> None:
    receiver = Receiver()
    receiver.apply(snapshot(entry("a"))[0])
    with pytest.raises(TornSnapshot):
        receiver.apply(delta(2, entry("b")))


def test_deleted_and_withdrawn_are_told_apart_and_both_are_forgotten() -> None:
    receiver = synced(entry("a"), entry("b"), entry("c"))
    gone = {"a": frame_pb2.TOMBSTONE_REASON_DELETED, "b": frame_pb2.TOMBSTONE_REASON_WITHDRAWN, "never-held": 1}
    changes = receiver.apply(delta(4, entry("c", "2"), entry("d"), gone=gone))
    assert [(change.kind.name, change.object.key.name) for change in changes] == [
        ("DELETED", "a"),
        ("WITHDRAWN", "b"),
        ("MODIFIED", "c"),
        ("ADDED", "d"),
    ]
    assert names(receiver) == {"c", "d"}


def test_a_recreated_object_replaces_its_predecessor_within_one_frame() -> None:
    receiver = synced(entry("a"))
    changes = receiver.apply(delta(4, entry("a", uid="another"), gone={"a": frame_pb2.TOMBSTONE_REASON_DELETED}))
    assert [change.kind for change in changes] == [ChangeKind.DELETED, ChangeKind.ADDED]
    assert [key.uid for key in receiver.clusters["demo"].objects] == ["another"]


def test_a_second_snapshot_tells_only_the_differences() -> None:
    receiver = synced(entry("a"), entry("b"))
    changes = [change for one in snapshot(entry("b"), entry("c"), first=4) for change in receiver.apply(one)]
    assert [(change.kind.name, change.object.key.name) for change in changes] == [("WITHDRAWN", "a"), ("ADDED", "c")]


def test_a_restart_keeps_the_copies_and_their_tokens_and_drops_an_open_snapshot() -> None:
    receiver = synced(entry("a"))
    receiver.apply(snapshot(entry("b"), first=4)[0])
    receiver.restart()
    assert names(receiver) == {"a"}
    receiver.apply(delta(1, entry("b")))
    assert names(receiver) == {"a", "b"}
    receiver.forget()
    assert receiver.resume_points() == []


def test_an_unknown_kind_of_frame_is_a_fault() -> None:
    with pytest.raises(FeedFault, match="unknown kind"):
        Receiver().apply(frame(frame_pb2.FRAME_KIND_UNSPECIFIED, 1))


def test_a_patch_that_was_not_asked_for_is_a_fault_and_changes_nothing() -> None:
    receiver = synced(entry("a"))
    patched = frame_pb2.Entry(key=entry("b").key, patch=b"{}")
    with pytest.raises(FeedFault, match="patch"):
        receiver.apply(delta(4, patched, gone={"a": frame_pb2.TOMBSTONE_REASON_DELETED}))
    assert names(receiver) == {"a"}
