"""Records what a real hub sends, and what a receiver has to hold after each message, so that others can replay it.

Everything random is fixed, so that the same code writes the same bytes.
"""

import asyncio
import base64
import contextlib
import hashlib
import itertools
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from unittest import mock

import orjson

from octokube.client.receiver import FeedFault, Receiver
from octokube.client.viewed import ViewChange, ViewedObject
from octokube.state import Key
from octokube.v1 import cluster_service_pb2 as pb
from octokube.v1 import frame_pb2, resource_pb2
from octokube_hub.fanout import encoding
from octokube_hub.replica import ClusterCondition
from tests.hub.objects import key
from tests.hub.policies import policy
from tests.hub.world import Subscriber, World, everything

ALL = policy("p, user:alice, *, **, *, *, read, always, allow\n")
RED_ONLY = policy("p, user:alice, *, red, *, *, read, always, allow\n")
NO_PODS = policy("p, user:alice, *, **, *, *, read, always, allow\np, user:alice, *, **, pods, *, *, always, deny\n")
C1_ONLY = policy("p, user:alice, c1, **, *, *, read, always, allow\n")
NOTHING = policy("p, user:bob, *, **, *, *, read, always, allow\n")
WEB, API, BLUE, NODE = (
    key("pods", "red", "web"),
    key("pods", "red", "api"),
    key("pods", "blue", "web"),
    key("nodes", "", "node-1"),
)
Scenario = Callable[[World], Awaitable[Subscriber]]


def record() -> list[dict[str, Any]]:
    """Every scenario: its name, and its messages with what each is to lead to."""
    streams = []
    for scenario in (
        snapshot_in_parts,
        changes_one_by_one,
        recreated_under_its_name,
        withdrawn_and_entering,
        resumed,
        another_selection_on_the_open_stream,
        two_clusters,
        differences,
        a_cluster_that_leaves,
        a_cluster_that_left_meanwhile,
    ):
        messages = asyncio.run(_messages(scenario))
        streams.append({"name": _sentence(scenario), "messages": replay(messages)})
    good = asyncio.run(_messages(differences))
    for name, broken in broken_streams(good):
        streams.append({"name": name, "messages": replay(broken)})
    return streams


def replay(messages: list[bytes]) -> list[dict[str, Any]]:
    """What a receiver makes of each message. After a fault a receiver takes no more, so it ends there."""
    receiver = Receiver()
    steps: list[dict[str, Any]] = []
    for message in messages:
        step: dict[str, Any] = {"response": base64.b64encode(message).decode()}
        steps.append(step)
        response = pb.WatchResponse.FromString(message)
        if not response.HasField("frame"):
            continue
        frame = response.frame
        if frame.sequence == 1:
            receiver.restart()  # a new stream
        try:
            changes = receiver.apply(frame)
        except FeedFault as fault:
            step["fault"] = type(fault).__name__
            return steps
        step["changes"] = [_change(change) for change in changes]
        step["cluster"] = frame.cluster
        step["held"] = held(receiver, frame.cluster)
    return steps


def held(receiver: Receiver, cluster: str) -> dict[str, Any]:
    """What is held of a cluster, in plain values."""
    copy = receiver.clusters[cluster]
    return {
        "synced": copy.is_synced,
        "as_of_ms": round(copy.as_of_seconds * 1000),
        "token": hashlib.sha256(copy.resume_token).hexdigest()[:8] if copy.resume_token else "",
        "condition": int(copy.state.condition),
        "objects": {_name(key): _object(viewed) for key, viewed in sorted(copy.objects.items())},
    }


async def snapshot_in_parts(world: World) -> Subscriber:
    """A snapshot that takes several parts, and a bookmark."""
    source = await world.add_cluster("c1")
    for number in range(12):
        source.put(key("pods", "red", f"pod-{number:02}"))
    alice = world.subscribe("alice")
    await alice.read_all()
    world.clock.advance(5)
    assert alice.session is not None
    alice.session.tick()
    await alice.read_all()
    return alice


