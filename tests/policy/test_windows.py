"""Windows against the clock on the wall, over every kind of change that zones know."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octokube_hub.policy import wallclock
from octokube_hub.policy.wallclock import to_instant
from octokube_hub.policy.windowfile import read_windows
from octokube_hub.policy.windows import Window
from octokube_hub.policy.windowtext import read_inline

# A zone and a day on which its offset changes: by an hour, half an hour or a day, at night or at midnight.
CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("Europe/Dublin", date(2026, 10, 25)),  # its summer is the standard time
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("America/Sao_Paulo", date(2018, 11, 4)),  # skips midnight
    ("America/Sao_Paulo", date(2018, 2, 17)),  # repeats the hour before midnight
    ("America/Santiago", date(2025, 9, 7)),  # skips midnight
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # half an hour
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Africa/Cairo", date(2025, 4, 25)),
    ("Asia/Beirut", date(2025, 3, 30)),
    ("Asia/Kathmandu", date(2026, 6, 1)),  # never changes, odd offset
    ("Pacific/Apia", date(2011, 12, 30)),  # the day does not exist
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("UTC", date(2028, 2, 29)),
]


def by_scanning(local: datetime, zone: ZoneInfo, edge: str) -> datetime:
    """What the clock on the wall shows, minute by minute: the rule as the documentation states it."""
    minute = local.replace(tzinfo=UTC) - timedelta(hours=40)
    shown = []
    skipped_to = None
    for _ in range(80 * 60):
        reading = minute.astimezone(zone).replace(tzinfo=None)
        if reading == local:
            shown.append(minute)
        if reading > local and skipped_to is None:
            skipped_to = minute
        minute += timedelta(minutes=1)
    if not shown:
        assert skipped_to is not None
        return skipped_to
    return shown[0] if edge == "opening" else shown[-1]


@pytest.mark.parametrize(("name", "day"), CHANGES)
@pytest.mark.parametrize("clock", ["00:00", "00:30", "01:45", "02:00", "02:30", "03:00", "23:30"])
@pytest.mark.parametrize("edge", ["opening", "closing"])
def test_a_wall_clock_time_means_what_the_wall_showed(name, day, clock, edge):
    zone = ZoneInfo(name)
    local = datetime.combine(day, datetime.strptime(clock, "%H:%M").time())  # noqa: DTZ007
    assert to_instant(local, zone, edge) == by_scanning(local, zone, edge)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def edges_of(window: Window, start: datetime, end: datetime) -> list[datetime]:
    """The instants of real change between two instants."""
    found = []
    moment: datetime | None = start
    while (moment := window.next_change(moment)) is not None and moment < end:
        found.append(moment)
    return found


def test_an_opening_time_that_is_skipped_opens_at_the_jump():
    window = read_inline("02:30-09:00 Europe/Berlin")
    assert edges_of(window, at("2026-03-29T00:00+01:00"), at("2026-03-29T12:00+02:00")) == [
        at("2026-03-29T03:00+02:00"),
        at("2026-03-29T09:00+02:00"),
    ]


def test_a_closing_time_that_is_skipped_closes_at_the_jump():
    window = read_inline("22:00-02:30 Europe/Berlin")
    assert edges_of(window, at("2026-03-28T12:00+01:00"), at("2026-03-29T12:00+02:00")) == [
        at("2026-03-28T22:00+01:00"),
        at("2026-03-29T03:00+02:00"),
    ]


def test_a_repeated_time_opens_at_the_first_and_closes_at_the_last():
    window = read_inline("02:15-02:45 Europe/Berlin")
    assert edges_of(window, at("2026-10-25T00:00+02:00"), at("2026-10-25T12:00+01:00")) == [
        at("2026-10-25T02:15+02:00"),
        at("2026-10-25T02:45+01:00"),
    ]


def test_a_window_within_a_skipped_hour_does_not_open_that_day():
    window = read_inline("02:10-02:50 Europe/Berlin")
    assert edges_of(window, at("2026-03-29T00:00+01:00"), at("2026-03-30T00:00+02:00")) == []


def test_a_day_that_a_zone_never_had_is_not_a_day():
    window = read_inline("Fri 09:00-17:00 Pacific/Apia")  # Friday 30 December 2011 was skipped
    assert edges_of(window, at("2011-12-27T00:00+00:00"), at("2012-01-05T00:00+00:00")) == []


def test_a_range_over_midnight_belongs_to_the_day_it_opens_on():
    window = read_inline("Fri 22:00-06:00 UTC")
    assert not window.is_open(at("2026-03-06T05:00+00:00"))  # Friday morning
    assert window.is_open(at("2026-03-06T22:00+00:00"))
    assert window.is_open(at("2026-03-07T05:59:59.999999+00:00"))  # Saturday morning
    assert not window.is_open(at("2026-03-07T06:00+00:00"))


def test_windows_are_half_open_to_the_microsecond():
    window = read_inline("Mon-Fri 09:00-18:00 Europe/Berlin")
    opens, closes = at("2026-03-02T09:00+01:00"), at("2026-03-02T18:00+01:00")
    tick = timedelta(microseconds=1)
    assert [window.is_open(moment) for moment in (opens - tick, opens, closes - tick, closes)] == [
        False,
        True,
        True,
        False,
    ]
    assert window.next_edge(opens - tick) == opens
    assert window.next_edge(opens) == closes


def test_leap_day_is_a_day():
    window = named("x: { daily: '09:00-10:00', zone: UTC, since: 2028-02-29, until: 2028-03-01 }")
    assert edges_of(window, at("2028-01-01T00:00+00:00"), at("2028-12-31T00:00+00:00")) == [
        at("2028-02-29T09:00+00:00"),
        at("2028-02-29T10:00+00:00"),
    ]


def named(text: str) -> Window:
    found, problems = read_windows("windows.yaml", text)
    assert not problems
    return found["@x"].window


def test_exceptions_are_days_on_which_a_range_does_not_open():
    window = named('x: { days: Mon-Sun, from: "22:00", to: "06:00", zone: UTC, except: [2026-12-24/2026-12-26] }')
    assert edges_of(window, at("2026-12-23T12:00+00:00"), at("2026-12-28T00:00+00:00")) == [
        at("2026-12-23T22:00+00:00"),
        at("2026-12-24T06:00+00:00"),  # the night of the 23rd ends on the 24th as ever
        at("2026-12-27T22:00+00:00"),
    ]


def test_a_long_exception_does_not_hide_the_next_edge():
    window = named('x: { days: Mon, from: "09:00", to: "10:00", zone: UTC, except: 2026-01-01/2031-12-31 }')
    assert window.next_edge(at("2026-06-01T00:00+00:00")) == at("2032-01-05T09:00+00:00")


def test_several_ranges_are_their_union():
    window = named(
        'x:\n  - { days: Mon-Fri, times: ["09:00-12:00", "11:00-13:00"], zone: UTC }\n'
        '  - { days: "Sat,Sun", times: "10:00-11:00, 13:00-14:00", zone: UTC }\n'
        "  - { since: 2026-03-04T20:00Z, until: 2026-03-04T21:00Z }\n"
    )
    day = at("2026-03-04T00:00+00:00")
    assert [edge.hour for edge in edges_of(window, day, day + timedelta(days=1))] == [9, 13, 20, 21]
    saturday = at("2026-03-07T00:00+00:00")
    assert [edge.hour for edge in edges_of(window, saturday, saturday + timedelta(days=1))] == [10, 11, 13, 14]


def test_a_window_that_is_always_open_has_edges_and_no_change():
    window = read_inline("00:00-24:00 UTC")
    assert window.is_open(at("2026-03-02T00:00+00:00"))
    assert window.next_change(at("2026-03-02T00:00+00:00")) is None


def test_a_one_off_is_over_for_good():
    window = read_inline("2026-11-23T08:00+01:00/2026-11-30T08:00+01:00")
    assert window.next_edge(at("2026-01-01T00:00+00:00")) == at("2026-11-23T07:00+00:00")
    assert window.next_edge(at("2026-11-23T07:00+00:00")) == at("2026-11-30T07:00+00:00")
    assert window.next_edge(at("2026-11-30T07:00+00:00")) is None


def test_the_clock_may_step_back():
    window = read_inline("09:00-18:00 UTC")
    assert [window.is_open(at(f"2026-03-02T{hour}:00+00:00")) for hour in ("17", "19", "10", "08")] == [
        True,
        False,
        True,
        False,
    ]


def test_a_naive_instant_is_refused():
    with pytest.raises(ValueError, match="aware"):
        read_inline("09:00-18:00 UTC").is_open(datetime(2026, 3, 2))  # noqa: DTZ001


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted({name for name, _ in CHANGES})),
    st.lists(st.tuples(st.integers(0, 95), st.integers(0, 96)).filter(lambda r: r[0] != r[1]), min_size=1, max_size=3),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.sampled_from([day for _, day in CHANGES if day.year >= 2018]),
)
def test_next_edge_never_passes_over_a_change(name, quarters, weekdays, day):
    days = ",".join(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[number] for number in weekdays)
    times = ",".join(f"{a // 4:02}:{a % 4 * 15:02}-{b // 4:02}:{b % 4 * 15:02}" for a, b in quarters)
    window = read_inline(f"{days} {times} {name}")
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=2)
    moments = [start + timedelta(minutes=15 * step) for step in range(4 * 24 * 5)]
    edge: datetime | None = start
    for before, after in pairwise(moments):
        if edge is not None and edge <= before:
            edge = window.next_edge(before)
        if window.is_open(before) != window.is_open(after):
            assert edge == after or (edge is not None and before < edge <= after)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("x: { daily: 09:00-18:00, zone: UTC }\nx: { daily: 1:00-2:00, zone: UTC }", 2, "already defined in line 1"),
        ("x: { days: Mon-Fri, from: 09:00, to: 18:00, zone: Mars/Base }", 1, "unknown zone 'Mars/Base'"),
        ("x: { days: Mon-Fri, from: 09:00, to: 18:00 }", 1, "need a zone"),
        ("x: { days: Mon-Fry, from: 09:00, to: 18:00, zone: UTC }", 1, "'Fry' is not a day"),
        ("x: { days: Mon-Fri, from: 09:00, to: 25:00, zone: UTC }", 1, "'25:00' is not a time of day"),
        ("x: { days: Mon-Fri, from: 09:00, zone: UTC }", 1, "belong together"),
        ("x: { daily: 09:00-09:00, zone: UTC }", 1, "nothing lies between"),
        ("x: { days: Mon-Fri, zone: UTC }", 1, "needs times"),
        ("x: { since: 2026-11-30T08:00+01:00, until: 2026-11-23T08:00+01:00 }", 1, "never open"),
        ("x: { since: 2026-11-30T08:00 }", 1, "says no zone"),
        ("x: { daily: 09:00-10:00, zone: UTC, except: [2026-12-26/2026-12-24] }", 1, "runs backwards"),
        ("x: { daily: 09:00-10:00, zone: UTC, except: [24.12.2026] }", 1, "is not a date"),
        ("x: { daily: 09:00-10:00, zone: UTC, unless: rain }", 1, "unknown field 'unless'"),
        ("x: {}", 1, "it is empty"),
        ("x: []", 1, "it is empty"),
        ("x: always", 1, "needs no name"),
        ("a: &a { daily: 09:00-10:00, zone: UTC }\nx: *a", 2, "aliases"),
        ("x: { days: [Mon", 1, "not YAML"),
        ("- a\n- b", 1, "mapping of names"),
        ("x: " + "[" * 5000 + "]" * 5000, 1, "nested too deeply"),
    ],
)  # fmt: skip
def test_a_malformed_window_is_reported_with_its_line(text, line, words):
    _, problems = read_windows("windows.yaml", text)
    assert len(problems) == 1
    assert (problems[0].file, problems[0].line) == ("windows.yaml", line)
    assert words in problems[0].message


def test_yaml_may_not_turn_a_time_into_a_number():
    window = named("x: { days: Mon-Fri, from: 9:00, to: 18:00, zone: UTC }")  # 18:00 is 1,080 to YAML 1.1
    assert [edge.hour for edge in edges_of(window, at("2026-03-02T00:00+00:00"), at("2026-03-03T00:00+00:00"))] == [
        9,
        18,
    ]


@pytest.mark.parametrize(
    "text",
    ["", "sometimes", "Mon-Fri", "Mon-Fri 09:00-18:00", "09:00 UTC", "2026-11-23T08:00Z", "Mon 09:00-18:00 UTC please"],
)
def test_a_malformed_inline_window_is_refused(text):
    with pytest.raises(ValueError):
        read_inline(text)


def test_a_machine_without_zone_data_says_what_to_install(monkeypatch):
    monkeypatch.setattr(wallclock, "available_timezones", frozenset)
    with pytest.raises(ValueError, match="install the package tzdata"):
        read_inline("09:00-18:00 Nowhere/Else")


@pytest.mark.parametrize("zone", ["localtime", "posixrules", "Factory", "right/Europe/Berlin", "posix/Europe/Berlin"])
def test_a_zone_that_means_something_else_elsewhere_is_refused(zone):
    with pytest.raises(ValueError, match="no zone of its own"):
        read_inline(f"daily 09:00-10:00 {zone}")


@pytest.mark.parametrize(
    ("bounds", "is_open_ever"),
    [
        ("since: 2027-03-02T00:00Z, until: 2027-03-03T00:00Z", False),  # a Tuesday
        ("since: 2027-03-01T18:00Z, until: 2027-03-08T09:00Z", False),  # from edge to edge
        ("since: 2027-03-01T17:59Z, until: 2027-03-08T09:00Z", True),
        ("since: 2027-03-01T18:00Z, until: 2027-03-08T09:01Z", True),
        ("since: 2027-03-01T18:00Z", True),
        ("until: 2027-03-01T18:00Z", True),
        ("since: 2027-03-05T00:00Z, until: 2027-03-10T00:00Z, except: 2027-03-08", False),
    ],
)
def test_a_window_that_never_opens_is_refused(bounds, is_open_ever):
    _, problems = read_windows("w", f"a: {{ days: Mon, from: 09:00, to: 18:00, zone: UTC, {bounds} }}")
    assert (problems == ()) is is_open_ever
    assert all("never open" in problem.message for problem in problems)


def test_digits_are_those_of_ascii():
    with pytest.raises(ValueError, match="not a range of times"):
        read_inline("daily \u0660\u0669:00-18:00 UTC")
