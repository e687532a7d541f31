"""What one stream tells, frame by frame, without a network."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from octokube.client.viewed import ChangeKind
from octokube.state import new_epoch
from octokube.v1 import cluster_service_pb2 as pb
from octokube.v1 import frame_pb2, resource_pb2
from octokube_hub.fanout import encoding
from octokube_hub.fanout.authority import Authority
from octokube_hub.fanout.stream import BOOKMARK_SECONDS, STALL_SECONDS, SUBSCRIBE_SECONDS, WatchSession
from octokube_hub.identity import Identity
from octokube_hub.identity.leases import Lease
from octokube_hub.policy import Subject
from octokube_hub.replica import ClusterCondition
from tests.hub.objects import key
from tests.hub.policies import policy
from tests.hub.world import Source, Subscriber, World, everything
from tests.support.waiting import HANG_SECONDS

ALL = "p, user:alice, *, **, *, *, read, always, allow\n"
RED_ONLY = "p, user:alice, *, red, *, *, read, always, allow\n"
BLUE_ONLY = "p, user:alice, *, blue, *, *, read, always, allow\n"
RED = key("pods", "red", "web")
BLUE = key("pods", "blue", "web")

NewWorld = Callable[[str], Awaitable[tuple[World, Source]]]


@pytest.fixture
async def new_world() -> AsyncIterator[NewWorld]:
    """Makes worlds with one loaded cluster, and closes them."""
    worlds: list[World] = []

    async def make(rules: str) -> tuple[World, Source]:
        world = World(policy(rules))
        worlds.append(world)
        return world, await world.add_cluster("c1")

    yield make
    for world in worlds:
        await world.close()


def kinds(responses: list[pb.WatchResponse]) -> list[str]:
    """The kinds of frames, shortened."""
    return [frame_pb2.FrameKind.Name(r.frame.kind).removeprefix("FRAME_KIND_") for r in responses]


async def test_a_snapshot_is_a_transaction_with_count_digest_and_token(new_world: NewWorld) -> None:
    world, source = await new_world(ALL)
    source.put(RED)
    alice = world.subscribe("alice")
    begin, part, end = await alice.read_all()
    assert kinds([begin, part, end]) == ["SNAPSHOT_BEGIN", "SNAPSHOT_PART", "SNAPSHOT_END"]
    assert (begin.frame.resume_outcome, begin.frame.item_count) == ("new", 1)
    assert begin.frame.cluster_state.condition == resource_pb2.CLUSTER_CONDITION_LIVE
    assert end.frame.item_count == 1
    assert end.frame.resume_token
    assert [r.frame.sequence for r in (begin, part, end)] == [1, 2, 3]


async def test_a_change_that_alters_no_column_is_silent_for_rows_and_told_for_objects(new_world: NewWorld) -> None:
    world, source = await new_world(ALL)
    source.put(RED)
    rows = world.subscribe("alice")
    objects = world.subscribe("alice", everything(pb.DETAIL_OBJECTS))
    await rows.read_all()
    await objects.read_all()
    source.put(RED, note="only the body differs")
    assert await rows.read_all() == []
    [told] = await objects.read_all()
    assert b"only the body differs" in told.frame.entries[0].body
    source.put(RED, status="Failed")
    [told] = await rows.read_all()
    assert told.frame.entries[0].row.cells[0].text == "Failed"
    assert told.frame.entries[0].body == b""


async def test_changes_gather_while_a_frame_is_being_written(new_world: NewWorld) -> None:
    world, source = await new_world(ALL)
    alice = world.subscribe("alice")
    await alice.read_all()
    source.put(RED)
    await alice.settle()  # the first change is in the transport's hands
    for number in range(50):
        source.put(RED, status=f"S{number}")
        source.put(key("pods", "red", f"p{number}"))
        await alice.settle()
    first, second = await alice.read_all()
    assert len(first.frame.entries) == 1
    assert len(second.frame.entries) == 51
    assert second.frame.entries[0].row.cells[0].text in {"S49", "Running"}


async def test_a_key_that_came_and_went_unseen_is_not_mentioned(new_world: NewWorld) -> None:
    world, source = await new_world(ALL)
    alice = world.subscribe("alice")
    await alice.read_all()
    source.put(RED)
    await alice.settle()
    source.put(BLUE)
    source.remove(BLUE)
    told = await alice.read_all()
    assert not any(response.frame.tombstones for response in told)


async def test_a_policy_swap_withdraws_and_adds_in_the_same_stream(new_world: NewWorld) -> None:
    world, source = await new_world(RED_ONLY)
    source.put(RED)
    source.put(BLUE)
    alice = world.subscribe("alice")
    await alice.read_all()
    world.swap(policy(BLUE_ONLY))
    [told] = await alice.read_all()
    assert kinds([told]) == ["DELTA"]
    [tombstone] = told.frame.tombstones
    assert (tombstone.key.namespace, tombstone.reason) == ("red", frame_pb2.TOMBSTONE_REASON_WITHDRAWN)
    assert [entry.key.namespace for entry in told.frame.entries] == ["blue"]
    assert alice.names() == {"pods/blue/web"}


async def test_a_withdrawal_names_nothing_that_a_lagging_reader_was_not_sent(new_world: NewWorld) -> None:
    world, source = await new_world(RED_ONLY)
    source.put(RED)
    alice = world.subscribe("alice")
    await alice.read_all()
    source.put(RED, status="Failed")
    await alice.settle()
    source.put(key("pods", "red", "unsent"))  # gathers behind the frame that is being written
    world.swap(policy(BLUE_ONLY))
    told = await alice.read_all()
    assert b"unsent" not in b"".join(alice.messages)
    assert [t.key.name for response in told for t in response.frame.tombstones] == ["web"]


async def test_a_deletion_that_coincides_with_a_loss_of_access_is_told_as_a_withdrawal(new_world: NewWorld) -> None:
    world, source = await new_world(RED_ONLY)
    source.put(RED)
    alice = world.subscribe("alice")
    await alice.read_all()
    source.put(key("pods", "red", "api"))
    await alice.settle()
    source.remove(RED)
    world.swap(policy(BLUE_ONLY))
    told = await alice.read_all()
    reasons = {t.reason for response in told for t in response.frame.tombstones}
    assert reasons == {frame_pb2.TOMBSTONE_REASON_WITHDRAWN}


async def test_losing_a_cluster_withdraws_all_of_it_and_then_nothing_more_is_said(new_world: NewWorld) -> None:
    world, source = await new_world(ALL)
    source.put(RED)
    alice = world.subscribe("alice")
    await alice.read_all()
    world.swap(policy(""))
    [told] = await alice.read_all()
    assert [t.reason for t in told.frame.tombstones] == [frame_pb2.TOMBSTONE_REASON_WITHDRAWN]
    source.put(BLUE)
    source.replica.set_state(ClusterCondition.OFFLINE, "gone")
    world.clock.advance(BOOKMARK_SECONDS + 1)
    _tick(alice)
    assert await alice.read_all() == [], "not even the state of a cluster that is not theirs to see"
    world.swap(policy(ALL))
    await alice.read_all()
    assert alice.names() == {"pods/red/web", "pods/blue/web"}


async def test_a_swap_in_the_middle_of_a_snapshot_starts_over(
    new_world: NewWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "PART_BYTES", 200)
    monkeypatch.setattr(encoding, "FIRST_PART_BYTES", 200)
    world, source = await new_world(RED_ONLY)
    for number in range(20):
        source.put(key("pods", "red", f"r{number}"))
        source.put(key("pods", "blue", f"b{number}"))
    alice = world.subscribe("alice")
    for _ in range(3):
        await alice.read()
    await alice.settle()  # a fourth frame is in the transport's hands
    world.swap(policy(BLUE_ONLY))
    await alice.read()
    told = await alice.read_all()
    assert (kinds(told)[0], told[0].frame.resume_outcome) == ("SNAPSHOT_BEGIN", "scope-changed")
    assert {name.split("/")[1] for name in alice.names()} == {"blue"}


async def test_a_swap_in_the_middle_of_a_long_delta_starts_over(
    new_world: NewWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two parts a reader holds neither what the view was nor what it is; a difference would be wrong."""
    monkeypatch.setattr(encoding, "PART_BYTES", 200)
    world, source = await new_world(RED_ONLY)
    alice = world.subscribe("alice")
    await alice.read_all()
    source.put(RED)
    await alice.settle()
    for number in range(20):
        source.put(key("pods", "red", f"r{number}"))
    for _ in range(3):
        await alice.read()
    await alice.settle()
    source.remove(key("pods", "red", "r0"))
    world.swap(policy(BLUE_ONLY))
    await alice.read()
    told = await alice.read_all()
    assert (kinds(told)[0], told[0].frame.resume_outcome) == ("SNAPSHOT_BEGIN", "scope-changed")
    assert alice.names() == set()


