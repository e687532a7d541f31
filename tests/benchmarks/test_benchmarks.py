"""The benchmarks run, in sizes that say nothing about speed."""

import asyncio
import json
import pathlib
import sys

import pytest

from benchmarks import document, operations, results, targets
from benchmarks.fanout import Line
from benchmarks.operations import Figures as OperationFigures
from benchmarks.results import Results
from benchmarks.slow_reader import Round
from benchmarks.snapshots import Figures, Memory, Snapshot
from tests.conftest import require_assets
from tests.support.demo import environment


def line(
    way: str, subscribers: int, rate: float, *, cpu_us: float, p99_ms: float = 10.0, connections: int = 50
) -> Line:
    return Line(
        way, subscribers, rate, rate, changes=100, cpu_us={"apiserver": cpu_us}, bytes_per_change=cpu_us * 100,
        p50_ms=1.0, p99_ms=p99_ms, connections=connections, apiserver_cores=0.001 * rate, rss_mb={"apiserver": 1.0},
    )  # fmt: skip


def everything() -> Results:
    return Results(
        machine={"cpu": "a few"},
        fanout=[
            line("direct", 1, 5, cpu_us=0),
            line("direct", 1000, 20, cpu_us=20),
            line("inside", 1, 5, cpu_us=0),
            line("inside", 1, 200, cpu_us=2),
            line("inside", 1000, 200, cpu_us=2, p99_ms=301),
            line("inside, bodies", 1000, 200, cpu_us=2.1),
            line("apart", 1000, 200, cpu_us=6),
            line("apart", 1000, 1000, cpu_us=3),
        ],
        snapshots=Figures(
            [
                Snapshot("snapshot of rows", 10_000, 1, 0.1, 1000, 5.0, 6.0),
                Snapshot("snapshot of objects", 10_000, 1, 0.2, 10_000, 21.0, 22.0),
                Snapshot("snapshots, separate gateway", 10_000, 1000, 5.0, 100_000),
                Snapshot("resumes after a restart of the hub", 10_000, 1000, 1.0, 4_000),
            ],
            [Memory("agent", 10_000, 2000, 1000, 4000), Memory("hub (gateway inside)", 10_000, 1400, 1000, 4000)],
        ),
        operations=OperationFigures([0.4], [5.3, 5.5], [100.0], [71.0], 2, [1.0], [2.0], {"hub": 0.1}),
        slow_reader=[Round(False, 100, 5.0, 20.0, 100.0), Round(True, 100, 5.0, 21.0, 101.0)],
    )


def test_each_target_is_met_or_missed_by_its_own_figures() -> None:
    found = {verdict.what: verdict.is_met for verdict in targets.verdicts(everything())}
    missed = [what for what, is_met in found.items() if is_met is False]
    assert None not in found.values()
    assert missed == [
        "the same, as many changes/s as there could be (1,000 of 1,000)",
        "the same: whole objects, as patches",
        "p99 at 1,000 browsers, 200 changes/s, gateway inside",
        "event loop of the hub, longest block in all of these",
        "memory per object, agent, 10,000 objects",
    ]


def test_nothing_is_said_of_targets_that_were_not_measured() -> None:
    assert {verdict.is_met for verdict in targets.verdicts(Results())} == {None}


def test_a_file_of_results_reads_back_as_it_was_and_makes_the_same_document(tmp_path: pathlib.Path) -> None:
    written = everything()
    results.write(written, tmp_path / "results.json")
    again = results.read(tmp_path / "results.json")
    assert again == written
    assert document.markdown(again) == document.markdown(written)
    assert "| direct | 1,000 |" in document.markdown(again)


@pytest.mark.real
@pytest.mark.e2e
@pytest.mark.timeout(120)
async def test_shells_and_logs_are_measured_directly_and_through_hub_and_agent() -> None:
    require_assets("benchmarks", "etcd", "kube-apiserver", "kubectl")
    plan = operations.Plan(strokes=20, rounds=1, bulk_bytes=1 << 20, follows=3, follow_seconds=0.5, tick_seconds=0.05)
    figures = await operations.run(plan)
    for found in (figures.echo_direct_ms, figures.echo_through_ms, figures.bulk_direct, figures.bulk_through):
        assert len(found) == 1 and found[0] > 0
    for lags in (figures.lag_direct_ms, figures.lag_through_ms):
        assert len(lags) == 101 and 0 < lags[0] <= lags[100]


@pytest.mark.real
@pytest.mark.e2e
@pytest.mark.timeout(120)
async def test_every_benchmark_measures_every_way_and_loses_nothing(tmp_path: pathlib.Path) -> None:
    require_assets("benchmarks", "etcd", "kube-apiserver")
    path = tmp_path / "results.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks", "fanout", "--subscribers", "3", "--rate", "40", "--pods", "10",
        "--seconds", "1", "--quiet-rate", "0", "--ways", "direct;inside, bodies", "--json", str(path),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env=environment(),
    )  # fmt: skip
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    assert process.returncode == 0, output.decode()
    lines = json.loads(path.read_text())["fanout"]
    assert [found["way"] for found in lines] == ["direct", "inside, bodies"]
    for found in lines:
        assert found["changes"] == 40
        assert found["missing"] == 0
        assert found["bytes_per_change"] > 0
