"""Failure mode 4: a shared cache or shared encoded frame crosses permission sets."""

import asyncio
import pathlib
import random
import re
import time
from collections.abc import Callable

import pytest

from octokube.v1 import cluster_service_pb2 as pb
from octokube_hub.app import Hub
from octokube_hub.policy import PolicySet
from tests.failure_modes.policies import in_force
from tests.failure_modes.streams import KINDS, Doors
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key
from tests.hub.policies import policy, write_policy
from tests.hub.world import Subscriber, World, everything

PEOPLE = ("alice", "bob", "carol", "dana")
NAMESPACES = tuple(f"ns-{number}" for number in range(6))
CLUSTERS = ("c1", "c2")
CANARY = re.compile(rb"canary<pods\|(ns-\d)\|")
NOTE = re.compile(rb"note of (ns-\d)")
Grants = dict[str, frozenset[str]]
"""Who may see which namespaces."""


def random_grants(chance: random.Random) -> Grants:
    """Some people have equal permissions, and so the same bytes; some have nothing in common."""
    sets = [frozenset(chance.sample(NAMESPACES, chance.randrange(5))) for _ in range(3)]
    return {who: chance.choice(sets) for who in PEOPLE}


def rules(grants: Grants) -> str:
    """The rows that say so."""
    rows = [f"p, user:{who}, *, {name}, *, *, read, always, allow\n" for who in PEOPLE for name in sorted(grants[who])]
    return "".join(rows) + "p, user:admin, *, **, **, *, *, always, allow\n"


def named_in(message: bytes) -> set[str]:
    """The namespaces of which a message holds content, wherever in it."""
    return {name.decode() for name in (*CANARY.findall(message), *NOTE.findall(message))}


class Searched(Subscriber):
    """Looks at every byte in the moment in which the hub lets go of it."""

    def __init__(self, world: World, who: str, allowed: Callable[[], frozenset[str]], seen: set[str]) -> None:
        super().__init__(world, who)
        self.allowed = allowed
        self.known = seen
        self.message_count = 0
        self.crossed: list[bytes] = []

    async def _write(self, message: bytes) -> None:
        self.message_count += 1
        content = named_in(message)
        self.known |= content
        # A tombstone may name what the person was sent before, and nothing else.
        named = {name for name in NAMESPACES if name.encode() in message}
        if not content <= self.allowed() or not named <= self.known:
            self.crossed.append(message)
        await super()._write(message)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("seed", range(12))
async def test_no_interleaving_of_many_people_has_a_byte_cross(seed: int) -> None:
    """Subscribing anew, edits of the policy, changes, reconnecting with tokens, readers that stop: in any order."""
    chance = random.Random(seed)
    grants = random_grants(chance)
    world = World(policy(rules(grants)))
    sources = [await world.add_cluster(name) for name in CLUSTERS]
    readers = {}
    for number in range(12):
        who = PEOPLE[number % len(PEOPLE)]
        readers[number] = Searched(world, who, lambda who=who: grants[who], set())  # type: ignore[misc]
        world.subscribers.append(readers[number])
        readers[number].open(everything(chance.choice(DETAILS)), accepts_patches=number % 2 == 0)
    for step in range(250):
        reader = chance.choice(list(readers.values()))
        match chance.randrange(10):
            case 0:
                grants = random_grants(chance)
                world.swap(policy(rules(grants)))
            case 1 if reader.session is not None:
                wanted = sorted(chance.sample(NAMESPACES, 3))
                subscription = pb.Subscription(clusters=["*"], types=["*"], namespaces=wanted)
                subscription.detail = chance.choice(DETAILS)
                reader.subscribe(subscription, reader.receiver.resume_points())
            case 2:
                await reader.close()
                reader.open(reader.subscription, is_resuming=chance.random() < 0.8, accepts_patches=step % 2 == 0)
            case 3 | 4:
                await reader.read_all()
            case 5:
                await reader.read()
            case _:
                where = key("pods", chance.choice(NAMESPACES), f"web-{chance.randrange(4)}")
                source = chance.choice(sources)
                if chance.random() < 0.25 and where in source.replica.store:
                    source.remove(where)
                else:
                    source.put(where, status=f"S{step}", note=f"note of {where.namespace} {step}")
    for reader in readers.values():
        await reader.read_all()
        assert reader.crossed == []
        if reader.close_message is None and list(reader.subscription.namespaces) == ["**"]:
            held = {name.split("/")[1] for cluster in CLUSTERS for name in reader.names(cluster)}
            there = {stored.key.namespace for source in sources for stored in source.replica.store.all()}
            assert held == there & grants[reader.who]
    assert sum(reader.message_count for reader in readers.values()) > 100
    await world.close()


DETAILS = (pb.DETAIL_ROWS, pb.DETAIL_OBJECTS)


@pytest.mark.timeout(30)
async def test_no_byte_crosses_on_the_wire_of_any_door(
    hub: Hub, policies: pathlib.Path, doors: Doors, agent: FakeAgent
) -> None:
    """Each person has a permission set and so canaries of their own; all are on every kind of stream at once."""
    chance = random.Random(4)
    grants = random_grants(chance)
    in_force_since: list[tuple[float, Grants]] = [(0.0, grants)]
    await in_force(hub, policies, rules(grants))
    link = await agent.connect()
    taps = {(who, kind): await doors.open(kind, f"demo:{who}") for who in PEOPLE for kind in KINDS}
    for step in range(90):
        agent.put(key("pods", chance.choice(NAMESPACES), f"web-{chance.randrange(4)}"), status=f"S{step}")
        await link.delta()
        if step % 30 == 29:
            grants = random_grants(chance)
            in_force_since.append((time.monotonic(), grants))
            write_policy(policies, rules(grants))
        await asyncio.sleep(0.03)
    found = 0
    for (who, kind), tap in taps.items():
        for at, message in tap.received:
            allowed = allowed_at(in_force_since, who, at)
            content = named_in(message)
            found += len(content)
            assert content <= allowed, (who, kind)
            if kind.startswith("watch_catalog"):
                assert {name for name in NAMESPACES if name.encode() in message} <= allowed, (who, kind)
    assert found > 100


def allowed_at(history: list[tuple[float, Grants]], who: str, at: float) -> set[str]:
    """What somebody may have been sent at an instant: an edit acts within a second."""
    ends = [since for since, _ in history[1:]] + [float("inf")]
    return {
        name
        for (since, grants), until in zip(history, ends, strict=True)
        if since <= at < until + 1.0
        for name in grants[who]
    }


def test_the_search_finds_a_canary_in_each_form() -> None:
    assert named_in(b"..canary<pods|ns-3|web>..note of ns-1 x") == {"ns-3", "ns-1"}
    assert isinstance(policy(rules(random_grants(random.Random(0)))), PolicySet)