@pytest.mark.parametrize("first", ["2026-11-23T11:59:58+00:00", "2026-11-23T09:00:00+00:00"])
async def test_a_window_opens_and_closes_by_the_clock_alone_also_when_it_is_set_back(first: str) -> None:
    windows = 'lunch: { daily: "12:00-13:00", zone: UTC }\n'
    world = World(policy("p, user:alice, *, red, *, *, read, @lunch, allow\n", windows=windows))
    world.clock.set(first)
    source = await world.add_cluster("c1")
    source.put(RED)
    alice = world.subscribe("alice")
    assert await alice.read_all() == []
    for now, names in (
        ("2026-11-23T12:00:00+00:00", {"pods/red/web"}),
        ("2026-11-23T12:59:59+00:00", {"pods/red/web"}),
        ("2026-11-23T13:00:00+00:00", set()),
        ("2026-11-23T12:30:00+00:00", {"pods/red/web"}),
        ("2026-11-24T09:00:00+00:00", set()),
    ):
        world.clock.set(now)
        _tick(alice)
        await alice.read_all()
        assert alice.names() == names, now
    assert ChangeKind.DELETED not in {change.kind for change in alice.changes}
    await world.close()


async def test_an_edge_is_heeded_before_each_frame_without_waiting_for_a_tick(new_world: NewWorld) -> None:
    windows = 'lunch: { daily: "12:00-13:00", zone: UTC }\n'
    world = World(policy("p, user:alice, *, red, *, *, read, @lunch, allow\n", windows=windows))
    world.clock.set("2026-11-23T12:59:59+00:00")
    source = await world.add_cluster("c1")
    source.put(RED)
    alice = world.subscribe("alice")
    await alice.read_all()
    world.clock.set("2026-11-23T13:00:00+00:00")
    source.put(RED, status="SECRET")
    await alice.read_all()
    assert b"SECRET" not in b"".join(alice.messages)
    await world.close()


