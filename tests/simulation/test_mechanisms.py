"""Each mechanism is there for an invariant: without it, that one falls."""

import pytest

from tests.simulation.mutations import MUTATIONS, Mutation
from tests.simulation.playing import Outcome, play

TRIES = 150
"""Schedules within which the missing mechanism has to show; most need a handful."""
LENGTH = 8


def _play(mutation: Mutation, seed: int) -> Outcome:
    return play(seed, LENGTH, steps=dict.fromkeys(mutation.steps, 1.0), limits=mutation.limits)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name.replace(" ", "-"))
def test_an_invariant_falls_without(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the very same schedule holds with it."""
    for seed in range(TRIES):
        with monkeypatch.context() as switched_off:
            mutation.patch(switched_off)
            outcome = _play(mutation, seed)
        if outcome.violation is not None and outcome.violation.invariant in mutation.invariants:
            with_it = _play(mutation, seed)
            assert with_it.violation is None, str(with_it)
            return
    pytest.fail(f"{TRIES} schedules hold without {mutation.name}")
