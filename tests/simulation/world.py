"""Everything that one schedule plays with: API servers, agents, a hub, subscribers and the network between them."""

import asyncio
import random
from collections.abc import Callable

from tests.simulation.agent_node import AgentNode
from tests.simulation.apiserver import Apiserver
from tests.simulation.hub_node import HubNode, Store
from tests.simulation.invariants import DEFECT, Violation, Watcher
from tests.simulation.network import BROKEN, Network, Stream
from tests.simulation.objects import CLUSTERS, PEOPLE, SUBSCRIPTIONS, policies
from tests.simulation.subscriber_node import Subscriber
from tests.simulation.virtual_time import SimClock, VirtualLoop

LOOK_SECONDS = 0.5
REST_SECONDS = 1.2
"""Copies that have become equal have to stay so for this long."""
HEEDED_SECONDS = 1.0
RESTS = 8
PATIENCE_SECONDS = 150.0
"""How long everything may take to become equal once the network is well: several timeouts, one after another."""


class World:
    """One simulated installation."""

    def __init__(self, seed: int, loop: VirtualLoop, *, trace: Callable[[str], None] | None = None) -> None:
        self.loop = loop
        self.chance = chance = random.Random(f"world/{seed}")
        self.watcher = Watcher(self, trace=trace)
        self.hub_clock = SimClock(loop)
        self.agent_clock = SimClock(loop, offset_seconds=chance.choice((0.0, 0.0, -40.0, 3.0)))
        self.policy_index = chance.randrange(len(policies()))
        self.store = Store(CLUSTERS[: chance.choice((1, 2, 2))])
        self.network = Network(random.Random(f"network/{seed}"), self._accept)
        self.servers = {name: Apiserver(random.Random(f"{name}/{seed}")) for name in self.store.clusters}
        self.agents: dict[str, AgentNode] = {}
        self.duplicates: list[AgentNode] = []
        self.all_agents: list[AgentNode] = []
        self.subscribers: list[Subscriber] = []
        self.is_hub_up = False
        self._churning: dict[asyncio.Task[None], None] = {}
        self._spacing_seconds = chance.choice((0.0, 0.0, 0.02, 0.15))
        self._tombstone_limit = chance.choice((3, 8, 200))
        loop.set_exception_handler(self._failed)

    def failed(self, text: str) -> None:
        """A program has failed in a way that it did not foresee."""
        self.watcher.violated(DEFECT, text)

    async def start(self) -> None:
        """Everything comes up, with some objects there already."""
        for server in self.servers.values():
            for _ in range(self.chance.randrange(14)):
                server.change()
        self.start_hub()
        for name in self.servers:
            self.start_agent(name)
        for _ in range(self.chance.randint(1, 5)):
            self._add_subscriber()

    def start_hub(self) -> None:
        """A hub process begins; replicas are empty."""
        self.hub = HubNode(
            self.store,
            self.hub_clock,
            lambda: policies()[self.policy_index],
            self.watcher,
            spacing_seconds=self._spacing_seconds,
        )
        for replica in self.hub.registry:
            self.watcher.follow_replica(replica)
        self.is_hub_up = True

    async def stop_hub(self, *, is_drained: bool) -> None:
        """The hub process ends."""
        if is_drained:
            await self.hub.drain()
        self.is_hub_up = False
        await self.hub.crash()

    def start_agent(self, cluster: str, *, is_duplicate: bool = False) -> None:
        """An agent process begins: a new epoch."""
        agent = AgentNode(
            cluster,
            self.servers[cluster],
            self.network,
            self.agent_clock,
            self.chance,
            self.watcher,
            tombstone_limit=self._tombstone_limit,
        )
        self.all_agents.append(agent)
        if is_duplicate:
            self.duplicates.append(agent)
        else:
            self.agents[cluster] = agent

    def churn(self, cluster: str, count: int, spacing_seconds: float) -> None:
        """Has a cluster change again and again."""

        async def change() -> None:
            for _ in range(count):
                self.servers[cluster].change()
                await asyncio.sleep(spacing_seconds)

        task = asyncio.create_task(change(), name=f"churn/{cluster}")
        self._churning[task] = None
        task.add_done_callback(self._churning.pop)

    def swap_policy(self, index: int) -> None:
        """Another policy comes into force."""
        self.policy_index = index
        if self.is_hub_up:
            self.hub.sessions.wake_all()

    def sign_in(self, person: str) -> str:
        """A fresh token."""
        return self.store.issue(person, self.hub_clock.now(), self.chance.choice((15.0, 90.0, 100_000.0)))

    async def heal(self) -> None:
        """Everything that was wrong is mended; nothing is told about it."""
        while self.duplicates:
            await self.duplicates.pop().stop()
        await asyncio.gather(*self._churning)
        if not self.is_hub_up:
            self.start_hub()
        self.network.heal(is_resetting=self.chance.random() < 0.7)
        for agent in self.agents.values():
            agent.reflector.away_until = 0.0
            agent.reflector.wake()
        for subscriber in self.subscribers:
            subscriber.think_seconds = 0.0
            subscriber.is_acknowledging = True

    async def settle(self) -> None:
        """Waits until everything is at rest, and stays so. Raises Violation."""
        for _ in range(RESTS):
            await self._become_equal()
            await asyncio.sleep(REST_SECONDS)
            difference = self.watcher.difference()
            if difference is None:
                return
            # A token or a window may have ended just now; what that moves has to come to rest again.
        raise Violation(difference.invariant, f"{difference.text}, again and again")

    async def move_what_may_be_seen(self) -> None:
        """Another policy, or a jump of the clock over windows' edges: within a second every stream has heeded it."""
        if self.chance.random() < 0.5:
            self.swap_policy(self.chance.randrange(len(policies())))
        else:
            self.hub_clock.offset_seconds += self.chance.choice((-120.0, 60.0, 120.0, 600.0))
        self.watcher.note(f"policy {self.policy_index} at {self.hub_clock.now():%H:%M:%S}")
        await asyncio.sleep(HEEDED_SECONDS)
        self.watcher.check_heeded()
        self.watcher.check()

    async def _become_equal(self) -> None:
        deadline = self.loop.time() + PATIENCE_SECONDS
        while (difference := self.watcher.difference()) is not None:
            self.watcher.check()
            if self.loop.time() > deadline:
                raise Violation(difference.invariant, f"{difference.text}, {PATIENCE_SECONDS:g} s after the last fault")
            await asyncio.sleep(LOOK_SECONDS)
        self.watcher.check()

    async def close(self) -> None:
        """Ends everything, and looks at what is left."""
        for task in list(self._churning):
            task.cancel()
        for subscriber in self.subscribers:
            await subscriber.stop()
        for agent in [*self.agents.values(), *self.duplicates]:
            await agent.stop()
        for stream in [*self.network, *self.hub.streams]:
            stream.cut()
        if self.is_hub_up and self.watcher.violation is None:
            await asyncio.sleep(0.5)
            self.watcher.check_quiet()
        if self.is_hub_up:
            await self.hub.crash()

    def _add_subscriber(self) -> None:
        chance = self.chance
        subscriber = Subscriber(
            chance.choice(PEOPLE),
            chance.choice(SUBSCRIPTIONS),
            self.network,
            self.watcher,
            chance,
            self.sign_in,
            is_sdk=chance.random() < 0.3,
            accepts_patches=chance.random() < 0.6,
            window_bytes=chance.choice((0, 1, 700, 4000)),
            is_acknowledging=chance.random() < 0.9,
            inside=(lambda: self.hub.feed) if chance.random() < 0.25 else None,
        )
        if subscriber.is_sdk:
            subscriber.window_bytes = 0
            subscriber.is_acknowledging = True
        self.subscribers.append(subscriber)
        subscriber.start()

    def _accept(self, stream: Stream) -> None:
        if self.is_hub_up:
            self.hub.accept(stream)
        else:
            stream.finish(BROKEN)

    def _failed(self, _: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        self.failed(f"{context.get('message')}: {context.get('exception')!r}")
