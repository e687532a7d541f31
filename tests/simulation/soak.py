"""Plays schedules by the hundred thousand: `make soak`, or `python -m tests.simulation.soak --count 5000`."""

import argparse
import gc
import multiprocessing
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator

from tests.simulation.playing import Outcome, play

CHUNK = 25
SHOWN = 50
"""Failures that are written out; more would tell nothing new."""


def _play_all(seeds: range) -> list[Outcome]:
    """Plays a chunk. What its worlds leave behind is collected once, and not while they run: a seventh of the time."""
    gc.disable()
    try:
        return [play(seed) for seed in seeds]
    finally:
        gc.collect()


def _begin() -> None:
    """Prepares a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers itself
    gc.freeze()


class Summary:
    """What has come of all schedules so far."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.count = 0
        self.events = 0
        self.seconds = 0.0
        self.failed: list[Outcome] = []

    def take(self, outcome: Outcome) -> None:
        """Counts one, and writes it out when it failed."""
        self.count += 1
        self.events += outcome.events
        self.seconds += outcome.seconds
        if outcome.violation is not None:
            self.failed.append(outcome)
            if len(self.failed) <= SHOWN:
                print(f"\n{outcome}", flush=True)

    def __str__(self) -> str:
        passed = time.monotonic() - self.began
        return (
            f"{self.count:,} schedules in {passed:.0f} s ({self.count / passed:.0f} a second), {self.events:,} events, "
            f"{self.seconds / 3600:.1f} h of virtual time, {len(self.failed)} violations"
        )

    def finish(self) -> int:
        """Writes the whole summary; the exit code."""
        print(f"\n{self}")
        found = Counter(outcome.violation.invariant for outcome in self.failed if outcome.violation is not None)
        for invariant, count in found.most_common():
            seeds = [
                outcome.seed
                for outcome in self.failed
                if outcome.violation and outcome.violation.invariant == invariant
            ]
            print(f"  {invariant}: {count}, seeds {', '.join(map(str, seeds[:SHOWN]))}")
        return int(bool(self.failed))


def outcomes(first: int, count: int, processes: int) -> Iterator[Outcome]:
    """Plays the seeds from ``first`` on, in several processes."""
    chunks = [range(start, min(start + CHUNK, first + count)) for start in range(first, first + count, CHUNK)]
    if processes == 1:
        gc.freeze()
        for chunk in chunks:
            yield from _play_all(chunk)
        return
    with multiprocessing.get_context("spawn").Pool(processes, _begin) as pool:
        for played in pool.imap_unordered(_play_all, chunks):
            yield from played


def main() -> int:
    """Plays until all are done, or until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.soak", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="how many schedules (100000)")
    parser.add_argument("--first", type=int, help="the first seed; drawn from the time when left out")
    parser.add_argument(
        "--processes", type=int, default=multiprocessing.cpu_count(), help="how many at once (all cores)"
    )
    arguments = parser.parse_args()
    first = arguments.first if arguments.first is not None else int(time.time()) * 1_000_000
    print(f"seeds {first} to {first + arguments.count - 1}, {arguments.processes} processes", flush=True)
    summary = Summary()
    told_at = time.monotonic()
    # A KeyboardInterrupt may be raised where it is swallowed, as in a finalizer: so it is only noted, and heeded here.
    interrupts: list[int] = []
    former = signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number))
    try:
        for outcome in outcomes(first, arguments.count, arguments.processes):
            summary.take(outcome)
            if interrupts:
                raise KeyboardInterrupt
            if time.monotonic() - told_at > 5.0:
                told_at = time.monotonic()
                print(f"\r{summary}", end="", flush=True)
    except KeyboardInterrupt:
        print("\ninterrupted", end="")
    finally:
        signal.signal(signal.SIGINT, former)
    return summary.finish()


if __name__ == "__main__":
    sys.exit(main())