async def changes_one_by_one(world: World) -> Subscriber:
    """Objects come, change, and go; the cluster goes stale and comes back."""
    source = await world.add_cluster("c1")
    source.put(WEB)
    alice = world.subscribe("alice")
    await alice.read_all()
    for step in (
        lambda: source.put(API),
        lambda: source.put(WEB, status="Failed"),
        lambda: source.remove(API),
        lambda: source.replica.set_state(ClusterCondition.STALE, "the agent lost its apiserver"),
        lambda: source.put(NODE),
        lambda: source.replica.set_state(ClusterCondition.LIVE),
    ):
        step()
        await alice.read_all()
    return alice


async def recreated_under_its_name(world: World) -> Subscriber:
    """An object is made anew under its name, and both are in one frame."""
    source = await world.add_cluster("c1")
    source.put(WEB)
    alice = world.subscribe("alice")
    await alice.read_all()
    source.put(WEB._replace(uid="another"), status="Pending")
    await alice.read_all()
    return alice


async def withdrawn_and_entering(world: World) -> Subscriber:
    """The policy takes objects away and gives them back."""
    source = await world.add_cluster("c1")
    for one in (WEB, BLUE, NODE):
        source.put(one)
    alice = world.subscribe("alice")
    await alice.read_all()
    for rules in (RED_ONLY, ALL, NO_PODS):
        world.swap(rules)
        await alice.read_all()
    return alice


async def resumed(world: World) -> Subscriber:
    """A stream breaks, things change, and the next stream goes on from the token."""
    source = await world.add_cluster("c1")
    for one in (WEB, API, NODE):
        source.put(one)
    alice = world.subscribe("alice", everything(pb.DETAIL_OBJECTS))
    await alice.read_all()
    await alice.close()
    source.remove(API)
    source.put(WEB, status="Failed")
    source.put(BLUE)
    alice.open(alice.subscription, is_resuming=True)
    await alice.read_all()
    return alice


async def another_selection_on_the_open_stream(world: World) -> Subscriber:
    """What is no longer asked for leaves, what is asked for arrives."""
    source = await world.add_cluster("c1")
    for one in (WEB, BLUE, NODE):
        source.put(one)
    alice = world.subscribe("alice")
    await alice.read_all()
    alice.subscribe(pb.Subscription(clusters=["c1"], types=["nodes", "pods"], namespaces=["cluster", "blue"]))
    await alice.read_all()
    return alice


async def two_clusters(world: World) -> Subscriber:
    """Frames of two clusters come in turns."""
    sources = [await world.add_cluster(name) for name in ("c1", "c2")]
    for source in sources:
        for number in range(6):
            source.put(key("pods", "red", f"pod-{number}"))
    alice = world.subscribe("alice")
    await alice.read_all()
    for number, source in enumerate([*sources, *sources]):
        source.put(WEB, status=str(number))
    await alice.read_all()
    return alice


async def differences(world: World) -> Subscriber:
    """Changes of bodies come as merge patches."""
    source = await world.add_cluster("c1")
    source.put(WEB, note="a note that is long enough for a patch to be the shorter of the two")
    source.put(API)
    alice = world.subscribe("alice", everything(pb.DETAIL_OBJECTS), accepts_patches=True)
    await alice.read_all()
    for status in ("Failed", "Running", "Succeeded"):
        source.put(WEB, status=status, note="a note that is long enough for a patch to be the shorter of the two")
        await alice.read_all()
    source.put(BLUE)
    source.put(WEB, note="another note")
    await alice.read_all()
    return alice


async def a_cluster_that_leaves(world: World) -> Subscriber:
    """Nothing of a cluster may be seen any more: a receiver forgets all of it."""
    source = await world.add_cluster("c1")
    source.put(WEB)
    alice = world.subscribe("alice")
    await alice.read_all()
    world.swap(NOTHING)
    await alice.read_all()
    return alice


async def a_cluster_that_left_meanwhile(world: World) -> Subscriber:
    """A stream breaks, a cluster may no longer be seen, and the next stream bids it farewell with an empty snapshot."""
    for name in ("c1", "c2"):
        (await world.add_cluster(name)).put(WEB)
    alice = world.subscribe("alice")
    await alice.read_all()
    await alice.close()
    world.swap(C1_ONLY)
    alice.open(alice.subscription, is_resuming=True)
    await alice.read_all()
    return alice


