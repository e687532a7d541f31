"""Programs are killed at random moments, under load: nobody loses anything, and nobody sees what is not theirs."""

import asyncio
import contextlib
import pathlib
import random
import re
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest

from octokube.client import ClusterView
from octokube.client.connection import connected
from octokube.client.grpc_feed import GrpcFeed
from octokube.runtime.channels import open_channel
from tests.agent.suite.conftest import KubeCluster, real, simulated_cluster
from tests.conftest import require_assets
from tests.support.browsing import BrowserView, browsing
from tests.support.processes import Chain, Program, running_chain
from tests.support.recording_feed import RecordingFeed
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]

SPACES = ("kills-red", "kills-blue", "kills-vault")
SUBSCRIBERS = {"alice": 9, "bob": 9, "ops": 3}
Held = dict[tuple[str, str], str]
"""(namespace, name) of config maps → resource version."""


def policy(*, bob: str) -> str:
    """Who sees which namespace; bob's changes."""
    return f"""\
p, user:ops,   *, **,        **, *, *,    always, allow
p, user:alice, *, kills-red, *,  *, read, always, allow
p, user:bob,   *, {bob},     *,  *, read, always, allow
"""


def visible(person: str, truth: Held, *, bob: str) -> Held:
    """What a person is to hold."""
    spaces = {"alice": ("kills-red",), "bob": (bob,), "ops": SPACES}[person]
    return {key: version for key, version in truth.items() if key[0] in spaces}


@dataclass
class Subscriber:
    """One program's view over gRPC, and all that ever came to it."""

    person: str
    feed: RecordingFeed
    view: ClusterView

    def held(self) -> Held:
        return held(self.view)


def held(view: ClusterView) -> Held:
    return {
        (viewed.key.namespace, viewed.key.name): viewed.resource_version
        for viewed in view.list(type="configmaps")
        if viewed.key.namespace in SPACES
    }


@dataclass
class Stand:
    """A cluster, the chain on it, and everybody who watches."""

    cluster: KubeCluster
    chain: Chain
    chance: random.Random
    subscribers: list[Subscriber] = field(default_factory=list)
    browsers: dict[str, BrowserView] = field(default_factory=dict)
    bob_sees: str = "kills-blue"

    def set_policy(self, bob: str) -> None:
        self.bob_sees = bob
        fresh = self.chain.policies / "policy.csv.new"
        fresh.write_text(policy(bob=bob))
        fresh.replace(self.chain.policies / "policy.csv")

    async def truth(self) -> Held:
        found: Held = {}
        for space in SPACES:
            listing = await self.cluster.admin.get(f"/api/v1/namespaces/{space}/configmaps")
            for item in listing["items"]:
                found[space, item["metadata"]["name"]] = item["metadata"]["resourceVersion"]
        return found

    async def rest(self) -> None:
        """Waits until every copy is the truth, as far as its person may see it."""
        truth = await self.truth()

        def different() -> Iterator[str]:
            views = [(one.person, one.view) for one in self.subscribers]
            views += [(person, browser.view) for person, browser in self.browsers.items()]
            for index, (person, view) in enumerate(views):
                if not view.is_live or held(view) != visible(person, truth, bob=self.bob_sees):
                    yield f"{person} {index}: live {view.is_live} {view.interruption}"

        try:
            await eventually(lambda: not list(different()), seconds=30)
        except TimeoutError:
            raise AssertionError(f"not at rest: {list(different())}; agent: {self.chain.agent.tail()[-800:]}") from None

    async def change_for_ever(self) -> None:
        """Creates, changes and deletes config maps whose names say where they are."""
        made: list[tuple[str, str]] = []
        for number in range(1_000_000):
            if made and self.chance.random() < 0.6:
                space, name = self.chance.choice(made)
                path = f"/api/v1/namespaces/{space}/configmaps/{name}"
                if self.chance.random() < 0.3 and len(made) > 20:
                    made.remove((space, name))
                    await self.cluster.admin.delete(path)
                else:
                    await self.cluster.admin.patch(path, {"data": {"number": str(number)}})
            else:
                space = self.chance.choice(SPACES)
                made.append((space, f"{space}-canary-{time.monotonic_ns()}"))
                await self.cluster.admin.create(
                    f"/api/v1/namespaces/{space}/configmaps", {"metadata": {"name": made[-1][1]}, "data": {}}
                )
            await asyncio.sleep(0.01)


