"""Removes recordings that are older, or more, than is to be kept."""

import asyncio
import datetime
import functools
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import structlog

from octokube.runtime.clock import Clock
from octokube_hub.recording.recorder import Recorder
from octokube_hub.store import RecordedSession, RecordedSessions, StoreError

log = structlog.get_logger(__name__)

LOOK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Retention:
    """How long recordings are kept, and how much of them. What is running is kept."""

    days: float = 30.0
    size_bytes: int = 1024**3

    def surplus(self, ended: Iterable[RecordedSession], now: datetime.datetime) -> list[tuple[RecordedSession, str]]:
        """What has to go, of those that have ended, given oldest first: with the reason."""
        oldest = now - datetime.timedelta(days=self.days)
        found: list[tuple[RecordedSession, str]] = []
        left: list[RecordedSession] = []
        for session in ended:
            if (session.ended_at or session.started_at) < oldest:
                found.append((session, f"older than {self.days:g} days"))
            else:
                left.append(session)
        excess_bytes = sum(session.size_bytes for session in left) - self.size_bytes
        for session in left:
            if excess_bytes <= 0:
                break
            excess_bytes -= session.size_bytes
            found.append((session, f"all of them together are larger than {self.size_bytes} bytes"))
        return found


async def keep_within(
    retention: Retention,
    recorder: Recorder,
    sessions: RecordedSessions,
    clock: Clock,
    record: Callable[[RecordedSession, str], Awaitable[None]],
) -> None:
    """Removes what has to go, for ever. ``record`` puts a removal on record, with its reason."""
    while True:
        try:
            ended = await sessions.ended()
        except StoreError as error:
            log.error("recording.not_listed", reason=str(error))
            ended = []
        for session, reason in retention.surplus(ended, clock.now()):
            try:
                await recorder.remove(session, functools.partial(record, session, reason))
            except (OSError, StoreError) as error:
                log.error("recording.not_removed", session=session.id, reason=str(error))
        await asyncio.sleep(LOOK_SECONDS)
