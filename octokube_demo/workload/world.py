"""Holds what every part of the workload works with."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from octokube_demo.controllers.garbage import Garbage
from octokube_demo.objects import Key, Object, timestamp
from octokube_demo.settings import DemoSettings
from octokube_demo.store import Store
from octokube_demo.workload.podstates import generated_name
from octokube_demo.writing.api import Api


class Timeline:
    """Actions at their time, in seconds of the workload's own clock: the director moves it, so tests can, too."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Runs an action later; those of one moment run in the order they were asked for."""
        self._count += 1
        heapq.heappush(self._due, (self.seconds + seconds, self._count, action))

    def pop_due(self) -> Callable[[], None] | None:
        """The next action whose time has come."""
        if self._due and self._due[0][0] <= self.seconds:
            return heapq.heappop(self._due)[2]
        return None

    def next_seconds(self) -> float | None:
        """How long until the next action; None when there is none."""
        return self._due[0][0] - self.seconds if self._due else None


@dataclass(slots=True)
class World:
    """One cluster as the workload sees it. `dirty` holds what a controller should look at, oldest first."""

    store: Store
    api: Api
    garbage: Garbage
    settings: DemoSettings
    random: Random
    timeline: Timeline = field(default_factory=Timeline)
    dirty: dict[tuple[str, Key], None] = field(default_factory=dict)
    nodes: list[str] = field(default_factory=list)

    def now(self) -> datetime:
        """The wall clock."""
        return self.settings.now()

    def time(self) -> str:
        """The wall clock as a timestamp."""
        return timestamp(self.now())

    def mark(self, type_name: str, key: Key) -> None:
        """Asks the type's controller to look at an object."""
        self.dirty[(type_name, key)] = None

    def owned(self, owner: Object, type_name: str) -> list[Object]:
        """The objects of a type that an object controls, oldest first."""
        found = []
        for dependent_type, key in self.garbage.dependents(owner["metadata"]["uid"]):
            if dependent_type == type_name and (value := self.store.peek(dependent_type, *key)) is not None:
                found.append(value)
        return found

    def pod_name(self, owner: Object) -> str:
        """A free name for a new pod of a controller."""
        namespace = owner["metadata"]["namespace"]
        return generated_name(owner, self.random, lambda name: self.store.peek("pods", namespace, name) is not None)

    def set_status(self, type_name: str, value: Object, status: Object) -> Object:
        """Writes a status when it differs; the current object either way."""
        if value.get("status") == status:
            return value
        return self.store.replace(type_name, {**value, "status": status})
