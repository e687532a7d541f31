"""A soak says what it has done, and ends with the seeds of what has failed."""

import gc
import re
from collections.abc import Iterator

import pytest

from tests.simulation import soak
from tests.simulation.mutations import MUTATIONS


@pytest.fixture(autouse=True)
def unfrozen() -> Iterator[None]:
    """A soak in this process freezes what the garbage collector looks at."""
    yield
    gc.unfreeze()


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["soak", "--processes", "1", *arguments])
    return soak.main()


def test_a_clean_soak_tells_count_and_rate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(monkeypatch, "--count", "5", "--first", "70") == 0
    told = capsys.readouterr().out
    assert "seeds 70 to 74" in told
    assert re.search(r"5 schedules in \d+ s \(\d+ a second\), [\d,]+ events, [\d.]+ h of virtual time, 0 viol", told)


def test_a_soak_that_finds_something_names_invariant_seed_and_how_to_repeat_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    next(one for one in MUTATIONS if one.name == "the end of a lease").patch(monkeypatch)
    assert _run(monkeypatch, "--count", "25", "--first", "0") == 1
    told = capsys.readouterr().out
    assert re.search(r"seed \d+, step \d+ of \d+: I1 authorised: ", told)
    assert re.search(r"replay: python -m tests.simulation --seed \d+ --length \d+ --trace", told)
    assert re.search(r"  I1 authorised: \d+, seeds \d+", told)


def test_an_interrupted_soak_tells_what_it_has_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    played = soak.play

    def interrupted(seed: int) -> soak.Outcome:
        if seed == 29:
            raise KeyboardInterrupt
        return played(seed)

    monkeypatch.setattr(soak, "play", interrupted)
    assert _run(monkeypatch, "--count", "1000", "--first", "0") == 0
    assert re.search(r"interrupted\n25 schedules in", capsys.readouterr().out)
