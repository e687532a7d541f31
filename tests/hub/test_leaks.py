"""What people share is shared among those alone who may see all of it.

Every entry point there is, is tried in tests/failure_modes.
"""

import asyncio
import pathlib
import random

from octokube.client.feed import Feed
from octokube.v1 import cluster_service_pb2 as pb
from tests.hub.conftest import RULES
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key
from tests.hub.policies import write_policy
from tests.hub.watching import Watcher, watching
from tests.hub.world import everything
from tests.support.waiting import HANG_SECONDS


async def test_random_interleavings_of_many_users_never_cross(
    feed: Feed, agent: FakeAgent, policies: pathlib.Path
) -> None:
    """Audiences share encoded bytes; whoever gets them must be allowed every one of them."""
    chance = random.Random(7)
    link = await agent.connect()
    watchers = {
        (who, copy): await watching(feed, f"demo:{who}", everything(pb.DETAIL_OBJECTS))
        for who in ("alice", "bob", "admin")
        for copy in (1, 2)
    }

    async def read_on(watcher: Watcher) -> None:
        while await watcher.read():
            pass

    readers = [asyncio.create_task(read_on(watcher)) for watcher in watchers.values()]
    for round in range(60):
        where = key(chance.choice(["pods", "configmaps"]), chance.choice(["red", "blue"]), f"n{chance.randrange(6)}")
        if chance.random() < 0.3 and where in agent.store:
            agent.remove(where)
        else:
            agent.put(where, status=f"S{round}")
        await link.delta()
        if round == 30:
            write_policy(policies, RULES + "p, user:alice, *, green, *, *, read, always, allow\n")
    agent.put(key("pods", "red", "last"))
    agent.put(key("pods", "blue", "last"))
    await link.delta()
    expected = {
        who: {
            f"{stored.key.namespace}/{stored.key.name}"
            for stored in agent.store.all()
            if namespace in ("", stored.key.namespace)
        }
        for who, namespace in (("alice", "red"), ("bob", "blue"), ("admin", ""))
    }
    async with asyncio.timeout(HANG_SECONDS):
        while any(watcher.names() != expected[who] for (who, _), watcher in watchers.items()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    for (who, _), watcher in watchers.items():
        raw = b"".join(watcher.messages)
        assert (b"|blue|" in raw) == (who != "alice")
        assert (b"|red|" in raw) == (who != "bob")
        await watcher.close()
    await asyncio.gather(*readers)
