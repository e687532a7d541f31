"""Failure mode 12: stale inputs: decision caches, groups, clock steps, DST, replicas on different revisions.

What windows mean at every minute of every zone's changes is in tests/policy/test_windows_zones.py.
"""

import datetime
import pathlib
import random
import time

import pytest

from octokube_hub.app import Hub
from octokube_hub.fanout.authority import Authority
from octokube_hub.identity import Identity, Lease
from octokube_hub.policy import PolicySet, Subject
from tests.failure_modes.policies import ALLOW, KEPT, MEMBER, TEAM, in_force
from tests.failure_modes.showing import opened, seen_by_all, two_objects
from tests.failure_modes.streams import Doors
from tests.hub.clocks import FakeClock
from tests.hub.fake_agent import FakeAgent
from tests.hub.policies import policy

HOURS = ",".join(f"{hour:02}:00-{hour:02}:30" for hour in range(0, 24, 3))
GROUPS = ("team:a", "team:b", "team:c")
WINDOWS = (
    f"halves: {{ daily: [{HOURS}], zone: Europe/Berlin }}\n"
    'night: { daily: "22:00-06:00", zone: Australia/Lord_Howe }\n'
)


def random_policy(chance: random.Random) -> PolicySet:
    """A few rows and memberships, some by the clock; drawn from few, so that revisions share rows."""
    rows = {
        f"p, {chance.choice((*GROUPS, 'user:u', 'role:everyone'))}, c1, n{chance.randrange(3)}, pods, *, read,"
        f" {chance.choice(('always', '@halves', '@night'))}, {chance.choice(('allow', 'allow', 'deny'))}\n"
        for _ in range(4)
    }
    members = {f"g, user:u, {chance.choice(GROUPS)}, {chance.choice(('always', '@halves'))}\n" for _ in range(2)}
    return policy("".join(sorted(rows)), teams="".join(sorted(members)), windows=WINDOWS)


def copy_of(original: PolicySet) -> PolicySet:
    """The same without anything that was remembered."""
    return policy(
        *(original.files["policy.csv"].decode(),), teams=original.files["teams.csv"].decode(), windows=WINDOWS
    )


def random_instant(chance: random.Random, near: datetime.datetime) -> datetime.datetime:
    """A little later, exactly at an edge, a moment before one, a long step back or forth."""
    half_hour = near.replace(minute=chance.choice((0, 30)), second=0, microsecond=0)
    return chance.choice(
        (
            near + datetime.timedelta(seconds=chance.randrange(900)),
            half_hour,
            half_hour - datetime.timedelta(microseconds=1),
            near + datetime.timedelta(hours=chance.randrange(-40, 40)),
        )
    )


@pytest.mark.parametrize("seed", range(8))
def test_no_answer_outlives_its_revision_its_groups_or_its_edge(seed: int) -> None:
    """Whatever was remembered, asked in whatever order, an answer is that of a policy which remembers nothing."""
    chance = random.Random(seed)
    revisions = [random_policy(chance) for _ in range(3)]
    subjects = [Subject("user:u", frozenset(chance.sample(GROUPS, count))) for count in (0, 1, 2)] + [Subject("user:v")]
    now = datetime.datetime(2026, 10, 24, 20, tzinfo=datetime.UTC)  # the night in which Berlin sets its clocks back
    for _ in range(120):
        now = random_instant(chance, now)
        current, subject = chance.choice(revisions), chance.choice(subjects)
        fresh = copy_of(current)
        assert current.scope(subject, now) == fresh.scope(subject, now)
        assert current.next_edge(subject, now) == fresh.next_edge(subject, now)
        assert current.groups_of(subject, now) == fresh.groups_of(subject, now)


