"""Whatever the network, the programs and the clock do: the invariants hold, and every run can be repeated."""

import asyncio
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.simulation import schedule
from tests.simulation.playing import play
from tests.simulation.virtual_time import Deadlock, VirtualLoop, run

REGRESSIONS: tuple[tuple[int, int], ...] = (
    # (seed, length): without the naming of clusters after a fault, a receiver keeps what it may no longer see.
    (505, 7),
    (367, 9),
    # A hub that stops asks an agent to come back whose link has just ended: that write would wait for ever.
    (2810, 35),
)


@pytest.mark.timeout(120)
@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32), st.integers(1, schedule.MAX_LENGTH))
@example(*REGRESSIONS[0])
@example(*REGRESSIONS[1])
@example(*REGRESSIONS[2])
def test_every_invariant_holds_after_any_schedule(seed: int, length: int) -> None:
    """A shorter schedule is the beginning of a longer one, so that a failing one is shortened by its length."""
    outcome = play(seed, length)
    assert outcome.violation is None, str(outcome)


def test_equal_seeds_play_equally() -> None:
    assert [play(seed).transcript for seed in range(5)] == [play(seed).transcript for seed in range(5)]
    assert play(1).transcript != play(2).transcript


@pytest.mark.timeout(60)
def test_equal_seeds_play_equally_in_any_process() -> None:
    program = "from tests.simulation.playing import play; print([play(seed).transcript for seed in range(8)])"

    def transcripts(hash_seed: str) -> str:
        environment = {"PYTHONHASHSEED": hash_seed, "PATH": ""}
        return subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        ).stdout

    first = transcripts("1")
    assert first.count(",") == 7
    assert first == transcripts("4242")


def test_a_trace_is_of_the_same_run() -> None:
    outcome = play(7, 4)
    assert str(outcome) == "seed 7: every invariant holds"
    command = [sys.executable, "-m", "tests.simulation", "--seed", "7", "--length", "4", "--trace"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "--- 4 " in told
    assert outcome.transcript in told


def test_minutes_pass_at_once() -> None:
    async def wait() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(600):
                await asyncio.sleep(3600)
        return loop.time() - began

    assert run(wait(), VirtualLoop()) == pytest.approx(600)


def test_waiting_for_ever_is_an_error_and_not_a_wait() -> None:
    async def wait() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Deadlock):
        run(wait(), VirtualLoop())
