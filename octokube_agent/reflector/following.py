"""Starts and stops reflectors as types come and go."""

import asyncio
import random
from collections.abc import Callable, Collection
from dataclasses import dataclass

import structlog

from octokube.runtime.backoff import Backoff
from octokube.runtime.tasks import Tasks
from octokube_agent.kube import errors
from octokube_agent.kube.discovery import ApiType, Discovery, discover
from octokube_agent.projection.columns import Printer, has_built_in_printer, printer_for
from octokube_agent.projection.encoding import Projector
from octokube_agent.projection.redaction import Redactor
from octokube_agent.reflector.definitions import API_SERVICES, DEFINITIONS, Definition, Definitions
from octokube_agent.reflector.polling import Poller
from octokube_agent.reflector.reflector import Reflector, Surroundings
from octokube_agent.reflector.selecting import DEFAULT_EXCLUDED, select
from octokube_agent.served_type import ServedType, TypeCondition

log = structlog.get_logger(__name__)

REDISCOVERY_SECONDS = 300.0
"""A net below the triggers: aggregated APIs can change what they serve without any object telling."""
DEBOUNCE_SECONDS = 0.2
"""An installation creates its definitions in a burst: one discovery serves them all."""
CATCH_UP_TRIES = 6
"""How often to ask again, after 0.5 s and then twice as long each time, while discovery lags behind definitions."""
DEFINITIONS_SECONDS = 10.0
"""How long custom types wait for the definitions, which hold their columns, before they start without."""


@dataclass(frozen=True, slots=True)
class _Running:
    api_type: ApiType
    printer: Printer
    columns_of: str
    reflector: Reflector
    task: asyncio.Task[None]