@pytest.mark.parametrize("seed", range(8))
def test_no_stream_acts_on_a_policy_or_an_instant_that_is_past(seed: int) -> None:
    """A stream's own memory of its answer: edits, taken back ones too, and a clock that is set either way."""
    chance = random.Random(seed)
    revisions = [random_policy(chance) for _ in range(3)]
    clock = FakeClock("2026-10-24T20:00:00+00:00")
    in_force = revisions[0]
    subject = Subject("user:u", frozenset({"team:c"}))
    authority = Authority(Identity(subject, "token", None), Lease("token", None), lambda: in_force, clock)
    for _ in range(150):
        if chance.random() < 0.3:
            in_force = chance.choice(revisions)
        clock.set(random_instant(chance, clock.now()).isoformat())
        authority.upcoming_change()  # which asks about the future
        end_reason, scope = authority.look()
        assert end_reason is None
        assert scope == authority.scope() == copy_of(in_force).scope(subject, clock.now())


STEPS = {
    "the clock is set forwards and back": (
        "10:00-10:30 UTC",
        [
            ("2026-11-23T10:10:00+00:00", True),
            ("2026-11-23T10:31:00+00:00", False),
            ("2026-11-23T10:29:59+00:00", True),
            ("2027-12-31T23:59:59+00:00", False),
            ("2026-11-23T10:00:00+00:00", True),
            ("2025-01-01T00:00:00+00:00", False),
        ],
    ),
    "over the repeated hour": (
        "02:15-02:45 Europe/Berlin",
        [
            ("2026-10-25T02:20:00+02:00", True),
            ("2026-10-25T02:20:00+01:00", True),
            ("2026-10-25T02:44:59+01:00", True),
            ("2026-10-25T02:45:00+01:00", False),
            ("2026-10-25T02:50:00+02:00", True),
        ],
    ),
    "over the skipped hour": (
        "02:30-03:15 Europe/Berlin",
        [
            ("2026-03-29T01:59:59+01:00", False),
            ("2026-03-29T03:00:00+02:00", True),
            ("2026-03-29T03:15:00+02:00", False),
        ],
    ),
    "over midnight and a leap day": (
        "Tue 23:00-01:00 UTC",
        [
            ("2028-02-29T22:59:59+00:00", False),
            ("2028-02-29T23:00:00+00:00", True),
            ("2028-03-01T00:59:59+00:00", True),
            ("2028-03-01T01:00:00+00:00", False),
        ],
    ),
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("has_membership", [False, True], ids=["of a rule", "of a membership"])
@pytest.mark.parametrize(("window", "steps"), STEPS.values(), ids=STEPS.keys())
async def test_open_streams_follow_the_clock_wherever_it_is_set(
    window: str,
    steps: list[tuple[str, bool]],
    has_membership: bool,
    hub: Hub,
    policies: pathlib.Path,
    doors: Doors,
    agent: FakeAgent,
    clock: FakeClock,
) -> None:
    await two_objects(agent)
    clock.set("2024-01-03T12:00:00+00:00")  # a Wednesday at noon: no window here is open then
    rules = KEPT + (TEAM if has_membership else ALLOW.replace("always", window))
    await in_force(hub, policies, rules, teams=f"{MEMBER.strip()}, {window}\n" if has_membership else "")
    taps = await opened(doors, "demo:alice")
    was_visible = False
    for instant, is_visible in steps:
        before = time.monotonic()
        clock.set(instant)
        if is_visible != was_visible:
            assert await seen_by_all(taps, before, is_visible=is_visible) < 1
        was_visible = is_visible


async def test_the_end_of_one_token_is_the_end_of_no_other_and_a_clock_set_back_brings_none_back(
    hub: Hub, policies: pathlib.Path, doors: Doors, agent: FakeAgent, clock: FakeClock
) -> None:
    """A token that is issued again is another one, also where the person is the same."""
    await two_objects(agent)
    await in_force(hub, policies, KEPT + ALLOW)
    end = clock.now() + datetime.timedelta(minutes=1)
    old = await opened(doors, await hub.create_token("user:alice", expires_at=end))
    new = await opened(doors, await hub.create_token("user:alice"))
    clock.set(end.isoformat())
    for tap in old:
        await tap.until(lambda tap: tap.ended_at)
    clock.set("2026-11-23T09:00:00+00:00")
    before = time.monotonic()
    await in_force(hub, policies, KEPT)
    assert await seen_by_all(new, before, is_visible=False) < 1
    assert all(tap.ended_at is not None and tap.ended_at < before for tap in old)