@pytest.fixture
async def stand(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> AsyncIterator[Stand]:
    """Twenty-one programs and two browsers, of three people, on one cluster or the other."""
    policies = tmp_path / "policies"
    policies.mkdir()
    (policies / "policy.csv").write_text(policy(bob="kills-blue"))
    async with contextlib.AsyncExitStack() as stack:
        if request.param == "simulated":
            cluster = await stack.enter_async_context(simulated_cluster(tmp_path))
        else:
            require_assets("kills on a real cluster", "etcd", "kube-apiserver")
            cluster = await stack.enter_async_context(real(request.getfixturevalue("real_cluster")))
        for space in SPACES:
            with contextlib.suppress(AssertionError):  # a former test of the session made it
                await cluster.admin.namespace(space)
        chain = await stack.enter_async_context(running_chain(tmp_path, cluster.kubeconfig, policies))
        stand = Stand(cluster, chain, random.Random(20261123))
        for person, count in SUBSCRIBERS.items():
            token = await chain.make("token", "create", f"user:{person}")
            for _ in range(count):
                channel = await stack.enter_async_context(open_channel(chain.hub_address))
                feed = RecordingFeed(GrpcFeed(channel))
                client = await stack.enter_async_context(connected(feed, token))
                stand.subscribers.append(Subscriber(person, feed, client.view("configmaps", "secrets")))
            if person != "ops":
                browser = browsing(chain.web_url, token, types=("configmaps",))
                stand.browsers[person] = await stack.enter_async_context(browser)
        yield stand


@pytest.mark.parametrize("stand", ["simulated"], indirect=True)
async def test_everybody_ends_with_the_truth_whatever_is_killed_and_when(stand: Stand) -> None:
    await stand.rest()
    changing = asyncio.create_task(stand.change_for_ever())
    stalled = stand.subscribers[0]
    stalled.feed.reading.clear()
    victims = ["agent", "hub", "web"]
    stand.chance.shuffle(victims)
    for victim in victims:
        await asyncio.sleep(stand.chance.uniform(0.2, 0.8))
        await _kill_and_restart(stand, victim)
        await asyncio.sleep(stand.chance.uniform(0.0, 0.5))
        stand.set_policy("kills-red" if stand.bob_sees == "kills-blue" else "kills-blue")
        assert not changing.done(), changing
    await _duplicate_agent(stand)
    changing.cancel()
    await asyncio.gather(changing, return_exceptions=True)
    stalled.feed.reading.set()
    await stand.rest()
    _check_that_nobody_got_what_is_not_theirs(stand)


@pytest.mark.real
@pytest.mark.parametrize("stand", ["real"], indirect=True)
async def test_a_killed_hub_costs_everybody_a_resume_and_nobody_a_snapshot(stand: Stand) -> None:
    path = "/api/v1/namespaces/kills-red/configmaps"
    for name in ("changes", "leaves"):
        await stand.cluster.admin.create(path, {"metadata": {"name": f"kills-red-canary-{name}"}, "data": {}})
    await stand.rest()
    for one in stand.subscribers:
        one.feed.outcomes.clear()
    await stand.chain.hub.kill()
    await stand.cluster.admin.patch(f"{path}/kills-red-canary-changes", {"data": {"number": "1"}})
    await stand.cluster.admin.delete(f"{path}/kills-red-canary-leaves")
    await stand.chain.restart_hub()
    await stand.rest()
    assert {tuple(one.feed.outcomes) for one in stand.subscribers} == {("resumed",)}
    _check_that_nobody_got_what_is_not_theirs(stand)
    await stand.cluster.admin.delete(f"{path}/kills-red-canary-changes")


async def _kill_and_restart(stand: Stand, victim: str) -> None:
    chain = stand.chain
    await getattr(chain, victim).kill()
    await asyncio.sleep(stand.chance.uniform(0.0, 0.5))
    match victim:
        case "agent":
            await chain.agent.start()
        case "hub":
            await chain.restart_hub()
        case _:
            await chain.web.start("--listen", chain.web_url.removeprefix("http://").rstrip("/"))


async def _duplicate_agent(stand: Stand) -> None:
    """Another agent takes the cluster over with the same credential. The first stays away, and is then killed."""
    first = stand.chain.agent
    # One that still waits to come back after the hub's end would come last, and take the cluster over from the other.
    await eventually(lambda: _last_link_event(first) == "link.opened", seconds=30)
    double = Program("double", "octokube_agent.cli", first.arguments, "link.opened", stand.chain.directory)
    stand.chain.agent = double
    try:
        await double.start()
        try:
            await eventually(lambda: _last_link_event(first) == "link.fenced", seconds=10)
        except TimeoutError:
            raise AssertionError(f"not fenced; first: {first.tail()[-800:]}; other: {double.tail()[-800:]}") from None
    finally:
        await first.kill()


def _last_link_event(agent: Program) -> str:
    return (re.findall(r'"event": "(link\.[a-z]+)"', agent.log_file.read_text()) or [""])[-1]


def _check_that_nobody_got_what_is_not_theirs(stand: Stand) -> None:
    for one in stand.subscribers:
        assert b"kills-red-canary" in one.feed.bytes_received or one.person == "bob"
        if one.person != "ops":
            assert b"kills-vault-canary" not in one.feed.bytes_received
        if one.person == "alice":
            assert b"kills-blue-canary" not in one.feed.bytes_received
    assert b"kills-vault-canary" not in stand.browsers["bob"].bytes_received
    assert b"kills-blue-canary" not in stand.browsers["alice"].bytes_received
