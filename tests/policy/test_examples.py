"""Names, objects and intervals that stand for all others: nothing that matches differently is left without one."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octokube_hub.policy import globs
from octokube_hub.policy.examples import find_examples
from octokube_hub.policy.openings import open_intervals
from octokube_hub.policy.windowtext import read_inline

LETTERS = "ab-1"
piece = st.sampled_from(("a", "b", "-", "1", "*", "?", "[ab]", "[!a]", "[a-z]", "[!a-z]", "*"))
pattern = st.lists(piece, min_size=1, max_size=5).map("".join)


@given(
    patterns=st.frozensets(pattern, min_size=1, max_size=6),
    names=st.lists(st.text(LETTERS + "z.", min_size=1, max_size=6), min_size=30, max_size=30),
)
@settings(deadline=None)
def test_for_every_name_there_is_an_example_that_matches_exactly_the_same_patterns(patterns, names):
    found = find_examples(patterns)
    assert found.is_complete
    told = {frozenset(p for p in patterns if globs.is_match(name, p)) for name in found.names}
    for name in names:
        matching = frozenset(p for p in patterns if globs.is_match(name, p))
        assert not matching or matching in told, name
    assert frozenset() not in told


def test_an_example_reads_well_where_it_can():
    assert find_examples(frozenset({"*"})).names == ("any",)
    assert find_examples(frozenset({"api-*", "web"})).names == ("web", "api-x")


def test_a_literal_stands_for_itself_and_not_for_the_patterns_that_match_it():
    assert find_examples(frozenset({"[ab]", "a"})).names == ("a", "b")


def test_that_patterns_are_too_entangled_is_said():
    patterns = frozenset(f"*{first}*{second}*" for first in "abcdefgh" for second in "abcdefgh")
    assert not find_examples(patterns).is_complete


@pytest.mark.parametrize(
    "text",
    [
        "Mon-Fri 09:00-18:00 Europe/Berlin",
        "daily 22:00-06:00 America/New_York",
        "Sun 02:00-03:30 Europe/Berlin",
        "daily 09:00-12:00,12:00-13:00 UTC",
        "2026-03-27T08:00+01:00/2026-04-01T08:00+02:00",
    ],
)
def test_the_intervals_of_a_window_are_where_it_is_open(text):
    since = datetime(2026, 3, 26, 11, 30, tzinfo=UTC)  # over a change of clocks
    until = since + timedelta(days=5)
    window = read_inline(text)
    found = open_intervals(window, since, until)
    for minutes in range(0, 5 * 24 * 60, 15):
        at = since + timedelta(minutes=minutes)
        assert any(start <= at < stop for start, stop in found) == window.is_open(at), at
    for (_, stop), (start, _) in pairwise(found):
        assert stop < start
    assert found[0][0] >= since
    assert found[-1][1] <= until
