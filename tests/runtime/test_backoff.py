"""How long to wait before the next try."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octokube.runtime.backoff import Backoff


def highest(low: float, high: float) -> float:
    return high


def lowest(low: float, high: float) -> float:
    return low


def test_the_ceiling_doubles_up_to_the_cap() -> None:
    backoff = Backoff(initial_seconds=0.5, cap_seconds=3.0, draw=highest)
    assert [backoff.next_seconds() for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_the_jitter_is_full_down_to_the_floor() -> None:
    """A crowd spreads over the whole interval; nobody retries in a busy loop."""
    backoff = Backoff(initial_seconds=0.5, floor_seconds=0.05, draw=lowest)
    assert [backoff.next_seconds() for _ in range(3)] == [0.05] * 3


def test_success_starts_again_from_the_beginning() -> None:
    backoff = Backoff(initial_seconds=0.5, draw=highest)
    for _ in range(4):
        backoff.next_seconds()
    backoff.reset()
    assert backoff.next_seconds() == 0.5


def test_a_thousand_failures_do_not_overflow() -> None:
    backoff = Backoff(cap_seconds=30.0, draw=highest)
    assert [backoff.next_seconds() for _ in range(1_100)][-1] == 30.0


@given(
    initial=st.floats(0.01, 5),
    cap=st.floats(5, 600),
    floor=st.floats(0, 0.01),
    failures=st.integers(1, 60),
)
def test_every_wait_lies_between_floor_and_cap(initial: float, cap: float, floor: float, failures: int) -> None:
    backoff = Backoff(initial_seconds=initial, cap_seconds=cap, floor_seconds=floor)
    for number in range(failures):
        assert floor <= backoff.next_seconds() <= min(cap, initial * 2**number)


def test_two_that_failed_together_do_not_come_back_together() -> None:
    waits = {Backoff(initial_seconds=8.0).next_seconds() for _ in range(50)}
    assert len(waits) > 40
    assert max(waits) - min(waits) > 2.0


@pytest.mark.parametrize("failures", [1, 2, 3])
def test_the_draw_is_asked_for_the_whole_interval(failures: int) -> None:
    asked: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        asked.append((low, high))
        return high

    backoff = Backoff(initial_seconds=1.0, draw=draw)
    for _ in range(failures):
        backoff.next_seconds()
    assert asked == [(0.0, 1.0 * 2**number) for number in range(failures)]
