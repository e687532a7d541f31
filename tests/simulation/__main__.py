"""Replays one schedule: `python -m tests.simulation --seed N --trace`."""

import argparse
import sys

from tests.simulation.playing import play


def main() -> int:
    """Plays, and says what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--length", type=int, help="how many steps; what the seed says when left out")
    parser.add_argument("--trace", action="store_true", help="print every event")
    arguments = parser.parse_args()
    outcome = play(arguments.seed, arguments.length, trace=print if arguments.trace else None)
    print(f"{outcome}\n{outcome.events} events in {outcome.seconds:.1f} s of virtual time: {outcome.transcript}")
    return int(outcome.violation is not None)


if __name__ == "__main__":
    sys.exit(main())