def broken_streams(good: list[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Streams that break their promise, each in one way."""
    responses = [pb.WatchResponse.FromString(message) for message in good]
    frames = [response.frame for response in responses]
    patch = next(index for index, frame in enumerate(frames) if any(entry.patch for entry in frame.entries))
    patched = frames[patch].entries[0].key
    base = next(index for index, frame in enumerate(frames) if frame.entries and frame.entries[0].key == patched)
    end = next(index for index, frame in enumerate(frames) if frame.kind == frame_pb2.FRAME_KIND_SNAPSHOT_END)

    def edited(index: int, edit: Callable[[frame_pb2.Frame], None]) -> list[bytes]:
        response = pb.WatchResponse.FromString(good[index])
        edit(response.frame)
        return [*good[:index], response.SerializeToString(deterministic=True), *good[index + 1 :]]

    yield "a frame is missing", [*good[:patch], *good[patch + 1 :]]
    yield "a frame comes twice", [*good[: patch + 1], good[patch], *good[patch + 1 :]]
    yield (
        "a snapshot lacks what its end counts",
        edited(end, lambda frame: _set(frame, item_count=frame.item_count + 1)),
    )
    yield "a snapshot has another check sum", edited(end, lambda frame: _set(frame, digest=frame.digest ^ 1))
    yield "an entry has no key", edited(1, lambda frame: frame.entries[0].ClearField("key"))
    yield "an entry of a snapshot is another", edited(1, lambda frame: _set(frame.entries[0], resource_version="other"))
    yield "a delta comes inside a snapshot", edited(1, lambda frame: _set(frame, kind=frame_pb2.FRAME_KIND_DELTA))
    yield "a snapshot begins with a part", edited(0, lambda frame: _set(frame, kind=frame_pb2.FRAME_KIND_SNAPSHOT_PART))
    yield "a frame is of a kind that nobody knows", edited(0, lambda frame: _set(frame, kind=99))
    yield (
        "a patch is of an object that is not held",
        edited(patch, lambda frame: _set(frame.entries[0].key, name="nobody")),
    )
    yield "a patch comes to one who holds no body", edited(base, lambda frame: _set(frame.entries[0], body=b""))
    yield "a patch is no object", edited(patch, lambda frame: _set(frame.entries[0], patch=b"[1]"))
    yield "a patch is no JSON", edited(patch, lambda frame: _set(frame.entries[0], patch=b"{"))


async def _messages(scenario: Scenario) -> list[bytes]:
    with _everything_fixed():
        world = World(ALL)
        try:
            return (await scenario(world)).messages
        finally:
            await world.close()


@contextlib.contextmanager
def _everything_fixed() -> Iterator[None]:
    counter = itertools.count()

    def token_bytes(size: int) -> bytes:
        return hashlib.shake_256(str(next(counter)).encode()).digest(size)

    with (
        mock.patch("octokube_hub.fanout.resume.secrets.token_bytes", token_bytes),
        # A few objects fill a frame.
        mock.patch.object(encoding, "PART_BYTES", 600),
        mock.patch.object(encoding, "FIRST_PART_BYTES", 300),
    ):
        yield


def _set(message: Any, **fields: object) -> None:
    for name, value in fields.items():
        setattr(message, name, value)


def _sentence(scenario: Scenario) -> str:
    assert scenario.__doc__ is not None
    return scenario.__doc__.rstrip(".")


def _change(change: ViewChange) -> list[str]:
    return [change.kind.value, _name(change.object.key)]


def _name(key: Key) -> str:
    return "/".join(key)


def _object(viewed: ViewedObject) -> dict[str, Any]:
    return {
        "resource_version": viewed.resource_version,
        "cells": [_cell(cell) for cell in viewed.row.cells],
        "body": orjson.loads(viewed.body) if viewed.body else None,
    }


def _cell(cell: resource_pb2.Cell) -> Any:
    which = cell.WhichOneof("value")
    return getattr(cell, which) if which else None
