"""A policy of ten thousand rows behaves like one of ten."""

import time
from datetime import UTC, datetime

import pytest

from octokube_hub.policy import Subject

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.mark.timeout(30)
def test_ten_thousand_rules_compile_for_a_thousand_subjects_in_two_seconds_and_short_turns(build):
    """Failure mode 12: nothing may tempt anybody to keep a decision beyond an edit, so making it anew is cheap."""
    policy = build(
        policy="".join(
            f"p, team:t{i % 200}, prod-*, ns-{i}, pods, app-{i % 7}-*, read, always, allow\n" for i in range(10_000)
        ),
        teams="".join(f"g, user:u{i}, team:t{i % 200}\n" for i in range(1_000)),
    )
    turns = []
    for number in range(1_000):
        begun = time.perf_counter()
        scope = policy.scope(Subject(f"user:u{number}"), NOON)
        turns.append(time.perf_counter() - begun)
        assert scope.allows("prod-eu", "pods", f"ns-{number % 200}", f"app-{number % 200 % 7}-1", "watch")
    assert sum(turns) < 2.0
    # Nine in a thousand may fall to a busy machine; a turn that is long in itself would be long for many.
    assert sorted(turns)[990] < 0.020
