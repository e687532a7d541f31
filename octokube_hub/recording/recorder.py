"""Begins and ends recordings, and decides what happens when one can't be made."""

import asyncio
import datetime
import enum
import fnmatch
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import structlog

from octokube.runtime.clock import Clock
from octokube.runtime.tasks import Tasks
from octokube_hub.recording.cast import Cast
from octokube_hub.recording.files import Appending
from octokube_hub.store import RecordedSession, RecordedSessions, StoreError

log = structlog.get_logger(__name__)

OPERATIONS = frozenset({"exec", "attach", "debug"})
"""What has a terminal. Files that are copied and ports that are forwarded are not recorded."""
SUFFIX = ".cast"
RETRY_SECONDS = 0.5


class RecordingMode(enum.Enum):
    """``ON`` records as well as it can; with ``REQUIRED`` nobody has a session that is not recorded."""

    OFF = "off"
    ON = "on"
    REQUIRED = "required"


class RecordingRefused(Exception):
    """The session may not begin, since it can't be recorded. The text says why, for whoever asked for it."""


class Recording:
    """One session that is being recorded."""

    def __init__(self, session: RecordedSession, file: Appending, cast: Cast, clock: Clock) -> None:
        self.session = session
        self.file = file
        self._cast = cast
        self._clock = clock
        self._began_at = clock.monotonic()

    def output(self, content: bytes, stream: str = "stdout") -> None:
        """What the session shows."""
        self.file.append(self._cast.output(self._seconds(), content, stream))

    def resize(self, columns: int, rows: int) -> None:
        """The terminal's size from now on."""
        self.file.append(self._cast.resize(self._seconds(), columns, rows))

    @property
    def has_room(self) -> bool:
        """Whether the session may go on showing things; when it may again, ``file.on_room`` is called."""
        return self.file.has_room

    async def close(self) -> int:
        """Completes the file; its size in bytes."""
        self.file.append(self._cast.end(self._seconds()))
        return await self.file.close()

    def _seconds(self) -> float:
        return self._clock.monotonic() - self._began_at


class Recorder:
    """Owns the folder of recordings.

    ``places`` are patterns CLUSTER/NAMESPACE; without any, sessions are recorded everywhere.

    Guarantee, where recording is required: what can't be recorded is not begun, and what can't be recorded any more is
    ended. Files are written as the session goes on, so that a killed hub leaves what was shown up to then.
    """

    def __init__(
        self,
        directory: Path,
        sessions: RecordedSessions,
        mode: RecordingMode,
        clock: Clock,
        *,
        places: Sequence[str] = (),
    ) -> None:
        self.directory = directory
        self.mode = mode
        self._places = [tuple(place.split("/")) for place in places]
        self._sessions = sessions
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="hub-recordings")
        self._tasks = Tasks("recordings")
        self._is_closing = False
        self._closing: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Completes the list with what a killed hub left: those recordings are cut off."""
        for session in await self._sessions.running():
            size_bytes = await asyncio.to_thread(_size, self.path_of(session.id))
            await self._sessions.end(session.id, self._clock.now(), is_complete=False, size_bytes=size_bytes)

    async def begin(self, session: RecordedSession, on_lost: Callable[[str], None]) -> Recording | None:
        """Begins a recording; None when this session is not recorded. Raises RecordingRefused.

        ``on_lost`` is called with a sentence when recording is required and can't go on.
        """
        if self.mode is RecordingMode.OFF or session.operation not in OPERATIONS or not self._is_in_place(session):
            return None
        # Whoever waits may go away at any instant; what was made until then has an end nevertheless.
        task = self._tasks.start_guarded(self._begin(session, on_lost), name=f"begin/{session.id}")
        try:
            begun: Recording | RecordingRefused | None = await asyncio.shield(task)
        except asyncio.CancelledError:
            self._closing.add(task)
            task.add_done_callback(self._abandon)
            raise
        if isinstance(begun, RecordingRefused):
            raise begun
        return begun

    def finish(self, recording: Recording) -> None:
        """Completes a recording, without waiting for the disk."""
        task = self._tasks.start_guarded(self._finish(recording), name=f"finish/{recording.session.id}")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Completes what was handed over. To be called when all sessions have ended, before the store closes."""
        self._is_closing = True
        while self._closing:
            await asyncio.wait(self._closing)
        await self._tasks.close()
        self._thread.shutdown(wait=False)

    def path_of(self, id: str) -> Path:
        """The file of a session."""
        return self.directory / f"{id}{SUFFIX}"

    async def remove(self, session: RecordedSession, record: Callable[[], Awaitable[None]]) -> None:
        """Removes a recording that has ended: the file, puts that on record, and then what is known of it. Whatever
        kills the hub in between, the next attempt goes on with what is left. Raises OSError.
        """
        await asyncio.to_thread(self.path_of(session.id).unlink, missing_ok=True)
        await record()
        await self._sessions.forget(session.id)

    async def _begin(
        self, session: RecordedSession, on_lost: Callable[[str], None]
    ) -> Recording | RecordingRefused | None:
        def lost(error: OSError) -> None:
            log.error("recording.lost", session=session.id, reason=_reason(error))
            if self.mode is RecordingMode.REQUIRED:
                on_lost(f"sessions have to be recorded here, and this one can't be any more ({_reason(error)})")

        file = Appending(self.path_of(session.id), self._thread, lost)
        title = f"{session.subject}: {session.operation} {session.cluster}/{session.namespace}/{session.pod}"
        try:
            await file.open()
            await self._sessions.begin(session)
        except (OSError, StoreError) as error:
            log.error("recording.failed", session=session.id, reason=_reason(error))
            await file.discard()
            if self.mode is RecordingMode.REQUIRED:
                return RecordingRefused(
                    f"sessions have to be recorded here, and this one can't be ({_reason(error)}); "
                    "tell whoever runs the hub"
                )
            return None
        return Recording(session, file, Cast(title=title, started_at=session.started_at.timestamp()), self._clock)

    def _is_in_place(self, session: RecordedSession) -> bool:
        return not self._places or any(
            fnmatch.fnmatchcase(session.cluster, cluster) and fnmatch.fnmatchcase(session.namespace, namespace)
            for cluster, namespace in self._places
        )

    def _abandon(self, task: "asyncio.Task[Recording | RecordingRefused | None]") -> None:
        if not task.cancelled() and task.exception() is None and isinstance(begun := task.result(), Recording):
            self.finish(begun)
        self._closing.discard(task)

    async def _finish(self, recording: Recording) -> None:
        size_bytes = await recording.close()
        is_complete = recording.file.trouble is None
        now: datetime.datetime = self._clock.now()
        while True:
            try:
                await self._sessions.end(recording.session.id, now, is_complete=is_complete, size_bytes=size_bytes)
                return
            except StoreError as error:
                log.error("recording.end_waits", session=recording.session.id, reason=str(error))
            if self._is_closing:
                return  # the next start finds it running, and says that it was cut off
            await asyncio.sleep(RETRY_SECONDS)


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else "") or str(error)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
