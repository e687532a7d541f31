"""A receiver in lock-step is sent differences, and nobody else is."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octokube.state import EncodedObject, Key, Stored
from octokube.v1 import cluster_service_pb2 as pb
from octokube.v1 import frame_pb2
from octokube_hub.fanout.bases import Bases
from tests.hub.objects import encoded, key
from tests.hub.policies import policy
from tests.hub.world import Source, Subscriber, World, everything

POLICY = policy("p, user:alice, *, **, *, *, read, always, allow\np, user:bob, *, **, *, *, read, always, allow\n")
POD = key("pods", "red", "api")


async def world_with(count: int = 1) -> tuple[World, Source]:
    """A cluster with some pods, api among them."""
    world = World(POLICY)
    source = await world.add_cluster("c1")
    source.put(POD)
    for number in range(1, count):
        source.put(key("pods", "red", f"pod-{number}"))
    return world, source


def patches_in(responses: list[pb.WatchResponse]) -> list[frame_pb2.Entry]:
    """The entries that came as patches."""
    return [entry for response in responses for entry in response.frame.entries if entry.patch]


def bodies_in(responses: list[pb.WatchResponse]) -> list[frame_pb2.Entry]:
    """The entries that came whole."""
    return [entry for response in responses for entry in response.frame.entries if entry.body]


def body_of(subscriber: Subscriber, which: Key = POD) -> bytes:
    return subscriber.receiver.clusters["c1"].objects[which].body


def body_at(source: Source, which: Key = POD) -> bytes:
    stored = source.replica.store.get(which)
    assert stored is not None
    return frame_pb2.Entry.FromString(stored.value.body).body


async def test_a_change_comes_as_a_patch_to_who_asked_and_whole_to_who_did_not() -> None:
    world, source = await world_with()
    alice = world.subscribe("alice", everything(pb.DETAIL_OBJECTS), accepts_patches=True)
    bob = world.subscribe("bob", everything(pb.DETAIL_OBJECTS))
    await alice.read_all()
    await bob.read_all()
    source.put(POD, status="Failed")
    to_alice, to_bob = await alice.read_all(), await bob.read_all()
    (entry,) = patches_in(to_alice)
    assert not entry.body
    assert len(entry.patch) < len(body_at(source))
    assert not patches_in(to_bob)
    assert len(bodies_in(to_bob)) == 1
    assert body_of(alice) == body_of(bob) == body_at(source)
    await world.close()


async def test_several_changes_between_two_frames_are_one_patch_from_what_the_receiver_holds() -> None:
    world, source = await world_with()
    alice = world.subscribe("alice", everything(pb.DETAIL_OBJECTS), accepts_patches=True)
    await alice.read_all()
    for status in ("Failed", "Running", "Succeeded"):
        source.put(POD, status=status, note=status)
    assert len(patches_in(await alice.read_all())) == 1
    assert body_of(alice) == body_at(source)
    await world.close()


async def test_what_a_snapshot_and_a_resume_bring_is_whole() -> None:
    world, source = await world_with()
    alice = world.subscribe("alice", everything(pb.DETAIL_OBJECTS), accepts_patches=True)
    assert not patches_in(await alice.read_all())
    await alice.close()
    source.put(POD, status="Failed")
    alice.open(alice.subscription, is_resuming=True, accepts_patches=True)
    resumed = await alice.read_all()
    assert resumed[0].frame.resume_outcome == "resumed"
    assert not patches_in(resumed)
    source.put(POD, status="Running", note="again")
    assert len(patches_in(await alice.read_all())) == 1
    assert body_of(alice) == body_at(source)
    await world.close()


async def test_an_object_that_left_and_came_back_is_sent_whole() -> None:
    world, source = await world_with()
    alice = world.subscribe("alice", everything(pb.DETAIL_OBJECTS), accepts_patches=True)
    await alice.read_all()
    source.remove(POD)
    await alice.read_all()
    source.put(POD, status="Failed")
    assert not patches_in(await alice.read_all())
    assert body_of(alice) == body_at(source)
    await world.close()


async def test_a_reader_who_is_too_far_behind_for_a_patch_gets_the_whole_body() -> None:
    world, source = await world_with()
    alice = world.subscribe("alice", everything(pb.DETAIL_OBJECTS), accepts_patches=True)
    await alice.read_all()
    source.put(POD, status="Failed")
    await alice.settle()  # the patch waits in the transport's hands
    source.put(POD, status="Running", note="later")
    for _ in range(2):
        world.clock.advance(1.0)
        world.fanout.trim(world.clock.monotonic())
    responses = await alice.read_all()
    assert len(patches_in(responses)) == 1
    assert len(bodies_in(responses)) == 1
    assert body_of(alice) == body_at(source)
    await world.close()


async def test_rows_are_never_sent_as_patches() -> None:
    world, source = await world_with()
    alice = world.subscribe("alice", everything(), accepts_patches=True)
    await alice.read_all()
    source.put(POD, status="Failed")
    assert not patches_in(await alice.read_all())
    await world.close()


async def test_a_patch_is_made_once_for_all_audiences(monkeypatch: pytest.MonkeyPatch) -> None:
    world, source = await world_with()
    made = []
    from octokube.state import merge_patch

    original = merge_patch.diff_bodies
    monkeypatch.setattr(merge_patch, "diff_bodies", lambda old, new: made.append(old) or original(old, new))
    only_pods = pb.Subscription(clusters=["c1"], types=["pods"], namespaces=["red"], detail=pb.DETAIL_OBJECTS)
    readers = [
        world.subscribe("alice", everything(pb.DETAIL_OBJECTS), accepts_patches=True),
        world.subscribe("bob", everything(pb.DETAIL_OBJECTS), accepts_patches=True),
        world.subscribe("alice", only_pods, accepts_patches=True),
    ]
    for reader in readers:
        await reader.read_all()
    source.put(POD, status="Failed")
    for reader in readers:
        assert len(patches_in(await reader.read_all())) == 1
    assert len(made) == 1
    await world.close()


NAMES = ("a", "b")


@given(
    st.lists(st.tuples(st.sampled_from(["put", "remove", "rotate"]), st.sampled_from(NAMES)), max_size=30), st.data()
)
def test_a_base_is_what_a_reader_at_that_version_holds_or_unknown(
    steps: list[tuple[str, str]], data: st.DataObject
) -> None:
    """Against a model that remembers every version."""
    bases = Bases(0, limit_bytes=data.draw(st.sampled_from([300, 10_000])))
    now: dict[str, tuple[int, EncodedObject]] = {}
    history: list[dict[str, tuple[int, EncodedObject]]] = [{}]
    for step, name in steps:
        version = len(history)
        if step == "rotate":
            bases.rotate(version - 1)
            continue
        if step == "put":
            value = encoded(key("pods", "red", name), str(version), status=str(version))
            if name in now:
                bases.replaced(Stored(key("pods", "red", name), *now[name]), version)
            now[name] = (version, value)
        else:
            now.pop(name, None)
        history.append(dict(now))
    for version, held in enumerate(history):
        for name in NAMES:
            base = bases.held_at(key("pods", "red", name), version)
            if base is not None:
                assert held[name][1] is base


def test_the_patches_of_a_second_are_bounded_in_bytes() -> None:
    bases = Bases(0, limit_bytes=2_000)
    pod = key("pods", "red", "a")
    for version in range(1, 100):
        bases.replaced(Stored(pod, version, encoded(pod, str(version))), version + 1)
    assert bases.held_at(pod, 1) is None
    assert bases.held_at(pod, 99) is not None


def test_bodies_of_the_tests_are_encoded_as_the_agent_does() -> None:
    body = frame_pb2.Entry.FromString(encoded(POD, "1").body).body
    assert orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS) == body