async def test_a_coming_edge_is_announced_once(new_world: NewWorld) -> None:
    windows = 'lunch: { daily: "12:00-13:00", zone: UTC }\n'
    world = World(policy("p, user:alice, *, red, *, *, read, @lunch, allow\n", windows=windows))
    world.clock.set("2026-11-23T12:59:30+00:00")
    await world.add_cluster("c1")
    alice = world.subscribe("alice")
    await alice.read_all()
    for _ in range(3):
        _tick(alice)
    notices = [response.notice for response in await alice.read_all() if response.HasField("notice")]
    assert [(notice.code, notice.at.ToJsonString()) for notice in notices] == [("window-edge", "2026-11-23T13:00:00Z")]
    await world.close()


async def test_the_outcomes_of_a_resume(new_world: NewWorld) -> None:
    world, source = await new_world(RED_ONLY)
    source.put(RED)
    alice = world.subscribe("alice")
    await alice.read_all()
    source.put(key("pods", "red", "api"))
    source.put(BLUE)

    async def reconnect() -> tuple[str, str]:
        await alice.close()
        alice.open(alice.subscription, is_resuming=True)
        responses = await alice.read_all()
        assert alice.names() == {
            f"pods/{stored.key.namespace}/{stored.key.name}"
            for stored in source.replica.store.all()
            if stored.key.namespace == "red"
        }
        return kinds(responses)[0], responses[0].frame.resume_outcome

    assert await reconnect() == ("DELTA", "resumed")
    assert await reconnect() == ("DELTA", "resumed")
    source.remove(RED)
    assert await reconnect() == ("DELTA", "resumed")
    token = alice.receiver.clusters["c1"].resume_token
    alice.receiver.clusters["c1"].resume_token = token[:-1] + bytes([token[-1] ^ 1])
    assert await reconnect() == ("SNAPSHOT_BEGIN", "token-unreadable")
    alice.subscription = pb.Subscription(clusters=["*"], types=["pods"], namespaces=["**"])
    assert await reconnect() == ("SNAPSHOT_BEGIN", "subscription-changed")
    world.swap(policy(RED_ONLY + "p, user:alice, *, green, *, *, read, always, allow\n"))
    assert await reconnect() == ("SNAPSHOT_BEGIN", "scope-changed")
    source.put(RED)
    await source.load()
    assert await reconnect() == ("SNAPSHOT_BEGIN", "position-too-old")
    await source.load(is_new_epoch=True)
    assert await reconnect() == ("SNAPSHOT_BEGIN", "epoch-unknown")


