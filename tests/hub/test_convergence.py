"""Whatever happens, and in whatever order: what a subscriber holds is the replica, filtered by their scope."""

import asyncio
import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octokube.state import EncodedObject, Key
from octokube.v1 import cluster_service_pb2 as pb
from octokube.v1 import frame_pb2
from octokube_hub.fanout import audience, clusters, encoding
from octokube_hub.fanout.selection import read_subscription
from octokube_hub.policy import Subject
from tests.hub.objects import canary, key
from tests.hub.policies import policy
from tests.hub.world import Subscriber, World, everything, row_of

NAMES = ("a", "b", "c")
PLACES = (("pods", "red"), ("pods", "blue"), ("secrets", "red"), ("nodes", ""))
KEYS = [key(type, namespace, name, uid) for type, namespace in PLACES for name in NAMES for uid in ("u1", "u2")]
POLICIES = [
    policy("p, user:admin, *, **, *, *, read, always, allow\n" + text)
    for text in (
        "p, user:eve, *, red, pods, *, read, always, allow\n",
        "p, user:eve, *, **, *, *, read, always, allow\n",
        "p, user:eve, *, **, *, *, read, always, allow\np, user:eve, *, *, secrets, *, *, always, deny\n",
        "p, user:eve, *, *, *, [ab], read, always, allow\n",
        "p, user:eve, c2, **, *, *, read, always, allow\n",
        "",
    )
]
SUBSCRIPTIONS = [
    everything(),
    everything(pb.DETAIL_OBJECTS),
    pb.Subscription(clusters=["c1"], types=["pods"], namespaces=["red"], detail=pb.DETAIL_OBJECTS),
    pb.Subscription(clusters=["*"], types=["nodes", "secrets"], namespaces=["**"], names=["a*"]),
    pb.Subscription(clusters=["*"], types=["*"], namespaces=["**"], label_selector="note=x"),
    pb.Subscription(
        clusters=["*"], types=["pods", "nodes"], namespaces=["**"], label_selector="note!=x", detail=pb.DETAIL_OBJECTS
    ),
    pb.Subscription(),
]
SELECTED = {"": lambda note: True, "note=x": lambda note: note == "x", "note!=x": lambda note: note != "x"}
"""The selectors of labels that are subscribed to, told another way."""


WEIGHTS = {"put": 8, "remove": 3, "read": 8, "swap": 3, "reload": 1, "resubscribe": 1, "reconnect": 2, "abandon": 1}


