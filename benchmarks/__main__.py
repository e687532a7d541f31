"""Runs benchmarks by name: `python -m benchmarks fanout`, or all of them without a name."""

import argparse
import asyncio
import contextlib
import pathlib
import signal
import sys
from collections.abc import Coroutine
from typing import Any

from rich.console import Console

from benchmarks import document, fanout, operations, results, slow_reader, snapshots, targets
from benchmarks.results import Results
from benchmarks.support.machine import describe
from benchmarks.support.measuring import allow_many_files

NAMES = ("fanout", "snapshots", "slow-reader", "operations")


def main() -> int:
    """Prints a table for each benchmark, and how the targets stand. 1 for a missed target, if asked to be strict."""
    arguments = _parser().parse_args()
    console = Console(width=180)
    if arguments.show is not None:
        found = results.read(arguments.show)
        if arguments.into is not None:
            document.write(found, arguments.into)
            return 0
        for table in found.tables():
            console.print(table)
    else:
        allow_many_files()
        found = Results(machine=describe())
        for name, value in found.machine.items():
            console.print(f"[bold]{name}[/bold] {value}")
        for name in arguments.names or NAMES:
            _measure(name, arguments, found)
            if arguments.json is not None:
                results.write(found, arguments.json)
        for table in found.tables():
            console.print(table)
    verdicts = targets.verdicts(found)
    console.print(targets.table(verdicts))
    return int(arguments.strict and any(verdict.is_met is False for verdict in verdicts))


def _measure(name: str, arguments: argparse.Namespace, found: Results) -> None:
    if name == "fanout":
        plan = fanout.Plan(
            subscribers=_numbers(arguments.subscribers),
            rates=tuple(float(rate) for rate in _numbers(arguments.rate)),
            pods=arguments.pods,
            seconds=arguments.seconds,
            quiet_rate=arguments.quiet_rate,
            ways=tuple(arguments.ways.split(";")),
            is_profiling=arguments.profile,
        )
        found.fanout = _run(fanout.run(plan))
    elif name == "snapshots":
        sizes = snapshots.Plan(arguments.snapshot_pods, arguments.large, max(_numbers(arguments.subscribers)))
        found.snapshots = _run(snapshots.run(sizes))
    elif name == "operations":
        found.operations = _run(operations.run(operations.Plan(follows=arguments.follows)))
    else:
        crowd = slow_reader.Plan(subscribers=max(2, max(_numbers(arguments.subscribers)) // 2))
        found.slow_reader = _run(slow_reader.run(crowd))


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    """Runs to the end; SIGTERM ends it in order, so that nothing it started goes on."""

    async def until_told() -> Any:
        task = asyncio.ensure_future(work)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await task

    return asyncio.run(until_told())


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(value) for value in text.split(","))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)}; all without a name")
    parser.add_argument("--subscribers", default="1,100,1000", help="how many people, separated by commas")
    parser.add_argument("--rate", default="200,1000", help="changes a second, separated by commas")
    parser.add_argument("--pods", type=int, default=1000, help="pods under changes")
    parser.add_argument("--seconds", type=float, default=5.0, help="for how long each is measured")
    parser.add_argument("--quiet-rate", type=float, default=5.0, help="changes a second for one person; 0: leave out")
    parser.add_argument("--ways", default="direct;inside;apart;inside, bodies", help="separated by semicolons")
    parser.add_argument("--snapshot-pods", type=int, default=10_000, help="pods of a snapshot")
    parser.add_argument("--large", type=int, default=100_000, help="pods of the simulated cluster; 0 leaves it out")
    parser.add_argument("--follows", type=int, default=200, help="logs that are followed at once")
    parser.add_argument("--profile", action="store_true", help="profile the hub's process (and slow it down)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="also keep the figures in this file")
    parser.add_argument("--show", type=pathlib.Path, metavar="FILE", help="measure nothing: print what a file keeps")
    parser.add_argument("--into", type=pathlib.Path, metavar="DOCUMENT", help="with --show: write its tables there")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a target is missed")
    return parser


if __name__ == "__main__":
    with contextlib.suppress(asyncio.CancelledError):
        sys.exit(main())
    sys.exit(143)
