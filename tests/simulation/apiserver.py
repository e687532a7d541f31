"""The truth: objects with their history, and a reflector that follows it with gaps."""

import asyncio
import random
from collections import deque
from dataclasses import dataclass

from octokube.state import Key
from octokube_agent.health import Health
from octokube_agent.hot_state import HotState
from octokube_agent.reflector import tracking
from octokube_agent.served_type import Column, ServedType, TypeCondition
from tests.simulation.objects import NAMES, PLACES, TYPES, encoded

Name = tuple[str, str, str]
Json = dict[str, object]
KEPT_EVENTS = 12
"""What a watch can go on from; beyond it is a 410, and the reflector lists anew."""


@dataclass(frozen=True, slots=True)
class Actual:
    """One object as it is."""

    key: Key
    resource_version: str
    status: str
    note: str


class Apiserver:
    """One cluster's objects. Each change takes one resource version."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.objects: dict[Name, Actual] = {}
        self.version = 0
        self._uids = 0
        self._events: deque[tuple[int, str, Actual]] = deque(maxlen=KEPT_EVENTS)
        self.reflectors: dict[Reflector, None] = {}
        self.watches = 0
        """How many are open."""

    def change(self) -> str:
        """Creates, changes, deletes or re-creates one object, whichever is drawn. Says which."""
        chance = self._chance
        place = chance.choice(PLACES)
        name = (*place, chance.choice(NAMES))
        if self.objects and chance.random() < 0.4:
            name = chance.choice(list(self.objects))
        held = self.objects.get(name)
        kind = chance.choices(("put", "delete", "recreate"), (8, 4, 2))[0]
        if held is not None and kind != "put":
            del self.objects[name]
            self._tell("DELETED", held)
            if kind == "delete":
                return f"delete {'/'.join(name)}"
        key = held.key if held is not None and kind == "put" else None
        if key is None:
            self._uids += 1
            key = Key(*name, f"uid-{self._uids}")
        status, note = chance.choice(("Running", "Failed")), chance.choice(("", "x", "y"))
        self.objects[name] = actual = Actual(key, str(self.version + 1), status, note)
        self._tell("ADDED" if held is None or kind != "put" else "MODIFIED", actual)
        return f"{kind} {'/'.join(name)}"

    def events_after(self, version: int) -> list[tuple[int, str, Actual]] | None:
        """What happened since; None when that is too long ago (410)."""
        if self.version - version > len(self._events):
            return None
        return [event for event in self._events if event[0] > version]

    def _tell(self, kind: str, actual: Actual) -> None:
        self.version += 1
        self._events.append((self.version, kind, actual))
        for reflector in list(self.reflectors):
            reflector.wake()


class Reflector:
    """One agent's list and watch of a cluster: decides with the product's own rules what an event or a list means."""

    def __init__(self, server: Apiserver, hot_state: HotState, health: Health, chance: random.Random) -> None:
        self._server = server
        self._hot_state = hot_state
        self._health = health
        self._chance = chance
        self._version: int | None = None
        self._changed = asyncio.Event()
        self.away_until = 0.0
        """The watch is broken until then; what happens meanwhile is not heard of."""

    def wake(self) -> None:
        """There is something to read."""
        self._changed.set()

    async def run(self) -> None:
        """Follows for ever."""
        loop = asyncio.get_running_loop()
        for name in TYPES:
            columns = (Column("Status"), Column("Canary"))
            self._hot_state.declare(ServedType(name, "", "v1", name.title(), name != "nodes", columns=columns))
            self._health.loading(name)
        self._health.announced()
        self._server.reflectors[self] = None
        try:
            while True:
                while (wait_seconds := self.away_until - loop.time()) > 0:
                    for name in TYPES:
                        self._health.interrupted(name)
                    await asyncio.sleep(wait_seconds)
                self._server.watches += 1
                try:
                    await self._follow()
                finally:
                    self._server.watches -= 1
        finally:
            self._server.reflectors.pop(self)

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        while self.away_until <= loop.time():
            events = None if self._version is None else self._server.events_after(self._version)
            if events is None:
                await self._list()
                continue
            for version, kind, actual in events:
                self._version = version
                self._apply(kind, actual)
                if self._chance.random() < 0.1:
                    await asyncio.sleep(self._chance.choice((0.0, 0.05)))
            if self._server.events_after(self._version) == []:
                self._changed.clear()
                for name in TYPES:
                    self._health.following(name)
                    self._hot_state.set_condition(name, TypeCondition.SYNCED)
                await self._changed.wait()
                await asyncio.sleep(0.001)

    async def _list(self) -> None:
        """The state of one instant, which takes time to come."""
        version, listed = self._server.version, list(self._server.objects.values())
        await asyncio.sleep(self._chance.choice((0.001, 0.1)))
        for name in TYPES:
            names = {(actual.key.namespace, actual.key.name) for actual in listed if actual.key.type == name}
            for actual in listed:
                if actual.key.type == name:
                    self._put(actual)
            gone = tracking.vanished(self._hot_state.of_type(name), names)
            self._hot_state.remove_all(sorted(gone))
            await asyncio.sleep(0.001)
        self._version = version

    def _apply(self, kind: str, actual: Actual) -> None:
        metadata = {"uid": actual.key.uid, "resourceVersion": actual.resource_version}
        held = self._hot_state.named(*actual.key[:3])
        decision = tracking.decide(actual.key.type, {"type": kind, "object": {"metadata": metadata}}, held)
        if isinstance(decision, tracking.Put):
            self._put(actual)
        elif isinstance(decision, tracking.Remove):
            self._hot_state.remove(decision.key)

    def _put(self, actual: Actual) -> None:
        held = self._hot_state.named(*actual.key[:3])
        is_older = held is not None and tracking.is_older(actual.resource_version, held.value.resource_version)
        if held is None or held.key.uid != actual.key.uid or not is_older:
            value = encoded(actual.key, actual.resource_version, actual.status, actual.note)
            self._hot_state.put(actual.key, value)
