"""The feed over real gRPC and in process: one suite for both."""

import asyncio
import pathlib

import pytest

from octokube.client.feed import Feed, FeedError
from octokube.client.viewed import ChangeKind
from octokube.v1 import cluster_service_pb2 as pb
from octokube.v1 import resource_pb2
from octokube_hub.app import Hub
from tests.hub.clocks import FakeClock
from tests.hub.conftest import RULES
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key, to_message
from tests.hub.policies import write_policy
from tests.hub.watching import Watcher, watching
from tests.support.waiting import HANG_SECONDS

RED = key("pods", "red", "web")
BLUE = key("pods", "blue", "web")


async def test_a_snapshot_is_followed_by_deltas_and_tombstones_in_order(feed: Feed, agent: FakeAgent) -> None:
    agent.put(RED)
    link = await agent.connect()
    watcher = await watching(feed, "demo:alice")
    assert watcher.names() == {"red/web"}
    agent.put(RED, status="Failed")
    await link.delta()
    await watcher.until(lambda w: len(w.changes) == 2)
    agent.put(key("pods", "red", "api"))
    await link.delta()
    await watcher.until(lambda w: len(w.changes) == 3)
    agent.remove(RED)
    await link.delta()
    await watcher.until(lambda w: w.names() == {"red/api"})
    kinds = [change.kind for change in watcher.changes]
    assert kinds == [ChangeKind.ADDED, ChangeKind.MODIFIED, ChangeKind.ADDED, ChangeKind.DELETED]
    assert watcher.receiver.sequence == len(watcher.messages)
    await watcher.close()


async def test_two_people_see_different_things(feed: Feed, agent: FakeAgent) -> None:
    agent.put(RED)
    agent.put(BLUE)
    await agent.connect()
    alice, bob, admin = [await watching(feed, f"demo:{who}") for who in ("alice", "bob", "admin")]
    assert (alice.names(), bob.names(), admin.names()) == ({"red/web"}, {"blue/web"}, {"red/web", "blue/web"})
    assert b"canary<pods|blue" not in b"".join(alice.messages)
    for watcher in (alice, bob, admin):
        await watcher.close()


async def test_a_policy_edit_changes_open_streams(feed: Feed, agent: FakeAgent, policies: pathlib.Path) -> None:
    agent.put(RED)
    agent.put(BLUE)
    await agent.connect()
    watcher = await watching(feed, "demo:alice")
    write_policy(policies, RULES.replace("alice, *, red", "alice, *, blue"))
    await watcher.until(lambda w: w.names() == {"blue/web"})
    assert [change.kind for change in watcher.changes] == [ChangeKind.ADDED, ChangeKind.WITHDRAWN, ChangeKind.ADDED]
    assert watcher.outcomes == ["new"], "a change of scope needs no snapshot"
    await watcher.close()


async def test_a_revoked_token_ends_its_streams_within_a_second(feed: Feed, hub: Hub, agent: FakeAgent) -> None:
    await agent.connect()
    token = await hub.create_token("user:alice")
    watcher = await watching(feed, token)
    catalog = feed.watch_catalog(token, peer="")
    assert await catalog.receive() is not None
    [info] = await hub._tokens.list()
    await hub._tokens.revoke(info.id, hub._clock.now())
    hub._token_leases.has_unchecked = True  # as another program's write would
    async with asyncio.timeout(1.5):
        while await watcher.read():
            pass
        with pytest.raises(FeedError) as refused:
            while await catalog.receive() is not None:
                pass
    assert watcher.close_message is not None
    assert watcher.close_message.reason == pb.CLOSE_REASON_UNAUTHENTICATED
    assert refused.value.code == "UNAUTHENTICATED"
    with pytest.raises(FeedError):
        await feed.who_am_i(token)


async def test_an_expired_token_ends_its_streams(feed: Feed, hub: Hub, agent: FakeAgent, clock: FakeClock) -> None:
    await agent.connect()
    token = await hub.create_token("user:alice")
    watcher = await watching(feed, token)
    clock.advance(91 * 86_400)
    async with asyncio.timeout(1.5):
        while await watcher.read():
            pass
    assert watcher.close_message is not None
    assert watcher.close_message.reason == pb.CLOSE_REASON_UNAUTHENTICATED


@pytest.mark.parametrize("token", ["", "okt_unknown", "demo:", "demo:a b", "nonsense", "okt_" + "x" * 400])
async def test_a_bad_token_is_refused_in_the_same_words(feed: Feed, token: str) -> None:
    with pytest.raises(FeedError) as refused:
        await feed.who_am_i(token)
    assert (refused.value.code, str(refused.value)) == ("UNAUTHENTICATED", "this token is not valid; sign in again")
    stream = feed.watch(token, peer="")
    with pytest.raises(FeedError) as refused:
        await stream.receive()
    assert refused.value.code == "UNAUTHENTICATED"
    await stream.close()


