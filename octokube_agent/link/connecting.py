"""Connects to the hub again and again, as long as the agent lives."""

import asyncio
import pathlib
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol, cast, runtime_checkable

import grpc
import grpc.aio
import structlog

from octokube.client.enrolling import WRONG_HUB, EnrolmentDelayed, IdentityKeeper, open_link
from octokube.runtime.backoff import Backoff
from octokube.runtime.channels import open_channel
from octokube.runtime.clock import Clock
from octokube.runtime.errors import UserError
from octokube.runtime.tasks import Tasks
from octokube.v1 import agent_service_pb2
from octokube_agent.health import Health
from octokube_agent.hot_state import HotState
from octokube_agent.link.session import Call, Drained, LinkStalled, Session
from octokube_agent.link.window import ProtocolError
from octokube_agent.operations.calling import open_execute
from octokube_agent.operations.executor import Executor
from octokube_agent.operations.stream import ExecuteCall
from octokube_agent.settings import AgentSettings

log = structlog.get_logger(__name__)

_SERVICE = agent_service_pb2.DESCRIPTOR.services_by_name["AgentService"].full_name
CONNECT_METHOD = f"/{_SERVICE}/Connect"
REFUSED = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)
"""Final until somebody changes the credential, which is read again for each try."""
FENCED = (grpc.StatusCode.ABORTED, grpc.StatusCode.ALREADY_EXISTS)
"""Another agent speaks for the cluster. Coming back soon would fence that one, and so on for ever."""


Dial = Callable[[AgentSettings], AbstractAsyncContextManager[Call]]
"""Opens a Connect stream; leaving the context ends it. What fails there raises grpc.aio.AioRpcError."""


@asynccontextmanager
async def dial_hub(settings: AgentSettings) -> AsyncIterator[Call]:
    """Opens a stream over gRPC. Raises UserError for settings that can't work."""
    channel = open_channel(
        settings.hub, ca_file=settings.hub_ca_file, is_insecure_allowed=settings.is_insecure_hub_allowed
    )
    async with _calling(channel, settings) as call:
        yield call


def dialling_with(keeper: IdentityKeeper) -> Dial:
    """Opens streams with the agent's certificate, which it enrols for first where it has none."""

    @asynccontextmanager
    async def dial(settings: AgentSettings) -> AsyncIterator[Call]:
        identity = await keeper.current()
        async with open_link(identity, keeper.target) as channel, _calling(channel, settings) as call:
            yield call

    return dial


@asynccontextmanager
async def _calling(channel: grpc.aio.Channel, settings: AgentSettings) -> AsyncIterator[Call]:
    async with channel:
        # Requests are bytes already: entries are joined, never parsed or encoded again.
        connect: grpc.aio.StreamStreamMultiCallable[bytes, agent_service_pb2.ConnectResponse]
        connect = channel.stream_stream(
            CONNECT_METHOD,
            request_serializer=None,
            response_deserializer=agent_service_pb2.ConnectResponse.FromString,
        )
        call = connect(metadata=_metadata(settings))
        try:
            yield cast(Call, _Stream(call, channel, settings))
        finally:
            call.cancel()


@runtime_checkable
class OpensOperations(Protocol):
    """A session's Call that can open streams for operations beside it."""

    def execute(self) -> AbstractAsyncContextManager[ExecuteCall]:
        """A new stream; leaving the context ends it."""
        ...


