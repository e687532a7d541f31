"""Failure mode 14: an existence oracle: errors, timing, counts, sequence holes, completion.

Two worlds that differ in what a person may not see. Whatever they ask, by whatever door, is answered by the same bytes.
"""

import asyncio
import contextlib
import pathlib
from collections.abc import AsyncIterator, Iterable
from types import SimpleNamespace

import aiohttp
import pytest

from octokube.runtime.channels import open_channel
from octokube.state import Key
from octokube_hub.app import Hub
from octokube_hub.settings import HubSettings
from octokube_web.app import Gateway
from octokube_web.settings import WebSettings
from tests.failure_modes import entries, streams
from tests.failure_modes.entries import Caller, Target
from tests.failure_modes.streams import Doors
from tests.hub import fake_agent
from tests.hub.clocks import FakeClock
from tests.hub.fake_agent import AgentLink, FakeAgent
from tests.hub.objects import key
from tests.hub.policies import write_policy

RULES = """
p, user:admin, *, **, **, *, *, always, allow
p, user:alice, c1, red, pods, *, read, always, allow
p, user:bob, *, **, **, *, read, "11:00-12:00 UTC", allow
"""
RED = key("pods", "red", "web")
HIDDEN = {
    "an object": key("pods", "blue", "secret-service"),
    "a namesake in another namespace": key("pods", "blue", "web"),
    "an object of another type": key("secrets", "red", "web"),
    "an object of the cluster itself": key("nodes", "", "node-1"),
}


pytestmark = pytest.mark.timeout(40)  # every door is asked, some of them until they fall silent


class World:
    """A hub with cluster c1, in which an object of alice's is, and whatever is added."""

    def __init__(self, hub: Hub, caller: Caller, agent: FakeAgent, link: AgentLink) -> None:
        self.hub = hub
        self.caller = caller
        self.agent = agent
        self.link = link


@contextlib.asynccontextmanager
async def world(
    directory: pathlib.Path,
    *,
    hidden: tuple[Key, ...] = (),
    types: tuple[str, ...] = fake_agent.TYPES,
    rules: str = RULES,
    teams: str = "",
) -> AsyncIterator[World]:
    """One of two worlds, by a clock that stands still."""
    write_policy(directory / "policies", rules, teams=teams)
    settings = HubSettings(listen="127.0.0.1:0", data=directory / "data", policies=directory / "policies", is_demo=True)
    hub = Hub(settings, clock=FakeClock())
    await hub.start()
    gateway = Gateway(WebSettings(listen="127.0.0.1:0"), hub.feed)
    await gateway.start()
    agent = FakeAgent("c1", hub.address, await hub.create_agent_credential("c1"), types=types)
    agent.put(RED)
    for each in hidden:
        agent.put(each)
    link = await agent.connect()
    async with open_channel(hub.address) as channel, aiohttp.ClientSession(gateway.url) as browser:
        doors = Doors(hub, channel, browser)
        yield World(hub, Caller("demo:alice", doors, channel, browser), agent, link)
        await doors.close()
    await agent.close()
    await gateway.close()
    await hub.close()