class TypeFollower:
    """Owns the reflectors: after each discovery there is exactly one for every selected type.

    A definition or API service that changes leads to a discovery within a second, and anything else within five
    minutes. A type that has gone is withdrawn with all its objects; one whose group can't be discovered just now stays.
    A type whose version or columns changed is reflected anew, its objects staying in place meanwhile.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        redactor: Redactor,
        tasks: Tasks,
        *,
        excluded: Collection[str] = DEFAULT_EXCLUDED,
        rediscovery_seconds: float = REDISCOVERY_SECONDS,
        make_backoff: Callable[[], Backoff] = Backoff,
    ) -> None:
        self._surroundings = surroundings
        self._client = surroundings.client
        self._hot_state = surroundings.hot_state
        self._health = surroundings.health
        self._redactor = redactor
        self._tasks = tasks
        self._excluded = excluded
        self._rediscovery_seconds = rediscovery_seconds
        self._make_backoff = make_backoff
        self._definitions = Definitions(surroundings.hot_state)
        self._running: dict[str, _Running] = {}
        self._trigger = asyncio.Event()

    def rediscover(self) -> None:
        """Asks for a discovery soon."""
        self._trigger.set()

    async def run(self, first: Discovery) -> None:
        """Starts with a discovery that the caller has made, and follows from there. Returns never; to be cancelled."""
        await self._apply(first)
        await self._definitions_loaded()
        lagging = await self._apply(first, is_with_custom=True)
        self._health.announced()
        log.info("discovery.done", types=len(self._running), failed_groups=sorted(first.failed_groups))
        tries = 0
        backoff = self._make_backoff()
        while True:
            await self._wait(tries if lagging else None)
            try:
                discovery = await discover(self._client)
            except errors.KubeError as error:
                log.info("discovery.failed", error=str(error))
                await asyncio.sleep(max(error.retry_after_seconds or 0.0, backoff.next_seconds()))
                self.rediscover()
                continue
            backoff.reset()
            for running in self._running.values():
                running.reflector.nudge()
            was_lagging, lagging = lagging, await self._apply(discovery, is_with_custom=True)
            tries = tries + 1 if lagging and lagging == was_lagging else 0
            if lagging and tries >= CATCH_UP_TRIES:
                log.warning("discovery.lagging", types=sorted(lagging))
                lagging = set()

    async def _wait(self, tries: int | None) -> None:
        seconds = self._rediscovery_seconds * random.uniform(0.8, 1.2)  # noqa: S311 - jitter is no secret
        if tries is not None:
            seconds = min(seconds, 0.5 * 2**tries)
        try:
            async with asyncio.timeout(seconds):
                await self._trigger.wait()
            await asyncio.sleep(DEBOUNCE_SECONDS)
        except TimeoutError:
            log.debug("discovery.due")
        self._trigger.clear()

    async def _definitions_loaded(self) -> None:
        if DEFINITIONS not in self._running:
            return
        loaded = asyncio.Event()

        def look() -> None:
            served = self._hot_state.served(DEFINITIONS)
            if served is not None and served.condition is not TypeCondition.LOADING:
                loaded.set()

        unlisten = self._hot_state.listen(look)
        try:
            look()
            async with asyncio.timeout(DEFINITIONS_SECONDS):
                await loaded.wait()
        except TimeoutError:
            log.warning("discovery.definitions_late")
        finally:
            unlisten()

    async def _apply(self, discovery: Discovery, *, is_with_custom: bool = False) -> set[str]:
        """Makes the reflectors match a discovery; the custom types about which it lags behind the definitions."""
        selected = {item.name: item for item in select(discovery.types, self._excluded)}
        definitions = self._definitions.read() if is_with_custom else {}
        for name, running in list(self._running.items()):
            if name not in selected and running.api_type.group not in discovery.failed_groups:
                await self._stop(name)
                self._hot_state.withdraw(name)
                self._health.excused(name)
                log.info("type.gone", type=name)
        for name, api_type in selected.items():
            if not is_with_custom and not has_built_in_printer(name):
                self._health.loading(name)
                continue
            await self._ensure(api_type, definitions.get(name))
        established = {item.type for item in definitions.values() if item.is_established}
        removed = {name for name, item in self._running.items() if item.columns_of and name not in definitions}
        return {name for name in established - selected.keys() if name not in self._excluded} | removed

    async def _ensure(self, api_type: ApiType, definition: Definition | None) -> None:
        name = api_type.name
        columns = definition.columns.get(api_type.version) if definition is not None else None
        columns_of = repr(columns) if columns is not None else ""
        running = self._running.get(name)
        if running is not None:
            if running.api_type == api_type and running.columns_of == columns_of:
                return
            if definition is None and running.columns_of and running.api_type == api_type:
                return  # the definition has just gone; discovery will say so shortly
            await self._stop(name)
        printer = (
            running.printer if running is not None and running.columns_of == columns_of else printer_for(name, columns)
        )
        former = self._hot_state.served(name)
        self._hot_state.declare(
            ServedType(
                name=name,
                group=api_type.group,
                version=api_type.version,
                kind=api_type.kind,
                namespaced=api_type.namespaced,
                short_names=api_type.short_names,
                singular=api_type.singular or api_type.kind.lower(),
                columns=printer.columns,
                condition=former.condition if former is not None else TypeCondition.LOADING,
                reason=former.reason if former is not None else "",
            )
        )
        log.debug("type.followed", type=name, version=api_type.version)
        self._start(api_type, printer, columns_of)

    def _start(self, api_type: ApiType, printer: Printer, columns_of: str) -> None:
        name = api_type.name
        is_about_types = name in (DEFINITIONS, API_SERVICES)
        projector = Projector(
            name,
            api_version=f"{api_type.group}/{api_type.version}" if api_type.group else api_type.version,
            kind=api_type.kind,
            printer=printer,
            redactor=self._redactor,
        )
        reflector = (Reflector if api_type.is_watchable else Poller)(
            api_type,
            projector,
            self._surroundings,
            on_change=self.rediscover if is_about_types else _nothing,
            on_missing=self.rediscover,
            backoff=self._make_backoff(),
        )
        task = self._tasks.start(reflector.run(), name=f"reflector/{name}")
        self._running[name] = _Running(api_type, printer, columns_of, reflector, task)

    async def _stop(self, name: str) -> None:
        running = self._running.pop(name)
        running.task.cancel()
        await asyncio.gather(running.task, return_exceptions=True)


def _nothing() -> None:
    """For types whose changes say nothing about other types."""
