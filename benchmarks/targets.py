"""Compares what was measured with the targets that the project has set itself."""

from dataclasses import dataclass

from rich.table import Table

from benchmarks import operations, slow_reader
from benchmarks.fanout import Line
from benchmarks.results import Results
from benchmarks.snapshots import Snapshot

CROWD = 1000
QUIET_RATE = 20.0
"""Lines with fewer changes a second were measured in quiet."""
BLOCK_MS = 20.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target. ``is_met`` is None where this run has not measured it."""

    what: str
    target: str
    found: str = "not measured in this run"
    is_met: bool | None = None


def verdicts(results: Results) -> list[Verdict]:
    """All targets, in the order in which they are written down."""
    lines = results.fanout
    apart_fast = _line(lines, "apart", is_fast=True)
    return [
        _cpu("CPU per delivered change, 1,000 browsers, 200 changes/s, gateway inside", lines, "inside", 10),
        _cpu("the same, gateway apart", lines, "apart", 3),
        _cpu(f"the same, as many changes/s as there could be{_rate(apart_fast)}", lines, "apart", 10, is_fast=True),
        _bytes("bytes per delivered change of a status: rows", lines, "inside"),
        _bytes("the same: whole objects, as patches", lines, "inside, bodies"),
        _apiserver(lines),
        _quiet(lines),
        _latency("p99 at 1,000 browsers, 200 changes/s, gateway inside", lines, "inside", 300.0),
        _latency("the same, gateway apart", lines, "apart", 500.0),
        _restart(results),
        *_snapshot(results),
        *_memory(results),
        *_slow_reader(results),
        *_operations(results),
    ]


def table(found: list[Verdict]) -> Table:
    """The verdicts, to be printed."""
    result = Table("what", "target", "found", "", title="Targets")
    for verdict in found:
        word = {True: "PASS", False: "MISS", None: ""}[verdict.is_met]
        result.add_row(verdict.what, verdict.target, verdict.found, word)
    return result


def _line(lines: list[Line], way: str, *, is_fast: bool = False, subscribers: int = CROWD) -> Line | None:
    """The measurement of a crowd, at the lowest rate that is not quiet or at the highest."""
    mine = [line for line in lines if line.way == way and line.subscribers == subscribers]
    if subscribers == 1:
        mine = [line for line in mine if line.rate >= QUIET_RATE]
    if is_fast and len(mine) < 2:
        return None
    return (max if is_fast else min)(mine, key=lambda line: line.asked_rate, default=None)


def _rate(line: Line | None) -> str:
    return f" ({line.rate:,.0f} of {line.asked_rate:,.0f})" if line is not None else ""


def _cpu(what: str, lines: list[Line], way: str, parts: int, *, is_fast: bool = False) -> Verdict:
    target = f"≤ 1/{parts} of direct watches"
    ours, direct = _line(lines, way, is_fast=is_fast), _line(lines, "direct")
    if ours is None or direct is None or not ours.total_us:
        return Verdict(what, target)
    found = f"{ours.total_us:.2f} µs of {direct.total_us:.2f}: 1/{direct.total_us / ours.total_us:.1f}"
    return Verdict(what, target, found, ours.total_us * parts <= direct.total_us)


def _bytes(what: str, lines: list[Line], way: str) -> Verdict:
    target = "≤ 1/10 of the direct watch's"
    ours, direct = _line(lines, way), _line(lines, "direct")
    if direct is None or ours is None or not ours.bytes_per_change:
        return Verdict(what, target)
    parts = direct.bytes_per_change / ours.bytes_per_change
    found = f"{ours.bytes_per_change:,.0f} of {direct.bytes_per_change:,.0f}: 1/{parts:.1f}"
    return Verdict(what, target, found, parts >= 10)


def _apiserver(lines: list[Line]) -> Verdict:
    what, target = "connections and CPU of the apiserver, 1 → 1,000 people", "unchanged (CPU ± 10 %)"
    one, many = _line(lines, "inside", subscribers=1), _line(lines, "inside")
    if one is None or many is None:
        return Verdict(what, target)
    cpu = [1e3 * line.apiserver_cores / line.rate for line in (one, many)]
    found = f"connections {one.connections} → {many.connections}, CPU {cpu[0]:.2f} → {cpu[1]:.2f} ms a change"
    return Verdict(what, target, found, many.connections <= one.connections and cpu[1] <= 1.1 * cpu[0])


def _quiet(lines: list[Line]) -> Verdict:
    what, target = "latency added to a direct watch, 1 person, quiet", "p50 ≤ 5 ms"
    found = {line.way: line.p50_ms for line in lines if line.subscribers == 1 and line.rate < QUIET_RATE}
    if "direct" not in found or "inside" not in found:
        return Verdict(what, target)
    added = {way: value - found["direct"] for way, value in found.items() if way in ("inside", "apart")}
    return Verdict(
        what, target, ", ".join(f"{way} {value:+.1f} ms" for way, value in added.items()), max(added.values()) <= 5
    )


def _latency(what: str, lines: list[Line], way: str, limit_ms: float) -> Verdict:
    line = _line(lines, way)
    if line is None:
        return Verdict(what, f"≤ {limit_ms:.0f} ms")
    return Verdict(what, f"≤ {limit_ms:.0f} ms", f"{line.p99_ms:.0f} ms", line.p99_ms <= limit_ms)


def _find(results: Results, what: str, pods: int | None = None) -> Snapshot | None:
    if results.snapshots is None:
        return None
    found = [each for each in results.snapshots.snapshots if each.what == what and pods in (None, each.pods)]
    return found[-1] if found else None


def _restart(results: Results) -> Verdict:
    what, target = "1,000 resumes after a restart of the hub, nothing changed", "≤ 5 % of the snapshots' bytes"
    full, resumed = _find(results, "snapshots, separate gateway"), _find(results, "resumes after a restart of the hub")
    if full is None or resumed is None:
        return Verdict(what, target)
    share = resumed.bytes / full.bytes
    return Verdict(
        what, target, f"{share:.2%} ({resumed.bytes / 1e6:,.1f} of {full.bytes / 1e6:,.1f} MB)", share <= 0.05
    )


def _snapshot(results: Results) -> list[Verdict]:
    times = "snapshot of 10,000 pods to one person"
    blocks = "event loop of the hub, longest block in all of these"
    rows, bodies = _find(results, "snapshot of rows", 10_000), _find(results, "snapshot of objects", 10_000)
    if results.snapshots is None or rows is None or bodies is None:
        return [Verdict(times, "≤ 300 ms"), Verdict(blocks, f"≤ {BLOCK_MS:.0f} ms")]
    measured = [each for each in results.snapshots.snapshots if each.busy_ms is not None]
    worst = max(measured, key=lambda each: each.busy_ms or 0.0)
    found = f"rows {rows.seconds * 1e3:.0f} ms, objects {bodies.seconds * 1e3:.0f} ms"
    return [
        Verdict(times, "≤ 300 ms", found, max(rows.seconds, bodies.seconds) <= 0.3),
        Verdict(
            blocks, f"≤ {BLOCK_MS:.0f} ms", f"{worst.busy_ms:.1f} ms ({worst.what}, {worst.people:,} × {worst.pods:,})",
            (worst.busy_ms or 0.0) <= BLOCK_MS,
        ),
    ]  # fmt: skip


def _memory(results: Results) -> list[Verdict]:
    target = "≤ 1.5 × its projected JSON"
    if results.snapshots is None:
        return [Verdict("memory per object, hub and agent", target)]
    return [
        Verdict(
            f"memory per object, {each.holder}, {each.objects:,} objects", target,
            f"{each.bytes_per_object:,.0f} of {each.projected_json:,.0f}: {each.of_projected:.2f} ×",
            each.of_projected <= 1.5,
        )
        for each in results.snapshots.memory
        if each.holder.startswith(("agent", "hub"))
    ]  # fmt: skip


def _slow_reader(results: Results) -> list[Verdict]:
    what, target = "one stalled among 500: p99 of the others; memory of the hub", "+10 % at most; flat (± 5 MB)"
    if not results.slow_reader:
        return [Verdict(what, target)]
    without = slow_reader.p99_ms(results.slow_reader, is_one_stalled=False)
    beside = slow_reader.p99_ms(results.slow_reader, is_one_stalled=True)
    growth = slow_reader.rss_growth(results.slow_reader)
    found = f"{without:.1f} → {beside:.1f} ms ({beside / without - 1:+.0%}); {growth:+.1f} MB"
    return [Verdict(what, target, found, beside <= 1.1 * without and growth <= 5)]


def _operations(results: Results) -> list[Verdict]:
    figures = results.operations
    keys, logs = "echo of a key in a shell, added to a direct exec, p50", "throughput of a log of 200 MB"
    if figures is None:
        return [Verdict(keys, "≤ 5 ms"), Verdict(logs, "≥ 70 % of kubectl logs -f")]
    added_ms, share = operations.added_echo_ms(figures), operations.bulk_share(figures)
    return [
        Verdict(keys, "≤ 5 ms", f"{added_ms:+.2f} ms", added_ms <= 5),
        Verdict(logs, "≥ 70 % of kubectl logs -f", f"{share:.0%}", share >= 0.7),
    ]
