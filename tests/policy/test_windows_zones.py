"""Windows compared, minute by minute, with a clock on the wall, in zones that do all that zones do."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from octokube_hub.policy import AccessRequest, Subject
from octokube_hub.policy.windowfile import read_windows
from octokube_hub.policy.windows import Window
from octokube_hub.policy.windowtext import read_inline
from tests.policy.conftest import build_from_texts
from tests.policy.windows_oracle import DAYS, MINUTE, Daily, Wall

WATCHED_DAYS = 5
# Two days before something happens to the clock, in both hemispheres.
ZONES = [
    ("Europe/Berlin", "2026-03-27"),
    ("Europe/Berlin", "2026-10-23"),
    ("Europe/Dublin", "2026-10-23"),  # its winter is the daylight saving time, and negative
    ("America/New_York", "2026-03-06"),
    ("America/New_York", "2026-10-30"),
    ("America/Sao_Paulo", "2018-11-02"),  # skips midnight
    ("America/Sao_Paulo", "2018-02-15"),  # repeats the hour before midnight
    ("America/Santiago", "2026-09-04"),
    ("Australia/Sydney", "2026-10-02"),
    ("Australia/Lord_Howe", "2026-04-03"),  # half an hour
    ("Australia/Lord_Howe", "2026-10-02"),
    ("Pacific/Apia", "2011-12-28"),  # had no 30 December 2011
    ("Africa/Casablanca", "2026-02-13"),  # back for Ramadan, a negative daylight saving time
    ("Africa/Casablanca", "2026-03-20"),
    ("Asia/Kathmandu", "2026-06-01"),  # never changes, 5:45
    ("Asia/Tokyo", "2028-02-27"),  # never changes; a leap day
    ("UTC", "2028-02-27"),
    ("Europe/Berlin", "2026-12-30"),
]
WRITTEN = [
    Daily(DAYS, ("02:30-09:00",)),
    Daily(DAYS, ("22:00-02:30",)),
    Daily(DAYS, ("02:10-02:50",)),
    Daily(DAYS, ("00:00-24:00",)),
    Daily(DAYS, ("23:30-00:30",)),
    Daily(DAYS, ("00:00-00:30", "01:45-02:00", "23:45-24:00")),
    Daily(("Sat", "Sun"), ("01:00-03:00", "02:15-04:00")),
    Daily(("Fri",), ("22:00-06:00",)),
    Daily(("Mon", "Tue", "Wed", "Thu", "Fri"), ("09:00-18:00",)),
    Daily(DAYS, ("20:00-08:00",), ("2028-02-29", "2026-03-29", "2011-12-30", "2026-10-25", "2027-01-01")),
]


def window_of(written: Daily, zone: str) -> Window:
    """As the product reads it."""
    if not written.left_out:
        return read_inline(written.inline(zone))
    found, problems = read_windows("windows.yaml", f"x: {written.yaml(zone)}")
    assert not problems
    return found["@x"].window


@pytest.fixture(scope="module")
def walls() -> dict[tuple[str, str], Wall]:
    """The clocks, watched once."""
    return {place: Wall(place[0], datetime.fromisoformat(place[1]), WATCHED_DAYS) for place in ZONES}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("place", ZONES, ids=lambda place: "-".join(place))
def test_a_window_is_open_when_the_clock_on_the_wall_says_so(place, walls):
    wall = walls[place]
    start = datetime.fromisoformat(place[1]).replace(tzinfo=UTC)
    minutes = [start + count * MINUTE for count in range(WATCHED_DAYS * 24 * 60)]
    for written in WRITTEN:
        expected = wall.open_minutes(written)
        changes = [now for before, now in pairwise(minutes) if (before in expected) != (now in expected)]
        window = window_of(written, place[0])
        told = []
        moment = window.next_change(minutes[0])
        while moment is not None and moment <= minutes[-1]:
            told.append(moment)
            moment = window.next_change(moment)
        assert told == changes, written
        near = {change + step for change in changes for step in (-MINUTE, timedelta(0), MINUTE)}
        for minute in [*minutes[::61], *near]:
            assert window.is_open(minute) == (minute in expected), (written, minute)
            edge = window.next_edge(minute)
            following = next((change for change in changes if change > minute), None)
            assert following is None or (edge is not None and minute < edge <= following), "no change is passed over"


@pytest.mark.timeout(30)
@pytest.mark.parametrize("place", ZONES[::3], ids=lambda place: "-".join(place))
def test_rules_memberships_and_denies_open_and_close_together(place, walls):
    """One policy, asked about instants in every order as clocks that are set do, and for other groups in turn."""
    zone, day = place
    rule, member, nested, deny = (WRITTEN[number] for number in (3, 9, 0, 2))
    policy = build_from_texts(
        policy="p, team:a, demo, x, pods, *, read, @rule, allow\np, team:b, demo, x, pods, *, *, @deny, deny\n",
        teams="g, user:u, team:b, @nested\ng, team:b, team:a, @member\n",
        windows="".join(
            f"{name}: {written.yaml(zone)}\n"
            for name, written in (("rule", rule), ("member", member), ("nested", nested), ("deny", deny))
        ),
    )
    is_open = {written: walls[place].open_minutes(written) for written in (rule, member, nested, deny)}
    start = datetime.fromisoformat(day).replace(tzinfo=UTC)
    minutes = [start + count * 7 * MINUTE for count in range(WATCHED_DAYS * 24 * 60 // 7)]
    orders = [minutes, minutes[::-1], random.Random(1).sample(minutes, len(minutes))]
    for order in orders:
        for minute in order:
            is_in_b = minute in is_open[nested]
            is_in_a = is_in_b and minute in is_open[member]
            expected = is_in_a and minute in is_open[rule] and not (is_in_b and minute in is_open[deny])
            assert policy.scope(Subject("user:u"), minute).allows("demo", "pods", "x", "web", "get") == expected
            by_group = Subject("user:u", frozenset({"team:b"}))
            is_in_a = minute in is_open[member]
            expected = is_in_a and minute in is_open[rule] and minute not in is_open[deny]
            assert policy.scope(by_group, minute).allows("demo", "pods", "x", "web", "get") == expected
    for minute in minutes[::23]:
        request = AccessRequest(Subject("user:u"), "demo", "pods", "x", "web", "get")
        is_in_a = minute in is_open[nested] and minute in is_open[member]
        expected = is_in_a and minute in is_open[rule] and minute not in is_open[deny]
        assert policy.decide(request, minute).is_allowed == expected
