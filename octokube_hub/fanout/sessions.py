"""Knows every open stream, and looks after all of them several times a second."""

import asyncio
from typing import Protocol

from octokube.runtime.clock import Clock
from octokube_hub.fanout.catalog import CatalogSession
from octokube_hub.fanout.clusters import Fanout
from octokube_hub.fanout.stream import WatchSession

TICK_SECONDS = 0.25
"""A fourth of what is promised: a window's edge, a stepped clock or an expired token acts within a second."""
TICK_PARTS = 8
"""Streams are looked after an eighth at a time: a thousand in one go would hold up everything else for 10 ms."""

WAKE_SLICE = 50
"""Streams that look at a new policy with one turn of the event loop: about 5 ms when each has a scope of its own."""


class Session(Protocol):
    """What all streams have in common."""

    def wake(self) -> None:
        """Has the stream look again."""
        ...

    def tick(self) -> None:
        """Heeds what comes with time alone."""
        ...

    def drain(self, retry_after_seconds: float) -> None:
        """Asks the peer to come back later, and ends the stream."""
        ...


class Sessions:
    """All open Watch and catalog streams. One ticking task serves them all, instead of timers for each.

    They are looked after in the order in which they came.
    """

    def __init__(self, fanout: Fanout, clock: Clock) -> None:
        self._fanout = fanout
        self._clock = clock
        self.watches: dict[WatchSession, None] = {}
        self.catalogs: dict[CatalogSession, None] = {}

    def wake_all(self) -> None:
        """Has every stream look at its scope again, some with each turn of the event loop: the policy has changed.

        None is sent anything meanwhile that the new policy forbids: each looks before it sends.
        """
        self._wake(self._all(), 0)

    def _wake(self, sessions: list[Session], start: int) -> None:
        for session in sessions[start : start + WAKE_SLICE]:
            if session in self.watches or session in self.catalogs:
                session.wake()
        if start + WAKE_SLICE < len(sessions):
            asyncio.get_running_loop().call_soon(self._wake, sessions, start + WAKE_SLICE)

    def drain_all(self, retry_after_seconds: float) -> None:
        """Asks every subscriber to come back later."""
        for session in self._all():
            session.drain(retry_after_seconds)

    async def keep_ticking(self) -> None:
        """Ticks for ever."""
        while True:
            sessions = self._all()
            for part in range(TICK_PARTS):
                await asyncio.sleep(TICK_SECONDS / TICK_PARTS)
                self._tick(sessions[part::TICK_PARTS])
            self._fanout.trim(self._clock.monotonic())

    def _tick(self, sessions: list[Session]) -> None:
        """A function of its own, so that no variable keeps a session alive until the next one comes."""
        for session in sessions:
            if session in self.watches or session in self.catalogs:
                session.tick()

    def _all(self) -> list[Session]:
        return [*self.watches, *self.catalogs]
