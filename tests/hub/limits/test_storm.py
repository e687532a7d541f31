"""A thousand subscribers who come back at once are all served, and hold up nobody's turn of the event loop."""

import asyncio
import contextlib
import pathlib
import time
from collections import Counter

import grpc.aio
import pytest

from octokube.client.following import follow
from octokube.client.grpc_feed import GrpcFeed
from octokube.client.receiver import Receiver
from octokube.runtime.channels import CHANNEL_OPTIONS
from octokube.state import Key
from octokube_hub.app import Hub
from octokube_hub.limits import HubLimits
from octokube_hub.settings import HubSettings
from tests.hub.fake_agent import FakeAgent
from tests.hub.policies import write_policy
from tests.hub.world import everything
from tests.support.waiting import eventually

SUBSCRIBERS = 1_000
PEOPLE = 20
CONNECTIONS = 8
LONGEST_TURN_SECONDS = 0.5
"""With all thousand subscribers in the same loop as the hub."""


class Turns:
    """Measures what the loop's thread computes between two turns of a probe, 5 ms apart, and not what others do."""

    def __init__(self) -> None:
        self.longest_seconds = 0.0

    async def run(self) -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.005)
            self.longest_seconds = max(self.longest_seconds, time.thread_time() - before)


class Crowd:
    """Subscribers as the client makes them, on a few connections of their own."""

    def __init__(self, address: str, tokens: list[str]) -> None:
        options = [*CHANNEL_OPTIONS, ("grpc.use_local_subchannel_pool", 1)]
        self._channels = [grpc.aio.insecure_channel(address, options=options) for _ in range(CONNECTIONS)]
        self.synced: set[int] = set()
        self.reasons: Counter[str] = Counter()
        self.tasks = [
            asyncio.create_task(self._follow(index, GrpcFeed(self._channels[index % CONNECTIONS]), token))
            for index in range(SUBSCRIBERS)
            for token in [tokens[index % len(tokens)]]
        ]

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await asyncio.gather(*(channel.close() for channel in self._channels))

    async def _follow(self, index: int, feed: GrpcFeed, token: str) -> None:
        receiver = Receiver()
        async with contextlib.aclosing(follow(feed, token, everything(), receiver)) as progresses:
            async for progress in progresses:
                if progress.is_interrupted:
                    self.synced.discard(index)
                    self.reasons[progress.message] += 1
                elif (copy := receiver.clusters.get("c1")) is not None and copy.is_synced and len(copy.objects) == 3:
                    self.synced.add(index)


@pytest.mark.timeout(90)
async def test_a_thousand_come_back_after_a_restart_and_all_are_served(tmp_path: pathlib.Path) -> None:
    rules = "".join(f"p, user:u{index}, *, **, **, *, read, always, allow\n" for index in range(PEOPLE))
    write_policy(tmp_path / "policies", rules)
    # So few a second that a machine which does other things beside it, and lets them come slowly, turns many away, too.
    limits = HubLimits(opens_burst=100, opens_per_second=100.0)
    settings = HubSettings(
        listen="127.0.0.1:0", data=tmp_path / "data", policies=tmp_path / "policies", limits=HubLimits()
    )
    hub = Hub(settings)
    await hub.start()
    tokens = [await hub.create_token(f"user:u{index}") for index in range(PEOPLE)]
    agent = FakeAgent("c1", hub.address, await hub.create_agent_credential("c1"))
    for name in ("one", "two", "three"):
        agent.put(Key("pods", "red", name, f"uid-{name}"))
    await agent.connect()
    crowd = Crowd(hub.address, tokens)
    turns = Turns()
    probing: asyncio.Task[None] | None = None
    try:
        await eventually(lambda: len(crowd.synced) == SUBSCRIBERS, seconds=40)
        crowd.reasons.clear()
        await hub.close()
        hub = Hub(HubSettings(listen=hub.address, data=settings.data, policies=settings.policies, limits=limits))
        await hub.start()
        began = time.perf_counter()
        await agent.connect()
        probing = asyncio.create_task(turns.run())
        await eventually(lambda: len(crowd.synced) == SUBSCRIBERS, seconds=40)
        took_seconds = time.perf_counter() - began
        assert hub._crowd is not None
        turned_away = hub._crowd.refusals["opens"]
        print(
            f"{SUBSCRIBERS} subscribers served {took_seconds:.1f} s after the restart; {turned_away} times "
            f"one was told to come later; the longest turn of the loop took {turns.longest_seconds * 1000:.0f} ms"
        )
        assert turned_away >= SUBSCRIBERS // 4
        assert crowd.reasons["too many people come at once; yours is a moment later"] == turned_away
        assert turned_away < SUBSCRIBERS  # hardly anybody was told twice
        assert turns.longest_seconds < LONGEST_TURN_SECONDS
    finally:
        if probing is not None:
            probing.cancel()
        await crowd.close()
        await agent.close()
        await hub.close()
