"""A program's live view of a hub, over real gRPC and in process: one suite for both."""

import asyncio
import dataclasses
import gc
import pathlib
from collections.abc import AsyncIterator

import pytest

from octokube.client import AmbiguousName, ChangeKind, Client, FeedError, connect
from octokube.client.connection import connected
from octokube.client.feed import Feed
from octokube_hub.app import Hub
from tests.hub.clocks import FakeClock
from tests.hub.conftest import RULES
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key
from tests.hub.policies import write_policy
from tests.support.waiting import HANG_SECONDS

WEB = key("pods", "red", "web")
API = key("pods", "red", "api")
BLUE = key("pods", "blue", "web")


@pytest.fixture
async def admin(feed: Feed) -> AsyncIterator[Client]:
    async with connected(feed, "demo:admin") as client:
        yield client


@pytest.fixture
async def alice(feed: Feed) -> AsyncIterator[Client]:
    async with connected(feed, "demo:alice") as client:
        yield client


async def test_a_view_holds_what_its_selection_names_and_stays_current(alice: Client, agent: FakeAgent) -> None:
    agent.put(WEB)
    agent.put(key("configmaps", "red", "settings"))
    agent.put(BLUE)
    link = await agent.connect()
    view = await alice.view("pods", namespace="red").synced(5)
    assert [viewed.key for viewed in view.list()] == [WEB]
    assert view.as_of is not None
    agent.put(API)
    agent.put(WEB, status="Failed")
    await link.delta()
    await view.until(lambda v: len(v) == 2, 5)
    web = view.get("web")
    assert web is not None
    assert web.content["status"] == "Failed"
    assert view.get("web", namespace="blue") is None
    assert view.get("nobody") is None


async def test_iterating_begins_with_what_is_held_and_goes_on_with_changes(alice: Client, agent: FakeAgent) -> None:
    agent.put(WEB)
    link = await agent.connect()
    view = await alice.view("pods").synced(5)
    told = []
    async with asyncio.timeout(HANG_SECONDS):
        async for change in view:
            told.append((change.kind, change.cluster, change.object.key.name))
            match len(told):
                case 1:
                    agent.put(API)
                case 2:
                    agent.put(API, status="Failed")
                case 3:
                    agent.remove(API)
                case 4:
                    break
            await link.delta()
    kinds = [ChangeKind.ADDED, ChangeKind.ADDED, ChangeKind.MODIFIED, ChangeKind.DELETED]
    assert told == list(zip(kinds, ["c1"] * 4, ["web", "api", "api", "api"], strict=True))


async def test_a_slow_reader_is_told_the_newest_state_of_each_object(alice: Client, agent: FakeAgent) -> None:
    link = await agent.connect()
    view = await alice.view("pods").synced(5)
    changes = view.changes()
    for number in range(20):
        agent.put(WEB, status=str(number))
        agent.put(key("pods", "red", f"short-lived-{number}"))
        await link.delta()
        agent.remove(key("pods", "red", f"short-lived-{number}"))
        await link.delta()
    agent.put(API)
    await link.delta()
    await view.until(lambda v: v.get("api"), 5)
    first, second = await anext(changes), await anext(changes)
    assert (first.kind, first.object.content["status"]) == (ChangeKind.ADDED, "19")
    assert (second.kind, second.object.key) == (ChangeKind.ADDED, API)
    assert not changes._pending


async def test_a_loop_that_was_left_costs_nothing_any_more(alice: Client, agent: FakeAgent) -> None:
    await agent.connect()
    view = await alice.view("pods").synced(5)
    for _ in range(10):
        view.changes()
    gc.collect()
    assert len(view._iterations) == 0


async def test_withdrawn_objects_leave_the_view_and_are_told_as_such(
    alice: Client, agent: FakeAgent, policies: pathlib.Path
) -> None:
    agent.put(WEB)
    await agent.connect()
    view = await alice.view("*").synced(5)
    changes = view.changes()
    write_policy(policies, RULES.replace("alice, *, red", "alice, *, blue"))
    async with asyncio.timeout(HANG_SECONDS):
        change = await anext(changes)
    assert (change.kind, change.object.key) == (ChangeKind.WITHDRAWN, WEB)
    assert len(view) == 0


async def test_when_the_token_ends_everything_is_forgotten_and_every_question_says_why(
    feed: Feed, hub: Hub, agent: FakeAgent, clock: FakeClock
) -> None:
    agent.put(WEB)
    await agent.connect()
    async with connected(feed, await hub.create_token("user:alice")) as client:
        view = await client.view("pods").synced(5)
        changes = view.changes(from_nothing=True)
        clock.advance(91 * 86_400)
        with pytest.raises(FeedError, match="token"):
            await view.until(lambda _: False, 5)
        for ask in (view.list, view.changes, lambda: view.get("web"), lambda: len(view), lambda: view.is_synced):
            with pytest.raises(FeedError) as refused:
                ask()
            assert refused.value.code == "UNAUTHENTICATED"
        with pytest.raises(FeedError):
            await anext(changes)
        assert not view._receiver.clusters


async def test_a_refused_token_is_told_where_something_is_asked(feed: Feed) -> None:
    async with connected(feed, "nonsense") as client:
        with pytest.raises(FeedError, match="not valid"):
            await client.view("pods").synced(5)
        with pytest.raises(FeedError, match="not valid"):
            await client.catalog()
        with pytest.raises(FeedError, match="not valid"):
            await client.get("c1", "pods", "web", namespace="red")