async def test_demo_people_are_known_only_in_the_demo_and_only_from_this_machine(
    hub: Hub, tmp_path: pathlib.Path
) -> None:
    stream = hub.feed.watch("demo:alice", peer="ipv4:10.1.2.3:5000")
    with pytest.raises(FeedError):
        await stream.receive()
    hub.feed._service._authenticator._is_demo = False
    with pytest.raises(FeedError):
        await hub.feed.who_am_i("demo:alice")


async def test_who_am_i_names_memberships_and_the_end_of_the_token(feed: Feed, hub: Hub) -> None:
    answer = await feed.who_am_i(await hub.create_token("user:alice"))
    assert answer.subject == "user:alice"
    assert list(answer.memberships) == ["role:everyone"]
    assert answer.token_expires_at.ToDatetime().year == 2027
    assert not (await feed.who_am_i("demo:alice")).HasField("token_expires_at")


async def test_a_bad_request_ends_the_stream_with_a_reason_and_nothing_else(feed: Feed, agent: FakeAgent) -> None:
    await agent.connect()
    other = await watching(feed, "demo:admin")
    bad_glob = pb.Subscription(clusters=["["], types=["*"], namespaces=["*"])
    for message in (
        b"\xff\xff\xff",
        b"",
        pb.WatchRequest(ack=pb.FrameAck(sequence=5)).SerializeToString(),
        pb.WatchRequest(subscribe=pb.Subscribe(subscription=bad_glob)).SerializeToString(),
        b"\x0a" + b"\x00" * (2 * 1024 * 1024),
    ):
        watcher = Watcher(feed, "demo:alice")
        await watcher.send(message)
        while await watcher.read():
            pass
        assert watcher.close_message is not None, message[:20]
        assert watcher.close_message.reason == pb.CLOSE_REASON_BAD_REQUEST
        assert not watcher.close_message.retryable
    agent.put(RED)
    link = await agent.connect()
    await link.bookmark()
    await other.until(lambda w: w.names() == {"red/web"})
    await other.close()


async def test_the_catalog_shows_what_is_visible_and_follows_it(
    feed: Feed, agent: FakeAgent, policies: pathlib.Path
) -> None:
    agent.put(RED)
    agent.put(BLUE)
    link = await agent.connect()
    stream = feed.watch_catalog("demo:alice", peer="")

    async def until(namespaces: list[str]) -> pb.WatchCatalogResponse:
        async with asyncio.timeout(HANG_SECONDS):
            while True:
                message = await stream.receive()
                assert message is not None
                catalog = pb.WatchCatalogResponse.FromString(message)
                if catalog.clusters and list(catalog.clusters[0].namespaces) == namespaces:
                    return catalog

    catalog = await until(["red"])
    assert [type.type for type in catalog.clusters[0].types] == ["configmaps", "nodes", "pods", "secrets"]
    assert catalog.clusters[0].state.condition == resource_pb2.CLUSTER_CONDITION_LIVE
    write_policy(policies, RULES.replace("alice, *, red, *", "alice, *, *, pods"))
    catalog = await until(["blue", "red"])
    assert [type.type for type in catalog.clusters[0].types] == ["pods"]
    agent.remove(RED)
    await link.delta()
    await until(["blue"])
    write_policy(policies, RULES.replace("user:alice", "user:nobody"))
    async with asyncio.timeout(HANG_SECONDS):
        message = await stream.receive()
    assert message is not None
    assert not pb.WatchCatalogResponse.FromString(message).clusters
    await stream.close()
    assert await stream.receive() is None


async def test_get_object_answers_byte_identically_for_absent_and_forbidden_objects(
    feed: Feed, agent: FakeAgent, hub: Hub
) -> None:
    agent.put(RED)
    agent.put(BLUE)
    await agent.connect()

    async def ask(cluster: str, namespace: str, name: str, uid: str = "") -> tuple[str, str, float | None]:
        request = pb.GetObjectRequest(
            cluster=cluster, key=resource_pb2.Key(type="pods", namespace=namespace, name=name, uid=uid)
        )
        with pytest.raises(FeedError) as refused:
            await feed.get_object("demo:alice", request.SerializeToString())
        return refused.value.code, str(refused.value), refused.value.retry_after_seconds

    answers = {
        await ask("c1", "blue", "web"),
        await ask("c1", "blue", "absent"),
        await ask("c1", "red", "absent"),
        await ask("c1", "red", "web", "another-uid"),
        await ask("c9", "red", "web"),
    }
    assert answers == {("NOT_FOUND", "no such object, or it is not visible to you", None)}
    request = pb.GetObjectRequest(cluster="c1", key=to_message(RED)).SerializeToString()
    answer = pb.GetObjectResponse.FromString(await feed.get_object("demo:alice", request))
    assert answer.entry.key == to_message(RED)
    assert b"canary<pods|red|web>" in answer.entry.body
    assert [column.name for column in answer.columns] == ["Status", "Canary"]
    records = await hub._audit.list(subject="user:alice")
    assert [record.outcome for record in records] == [
        "allowed", "allowed", "allowed", "allowed", "denied", "denied",
    ]  # fmt: skip
    assert records[-1].target == "c1/pods/blue/web"
    assert records[0].rule.startswith("policy.csv:")


