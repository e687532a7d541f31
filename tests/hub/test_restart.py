"""What a restart of the hub costs its subscribers: a catch-up, and not everything anew."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octokube.v1 import cluster_service_pb2 as pb
from octokube_hub.policy import PolicySet, Subject
from tests.hub.objects import key
from tests.hub.policies import policy
from tests.hub.restarts import AgentState, connect
from tests.hub.world import Subscriber, World, everything, row_of

POLICY = policy("p, user:eve, *, red, *, *, read, always, allow\n")
PLACES = (("pods", "red"), ("pods", "blue"), ("secrets", "red"))
KEYS = [key(type, space, name, uid) for type, space in PLACES for name in ("a", "b") for uid in ("u1", "u2")]


async def restarted(agent: AgentState, subscriber: Subscriber, set: PolicySet = POLICY) -> World:
    """A new hub, which the agent and the subscriber come back to."""
    world = World(set)
    await connect(world, agent)
    subscriber.world = world
    world.subscribers.append(subscriber)
    subscriber.open(subscriber.subscription, is_resuming=True)
    return world


def outcomes(responses: list[pb.WatchResponse]) -> list[str]:
    """How the hub took up each resume."""
    return [response.frame.resume_outcome for response in responses if response.frame.resume_outcome]


def check_equal(agent: AgentState, subscriber: Subscriber) -> None:
    """What is held is the agent's truth, as far as eve may see it."""
    world = subscriber.world
    scope = world.policy.scope(Subject("user:eve"), world.clock.now())
    expected = {
        key: row_of(value.row)
        for key, value in agent.truth().items()
        if scope.allows("c1", key.type, key.namespace, key.name, "watch")
    }
    assert {key: viewed.row for key, viewed in subscriber.receiver.clusters["c1"].objects.items()} == expected


async def begun(agent: AgentState) -> tuple[World, Subscriber]:
    """A hub with the agent's state, and eve, who has read all of it."""
    world = World(POLICY)
    await connect(world, agent)
    subscriber = world.subscribe("eve")
    await subscriber.read_all()
    return world, subscriber


async def test_what_changed_and_what_left_around_a_restart_is_told_as_a_catch_up() -> None:
    agent = AgentState()
    stays, changes, leaves = (key("pods", "red", name) for name in ("stays", "changes", "leaves"))
    for item in (stays, changes, leaves):
        agent.put(item)
    world, subscriber = await begun(agent)
    await subscriber.close()
    await world.close()
    agent.put(changes, note="other")
    agent.remove(leaves)
    world = await restarted(agent, subscriber)
    told = await subscriber.read_all()
    assert outcomes(told) == ["resumed"]
    assert [len(response.frame.entries) for response in told] == [1]
    assert [tombstone.key.name for tombstone in told[0].frame.tombstones] == ["leaves"]
    check_equal(agent, subscriber)
    await world.close()


async def test_a_ring_that_does_not_reach_back_leads_to_a_snapshot() -> None:
    agent = AgentState(tombstone_limit=2)
    names = [key("pods", "red", name) for name in "abcd"]
    for item in names:
        agent.put(item)
    world, subscriber = await begun(agent)
    await subscriber.close()
    await world.close()
    for item in names[:3]:
        agent.remove(item)
    world = await restarted(agent, subscriber)
    assert outcomes(await subscriber.read_all()) == ["position-too-old"]
    check_equal(agent, subscriber)
    await world.close()


async def test_an_older_agent_that_sends_no_tombstones_leads_to_a_snapshot() -> None:
    agent = AgentState()
    gone = key("pods", "red", "gone")
    agent.put(gone)
    world, subscriber = await begun(agent)
    await subscriber.close()
    await world.close()
    agent.remove(gone)
    world = World(POLICY)
    await connect(world, agent, has_horizon=False)
    subscriber.world = world
    subscriber.open(subscriber.subscription, is_resuming=True)
    assert outcomes(await subscriber.read_all()) == ["position-too-old"]
    check_equal(agent, subscriber)
    await subscriber.close()
    await world.close()


@pytest.mark.timeout(60)
async def test_resumes_after_a_restart_cost_a_twentieth_of_snapshots_at_most() -> None:
    agent = AgentState()
    for number in range(2_000):
        agent.put(key("pods", "red", f"pod-{number}"))
    world = World(POLICY)
    await connect(world, agent)
    subscribers = [world.subscribe("eve", everything(pb.DETAIL_OBJECTS)) for _ in range(50)]
    for subscriber in subscribers:
        subscriber.is_acknowledging = True
        await subscriber.read_all()
        await subscriber.close()
    snapshot_bytes = sum(len(message) for subscriber in subscribers for message in subscriber.messages)
    for subscriber in subscribers:
        subscriber.messages.clear()
    await world.close()
    world = World(POLICY)
    await connect(world, agent)
    for subscriber in subscribers:
        subscriber.world = world
        subscriber.open(subscriber.subscription, is_resuming=True)
        assert outcomes(await subscriber.read_all()) == ["resumed"]
        assert len(subscriber.receiver.clusters["c1"].objects) == 2_000
        await subscriber.close()
    resume_bytes = sum(len(message) for subscriber in subscribers for message in subscriber.messages)
    assert resume_bytes <= 0.05 * snapshot_bytes
    await world.close()


@pytest.mark.timeout(120)
@settings(deadline=None, max_examples=150)
@given(st.integers(0, 2**32), st.integers(5, 60))
def test_whoever_resumes_over_restarts_ends_with_the_truth(seed: int, length: int) -> None:
    """Some come back often, some late; rings are short, so that some reach back and some do not."""
    asyncio.run(_play(random.Random(seed), length))


async def _play(chance: random.Random, length: int) -> None:
    agent = AgentState(tombstone_limit=chance.choice([0, 2, 5, 100]))
    world, subscriber = await begun(agent)
    for _ in range(length):
        match chance.choices(["put", "remove", "agent", "read", "restart"], [8, 6, 4, 3, 2])[0]:
            case "put":
                agent.put(chance.choice(KEYS), note=chance.choice(["", "x"]))
            case "remove":
                agent.remove(chance.choice(KEYS))
            case "agent":
                await connect(world, agent)
            case "read":
                await subscriber.read()
            case "restart":
                await subscriber.close()
                await world.close()
                world = await restarted(agent, subscriber)
    await connect(world, agent)
    await subscriber.read_all()
    check_equal(agent, subscriber)
    await world.close()