async def test_a_resume_survives_the_restart_of_the_hub(new_world: NewWorld) -> None:
    world, source = await new_world(RED_ONLY)
    source.put(RED)
    alice = world.subscribe("alice")
    await alice.read_all()
    content = [(stored.key, stored.value) for stored in source.replica.store.all()]
    await world.close()
    again = World(world.policy)
    fresh = await again.add_cluster("c1", is_loaded=False)
    alice.world = again
    alice.open(alice.subscription, is_resuming=True)
    [waiting] = await alice.read_all()
    assert waiting.frame.cluster_state.condition == resource_pb2.CLUSTER_CONDITION_OFFLINE
    assert alice.names() == {"pods/red/web"}, "nothing is known to be gone while the agent has not come back"
    fresh.epoch, fresh.version = source.epoch, source.version
    await fresh.load({key: (value.resource_version, "Running") for key, value in content})
    responses = await alice.read_all()
    assert (kinds(responses)[0], responses[0].frame.resume_outcome) == ("DELTA", "resumed")
    await alice.close()
    await again.close()


async def test_a_token_for_a_cluster_that_is_not_theirs_has_the_receiver_forget_it_existing_or_not(
    new_world: NewWorld,
) -> None:
    world, source = await new_world(RED_ONLY)
    source.put(RED)
    alice = world.subscribe("alice")
    await alice.read_all()
    token = alice.receiver.clusters["c1"].resume_token
    await alice.close()
    world.swap(policy(""))
    alice.open(everything(), is_resuming=True)
    told = await alice.read_all()
    assert alice.names() == set()
    stranger = Subscriber(world, "alice")
    stranger.open(everything())
    assert stranger.session is not None
    stranger.subscribe(everything(), [("never-existed", token)])
    also = await stranger.read_all()

    def shape(responses: list[pb.WatchResponse]) -> list[bytes]:
        for response in responses:
            assert len(response.frame.resume_token) in (0, 101)
            response.frame.ClearField("resume_token")
            response.frame.ClearField("cluster")
            response.frame.ClearField("as_of")
        return [response.SerializeToString() for response in responses]

    assert shape(told) == shape(also)
    await stranger.close()


async def test_who_distrusts_what_they_hold_is_still_told_to_forget_what_they_may_no_longer_see(
    new_world: NewWorld,
) -> None:
    """Found by the simulator: after a lost frame no token was sent, and the hub knew of nothing to withdraw."""
    world, source = await new_world(RED_ONLY)
    source.put(RED)
    alice = world.subscribe("alice")
    await alice.read_all()
    assert alice.names()
    await alice.close()
    alice.receiver.distrust()
    world.swap(policy(""))
    alice.open(everything(), is_resuming=True)
    await alice.read_all()
    assert alice.names() == set()


