"""Keeps one type in the hot state equal to the server."""

import asyncio
import random
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from octokube.runtime.backoff import Backoff
from octokube.state import EncodedObject, Key
from octokube_agent.collecting import paused_collection
from octokube_agent.health import Health
from octokube_agent.hot_state import HotState
from octokube_agent.kube import errors
from octokube_agent.kube.client import KubeClient
from octokube_agent.kube.discovery import ApiType
from octokube_agent.projection.encoding import NotAnObject, Projector
from octokube_agent.reflector import tracking
from octokube_agent.reflector.features import Features
from octokube_agent.reflector.requests import PAGE_LIMIT, open_watch, read_page
from octokube_agent.served_type import TypeCondition

log = structlog.get_logger(__name__)

FORBIDDEN_SECONDS = 60.0
"""Roles change by hand: a minute is soon enough, and rediscovery asks again anyway."""
FAILURES_UNTIL_REPORTED = 3
"""A single break is routine; three in a row, about a second or two, are news."""
STEADY_SECONDS = 5.0
"""A watch that held this long worked: the next failure starts the back-off anew."""
YIELD_EVERY = 50
"""Objects encoded before the others on this event loop get their turn: about 5 ms."""


class WentBack(errors.KubeError):
    """The server listed an older state than the one held."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all reflectors of one cluster share. ``list_slots`` bounds how many lists are read at one time."""

    client: KubeClient
    hot_state: HotState
    health: Health
    features: Features
    list_slots: asyncio.Semaphore


