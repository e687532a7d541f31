"""Knows up to which time the agent's copy is current, and what is wrong when it is not."""

import asyncio
import datetime
from collections.abc import Callable
from dataclasses import dataclass

from octokube.runtime.clock import Clock, SystemClock


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh the copy is: current as of a time, since when it has been so, and why it is stale ("" if not)."""

    as_of: datetime.datetime
    since: datetime.datetime
    reason: str

    @property
    def is_live(self) -> bool:
        """Whether the copy follows the cluster at this time."""
        return not self.reason


class Health:
    """Gathers what the reflectors and the probe of the API server report.

    ``as_of`` moves on with each successful probe while every reflector that is expected to follow does so: everything
    the server had told the agent by then is in the hot state. It stands still while one is interrupted. A type that
    fails for longer, or is forbidden, says so itself (its condition) and holds nobody else's time back.
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._interrupted: set[str] = set()
        self._loading: set[str] = set()
        self._is_announced = False
        self._settled = asyncio.Event()
        self._path_trouble = "the agent has not reached the API server yet"
        self.began_at = self._clock.now()
        """A time that is earlier than any at which something was known."""
        self._as_of = self.began_at
        self._since = self._as_of
        self._reason = self._path_trouble
        self._listeners: list[Callable[[], None]] = []

    @property
    def is_path_ok(self) -> bool:
        """Whether the last probe of the API server succeeded."""
        return not self._path_trouble

    @property
    def freshness(self) -> Freshness:
        """The present answer."""
        return Freshness(self._as_of, self._since, self._reason)

    async def settled(self) -> None:
        """Returns once every type of the first discovery has been listed, or has said why it can't be."""
        await self._settled.wait()

    def loading(self, type: str) -> None:
        """A type waits for its first list. Types that come later do not make the cluster stale."""
        if not self._settled.is_set():
            self._loading.add(type)

    def announced(self) -> None:
        """Every type of the first discovery has been named to ``loading``."""
        self._is_announced = True
        self._judge()

    def following(self, type: str) -> None:
        """A type's copy equals the server and follows it."""
        self._loading.discard(type)
        self._interrupted.discard(type)
        self._judge()

    def interrupted(self, type: str) -> None:
        """A type's stream broke; it will be resumed."""
        if type not in self._loading:
            self._interrupted.add(type)
            self._judge()

    def excused(self, type: str) -> None:
        """A type reports its trouble itself, or has gone: it no longer counts here."""
        self._loading.discard(type)
        self._interrupted.discard(type)
        self._judge()

    def path_ok(self, asked_at: datetime.datetime) -> None:
        """The API server answered a probe that was sent at this time."""
        self._path_trouble = ""
        if not self._interrupted and self._settled.is_set():
            self._as_of = max(self._as_of, asked_at)
        self._judge()

    def path_failed(self, reason: str) -> None:
        """The API server did not answer a probe. ``reason`` is one sentence."""
        self._path_trouble = reason
        self._judge()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Calls ``listener`` whenever live turns to stale or back, until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _judge(self) -> None:
        """A stream that breaks is resumed within moments as a rule, so that alone does not make the cluster stale."""
        if self._is_announced and not self._loading:
            self._settled.set()
        reason = self._path_trouble or ("" if self._settled.is_set() else "the agent is still loading the cluster")
        if reason != self._reason:
            if bool(reason) != bool(self._reason):
                self._since = self._clock.now()
            self._reason = reason
            for listener in self._listeners:
                listener()
