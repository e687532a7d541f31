"""Runs one session of the link: sends frames as the window allows, and heeds acknowledgements and drain."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from octokube.runtime.clock import Clock, SystemClock
from octokube.runtime.wire import bytes_field
from octokube.v1.agent_service_pb2 import AgentHello, ConnectRequest, ConnectResponse, HubWelcome
from octokube.v1.frame_pb2 import Position
from octokube_agent.health import Health
from octokube_agent.hot_state import HotState
from octokube_agent.link.frames import FRAME_BYTES
from octokube_agent.link.outflow import Outflow, OutFrame
from octokube_agent.link.window import ProtocolError, Window

log = structlog.get_logger(__name__)

BOOKMARK_SECONDS = 4.0
"""The contract promises one every 5 s; the rest is for the way."""
GATHER_SECONDS = 0.02
"""While something is unacknowledged, changes gather this long for the next frame; a quiet link sends at once."""
WELCOME_SECONDS = 15.0
STALLED_SECONDS = 30.0
"""A hub that applies frames acknowledges them within milliseconds; after half a minute without any, it does not."""
_FRAME_FIELD = 2


class LinkStalled(Exception):
    """The hub keeps the connection but does not answer any more."""


@dataclass(frozen=True, slots=True)
class Drained:
    """The hub asked the agent to leave and come back."""

    retry_after_seconds: float
    reason: str


class Call(Protocol):
    """The part of a gRPC stream that a session needs. ``read`` gives None at the end of the stream."""

    async def write(self, request: bytes) -> None:
        """Hands a message over for sending; its return is no acknowledgement."""
        ...

    async def read(self) -> ConnectResponse | None:
        """The next message of the hub."""
        ...


class Session:
    """One Connect stream.

    Guarantees: unacknowledged bytes never exceed the hub's window, but for a single frame that is larger; a bookmark is
    sent at least every 5 s unless the window is full or a snapshot is under way; a quiet link sends a change at once.
    """

    def __init__(
        self,
        call: Call,
        hot_state: HotState,
        health: Health,
        *,
        cluster: str,
        agent_version: str,
        operations: Sequence[str] = (),
        on_order: Callable[[str], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._operations = operations
        self._on_order = on_order
        self._call = call
        self._hot_state = hot_state
        self._health = health
        self._cluster = cluster
        self._agent_version = agent_version
        self._clock = clock or SystemClock()
        self._wake = asyncio.Event()
        self._drained: Drained | None = None
        self._has_ended = False
        self._progress_at = self._clock.monotonic()
        self._bookmark_at: float | None = None
        self._sent_at = 0.0
        self.has_progress = False
        """Whether the hub has acknowledged anything in this session."""

    async def open(self, server_version: str) -> HubWelcome:
        """Says hello and waits for the welcome. Raises ProtocolError when the hub answers anything else."""
        position = self._hot_state.position
        hello = AgentHello(
            cluster=self._cluster,
            position=Position(epoch=position.epoch, version=position.version),
            horizon=self._hot_state.horizon,
            agent_version=self._agent_version,
            server_version=server_version,
            operations=self._operations,
        )
        await self._call.write(ConnectRequest(hello=hello).SerializeToString())
        try:
            async with asyncio.timeout(WELCOME_SECONDS):
                response = await self._call.read()
        except TimeoutError as error:
            raise LinkStalled(f"the hub did not answer hello within {WELCOME_SECONDS:g} s") from error
        if response is None or response.WhichOneof("message") != "welcome":
            raise ProtocolError("the hub answered hello with something other than a welcome")
        return response.welcome

    async def run(self, welcome: HubWelcome) -> Drained | None:
        """Sends until the stream ends. A Drained when the hub asked for that; None when it just closed the stream."""
        window = Window(welcome.window_bytes)
        outflow = Outflow(
            self._hot_state,
            self._health,
            resume_version=welcome.resume_version,
            # A quarter of the window, so that the next frame can be under way while this one is being applied.
            frame_bytes=max(1, min(FRAME_BYTES, welcome.window_bytes // 4)),
        )
        log.info(
            "link.opened",
            cluster=self._cluster,
            session=welcome.session_id,
            fence=welcome.fence,
            start="snapshot" if outflow.is_snapshot else "resume",
            version=self._hot_state.version,
        )
        unlisten = [self._hot_state.listen(self._wake.set), self._health.listen(self._wake.set)]
        reader = asyncio.create_task(self._read(window), name=f"agent/link/{self._cluster}/read")
        writer = asyncio.create_task(self._write(window, outflow), name=f"agent/link/{self._cluster}/write")
        try:
            await asyncio.wait((reader, writer), return_when=asyncio.FIRST_COMPLETED)
            # A write that fails because the hub has ended the stream says less than the reader, who knows why.
            failure = writer.exception() if writer.done() else None
            if isinstance(failure, LinkStalled):
                raise failure  # giving up a write ends the stream, of which the reader knows no more than that
            if not reader.done() and failure is not None:
                await asyncio.wait((reader,), timeout=1.0)
            if reader.done():
                reader.result()
            if writer.done():
                writer.result()
            return self._drained
        finally:
            for stop in unlisten:
                stop()
            for task in (writer, reader):
                task.cancel()
            await asyncio.gather(writer, reader, return_exceptions=True)

    async def _read(self, window: Window) -> None:
        while (response := await self._call.read()) is not None:
            kind = response.WhichOneof("message")
            if kind == "ack":
                if window.acknowledged(response.ack.received_bytes):
                    self.has_progress = True
                    self._progress_at = self._clock.monotonic()
                    self._wake.set()
            elif kind == "drain":
                drain = response.drain
                self._drained = Drained(drain.retry_after.ToTimedelta().total_seconds(), drain.reason)
                self._wake.set()
                return
            elif kind == "order" and self._on_order is not None:
                self._on_order(response.order.operation_id)
            else:
                raise ProtocolError(f"the hub sent {kind or 'an empty message'} inside a session")

    async def _write(self, window: Window, outflow: Outflow) -> None:
        waiting: OutFrame | None = None
        while True:
            self._wake.clear()
            now = self._clock.monotonic()
            if waiting is None:
                waiting = self._due(outflow, window, now)
            if waiting is not None and window.has_room(len(waiting.content)):
                if window.unacknowledged_bytes == 0:
                    self._progress_at = now
                window.sent(len(waiting.content))
                self._sent_at = now
                await self._send(waiting.content)
                waiting = None
                continue
            if window.unacknowledged_bytes and now - self._progress_at > STALLED_SECONDS:
                raise LinkStalled(f"the hub acknowledged nothing for {STALLED_SECONDS:g} s")
            await self._sleep(self._pause_seconds(outflow, window, now, is_blocked=waiting is not None))

    async def _send(self, frame: bytes) -> None:
        """Hands a frame over. That waits while the buffers on the way are full: a hub that reads nothing is left."""
        try:
            async with asyncio.timeout(STALLED_SECONDS):
                await self._call.write(bytes_field(_FRAME_FIELD, frame))
        except TimeoutError as error:
            raise LinkStalled(f"the hub took nothing for {STALLED_SECONDS:g} s") from error

    def _due(self, outflow: Outflow, window: Window, now: float) -> OutFrame | None:
        """The frame that should be sent now, if any."""
        if self._bookmark_at is None:
            self._bookmark_at = now
            if outflow.has_news:
                return outflow.next()  # what there is to tell comes first on a new session
        if not outflow.is_inside and (now >= self._bookmark_at or outflow.has_new_state):
            self._bookmark_at = now + BOOKMARK_SECONDS
            return outflow.bookmark()
        if outflow.has_news and (outflow.is_inside or not self._is_gathering(window, now)):
            return outflow.next()
        return None

    def _is_gathering(self, window: Window, now: float) -> bool:
        return window.unacknowledged_bytes > 0 and now - self._sent_at < GATHER_SECONDS

    def _pause_seconds(self, outflow: Outflow, window: Window, now: float, *, is_blocked: bool) -> float:
        if is_blocked:
            return 1.0  # an acknowledgement wakes it; otherwise only the stall limit is to be looked at
        if outflow.has_news and self._is_gathering(window, now):
            return max(0.001, self._sent_at + GATHER_SECONDS - now)
        return max(0.001, min(1.0, (self._bookmark_at or now) - now))

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
