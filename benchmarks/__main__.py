"""Runs benchmarks by name: `python -m benchmarks fanout`, or all of them without a name."""

import argparse
import asyncio
import json
import pathlib

from rich.console import Console

from benchmarks import fanout
from benchmarks.support.machine import describe
from benchmarks.support.measuring import allow_many_files


def main() -> None:
    """Prints a table for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", default=["fanout"], help="fanout")
    parser.add_argument("--subscribers", default="1,100,1000", help="how many people, separated by commas")
    parser.add_argument("--rates", default="200,1000", help="changes a second, separated by commas")
    parser.add_argument("--pods", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=8.0, help="for how long each is measured")
    parser.add_argument("--ways", default="direct;inside;apart;inside, bodies", help="separated by semicolons")
    parser.add_argument("--profile", action="store_true", help="profile the hub's process (and slow it down)")
    parser.add_argument("--json", type=pathlib.Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    allow_many_files()
    console = Console(width=180)
    machine = describe()
    for name, value in machine.items():
        console.print(f"[bold]{name}[/bold] {value}")
    plan = fanout.Plan(
        subscribers=tuple(int(value) for value in arguments.subscribers.split(",")),
        rates=tuple(float(value) for value in arguments.rates.split(",")),
        pods=arguments.pods,
        seconds=arguments.seconds,
        ways=tuple(arguments.ways.split(";")),
        is_profiling=arguments.profile,
    )
    lines = asyncio.run(fanout.run(plan))
    console.print(fanout.table(lines))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps({"machine": machine, "fanout": fanout.as_json(lines)}, indent=1))


if __name__ == "__main__":
    main()
