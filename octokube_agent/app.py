"""Composes the agent."""

import asyncio
import importlib.metadata
import pathlib
from collections.abc import Callable

import structlog

from octokube.client.enrolled import FolderStorage, Storage
from octokube.client.enrolling import Applicant, IdentityKeeper
from octokube.runtime.backoff import Backoff
from octokube.runtime.clock import Clock, SystemClock
from octokube.runtime.enrolling import Kind
from octokube.runtime.tasks import Tasks
from octokube_agent.health import Health
from octokube_agent.hot_state import HotState
from octokube_agent.kube import errors
from octokube_agent.kube.access import Access, Source
from octokube_agent.kube.client import KubeClient
from octokube_agent.kube.describing import describe
from octokube_agent.kube.discovery import Discovery, ServerVersion, discover, read_version
from octokube_agent.link.connecting import Dial, Link, dial_hub, dialling_with, read_credential
from octokube_agent.link.identity import SecretStorage
from octokube_agent.operations.executor import Executor
from octokube_agent.probing import probe_forever
from octokube_agent.projection.redaction import Redactor
from octokube_agent.reflector.features import Features
from octokube_agent.reflector.following import TypeFollower
from octokube_agent.reflector.reflector import Surroundings
from octokube_agent.settings import AgentSettings

log = structlog.get_logger(__name__)

PARALLEL_LISTS = 8
"""A start lists some sixty types: eight at a time are quick and within every server's fair share for one client."""


class Agent:
    """One agent: the reflectors of one cluster, its hot state, and the link to one hub.

    Can be composed into another program; it then shares nothing with it but the event loop. ``hot_state`` and
    ``health`` are there to be read.
    """

    def __init__(self, settings: AgentSettings, *, clock: Clock | None = None) -> None:
        self.settings = settings
        self._clock = clock or SystemClock()
        self.hot_state = HotState(clock=self._clock)
        self.health = Health(clock=self._clock)

    async def run(self, stopping: asyncio.Event, *, ready: Callable[[], None] | None = None) -> None:
        """Runs until ``stopping`` is set. Calls ``ready`` once, when the hub has welcomed the agent, which is not tried
        before the first complete state is there or ``initial_sync_seconds`` have passed.

        Raises UserError for settings, a kubeconfig or a cluster that can't work: one sentence with what to do.
        Stops in this order: link, reflectors, connections to the API server.
        """
        self.settings.check()
        read_credential(self.settings)
        access = await Access.load(Source(self.settings.kubeconfig, self.settings.context))
        client = KubeClient(access)
        try:
            await self._run(client, stopping, ready)
        finally:
            await client.close()

    async def _run(self, client: KubeClient, stopping: asyncio.Event, ready: Callable[[], None] | None) -> None:
        async with Tasks("agent") as tasks:
            main = tasks.start(self._follow(client, tasks, ready), name="main")
            stop = asyncio.create_task(stopping.wait(), name="agent/stopping")
            failed = asyncio.create_task(tasks.wait(), name="agent/failed")
            try:
                await asyncio.wait((stop, failed), return_when=asyncio.FIRST_COMPLETED)
                if failed.done():
                    failed.result()
            finally:
                for task in (stop, failed, main):
                    task.cancel()
                await asyncio.gather(stop, failed, main, return_exceptions=True)
        log.info("agent.stopped", cluster=self.settings.cluster)

    async def _follow(self, client: KubeClient, tasks: Tasks, ready: Callable[[], None] | None) -> None:
        version, first = await self._reach(client)
        log.info("apiserver.reached", host=client.host, version=version.git_version, types=len(first.types))
        tasks.start(probe_forever(client, self.health, clock=self._clock), name="probe")
        redactor = Redactor(self.settings.secret_words)
        surroundings = Surroundings(
            client=client,
            hot_state=self.hot_state,
            health=self.health,
            features=Features.of(version),
            list_slots=asyncio.Semaphore(PARALLEL_LISTS),
        )
        follower = TypeFollower(
            surroundings,
            redactor,
            tasks,
            excluded=self.settings.all_excluded_types,
            rediscovery_seconds=self.settings.rediscovery_seconds,
        )
        tasks.start(follower.run(first), name="types")
        try:
            async with asyncio.timeout(self.settings.initial_sync_seconds):
                await self.health.settled()
            log.info("agent.synced", types=len(self.hot_state.types()), objects=len(self.hot_state))
        except TimeoutError:
            log.warning("agent.sync_late", seconds=self.settings.initial_sync_seconds, objects=len(self.hot_state))
        executor = Executor(
            client,
            cluster=self.settings.cluster,
            served=self.hot_state.served,
            types=self.hot_state.types,
            redactor=redactor,
            ceiling=self.settings.ceiling(),
            is_impersonating=self.settings.is_impersonating,
            tasks=tasks,
            clock=self._clock,
        )
        dial: Dial = dial_hub
        if self.settings.has_identity:
            keeper = IdentityKeeper(_applicant(self.settings), self._storage(client), clock=self._clock)
            dial = dialling_with(keeper)
            tasks.start(keeper.keep_renewing(), name="identity")
        link = Link(
            self.settings,
            self.hot_state,
            self.health,
            server_version=version.git_version,
            agent_version=_own_version(),
            on_open=_once(ready),
            executor=executor,
            dial=dial,
        )
        tasks.start(link.run(), name="link")

    def _storage(self, client: KubeClient) -> Storage:
        if self.settings.identity_secret:
            return SecretStorage(client, self.settings.identity_secret)
        return FolderStorage(pathlib.Path(self.settings.state_dir or ""))

    async def _reach(self, client: KubeClient) -> tuple[ServerVersion, Discovery]:
        backoff = Backoff()
        while True:
            try:
                return await read_version(client), await discover(client)
            except errors.KubeError as error:
                described = describe(error, client.host)
                if not self.settings.is_waiting_for_cluster:
                    raise described from error
                wait_seconds = max(error.retry_after_seconds or 0.0, backoff.next_seconds())
                log.warning("apiserver.awaited", reason=str(described), retry_seconds=round(wait_seconds, 2))
                await asyncio.sleep(wait_seconds)


async def run_agent(
    settings: AgentSettings, stopping: asyncio.Event, *, ready: Callable[[], None] | None = None
) -> None:
    """Runs an agent until ``stopping`` is set; see ``Agent.run``."""
    await Agent(settings).run(stopping, ready=ready)


def _once(callback: Callable[[], None] | None) -> Callable[[], None]:
    remaining = [callback] if callback is not None else []

    def call() -> None:
        if remaining:
            remaining.pop()()

    return call


def _own_version() -> str:
    try:
        return importlib.metadata.version("octokube")
    except importlib.metadata.PackageNotFoundError:
        return "source"


def _applicant(settings: AgentSettings) -> Applicant:
    return Applicant(
        kind=Kind.AGENT,
        hub=settings.hub,
        name=settings.cluster,
        token_file=settings.enrolment_token_file,
        hub_ca_file=settings.hub_ca_file,
        is_insecure_hub_allowed=settings.is_insecure_hub_allowed,
    )