class Reflector:
    """LIST then WATCH of one type, for ever.

    Guarantees: while SYNCED, the type's objects in the hot state are those of some state of the server that is never
    older than one held before; whatever vanished while no watch was open leaves a tombstone after the next list. Does
    not guarantee every intermediate state. Requests are bounded: every failure, a 410 included, waits with full jitter
    up to 30 s or as long as the server asks, and only a watch that works resets that.
    """

    def __init__(
        self,
        api_type: ApiType,
        projector: Projector,
        surroundings: Surroundings,
        *,
        on_change: Callable[[], None] = lambda: None,
        on_missing: Callable[[], None] = lambda: None,
        backoff: Backoff | None = None,
        forbidden_seconds: float = FORBIDDEN_SECONDS,
    ) -> None:
        self._api_type = api_type
        self._type = api_type.name
        self._projector = projector
        self._client = surroundings.client
        self._hot_state = surroundings.hot_state
        self._health = surroundings.health
        self._features = surroundings.features
        self._list_slots = surroundings.list_slots
        self._on_change = on_change
        self._on_missing = on_missing
        self._backoff = backoff or Backoff()
        self._forbidden_seconds = forbidden_seconds
        self._version: str | None = None
        self._newest = ""
        self._has_bookmarks = False
        self._page_limit = PAGE_LIMIT
        self._failures = 0
        self._can_watch_list = True
        self._is_cleared = False
        self._nudged = asyncio.Event()

    async def run(self) -> None:
        """Returns never; to be cancelled."""
        self._health.loading(self._type)
        while True:
            wait_seconds = await self._once()
            if wait_seconds:
                await self._pause(wait_seconds)

    def nudge(self) -> None:
        """Ends the long wait of a type that was forbidden: something about the server's types has changed."""
        if self._is_cleared:
            self._nudged.set()

    async def _pause(self, seconds: float) -> None:
        self._nudged.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._nudged.wait()
        except TimeoutError:
            return

    async def _once(self) -> float:
        """Lists if need be, watches until the watch ends; how long to wait before the next time."""
        started = time.monotonic()
        try:
            wait_seconds = await self._advance()
            if wait_seconds is not None:
                return wait_seconds
        except errors.Forbidden as error:
            return self._forbidden(error)
        except errors.KubeError as error:
            return self._failed(error)
        except Exception as error:
            # A fault of ours with one object must not silence a type for ever. The text of the exception may quote
            # the object, so only its kind and place are told.
            where = "".join(traceback.format_tb(error.__traceback__)[-3:])
            log.error("reflector.fault", type=self._type, error=type(error).__name__, where=where)
            return self._failed(errors.Malformed(f"the agent failed on an object ({type(error).__name__})"))
        if time.monotonic() - started >= STEADY_SECONDS:
            return 0.0
        # A clean end so early is odd, and a server that always does it must not be asked in a tight loop. Nobody knows
        # what changes meanwhile.
        self._health.interrupted(self._type)
        return self._backoff.next_seconds()

    async def _advance(self) -> float | None:
        """A list, or one watch. How long to wait then; None after a watch, whose length says that."""
        if self._version is not None:
            await self._follow(is_initial=False)
        elif self._can_watch_list and self._features.has_watch_list:
            await self._follow(is_initial=True)
        else:
            await self._list()
            return 0.0
        return None

    async def _list(self) -> None:
        async with self._list_slots:
            page = await self._first_page()
            self._refuse_older(page.version)
            listed: set[tuple[str, str]] = set()
            while True:
                await self._put_all(page.items, listed)
                if not page.continuation:
                    break
                page = await self._page(page.continuation)
        self._finish_list(listed, page.version)

    async def _first_page(self) -> Any:
        return await self._page("")

    async def _page(self, continuation: str) -> Any:
        try:
            return await read_page(self._client, self._api_type.path, limit=self._page_limit, continuation=continuation)
        except errors.TooLarge:
            self._page_limit = max(1, self._page_limit // 5)
            raise

    async def _put_all(self, objects: list[dict[str, Any]], listed: set[tuple[str, str]]) -> None:
        for start in range(0, len(objects), YIELD_EVERY):
            with paused_collection():
                for obj in objects[start : start + YIELD_EVERY]:
                    listed.add(tracking.name_of(obj))
                    self._put(obj)
            await asyncio.sleep(0)

    def _finish_list(self, listed: set[tuple[str, str]], version: str) -> None:
        gone = tracking.vanished(self._hot_state.of_type(self._type), listed)
        if self._hot_state.remove_all(gone):
            self._on_change()
        self._version = version
        self._newest = tracking.newest(self._newest, version)
        self._is_cleared = False
        self._synced()
        log.debug("reflector.listed", type=self._type, objects=len(listed), vanished=len(gone))

    async def _follow(self, *, is_initial: bool) -> None:
        """One watch, until the server ends it. ``is_initial`` fetches the whole state by it first."""
        gathered: dict[tuple[str, str], tuple[Key, EncodedObject]] | None = {} if is_initial else None
        is_alive = False
        steady: asyncio.TimerHandle | None = None
        opened = time.monotonic()
        try:
            async with open_watch(
                self._client,
                self._api_type.path,
                version=self._version or "",
                is_initial=is_initial,
                has_bookmarks=self._has_bookmarks,
            ) as batches:
                if self._is_cleared and not is_initial:
                    self._version = None  # allowed again: what was cleared has to be listed anew
                    return
                if not is_initial:
                    self._synced(is_working=False)
                    steady = asyncio.get_running_loop().call_later(STEADY_SECONDS, self._steady)
                async for events in batches:
                    for index, event in enumerate(events, 1):
                        if gathered is not None:
                            gathered = self._gather(event, gathered)
                        else:
                            self._apply(event)
                        if index % YIELD_EVERY == 0:
                            await asyncio.sleep(0)
                    if not is_alive and gathered is None:
                        is_alive = True
                        self._steady()
        except errors.Gone:
            if gathered is not None:
                self._can_watch_list = False  # initial events have no version to be too old for: a list will do
            raise
        except errors.Invalid:
            if not is_initial:
                raise
            self._features.has_watch_list = False
            log.info("reflector.no_watch_list", type=self._type)
            return
        finally:
            if steady is not None:
                steady.cancel()
        if gathered is not None:
            # It ended without having been complete: this type's server does not keep the promise.
            self._can_watch_list = False
            raise errors.Unavailable(
                f"the initial events of {self._type} did not end after {time.monotonic() - opened:.0f} s"
            )

    def _gather(
        self, event: Any, gathered: dict[tuple[str, str], tuple[Key, EncodedObject]]
    ) -> dict[tuple[str, str], tuple[Key, EncodedObject]] | None:
        """Takes one initial event; None once they have ended and the whole state has been taken over."""
        decision = tracking.decide(self._type, event, None)
        name = tracking.name_of(event.get("object"))
        if isinstance(decision, tracking.Failed):
            raise decision.error
        if isinstance(decision, tracking.Put):
            encoded = self._encode(decision.obj)
            if encoded is not None:
                gathered[name] = encoded
        elif isinstance(decision, tracking.Ignored):
            gathered.pop(name, None)
        elif isinstance(decision, tracking.Progress) and decision.is_initial_end:
            self._refuse_older(decision.version)
            for key, value in gathered.values():
                self._store(key, value)
            self._finish_list(set(gathered), decision.version)
            return None
        return gathered

    def _apply(self, event: Any) -> None:
        namespace, name = tracking.name_of(event.get("object") if isinstance(event, dict) else None)
        decision = tracking.decide(self._type, event, self._hot_state.named(self._type, namespace, name))
        if isinstance(decision, tracking.Failed):
            raise decision.error
        if isinstance(decision, tracking.Put):
            self._put(decision.obj)
        elif isinstance(decision, tracking.Remove):
            if self._hot_state.remove(decision.key):
                self._on_change()
        elif isinstance(decision, tracking.Progress):
            self._has_bookmarks = True
        if decision.version:
            self._version = tracking.newest(self._version or "", decision.version)
            self._newest = tracking.newest(self._newest, decision.version)

    def _put(self, obj: dict[str, Any]) -> None:
        encoded = self._encode(obj)
        if encoded is not None:
            self._store(*encoded)

    def _encode(self, obj: dict[str, Any]) -> tuple[Key, EncodedObject] | None:
        try:
            return self._projector.encode(obj)
        except NotAnObject as error:
            log.warning("reflector.not_an_object", type=self._type, error=str(error))
            return None

    def _store(self, key: Key, value: EncodedObject) -> None:
        held = self._hot_state.named(self._type, key.namespace, key.name)
        if (
            held is not None
            and held.key.uid == key.uid
            and tracking.is_older(value.resource_version, held.value.resource_version)
        ):
            return
        if self._hot_state.put(key, value):
            self._on_change()

    def _refuse_older(self, version: str) -> None:
        if tracking.is_older(version, self._newest):
            raise WentBack(
                f"the API server lists {self._type} at version {version}, older than {self._newest} which is held; "
                "if the cluster was restored from a backup, restart the agent"
            )

    def _synced(self, *, is_working: bool = True) -> None:
        """The type equals the server. ``is_working`` says that this was shown by content, not by an open stream."""
        if is_working:
            self._failures = 0
        self._health.following(self._type)
        if self._failures == 0:
            self._hot_state.set_condition(self._type, TypeCondition.SYNCED)

    def _steady(self) -> None:
        self._failures = 0
        self._backoff.reset()
        self._synced()

    def _forbidden(self, error: errors.Forbidden) -> float:
        """What may no longer be read is no longer shown. The version stays: where only the watch is forbidden, the next
        try must not list, show and clear everything again.
        """
        self._is_cleared = True
        self._hot_state.remove_all([stored.key for stored in self._hot_state.of_type(self._type)])
        served = self._hot_state.served(self._type)
        if served is not None and served.condition is not TypeCondition.FORBIDDEN:
            log.warning("reflector.forbidden", type=self._type)
            reason = "Kubernetes RBAC does not allow the agent to list and watch this type"
            self._hot_state.set_condition(self._type, TypeCondition.FORBIDDEN, reason)
        self._health.excused(self._type)
        return max(error.retry_after_seconds or 0.0, self._forbidden_seconds * random.uniform(0.8, 1.2))  # noqa: S311

    def _failed(self, error: errors.KubeError) -> float:
        self._failures += 1
        if isinstance(error, errors.Gone | WentBack):
            self._version = None
        if isinstance(error, errors.NotFound):
            self._version = None
            self._on_missing()
        wait_seconds = max(error.retry_after_seconds or 0.0, self._backoff.next_seconds())
        log.info("reflector.failed", type=self._type, error=str(error), retry_seconds=round(wait_seconds, 2))
        self._health.interrupted(self._type)
        if self._failures >= FAILURES_UNTIL_REPORTED and self._health.is_path_ok:
            self._hot_state.set_condition(self._type, TypeCondition.FAILING, str(error))
            self._health.excused(self._type)
        return wait_seconds
