"""Puts on record how operations ended, whatever the disk says the first time."""

import asyncio

import structlog

from octokube.runtime.tasks import Tasks
from octokube_hub.store import AuditEntry, AuditLog, StoreError

log = structlog.get_logger(__name__)

WAIT_SECONDS = 2.0
"""How long an ending waits for its record; then the record is made without anybody waiting."""
RETRY_SECONDS = 0.5


class Outcomes:
    """Guarantee: what ``record`` was given is on disk when it returns, or is tried until it is. What a hub takes with
    it, it tells as unknown when it starts again.

    What is tried is bounded: while the disk refuses no operation begins that would have to end.
    """

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit
        self._tasks = Tasks("outcomes")
        self._open: set[asyncio.Task[None]] = set()

    async def record(self, entry: AuditEntry) -> None:
        """Records an entry, which happens also when whoever waits here is cancelled. Waits two seconds at most."""
        task = self._tasks.start_guarded(self._keep_recording(entry), name=entry.ends)
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        await asyncio.wait((task,), timeout=WAIT_SECONDS)

    async def close(self) -> None:
        """Gives what is left two seconds more. To be called when all operations have ended."""
        if self._open:
            await asyncio.wait(self._open, timeout=WAIT_SECONDS)
        if self._open:
            log.error("operation.outcomes_lost", count=len(self._open))
        await self._tasks.close()

    async def _keep_recording(self, entry: AuditEntry) -> None:
        while True:
            try:
                await self._audit.record(entry)
                return
            except StoreError as error:
                log.error("operation.outcome_waits", action=entry.action, target=entry.target, reason=str(error))
            await asyncio.sleep(RETRY_SECONDS)
