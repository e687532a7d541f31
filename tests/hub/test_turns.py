"""However much there is to do, one turn of the event loop does only a slice of it.

What is counted is work, not time: machines that run tests are too busy for a stopwatch. Half a dozen slices of the
kinds below fit into 20 ms.
"""

import pytest

from octokube.v1 import cluster_service_pb2 as pb
from octokube_hub.fanout import audience, encoding, transmission, view
from octokube_hub.ingest import session
from octokube_hub.replica import codec
from tests.hub.objects import key
from tests.hub.policies import policy
from tests.hub.restarts import AgentState, connect
from tests.hub.world import Subscriber, World, everything
from tests.support.loop_turns import LoopTurns

OBJECTS = 6_000
PEOPLE = [f"user-{number}" for number in range(12)]


def rules(*namespaces: str) -> str:
    """Everybody in turn may read one of the namespaces."""
    lines = [
        f"p, user:{person}, *, {namespaces[index % len(namespaces)]}, *, *, read, always, allow"
        for index, person in enumerate(PEOPLE)
    ]
    return "\n".join(lines) + "\n"


def filled(note: str) -> AgentState:
    agent = AgentState()
    for number in range(OBJECTS):
        agent.put(key("pods", ("red", "blue")[number % 2], f"pod-{number}"), note=note)
    return agent


async def finish(subscribers: list[Subscriber], expected: int) -> None:
    """Reads until everybody holds what they are to hold."""
    for subscriber in subscribers:
        while len(subscriber.names()) != expected or await subscriber.read() is not None:
            await subscriber.read()


@pytest.mark.timeout(60)
async def test_a_turn_of_the_loop_does_one_slice_whatever_there_is_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = LoopTurns()
    monkeypatch.setattr(codec, "_read_entry", turns.count("read", codec._read_entry))
    monkeypatch.setattr(view.AudienceView, "put", turns.count("put", view.AudienceView.put))
    monkeypatch.setattr(transmission, "decide", turns.count("decide", transmission.decide))
    monkeypatch.setattr(encoding, "entry", turns.count("encode", encoding.entry))

    def check() -> None:
        assert turns.most("read") <= session.READ_SLICE
        assert turns.most("put") <= max(audience.BUILD_SLICE, audience.FOLLOW_SLICE)
        assert turns.most("decide") <= audience.MOVED_AT_ONCE
        assert turns.most("encode") <= 2 * encoding.PART_ELEMENTS + 2, "to know the last part, the next is made"
        turns.forget()

    world = World(policy(rules("red", "blue", "**")))
    await connect(world, filled("before"))
    assert sum(turns.calls["read"].values()) == OBJECTS
    check()

    subscribers = [world.subscribe(person, everything(pb.DETAIL_OBJECTS)) for person in PEOPLE]
    await finish(subscribers[::3], OBJECTS // 2)
    await finish(subscribers[2::3], OBJECTS)
    check()

    world.swap(policy(rules("**", "red", "blue")))
    await finish(subscribers[::3], OBJECTS)
    assert turns.calls["decide"]
    check()

    await connect(world, filled("after"))  # another process of the agent: every object is different
    assert turns.calls["put"]
    await finish(subscribers[::3], OBJECTS)
    check()
    turns.stop()
    await world.close()
