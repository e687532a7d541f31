"""Plays one schedule from its seed, and says what came of it."""

import asyncio
import contextlib
import random
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import structlog

from octokube.state import VersionedStore
from octokube_hub.fanout import audience, clusters, encoding, pacing, sessions, track, view
from octokube_hub.ingest import session
from octokube_hub.replica import gathering
from tests.simulation import schedule, virtual_time
from tests.simulation.invariants import DEFECT, Violation
from tests.simulation.world import World

SMALL: tuple[tuple[Any, str, tuple[Any, ...]], ...] = (
    (encoding, "PART_BYTES", (400, 1500, 256 * 1024)),
    (encoding, "FIRST_PART_BYTES", (200, 32 * 1024)),
    (session, "WINDOW_BYTES", (600, 4000, 4 * 1024 * 1024)),
    (clusters, "BUILT_AT_ONCE", (0, 2_000)),
    (audience, "BUILD_SLICE", (2, 2_000)),
    (gathering, "SLICE", (2, 5_000)),
    (clusters, "FOLLOWED_AT_ONCE", (0, 3, 1_000)),
    (clusters, "DROP_SLICE", (1, 5_000)),
    (audience, "FOLLOW_SLICE", (1, 1_000)),
    (audience, "MOVED_AT_ONCE", (1, 3, 4_000)),
    (session, "READ_SLICE", (1, 250)),
    (track, "TRANSFER_LIMIT", (5, 50_000)),
    (sessions, "TICK_PARTS", (1, 2)),
    (pacing, "WAKE_SLICE", (1, 100)),
    (view, "TOMBSTONE_LIMIT", (1, 4, 5_000)),
)
"""Limits that a handful of objects would never reach, and what they may be instead."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one schedule."""

    seed: int
    length: int
    step: int
    transcript: str
    events: int
    seconds: float
    violation: Violation | None

    def __str__(self) -> str:
        replay = f"python -m tests.simulation --seed {self.seed} --length {self.length} --trace"
        if self.violation is None:
            return f"seed {self.seed}: every invariant holds"
        return f"seed {self.seed}, step {self.step} of {self.length}: {self.violation}\n  replay: {replay}"


def length_of(seed: int) -> int:
    """How long a seed's schedule is when nothing else is said."""
    chance = random.Random(f"length/{seed}")
    return chance.randint(2, 12) if chance.random() < 0.8 else chance.randint(13, 40)


def play(
    seed: int,
    length: int | None = None,
    *,
    steps: Mapping[schedule.Step, float] = schedule.STEPS,
    limits: Mapping[str, Any] = MappingProxyType({}),
    trace: Callable[[str], None] | None = None,
) -> Outcome:
    """Plays a schedule. Equal arguments play equally; a shorter one is the beginning of a longer one.

    ``steps`` says what may happen and how often, ``limits`` which of the product's limits are not to be drawn.
    """
    length = length_of(seed) if length is None else length
    with virtual_time.seeded(seed), _small(random.Random(f"limits/{seed}"), limits):
        turn_seconds = random.Random(f"turns/{seed}").choice((0.0, 0.00002, 0.0003, 0.002))
        turn_seconds = limits.get("turn_seconds", turn_seconds)
        loop = virtual_time.VirtualLoop(turn_seconds=turn_seconds)
        world = World(seed, loop, trace=trace)
        with _logging_to(world):
            return virtual_time.run(_play(world, seed, length, steps), loop)


async def _play(world: World, seed: int, length: int, steps: Mapping[schedule.Step, float]) -> Outcome:
    chance = random.Random(f"schedule/{seed}")
    violation: Violation | None = None
    step = 0
    began = world.loop.time()
    try:
        await world.start()
        await asyncio.sleep(chance.choice((0.0, 0.5, 2.0)))
        kinds, weights = list(steps), list(steps.values())
        for step in range(1, length + 1):
            kind = chance.choices(kinds, weights)[0]
            drawn = random.Random(chance.random())
            world.watcher.note(f"--- {step} {kind.__name__}")
            world.watcher.note(await kind(world, drawn))
            await asyncio.sleep(chance.choice(schedule.DELAYS))
            world.watcher.check()
        world.watcher.note("--- heal")
        await world.heal()
        await world.settle()
        if chance.random() < 0.5:
            await world.move_what_may_be_seen()
            await world.settle()
        world.watcher.check_bounds()
        world.watcher.check()
    except Violation as found:
        violation = found
    await world.close()
    left = [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    if left:
        world.failed(f"tasks are left: {sorted(left)}")
    if violation is None:
        violation = world.watcher.violation
    seconds = world.loop.time() - began
    return Outcome(seed, length, step, world.watcher.transcript, world.watcher.events, seconds, violation)


@contextlib.contextmanager
def _small(chance: random.Random, chosen: Mapping[str, Any]) -> Iterator[None]:
    """Makes limits small, so that a few objects pass them."""
    defaults = VersionedStore.__init__.__kwdefaults__
    former_limit = defaults["tombstone_limit"]
    former = [(module, name, getattr(module, name)) for module, name, _ in SMALL]
    defaults["tombstone_limit"] = chosen.get("tombstone_limit", chance.choice((2, 6, former_limit)))
    for module, name, values in SMALL:
        setattr(module, name, chosen.get(name, chance.choice(values)))
    try:
        yield
    finally:
        defaults["tombstone_limit"] = former_limit
        for module, name, value in former:
            setattr(module, name, value)


@contextlib.contextmanager
def _logging_to(world: World) -> Iterator[None]:
    """Takes the product's reports of its own defects for violations, and drops the rest of its log."""
    former = structlog.get_config()

    def take(_: object, __: str, event: dict[str, Any]) -> dict[str, Any]:
        if event.get("event") in ("task.failed", "call.failed", "watch.failed"):
            error = event.get("exc_info")
            world.watcher.violated(DEFECT, f"{event['event']}: {sys.exc_info()[1] if error is True else error!r}")
        raise structlog.DropEvent

    wrapper = structlog.make_filtering_bound_logger(40)
    structlog.configure(processors=[take], wrapper_class=wrapper, cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**former)