async def test_someone_who_may_see_nothing_has_an_empty_view_that_is_complete(feed: Feed, agent: FakeAgent) -> None:
    agent.put(WEB)
    await agent.connect()
    async with connected(feed, "demo:carol") as client:
        view = await client.view("*").synced(5)
        assert view.list() == []
        assert view.as_of is None


async def test_a_view_is_complete_only_when_each_cluster_is(admin: Client, hub: Hub, agent: FakeAgent) -> None:
    agent.put(WEB)
    await agent.connect()
    other = FakeAgent("c2", hub.address, await hub.create_agent_credential("c2"))
    link = await other.session()
    await link.read()
    view = admin.view("pods")
    await view.until(lambda v: "c1" in v.clusters and v.clusters["c1"].is_synced, 5)
    with pytest.raises(TimeoutError, match="no complete answer from cluster c2 within 0"):
        await view.synced(0.05)
    assert view.as_of is None
    other.put(BLUE)
    await link.snapshot()
    await view.synced(5)
    assert [(cluster, viewed.key) for cluster, viewed in view.items()] == [("c1", WEB), ("c2", BLUE)]
    with pytest.raises(AmbiguousName, match="2 objects are named web"):
        view.get("web")
    found = view.get("web", cluster="c2")
    assert found is not None
    assert found.key == BLUE
    await other.close()


async def test_without_bodies_only_rows_are_held(alice: Client, agent: FakeAgent) -> None:
    agent.put(WEB)
    await agent.connect()
    view = await alice.view("pods", has_bodies=False).synced(5)
    web = view.get("web", namespace="red", type="pods")
    assert web is not None
    assert web.row.cells[0].text == "Running"
    with pytest.raises(ValueError, match="without its body"):
        _ = web.content


async def test_one_object_can_be_asked_for_once(alice: Client, agent: FakeAgent) -> None:
    agent.put(WEB)
    agent.put(BLUE)
    await agent.connect()
    web = await alice.get("c1", "pods", "web", namespace="red")
    assert web is not None
    assert web.content["status"] == "Running"
    assert await alice.get("c1", "pods", "web", namespace="blue") is None
    assert await alice.get("c1", "pods", "nobody", namespace="red") is None
    assert [cluster.name for cluster in (await alice.catalog()).clusters] == ["c1"]
    assert (await alice.who_am_i()).subject == "user:alice"


async def test_a_view_needs_a_type(alice: Client) -> None:
    with pytest.raises(ValueError, match="which types"):
        alice.view()


async def test_a_view_that_is_closed_ends_its_loops_and_keeps_what_it_held(alice: Client, agent: FakeAgent) -> None:
    agent.put(WEB)
    await agent.connect()
    async with alice.view("pods") as view:
        await view.synced(5)
        changes = view.changes()
    assert [change async for change in changes] == []
    assert [change async for change in view.changes()] == []
    assert len(view) == 1


async def test_who_waits_for_a_view_that_closes_is_told(alice: Client, agent: FakeAgent) -> None:
    await agent.connect()
    view = await alice.view("pods").synced(5)
    waiting = asyncio.create_task(view.until(lambda _: False))
    await asyncio.sleep(0)
    await view.close()
    with pytest.raises(FeedError, match="the view is closed"):
        await waiting
    with pytest.raises(FeedError, match="the view is closed"):
        await view.until(lambda _: False)
    unborn = alice.view("pods")
    await unborn.close()
    with pytest.raises(FeedError, match="the view is closed"):
        await unborn.synced()


async def test_a_callback_that_fails_does_not_end_the_view(hub: Hub, agent: FakeAgent) -> None:
    agent.put(WEB)
    await agent.connect()

    def fail(_: str) -> None:
        raise KeyError("a caller's mistake")

    async with connect(hub.address, "demo:alice") as client:
        view = await client.view("pods", on_interrupted=fail).synced(5)
        await hub.close()
        await view.until(lambda v: v.interruption, 5)
        assert not view._tasks[0].done()


async def test_a_defect_in_a_view_is_told_to_whoever_asks(alice: Client, agent: FakeAgent) -> None:
    link = await agent.connect()
    view = await alice.view("pods").synced(5)
    view._receiver.apply = None  # type: ignore[method-assign,assignment]
    agent.put(WEB)
    await link.delta()
    with pytest.raises(FeedError, match="the view failed: TypeError"):
        await view.until(lambda _: False, 5)


async def test_mistakes_in_asking_for_a_view_are_named(feed: Feed) -> None:
    async with connected(feed, "demo:alice") as client:
        with pytest.raises(TypeError, match="one by one"):
            client.view(["pods"])  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="the client is closed"):
        client.view("pods")


async def test_a_view_resumes_by_itself_after_its_hub_was_away(hub: Hub, agent: FakeAgent, clock: FakeClock) -> None:
    agent.put(WEB)
    await agent.connect()
    interruptions: list[str] = []
    async with connect(hub.address, "demo:alice") as client:
        view = await client.view("pods", on_interrupted=interruptions.append).synced(5)
        address = hub.address
        await hub.close()
        await view.until(lambda v: v.interruption, 5)
        assert view.list()[0].key == WEB
        assert not view.is_live
        assert interruptions
        again = Hub(dataclasses.replace(hub.settings, listen=address), clock=clock)
        await again.start()
        agent.put(API)
        await agent.connect()
        await view.until(lambda v: v.is_live and v.get("api"), 8)
        await again.close()
