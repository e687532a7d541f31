"""Places are counted whatever way a stream ends, and each is told which limit they have met."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octokube.runtime.admission import Spread
from octokube.runtime.errors import UserError
from octokube_hub.api.crowd import Crowd
from octokube_hub.errors import Refused
from octokube_hub.limits import HubLimits
from tests.hub.clocks import FakeClock

PEOPLE = ("user:alice", "user:bob", "user:carol")


def refusal(crowd: Crowd, subject: str) -> Refused:
    with pytest.raises(Refused) as raised, crowd.place(subject):
        pass
    return raised.value


@given(st.lists(st.tuples(st.sampled_from(PEOPLE), st.integers(0, 5), st.booleans()), max_size=60))
def test_places_are_given_back_in_any_order_by_an_end_or_an_error(steps: list[tuple[str, int, bool]]) -> None:
    crowd = Crowd(HubLimits(person_stream_limit=3, stream_limit=7), FakeClock())
    held: list[tuple[str, contextlib.ExitStack]] = []
    for subject, which, is_broken in steps:
        stack = contextlib.ExitStack()
        count = sum(name == subject for name, _ in held)
        is_full = count >= 3 or len(held) >= 7
        try:
            stack.enter_context(crowd.place(subject))
            assert not is_full
            held.append((subject, stack))
        except Refused:
            assert is_full
        if which < len(held):
            _, leaving = held.pop(which)
            with contextlib.suppress(ConnectionError), leaving:
                if is_broken:
                    raise ConnectionError("the peer is gone")
        assert len(crowd) == len(held)
        assert crowd.people == len({name for name, _ in held})
    for _, stack in held:
        stack.close()
    assert (len(crowd), crowd.people, len(crowd._open)) == (0, 0, 0)


def test_one_person_has_so_many_streams_and_crowds_nobody_out() -> None:
    crowd = Crowd(HubLimits(person_stream_limit=2), FakeClock())
    with crowd.place("user:alice"), crowd.place("user:alice"):
        refused = refusal(crowd, "user:alice")
        assert (refused.code, refused.message) == (
            "RESOURCE_EXHAUSTED",
            "you have 2 streams open; close some, and try again",
        )
        assert refused.retry_after_seconds
        with crowd.place("user:bob"):
            pass
    with crowd.place("user:alice"):
        assert crowd.refusals == {"person_streams": 1, "streams": 0, "person_opens": 0, "opens": 0}


def test_who_opens_again_and_again_waits_and_uses_up_nobody_elses_turn() -> None:
    clock = FakeClock()
    limits = HubLimits(person_opens_burst=3, person_opens_per_second=0.001, opens_burst=4, opens_per_second=0.001)
    crowd = Crowd(limits, clock)
    for _ in range(3):
        with crowd.place("user:alice"):
            pass
    for _ in range(10):
        refused = refusal(crowd, "user:alice")
        assert (refused.code, bool(refused.retry_after_seconds)) == ("RESOURCE_EXHAUSTED", True)
    with crowd.place("user:bob"):
        pass
    assert refusal(crowd, "user:bob").code == "UNAVAILABLE"
    assert (crowd.refusals["person_opens"], crowd.refusals["opens"]) == (10, 1)


def test_a_crowd_is_told_to_come_back_one_by_one() -> None:
    clock = FakeClock()
    spread = Spread(clock, rate_per_second=100, burst=5)
    waits = [spread.admit() for _ in range(205)]
    assert waits[:5] == [None] * 5
    told = [wait for wait in waits if wait is not None]
    assert len(told) >= 199
    assert 1.0 <= min(told) < 1.1
    assert 2.8 < max(told) < 3.2
    assert len({round(wait, 3) for wait in told}) > 190
    far = [spread.admit() for _ in range(10_000)]
    assert max(wait for wait in far if wait is not None) <= Spread.MOST_SECONDS
    clock.advance(100)
    assert [spread.admit() for _ in range(5)] == [None] * 5
    assert 1.0 <= (spread.admit() or 0) < 1.1


@pytest.mark.parametrize("wrong", [{"stream_limit": 0}, {"opens_per_second": -1.0}, {"call_limit": 10}])
def test_a_limit_that_lets_nobody_in_is_refused_at_the_start(wrong: dict[str, int]) -> None:
    with pytest.raises(UserError, match="--"):
        HubLimits(**wrong).check()