@pytest.fixture(autouse=True)
def _standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Agents say the same time in both worlds."""
    nanoseconds = int(FakeClock().now().timestamp() * 1e9)
    monkeypatch.setattr(fake_agent, "time", SimpleNamespace(time_ns=lambda: nanoseconds))


async def differing(one: World, two: World, targets: Iterable[Target]) -> list[str]:
    """The entry points at which the two can be told apart."""
    first, second = await asyncio.gather(
        entries.transcripts(one.caller, targets), entries.transcripts(two.caller, targets)
    )
    for told, where in ((first, one), (second, two)):
        assert where.hub._policy is not None
        revision = where.hub._policy.current.revision.encode()
        told.update({name: transcript.replace(revision, b"#" * len(revision)) for name, transcript in told.items()})
    return [name for name in first if first[name] != second[name]]


@pytest.mark.timeout(30)
@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN.keys())
async def test_an_object_that_exists_is_answered_like_one_that_does_not(hidden: Key, tmp_path: pathlib.Path) -> None:
    target = Target("c1", hidden.type, hidden.namespace, hidden.name)
    async with world(tmp_path / "one", hidden=(hidden,)) as one, world(tmp_path / "two") as two:
        assert await differing(one, two, (target,)) == []
        for who in (one.caller, two.caller):
            who.token = "demo:admin"
        assert len(await differing(one, two, (target,))) >= 12, "whoever may see it is told by every door with data"


@pytest.mark.timeout(30)
async def test_a_type_that_exists_is_answered_like_one_that_does_not(tmp_path: pathlib.Path) -> None:
    target = Target("c1", "secrets", "red", "web")
    without = tuple(name for name in fake_agent.TYPES if name != "secrets")
    async with world(tmp_path / "one") as one, world(tmp_path / "two", types=without) as two:
        assert await differing(one, two, (target,)) == []


@pytest.mark.timeout(30)
async def test_a_cluster_that_exists_is_answered_like_one_that_does_not(tmp_path: pathlib.Path) -> None:
    targets = (Target("c2", "pods", "red", "web"), Target("c2", "pods", "", ""), Target("", "", "", ""))
    async with world(tmp_path / "one") as one, world(tmp_path / "two") as two:
        agent = FakeAgent("c2", one.hub.address, await one.hub.create_agent_credential("c2"))
        agent.put(key("pods", "red", "web"))
        await agent.connect()
        assert await differing(one, two, targets) == []
        await agent.close()


@pytest.mark.timeout(30)
async def test_people_secrets_and_what_was_done_are_answered_like_what_does_not_exist(tmp_path: pathlib.Path) -> None:
    async with world(tmp_path / "one") as one, world(tmp_path / "two") as two:
        await one.hub.create_token("user:dana")
        token = (await one.hub._tokens.list())[0]
        await one.hub.create_agent_credential("c1")
        targets = [Target("c1", "pods", "red", name) for name in (token.id, "dana", "nobody")]
        assert await differing(one, two, targets) == []


OTHERS = {
    "what others may do": ("p, user:bob, c1, blue, pods, *, *, always, allow\n", ""),
    "when others may do it": ('p, user:bob, c1, red, pods, *, read, "10:30-10:31 UTC", allow\n', ""),
    "who is in a team": ("p, team:payments, c1, red, pods, *, exec, always, allow\n", "g, user:bob, team:payments\n"),
    "a refusal of what she is not allowed": ("p, role:everyone, *, blue, *, secret-*, *, always, deny\n", ""),
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize(("rows", "teams"), OTHERS.values(), ids=OTHERS.keys())
async def test_what_the_policy_says_of_others_is_told_at_no_door(rows: str, teams: str, tmp_path: pathlib.Path) -> None:
    """Only that the policy is another one, by its revision, which is replaced here by its length."""
    targets = [Target("c1", "pods", namespace, name) for namespace in ("red", "blue") for name in ("web", "secret-1")]
    async with world(tmp_path / "one", rules=RULES + rows, teams=teams) as one, world(tmp_path / "two") as two:
        assert await differing(one, two, targets) == []


@pytest.mark.timeout(30)
@pytest.mark.parametrize("kind", streams.KINDS)
async def test_what_happens_unseen_leaves_no_trace_in_an_open_stream(kind: str, tmp_path: pathlib.Path) -> None:
    """Sequences, versions, counts, digests and times go on as if nothing had been."""
    target = Target("*", "*", "**", "*")
    async with world(tmp_path / "one") as one, world(tmp_path / "two") as two:

        async def act_in(where: World, *, is_busy: bool) -> None:
            for number in range(5 if is_busy else 0):
                for each in HIDDEN.values():
                    where.agent.put(each, status=f"S{number}")
                await where.link.delta()
                where.agent.remove(HIDDEN["an object"])
                await where.link.delta()
            where.agent._count = 100  # the apiserver's count of all its writes is Kubernetes' own to tell
            where.agent.put(RED, status="Changed")
            await where.link.delta()

        told, other = await asyncio.gather(
            one.caller.stream(kind, target, act=lambda: act_in(one, is_busy=True)),
            two.caller.stream(kind, target, act=lambda: act_in(two, is_busy=False)),
        )
        assert (b"Changed" in told) == kind.startswith("watch over")
        assert told == other