class Link:
    """The agent's only connection to the hub. The hot state and its epoch outlive every session, so that a reconnect
    costs no more than the changes missed.

    Waits between sessions: full jitter up to 30 s when the hub is away; at least what it asks for when it drains or
    says retry-after; about half a minute, rising to five, when it refuses the credential or another agent
    has taken over.
    """

    def __init__(
        self,
        settings: AgentSettings,
        hot_state: HotState,
        health: Health,
        *,
        server_version: str,
        agent_version: str,
        on_open: Callable[[], None] = lambda: None,
        backoff: Backoff | None = None,
        slow_backoff: Backoff | None = None,
        dial: Dial = dial_hub,
        clock: Clock | None = None,
        executor: Executor | None = None,
    ) -> None:
        self._executor = executor
        self._settings = settings
        self._hot_state = hot_state
        self._health = health
        self._server_version = server_version
        self._agent_version = agent_version
        self._on_open = on_open
        self._backoff = backoff or Backoff()
        self._slow_backoff = slow_backoff or Backoff(initial_seconds=60.0, cap_seconds=300.0, floor_seconds=15.0)
        self._dial = dial
        self._clock = clock

    async def run(self) -> None:
        """Returns never; to be cancelled. Raises UserError for settings that can't work, such as a missing CA file;
        what becomes unreadable later, as while it is being replaced, is waited for.
        """
        is_first = True
        while True:
            try:
                wait_seconds = await self._session()
            except EnrolmentDelayed as error:
                wait_seconds = self._broken(str(error), had_progress=False)
            except UserError as error:
                if is_first:
                    raise
                wait_seconds = self._backoff.next_seconds()
                log.error("link.settings_unusable", reason=str(error), retry_seconds=round(wait_seconds, 2))
            is_first = False
            await asyncio.sleep(wait_seconds)

    async def _session(self) -> float:
        """One session from dialling to its end; how long to wait before the next."""
        async with self._dial(self._settings) as call, Tasks("agent/operations") as tasks:
            on_order = self._order_taker(call, tasks)
            session = Session(
                call,
                self._hot_state,
                self._health,
                cluster=self._settings.cluster,
                agent_version=self._agent_version,
                operations=self._executor.operations if self._executor is not None and on_order is not None else (),
                on_order=on_order,
                clock=self._clock,
            )
            try:
                welcome = await session.open(self._server_version)
                self._on_open()
                drained = await session.run(welcome)
            except grpc.aio.AioRpcError as error:
                return self._refused(error, had_progress=session.has_progress)
            except (LinkStalled, ProtocolError) as error:
                return self._broken(str(error), had_progress=session.has_progress)
            return self._left(drained, had_progress=session.has_progress)

    def _order_taker(self, call: Call, tasks: Tasks) -> Callable[[str], None] | None:
        """What takes orders of this session: each operation is a task of the session, and ends with it."""
        executor = self._executor
        if executor is None or not isinstance(call, OpensOperations):
            return None

        async def execute(operation_id: str) -> None:
            async with call.execute() as operation:
                await executor.run(operation_id, operation)

        def take(operation_id: str) -> None:
            tasks.start_guarded(execute(operation_id), name=operation_id)

        return take

    def _left(self, drained: Drained | None, *, had_progress: bool) -> float:
        if drained is None:
            return self._broken("the hub closed the stream", had_progress=had_progress)
        self._reset(had_progress=had_progress)
        wait_seconds = drained.retry_after_seconds + self._backoff.next_seconds()
        log.info("link.drained", reason=drained.reason, retry_seconds=round(wait_seconds, 2))
        return wait_seconds

    def _broken(self, reason: str, *, had_progress: bool) -> float:
        self._reset(had_progress=had_progress)
        wait_seconds = self._backoff.next_seconds()
        log.info("link.broken", reason=reason, retry_seconds=round(wait_seconds, 2))
        return wait_seconds

    def _refused(self, error: grpc.aio.AioRpcError, *, had_progress: bool) -> float:
        code, reason = error.code(), error.details() or ""
        if code in REFUSED:
            wait_seconds = self._slow_backoff.next_seconds()
            log.error(
                "link.refused",
                hub=self._settings.hub,
                cluster=self._settings.cluster,
                reason=reason,
                next_step=(
                    f"enrol it again with: octokube agent enroll --cluster {self._settings.cluster}"
                    if self._settings.has_identity
                    else "give the agent a credential that the hub issued for this cluster"
                ),
                retry_seconds=round(wait_seconds),
            )
            return wait_seconds
        if code in FENCED:
            wait_seconds = self._slow_backoff.next_seconds()
            log.warning(
                "link.fenced",
                cluster=self._settings.cluster,
                reason=reason,
                next_step="stop one of the agents that run for this cluster",
                retry_seconds=round(wait_seconds),
            )
            return wait_seconds
        if WRONG_HUB in reason:
            wait_seconds = self._slow_backoff.next_seconds()
            log.error(
                "link.wrong_hub",
                hub=self._settings.hub,
                reason="what answers there is not this agent's hub: its certificate is of another authority",
                next_step="check --hub, --hub-ca-file and who is on the way; after a new hub, enrol the agent again",
                retry_seconds=round(wait_seconds),
            )
            return wait_seconds
        asked_seconds = _retry_after_seconds(error)
        return max(asked_seconds, self._broken(f"{code.name}: {reason}", had_progress=had_progress))

    def _reset(self, *, had_progress: bool) -> None:
        if had_progress:
            self._backoff.reset()
            self._slow_backoff.reset()


class _Stream:
    """Gives a gRPC call the shape of a session's Call: the end of the stream is None, a failed one raises."""

    def __init__(
        self,
        call: "grpc.aio.StreamStreamCall[bytes, agent_service_pb2.ConnectResponse]",
        channel: grpc.aio.Channel,
        settings: AgentSettings,
    ) -> None:
        self._call = call
        self._channel = channel
        self._settings = settings

    def execute(self) -> AbstractAsyncContextManager[ExecuteCall]:
        """Opens a stream for an operation, on the same connection."""
        return open_execute(self._channel, _metadata(self._settings))

    async def write(self, request: bytes) -> None:
        try:
            await self._call.write(request)
        except asyncio.InvalidStateError:
            # The hub has ended the stream: its status says why, and reading tells it.
            await self._call.code()
            raise await self._status() from None

    async def read(self) -> agent_service_pb2.ConnectResponse | None:
        response = await self._call.read()
        if isinstance(response, agent_service_pb2.ConnectResponse):
            return response
        if await self._call.code() is not grpc.StatusCode.OK:
            raise await self._status()
        return None

    async def _status(self) -> Exception:
        code = await self._call.code()
        return grpc.aio.AioRpcError(
            code,
            initial_metadata=grpc.aio.Metadata(),
            trailing_metadata=await self._call.trailing_metadata() or grpc.aio.Metadata(),
            details=await self._call.details(),
        )


def _metadata(settings: AgentSettings) -> grpc.aio.Metadata:
    credential = read_credential(settings)
    return grpc.aio.Metadata(("authorization", f"Bearer {credential}")) if credential else grpc.aio.Metadata()


def read_credential(settings: AgentSettings) -> str:
    """The credential to show now; "" for none. A file is read anew each time, so that it can be rotated. Raises
    UserError when it can't be read.
    """
    if settings.credential_file is None:
        return settings.credential or ""
    try:
        return pathlib.Path(settings.credential_file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"the agent credential file {settings.credential_file} can't be read ({type(error).__name__}); "
            "write the credential that the hub issued into it"
        ) from error


def _retry_after_seconds(error: grpc.aio.AioRpcError) -> float:
    for name, value in error.trailing_metadata() or ():
        if name == "retry-after" and isinstance(value, str) and value.replace(".", "", 1).isdigit():
            return min(float(value), 300.0) * random.uniform(1.0, 1.3)  # noqa: S311 - jitter is no secret
    return 0.0
