"""Runs the housekeeping controllers: each is woken by changes, does a bounded step, and may ask to be woken later."""

from __future__ import annotations

import asyncio
from typing import Protocol

# One step does at most this many writes before other tasks of the process get their turn.
_STEP_WRITES = 200


class Controller(Protocol):
    """One controller."""

    def step(self, limit: int) -> int:
        """Does at most about `limit` writes and returns how many it did; 0 means that it has nothing to do now."""

    def due_in_seconds(self) -> float | None:
        """When it wants to run although nothing changes; None when it does not."""


class ControlLoop:
    """Owns the controllers. `wake` is called by their hooks inside a change; the work happens later, in `run`."""

    def __init__(self) -> None:
        self._controllers: list[Controller] = []
        self._changed = asyncio.Event()

    def add(self, controller: Controller) -> None:
        """Adds a controller; earlier ones go first in every round."""
        self._controllers.append(controller)

    def wake(self) -> None:
        """Something changed. Callable without a running event loop."""
        self._changed.set()

    def settle(self) -> None:
        """Works until nobody has anything to do now. For tests and for a cluster that is not being served."""
        while self._step():
            continue

    def _step(self) -> int:
        return sum(controller.step(_STEP_WRITES) for controller in self._controllers)

    async def run(self) -> None:
        """Works until it is cancelled."""
        while True:
            self._changed.clear()
            while self._step():  # noqa: ASYNC110 — not a poll: it gives way between two parts of the work
                await asyncio.sleep(0)
            due = [due for controller in self._controllers if (due := controller.due_in_seconds()) is not None]
            try:
                async with asyncio.timeout(max(0.0, min(due)) if due else None):
                    await self._changed.wait()
            except TimeoutError:
                continue