def draw_step(random: random.Random) -> tuple[Any, ...]:
    """One thing that happens."""
    kind = random.choices(list(WEIGHTS), WEIGHTS.values())[0]
    cluster = random.choice(["c1", "c1", "c2"])
    match kind:
        case "put":
            return kind, cluster, random.choice(KEYS), random.choice(["Running", "Failed"]), random.choice(["", "x"])
        case "remove":
            return kind, cluster, random.choice(KEYS)
        case "read":
            return kind, random.randint(1, 6)
        case "swap":
            return kind, random.randrange(len(POLICIES))
        case "reload":
            return kind, cluster, random.random() < 0.5
        case "resubscribe":
            return kind, random.randrange(len(SUBSCRIPTIONS))
        case "reconnect":
            return kind, random.random() < 0.8
        case _:
            return (kind,)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few objects fill a frame or a slice, so that snapshots and moves are broken off in the middle."""
    monkeypatch.setattr(encoding, "PART_BYTES", 400)
    monkeypatch.setattr(encoding, "FIRST_PART_BYTES", 200)
    monkeypatch.setattr(audience, "MOVED_AT_ONCE", 3)
    monkeypatch.setattr(audience, "FOLLOW_SLICE", 1)
    monkeypatch.setattr(clusters, "FOLLOWED_AT_ONCE", 0)


@pytest.mark.timeout(120)
@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32), st.integers(5, 80))
def test_a_subscriber_converges_and_is_never_sent_what_policy_refuses(seed: int, length: int) -> None:
    """A schedule is drawn uniformly from a seed: drawn step by step, schedules repeat themselves too much to collide.

    Hypothesis shortens a failing one by its length.
    """
    chance = random.Random(seed)
    first_policy, subscription = chance.randrange(len(POLICIES)), chance.randrange(len(SUBSCRIPTIONS) - 1)
    steps = [draw_step(chance) for _ in range(length)]
    asyncio.run(_play(steps, subscription, first_policy, accepts_patches=chance.random() < 0.7))


async def _play(steps: list[tuple[Any, ...]], subscription: int, first_policy: int, *, accepts_patches: bool) -> None:
    world = World(POLICIES[first_policy])
    await world.add_cluster("c1")
    await world.add_cluster("c2")
    for item in KEYS[::2]:
        world.sources["c1"].put(item)
    subscriber = world.subscribe("eve", SUBSCRIPTIONS[subscription], accepts_patches=accepts_patches)
    watch = _Watch(subscriber)
    try:
        for step in steps:
            await _do(world, subscriber, watch, step)
        await subscriber.read_all()
        _check_equal(world, subscriber)
    finally:
        await world.close()


async def _do(world: World, subscriber: Subscriber, watch: "_Watch", step: tuple[Any, ...]) -> None:
    match step:
        case ("put", cluster, key, status, note):
            world.sources[cluster].put(key, status=status, note=note, label=note)
        case ("remove", cluster, key):
            if key in world.sources[cluster].replica.store:
                world.sources[cluster].remove(key)
        case ("read", count):
            for _ in range(count):
                await subscriber.read()
        case ("swap", index):
            await subscriber.read()  # what is in the transport's hands can't be taken back
            world.swap(POLICIES[index])
        case ("reload", cluster, is_new_epoch):
            await world.sources[cluster].load(is_new_epoch=is_new_epoch)
        case ("resubscribe", index):
            await subscriber.read()
            watch.may_repeat = True
            subscriber.subscribe(SUBSCRIPTIONS[index])
        case ("reconnect", is_resuming):
            await subscriber.close()
            watch.may_repeat = True
            if not is_resuming:
                subscriber.receiver.forget()
            subscriber.open(
                subscriber.subscription, is_resuming=is_resuming, accepts_patches=subscriber.accepts_patches
            )
        case ("abandon",):
            await subscriber.settle()
            watch.may_repeat = True
            assert subscriber.session is not None
            for track in subscriber.session._tracks.values():
                track.abandon()


class _Watch:
    """Looks at each message as it comes: nothing forbidden in it, and nobody told to forget what they never had."""

    def __init__(self, subscriber: Subscriber) -> None:
        self.subscriber = subscriber
        self.may_repeat = False
        subscriber.before_apply = self.look

    def look(self, response: pb.WatchResponse) -> None:
        world = self.subscriber.world
        scope = world.policy.scope(Subject("user:eve"), world.clock.now())
        frame = response.frame
        raw = response.SerializeToString()
        for item in KEYS:
            if canary(item).encode() in raw:
                assert scope.allows(frame.cluster, item.type, item.namespace, item.name, "watch"), item
        copy = self.subscriber.receiver.clusters.get(frame.cluster)
        held = set(copy.objects) if copy is not None else set()
        for tombstone in frame.tombstones:
            told = Key(tombstone.key.type, tombstone.key.namespace, tombstone.key.name, tombstone.key.uid)
            is_allowed = scope.allows(frame.cluster, told.type, told.namespace, told.name, "watch")
            assert told in held or (self.may_repeat and is_allowed), told
            if not is_allowed:
                assert tombstone.reason == frame_pb2.TOMBSTONE_REASON_WITHDRAWN


def note_of(value: EncodedObject) -> str:
    """What an object made by ``encoded`` has as its note."""
    return str(json.loads(frame_pb2.Entry.FromString(value.body).body)["note"])


def _check_equal(world: World, subscriber: Subscriber) -> None:
    selection = read_subscription(subscriber.subscription)
    scope = world.policy.scope(Subject("user:eve"), world.clock.now())
    for name, source in world.sources.items():
        expected = {
            stored.key: stored.value
            for stored in source.replica.store.all()
            if selection.has_cluster(name)
            and selection.has(stored.key)
            and SELECTED[subscriber.subscription.label_selector](note_of(stored.value))
            and scope.allows(name, stored.key.type, stored.key.namespace, stored.key.name, "watch")
        }
        copy = subscriber.receiver.clusters.get(name)
        held = copy.objects if copy is not None else {}
        assert held.keys() == expected.keys()
        for item, value in expected.items():
            assert held[item].row == row_of(value.row)
            if not selection.is_rows:
                assert held[item].resource_version == value.resource_version
                assert frame_pb2.Entry.FromString(value.body).body == held[item].body
            else:
                assert held[item].body == b""