async def test_get_object_refuses_a_request_without_a_name(feed: Feed) -> None:
    for request in (b"", b"\xff", pb.GetObjectRequest(cluster="c1").SerializeToString()):
        with pytest.raises(FeedError) as refused:
            await feed.get_object("demo:alice", request)
        assert refused.value.code == "INVALID_ARGUMENT"


async def test_a_new_epoch_forwards_only_what_differs(feed: Feed, agent: FakeAgent) -> None:
    agent.put(RED)
    agent.put(key("pods", "red", "api"))
    await agent.connect()
    watcher = await watching(feed, "demo:alice")
    before = len(watcher.changes)
    agent.restart()
    agent.put(key("pods", "red", "api"), status="Failed")
    agent.put(key("pods", "red", "new"))
    agent.remove(RED)
    await agent.connect()
    await watcher.until(lambda w: w.names() == {"red/api", "red/new"})
    told = {(change.kind, change.object.key.name) for change in watcher.changes[before:]}
    assert told == {(ChangeKind.MODIFIED, "api"), (ChangeKind.ADDED, "new"), (ChangeKind.DELETED, "web")}
    await watcher.close()


async def test_a_subscriber_hears_when_the_agent_goes_and_comes_back(feed: Feed, agent: FakeAgent) -> None:
    agent.put(RED)
    await agent.connect()
    watcher = await watching(feed, "demo:alice")
    await agent.close()
    state = watcher.receiver.clusters["c1"].state
    await watcher.until(lambda w: state.condition == resource_pb2.CLUSTER_CONDITION_OFFLINE)
    assert state.reason
    assert watcher.names() == {"red/web"}, "the last known state stays"
    await agent.connect()
    await watcher.until(lambda w: state.condition == resource_pb2.CLUSTER_CONDITION_LIVE)
    await watcher.close()


async def test_a_drain_asks_subscribers_to_come_back_with_their_tokens(feed: Feed, agent: FakeAgent, hub: Hub) -> None:
    await agent.connect()
    watcher = await watching(feed, "demo:alice")
    closing = asyncio.create_task(hub.close())
    while await watcher.read():
        pass
    assert watcher.close_message is not None
    assert watcher.close_message.reason == pb.CLOSE_REASON_DRAIN
    assert watcher.close_message.retryable
    assert watcher.close_message.resumable
    assert watcher.close_message.retry_after.seconds == 2
    await closing


async def test_who_am_i_names_the_next_window_edge_of_the_caller_alone(
    feed: Feed, hub: Hub, policies: pathlib.Path
) -> None:
    changed = asyncio.Event()
    hub._policy.subscribe(lambda _: changed.set())
    write_policy(policies, RULES + "p, user:carol, *, red, *, *, read, 2000-01-01T00:00Z/2200-01-01T00:00Z, allow\n")
    async with asyncio.timeout(HANG_SECONDS):
        await changed.wait()
    edge = (await feed.who_am_i("demo:carol")).next_window_edge.ToDatetime()
    assert edge.isoformat() == "2200-01-01T00:00:00"
    assert not (await feed.who_am_i("demo:alice")).HasField("next_window_edge")


async def test_a_receiver_that_gave_up_while_its_token_was_checked_may_ask_again(hub: Hub, agent: FakeAgent) -> None:
    """In process, the receiver's own task checks the token: what it left half done must not stand in its way."""
    agent.put(RED)
    await agent.connect()
    watcher = Watcher(hub.feed, await hub.create_token("user:alice"))
    await watcher.subscribe()
    giving_up = asyncio.create_task(watcher.read())
    await asyncio.sleep(0)  # the look into the store has begun, on a thread of its own
    giving_up.cancel()
    await asyncio.gather(giving_up, return_exceptions=True)
    assert giving_up.cancelled()
    await watcher.until(lambda w: w.is_synced())
    assert watcher.names() == {"red/web"}
    await watcher.close()