async def test_a_replaced_selection_withdraws_what_leaves_and_sends_the_rest_as_a_snapshot(
    new_world: NewWorld,
) -> None:
    world, source = await new_world(ALL)
    source.put(RED)
    source.put(BLUE)
    alice = world.subscribe("alice")
    await alice.read_all()
    alice.subscribe(pb.Subscription(clusters=["*"], types=["*"], namespaces=["red"], detail=pb.DETAIL_OBJECTS))
    told = await alice.read_all()
    assert kinds(told) == ["DELTA", "SNAPSHOT_BEGIN", "SNAPSHOT_PART", "SNAPSHOT_END"]
    assert [t.key.namespace for t in told[0].frame.tombstones] == ["blue"]
    assert told[1].frame.resume_outcome == "subscription-changed"
    assert alice.receiver.clusters["c1"].objects[RED].body
    alice.subscribe(pb.Subscription())
    [told_last] = await alice.read_all()
    assert [t.key.namespace for t in told_last.frame.tombstones] == ["red"]
    alice.subscribe(everything())
    await alice.read_all()
    assert len(alice.names()) == 2


async def test_a_reader_that_stops_costs_nothing_and_is_caught_up_from_state(new_world: NewWorld) -> None:
    world, source = await new_world(ALL)
    stalled, other = world.subscribe("alice"), world.subscribe("alice")
    await stalled.read_all()
    await other.read_all()
    for number in range(300):
        source.put(RED, status=f"S{number}")
        told = await other.read_all()
        assert told[-1].frame.entries[0].row.cells[0].text == f"S{number}", "one stalled reader delays no other"
    assert stalled.session is not None
    [track] = stalled.session._tracks.values()
    assert track._sending is None, "nothing is kept for who does not read"
    told = await stalled.read_all()
    assert len(told) == 2, "the frame that was being written, and one that leads to now"
    assert told[-1].frame.entries[0].row.cells[0].text == "S299"


async def test_a_reader_that_never_acknowledges_gets_a_window_and_no_more(new_world: NewWorld) -> None:
    world, source = await new_world(ALL)
    silent = Subscriber(world, "alice")
    silent.is_acknowledging = False
    silent.open(everything(), window_bytes=3_000)
    world.subscribers.append(silent)
    await silent.read_all()
    for number in range(200):
        source.put(RED, status=f"S{number}")
        await silent.read_all()
    assert sum(map(len, silent.messages)) <= 3_000
    assert silent.session is not None
    ack = pb.FrameAck(sequence=silent.receiver.sequence)
    silent.session.request(pb.WatchRequest(ack=ack).SerializeToString())
    told = await silent.read_all()
    assert told[0].frame.entries[0].row.cells[0].text == "S199"


async def test_a_snapshot_that_is_not_taken_is_let_go_and_begun_anew(
    new_world: NewWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "PART_BYTES", 500)
    world, source = await new_world(ALL)
    for number in range(40):
        source.put(key("pods", "red", f"p{number}"))
    silent = Subscriber(world, "alice")
    silent.is_acknowledging = False
    silent.open(everything(), window_bytes=1_500)
    world.subscribers.append(silent)
    await silent.read_all()
    assert silent.session is not None
    [track] = silent.session._tracks.values()
    assert track._sending is not None
    world.clock.advance(STALL_SECONDS + 1)
    silent.session.tick()
    assert track._sending is None
    silent.is_acknowledging = True
    ack = pb.FrameAck(sequence=silent.receiver.sequence)
    silent.session.request(pb.WatchRequest(ack=ack).SerializeToString())
    told = await silent.read_all()
    assert (kinds(told)[0], told[0].frame.resume_outcome) == ("SNAPSHOT_BEGIN", "position-too-old")
    assert len(silent.names()) == 40


