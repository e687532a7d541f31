"""The hub's pure parts, one by one."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octokube.runtime.admission import Admission
from octokube.runtime.tasks import Tasks
from octokube.state import Gone, Position, VersionedStore, new_epoch
from octokube.v1 import cluster_service_pb2 as pb
from octokube_hub.fanout.clusters import Fanout
from octokube_hub.fanout.pacing import MAX_SPACING_SECONDS, Pacer, Rounds
from octokube_hub.fanout.presence import Presence
from octokube_hub.fanout.resume import KEY_BYTES, TOKEN_BYTES, ResumeState, Sealer, Unreadable, worthless_token
from octokube_hub.fanout.selection import BadSubscription, read_subscription
from octokube_hub.fanout.sessions import WAKE_SLICE, Sessions
from octokube_hub.fanout.transitions import Step, decide
from octokube_hub.fanout.window import DEFAULT_WINDOW_BYTES, BadAck, Window
from octokube_hub.identity.peers import is_local_peer
from octokube_hub.identity.secret import draw_secret, hash_secret, read_bearer
from octokube_hub.ingest.cursor import Verdict, judge, resume_version
from octokube_hub.replica import Registry, Replica
from octokube_hub.replica.agent_clock import AgentClock
from tests.hub.clocks import FakeClock
from tests.hub.objects import key
from tests.hub.policies import policy
from tests.hub.world import Source, World
from tests.support.waiting import HANG_SECONDS


@pytest.mark.parametrize(
    ("held", "start", "end", "verdict"),
    [
        (7, 7, 9, Verdict.ACCEPT),
        (7, 7, 7, Verdict.ACCEPT),
        (7, 5, 7, Verdict.DUPLICATE),
        (7, 5, 6, Verdict.DUPLICATE),
        (7, 8, 9, Verdict.GAP),
        (7, 6, 8, Verdict.GAP),
        (7, 7, 6, Verdict.GAP),
        (0, 0, 1, Verdict.ACCEPT),
    ],
)
def test_a_cursor_accepts_the_next_frame_and_no_other(held: int, start: int, end: int, verdict: Verdict) -> None:
    assert judge(held, start, end) is verdict


def test_an_agent_resumes_only_within_its_epoch_and_its_tombstones() -> None:
    epoch = new_epoch()
    held = Position(epoch, 7)
    assert resume_version(held, Position(epoch, 9), 5) == 7
    assert resume_version(held, Position(epoch, 9), 8) == 0
    assert resume_version(held, Position(epoch, 6), 0) == 0
    assert resume_version(held, Position(new_epoch(), 9), 0) == 0
    assert resume_version(None, Position(epoch, 9), 0) == 0


def test_admission_lets_a_burst_in_and_then_one_after_another() -> None:
    clock = FakeClock()
    admission = Admission(clock, rate_per_second=2.0, burst=3)
    assert [admission.admit() for _ in range(3)] == [None, None, None]
    wait_seconds = admission.admit()
    assert wait_seconds is not None
    assert wait_seconds >= 1.0
    clock.advance(0.6)
    assert admission.admit() is None


@given(st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_a_transition_never_tells_of_what_is_not_visible_nor_of_what_was_not_held(
    is_held: bool, is_visible: bool, has_object: bool, is_current: bool
) -> None:
    step = decide(is_held=is_held, is_visible=is_visible, has_object=has_object, is_current=is_current)
    if not is_visible:
        assert step is (Step.WITHDRAWN if is_held else Step.NOTHING)
    elif has_object:
        assert step is (Step.NOTHING if is_held and is_current else Step.ENTRY)
    else:
        assert step is (Step.DELETED if is_held else Step.NOTHING)


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=40), st.integers(0, 10))
def test_presence_answers_what_was_in_at_every_version_it_remembers(events: list[tuple[int, bool]], limit: int) -> None:
    presence = Presence()
    inside: set[int] = set()
    history: list[set[int]] = [set()]
    for name, _ in events:
        version = len(history)
        if name in inside:
            presence.leave(key("pods", "a", str(name)), version)
            inside.discard(name)
        else:
            presence.enter(key("pods", "a", str(name)), version)
            inside.add(name)
        history.append(set(inside))
    horizon = min(limit, len(history) - 1)
    presence.forget(horizon)
    for version in range(horizon, len(history)):
        names = {int(item.name) for item in presence.keys_at(version)}
        assert names == history[version]
        for name in range(4):
            assert presence.was_in(key("pods", "a", str(name)), version) == (name in history[version])


def test_a_resume_token_is_read_back_only_whole_and_only_for_its_cluster() -> None:
    sealer = Sealer(bytes(KEY_BYTES))
    state = ResumeState(new_epoch(), 42, bytes(16), bytes(range(16)))
    token = sealer.seal("c1", state)
    assert sealer.open("c1", token) == state
    bad = [b"", token[:-1], token + b"x", worthless_token(), bytes([token[0] ^ 1]) + token[1:]]
    for other in bad:
        with pytest.raises(Unreadable):
            sealer.open("c1", other)
    with pytest.raises(Unreadable):
        sealer.open("c2", token)
    with pytest.raises(Unreadable):
        Sealer(b"1" * KEY_BYTES).open("c1", token)


def test_resume_tokens_tell_nothing_by_size_or_repetition() -> None:
    sealer = Sealer(bytes(KEY_BYTES))
    small = ResumeState(bytes(16), 1, bytes(16), bytes(16))
    large = ResumeState(bytes(16), 2**63, bytes(16), bytes(16))
    tokens = [sealer.seal("c", small), sealer.seal("c", small), sealer.seal("c" * 63, large), worthless_token()]
    assert {len(token) for token in tokens} == {TOKEN_BYTES}
    assert len(set(tokens)) == 4


def test_a_window_lets_one_frame_of_any_size_through_and_then_waits() -> None:
    window = Window(100)
    assert window.has_room(5_000)
    window.sent(1, 5_000)
    assert not window.has_room(1)
    window.acknowledged(1)
    window.sent(2, 60)
    assert window.has_room(40)
    assert not window.has_room(41)
    with pytest.raises(BadAck):
        window.acknowledged(3)
    assert Window(0).has_room(DEFAULT_WINDOW_BYTES)


def test_a_pacer_spaces_rounds_by_what_they_cost_and_never_beyond_its_limit() -> None:
    pacer = Pacer()
    assert pacer.spacing_seconds == 0.0
    for _ in range(50):
        pacer.observe(0.02)
    assert 0.07 < pacer.spacing_seconds < 0.09
    for _ in range(50):
        pacer.observe(10.0)
    assert pacer.spacing_seconds == MAX_SPACING_SECONDS


def test_an_agents_clock_is_translated_and_never_beyond_reception() -> None:
    clock = AgentClock()
    assert clock.translate(1_000.0, 1_060.0, is_live=True) == 1_060.0, "an agent a minute behind, and live"
    assert clock.translate(1_001.0, 1_065.0, is_live=True) == 1_061.0
    assert clock.translate(1_001.0, 1_095.0, is_live=False) == 1_061.0, "one that lost its apiserver stands still"
    fresh = AgentClock()
    assert fresh.translate(900.0, 1_000.0, is_live=False) == 900.0, "an old time is not taken for a slow clock"
    assert fresh.translate(2_000.0, 1_000.0, is_live=True) == 1_000.0


@pytest.mark.parametrize(
    ("peer", "is_local"),
    [
        ("", True),
        ("ipv4:127.0.0.1:5", True),
        ("ipv6:%5B::1%5D:5", True),
        ("unix:", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("ipv4:10.0.0.1:5", False),
        ("ipv4:127.0.0.1.evil.example:5", False),
        ("localhost.evil.example", False),
        ("nonsense", False),
    ],
)
def test_a_peer_is_local_only_when_it_can_be_nothing_else(peer: str, is_local: bool) -> None:
    assert is_local_peer(peer) is is_local


def test_secrets_are_long_prefixed_and_hashed() -> None:
    first, second = draw_secret("okt_"), draw_secret("okt_")
    assert first != second
    assert len(first) == 4 + 43
    assert first not in hash_secret(first)
    assert read_bearer(f"bearer {first}") == first
    assert [read_bearer(value) for value in (None, "", "Basic x", "Bearer " + "x" * 300)] == ["", "", "", ""]


@pytest.mark.parametrize(
    "subscription",
    [
        pb.Subscription(clusters=["["]),
        pb.Subscription(types=[""]),
        pb.Subscription(namespaces=[""]),
        pb.Subscription(names=["x"] * 201),
        pb.Subscription(names=["x" * 600]),
    ],
)
def test_a_subscription_that_cannot_be_read_is_refused(subscription: pb.Subscription) -> None:
    with pytest.raises(BadSubscription):
        read_subscription(subscription)


def test_an_empty_subscription_selects_nothing_and_stars_do_not_reach_cluster_scoped_objects() -> None:
    nothing = read_subscription(pb.Subscription())
    assert not nothing.has_cluster("c1")
    star = read_subscription(pb.Subscription(clusters=["*"], types=["*"], namespaces=["*"]))
    assert star.has(key("pods", "red", "web"))
    assert not star.has(key("nodes", "", "n1"))
    for word in ("cluster", "**"):
        assert read_subscription(pb.Subscription(types=["nodes"], namespaces=[word])).has(key("nodes", "", "n1"))


def test_equal_subscriptions_have_equal_fingerprints_whatever_their_order() -> None:
    one = read_subscription(pb.Subscription(clusters=["a"], types=["pods", "nodes"], namespaces=["x", "y"]))
    two = read_subscription(pb.Subscription(clusters=["b"], types=["nodes", "pods"], namespaces=["y", "x", "x"]))
    other = read_subscription(pb.Subscription(types=["nodes", "pods"], namespaces=["y", "x"], detail=pb.DETAIL_OBJECTS))
    assert one.fingerprint == two.fingerprint
    assert one.fingerprint != other.fingerprint


async def test_a_replica_answers_from_its_snapshot_on_and_not_before() -> None:
    world = World(policy(""))
    source = await world.add_cluster("c1")
    replica: Replica = source.replica
    for name in ("a", "b", "c"):
        source.put(key("pods", "red", name))
    source.remove(key("pods", "red", "a"))
    assert [removed.key.name for removed in replica.changes_after(1).tombstones] == ["a"]
    await source.load()
    with pytest.raises(Gone):
        replica.changes_after(1)
    source.put(key("pods", "red", "d"))
    assert [stored.key.name for stored in replica.changes_after(source.version - 1).entries] == ["d"]


async def test_a_deletion_the_replica_never_saw_the_object_of_is_kept_for_others() -> None:
    world = World(policy(""))
    source: Source = await world.add_cluster("c1")
    source.put(key("pods", "red", "a"))
    source.remove(key("pods", "red", "ghost"))
    assert [removed.key.name for removed in source.replica.changes_after(1).tombstones] == ["ghost"]
    store: VersionedStore[object] = VersionedStore()
    assert len(store) == 0


async def test_a_round_goes_on_when_an_audience_or_a_reader_fails() -> None:
    class Reader:
        def __init__(self, error: Exception | None = None) -> None:
            self.error = error
            self.wakes = 0

        def wake(self) -> None:
            self.wakes += 1
            if self.error is not None:
                raise self.error

    class Audience:
        def __init__(self, *readers: Reader, error: Exception | None = None) -> None:
            self.readers = readers
            self.error = error

        def release(self) -> tuple[Reader, ...]:
            if self.error is not None:
                raise self.error
            return self.readers

    rounds = Rounds()
    sound, broken = Reader(), Reader(RuntimeError("a defect"))
    for expected in (1, 2):
        rounds.request(Audience(error=RuntimeError("another")))
        rounds.request(Audience(broken, sound))
        async with asyncio.timeout(HANG_SECONDS):
            while sound.wakes < expected:  # noqa: ASYNC110 - the stand-ins call nobody back
                await asyncio.sleep(0)
    rounds.close()


async def test_an_edit_wakes_every_stream_but_not_all_in_one_turn_of_the_loop() -> None:
    class Stream:
        is_awake = False

        def wake(self) -> None:
            self.is_awake = True

    sessions = Sessions(Fanout(Registry(FakeClock()), Sealer(bytes(KEY_BYTES)), Tasks("test")), FakeClock())
    streams = [Stream() for _ in range(3 * WAKE_SLICE + 1)]
    sessions.watches.update(dict.fromkeys(streams))  # type: ignore[arg-type]
    sessions.wake_all()
    counts = [sum(stream.is_awake for stream in streams)]
    while counts[-1] < len(streams):
        await asyncio.sleep(0)
        counts.append(sum(stream.is_awake for stream in streams))
    assert counts == [WAKE_SLICE, 2 * WAKE_SLICE, 3 * WAKE_SLICE, len(streams)]
