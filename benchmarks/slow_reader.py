"""Measures what one page that has stopped reading does to all the others: nothing, if all is well.

The same crowd is measured in turn with and without the stalled one, several times over, and the medians are compared:
on a machine that others use, too, what differs between two equal measurements would otherwise be taken for an effect.
"""

import pathlib
import statistics
import tempfile
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from benchmarks import fanout
from benchmarks.support import arrangements


@dataclass(frozen=True, slots=True)
class Plan:
    """``subscribers`` counts the stalled one."""

    subscribers: int = 500
    rate: float = 100.0
    pods: int = 500
    seconds: float = 5.0
    rounds: int = 4


@dataclass(slots=True)
class Round:
    """One measurement of those who read."""

    is_one_stalled: bool
    changes: int
    p50_ms: float
    p99_ms: float
    rss_mb: float


async def run(plan: Plan) -> list[Round]:
    """All rounds, with and without in turn, on one hub."""
    rounds: list[Round] = []
    measuring = fanout.Plan(pods=plan.pods, seconds=plan.seconds)
    with tempfile.TemporaryDirectory(prefix="octokube-bench-") as name:
        async with (
            fanout.benching(measuring) as bench,
            arrangements.gateway_inside(pathlib.Path(name), bench.kubeconfig) as running,
        ):
            await bench.through("inside, bodies", running, plan.subscribers - 1, plan.rate)  # both start warm
            for index in range(2 * plan.rounds):
                stalled = int(index % 4 in (1, 2))  # what only grows with time is shared by both
                line = await bench.through(
                    "inside, bodies", running, plan.subscribers - stalled, plan.rate, stalled=stalled
                )
                rss_mb = line.rss_mb["hub and gateway"]
                rounds.append(Round(bool(stalled), line.changes, line.p50_ms, line.p99_ms, rss_mb))
    return rounds


def p99_ms(rounds: list[Round], *, is_one_stalled: bool) -> float:
    """The median of the rounds' p99."""
    return statistics.median(each.p99_ms for each in rounds if each.is_one_stalled == is_one_stalled)


def rss_growth(rounds: list[Round]) -> float:
    """By how many MB the hub is larger in the rounds with a stalled one than in those without, in the mean."""
    without, beside = (
        statistics.fmean(each.rss_mb for each in rounds if each.is_one_stalled == kind) for kind in (False, True)
    )
    return beside - without


def table(rounds: list[Round]) -> Table:
    """The rounds, and their medians."""
    result = Table(title="Slow reader: the latency of all others, bodies and patches, gateway inside")
    for title in ("", "changes", "p50 ms", "p99 ms", "hub MB"):
        result.add_column(title, justify="right" if title else "left")
    for each in sorted(rounds, key=lambda each: each.is_one_stalled):
        name = "one stalled" if each.is_one_stalled else "all read"
        result.add_row(name, f"{each.changes:,}", f"{each.p50_ms:.1f}", f"{each.p99_ms:.1f}", f"{each.rss_mb:.1f}")
    without, beside = p99_ms(rounds, is_one_stalled=False), p99_ms(rounds, is_one_stalled=True)
    result.add_row("medians", "", "", f"{without:.1f} → {beside:.1f}", f"{rss_growth(rounds):+.1f}")
    return result


def as_json(rounds: list[Round]) -> list[dict[str, Any]]:
    """The rounds as plain values."""
    return [asdict(each) for each in rounds]


def from_json(values: list[dict[str, Any]]) -> list[Round]:
    """The rounds that ``as_json`` wrote."""
    return [Round(**value) for value in values]