async def test_minimum_spacing_is_kept_between_deltas(new_world: NewWorld) -> None:
    world, source = await new_world(ALL)
    subscription = everything()
    subscription.minimum_spacing.FromMilliseconds(150)
    alice = world.subscribe("alice", subscription)
    await alice.read_all()
    loop = asyncio.get_running_loop()
    source.put(RED)
    await alice.read_all()
    first = loop.time()
    for number in range(5):
        source.put(RED, status=f"S{number}")
        assert await alice.read_all() == []
    async with asyncio.timeout(HANG_SECONDS):
        while not (told := await alice.read_all()):  # noqa: ASYNC110 - nothing tells when a message is there
            await asyncio.sleep(0.01)
    assert loop.time() - first >= 0.14
    assert told[0].frame.entries[0].row.cells[0].text == "S4"


async def test_bookmarks_come_by_themselves_and_carry_on_the_position(new_world: NewWorld) -> None:
    world, source = await new_world(RED_ONLY)
    source.put(RED)
    alice = world.subscribe("alice")
    await alice.read_all()
    tokens = set()
    for _ in range(3):
        world.clock.advance(BOOKMARK_SECONDS)
        source.replica.progress(world.clock.now().timestamp())
        _tick(alice)
        [told] = await alice.read_all()
        assert kinds([told]) == ["BOOKMARK"]
        assert told.frame.as_of.seconds == int(world.clock.now().timestamp())
        tokens.add(told.frame.resume_token)
    assert len(tokens) == 3


async def test_invisible_activity_leaves_no_trace_in_a_stream() -> None:
    """Two worlds that differ only in what alice may not see give her the same bytes, sealed tokens apart."""
    transcripts = []
    for is_busy in (False, True):
        world = World(policy(RED_ONLY))
        source = await world.add_cluster("c1")
        source.epoch = new_epoch()
        source.put(RED)
        alice = world.subscribe("alice")
        await alice.read_all()
        for second in range(12):
            world.clock.advance(1)
            if is_busy:
                source.put(BLUE, status=f"S{second}")
                source.put(key("nodes", "", f"n{second}"))
                source.remove(key("nodes", "", f"n{second}"))
            if second % 4 == 1:
                source.replica.progress(world.clock.now().timestamp())
            _tick(alice)
            await alice.read_all()
        source.count = 100
        source.put(RED, status="Failed")
        await alice.read_all()
        for response in alice.responses:
            assert len(response.frame.resume_token) in (0, 101)
            response.frame.ClearField("resume_token")
        transcripts.append([response.SerializeToString(deterministic=True) for response in alice.responses])
        await world.close()
    assert transcripts[0] == transcripts[1]


async def test_an_unknown_type_and_one_that_is_forbidden_are_noticed_in_the_same_words(new_world: NewWorld) -> None:
    world, _ = await new_world("p, user:alice, *, red, pods, *, read, always, allow\n")
    notices = []
    for type in ("secrets", "nothings"):
        alice = world.subscribe("alice", pb.Subscription(clusters=["*"], types=[type], namespaces=["*"]))
        told = await alice.read_all()
        notices += [r.notice.message.replace(type, "X") for r in told if r.notice.code == "type-unknown"]
    assert len(notices) == 2
    assert len(set(notices)) == 1


async def test_a_cluster_that_appears_joins_open_streams(new_world: NewWorld) -> None:
    world, _ = await new_world(ALL)
    alice = world.subscribe("alice")
    await alice.read_all()
    late = await world.add_cluster("c2", is_loaded=False)
    [told] = await alice.read_all()
    assert (told.frame.cluster, kinds([told])) == ("c2", ["BOOKMARK"])
    assert not told.frame.HasField("as_of")
    await late.load({RED: ("1", "Running")})
    await alice.read_all()
    assert alice.names("c2") == {"pods/red/web"}


async def test_equal_scopes_share_one_audience_and_its_bytes(new_world: NewWorld) -> None:
    rules = "p, team:red, *, red, *, *, read, always, allow\n"
    world = World(policy(rules, teams="g, user:alice, team:red\ng, user:dana, team:red\n"))
    source = await world.add_cluster("c1")
    source.put(RED)
    alice, dana = world.subscribe("alice"), world.subscribe("dana")
    await alice.read_all()
    await dana.read_all()
    assert world.fanout.audiences == 1
    source.put(RED, status="Failed")
    await alice.read_all()
    await dana.read_all()
    assert alice.messages == dana.messages
    await alice.close()
    assert world.fanout.audiences == 1
    await dana.close()
    assert world.fanout.audiences == 0
    await world.close()


async def test_a_lease_that_ends_is_told_before_anything_else(new_world: NewWorld) -> None:
    world, source = await new_world(ALL)
    alice = world.subscribe("alice")
    await alice.read_all()
    source.put(RED)
    alice.lease.end("it was revoked")
    told = await alice.read_all()
    assert [response.WhichOneof("message") for response in told] == ["close"]


async def test_a_hostile_reader_is_cut_off_soon_after_their_lease_has_ended(new_world: NewWorld) -> None:
    world, source = await new_world(ALL)
    alice = world.subscribe("alice")
    await alice.settle()  # the first frame is in the transport's hands, and stays there
    alice.lease.end("it was revoked")
    source.put(RED)
    assert alice.session is not None
    alice.session.tick()
    await alice.settle()
    assert alice._task is not None
    assert not alice._task.done()
    world.clock.advance(0.5)
    alice.session.tick()
    assert await alice._task is None
    assert not alice._task.cancelled()


async def test_a_stream_without_a_subscription_is_ended(new_world: NewWorld) -> None:
    world, _ = await new_world(ALL)
    alice = world.subscribe("alice")
    assert alice.session is not None
    alice.session._pending = None
    world.clock.advance(SUBSCRIBE_SECONDS)
    _tick(alice)
    [told] = await alice.read_all()
    assert told.close.reason == pb.CLOSE_REASON_BAD_REQUEST


async def test_what_a_request_says_is_held_outlives_a_request_that_follows_at_once(new_world: NewWorld) -> None:
    """Found by the simulator: the second request took the place of the first, with its resume points, before it was
    looked at; and what was no longer selected stayed with the receiver for ever.
    """
    world, source = await new_world(RED_ONLY)
    source.put(RED)
    alice = world.subscribe("alice")
    await alice.read_all()
    assert alice.names()
    await alice.close()
    alice.open(everything(), is_resuming=True)
    alice.subscribe(pb.Subscription(clusters=["elsewhere"], types=["*"], namespaces=["**"]))
    await alice.read_all()
    assert alice.names() == set()
    await alice.close()


async def test_a_stream_that_is_closed_in_the_moment_it_was_woken_says_nothing_more(new_world: NewWorld) -> None:
    """Found by the simulator: it joined its audiences again, and nobody was left to leave them."""
    world, source = await new_world(RED_ONLY)
    source.put(RED)
    alice = world.subscribe("alice")
    await alice.read_all()
    session = alice.session
    assert session is not None
    world.swap(policy("p, user:alice, *, **, *, *, read, always, allow\n"))
    session.close()
    assert await alice.read_all() == []
    assert world.fanout.audiences == 0
    await alice.close()


def _tick(subscriber: Subscriber) -> None:
    assert subscriber.session is not None
    subscriber.session.tick()


async def test_a_turn_that_was_not_waited_for_is_taken_by_whoever_asks_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that was cancelled while its stream waited for a turn left the stream asleep with something to say."""
    world = World(policy("p, user:alice, *, **, *, *, read, always, allow\n"))
    identity = Identity(Subject("user:alice"), "token", None)
    authority = Authority(identity, Lease("token", None), lambda: world.policy, world.clock)
    session = WatchSession(world.fanout, authority, world.clock)
    never = asyncio.Event()
    monkeypatch.setattr(world.fanout.turns, "take", never.wait)
    session._needs_turn = True
    asking = asyncio.create_task(session.next())
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert session._needs_turn
    assert session._is_awake
    session.close()
    await world.close()
