"""Remembers which sessions were recorded."""

import datetime
from dataclasses import dataclass
from typing import Any

import sqlite_utils

from octokube_hub.store.database import Database

MAX_LIST = 1_000
DEFAULT_LIST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSession:
    """One session. ``state`` is "running", "complete", or "cut off" when its end is missing."""

    id: str
    subject: str
    operation: str
    cluster: str
    namespace: str
    pod: str
    command: str
    started_at: datetime.datetime
    ended_at: datetime.datetime | None = None
    state: str = "running"
    size_bytes: int = 0


class RecordedSessions:
    """The recorded_sessions table: the files' content is not in it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, session: RecordedSession) -> None:
        """Adds one that is running."""
        row = {name: getattr(session, name) for name in session.__dataclass_fields__ if name != "ended_at"}
        row["started_at"] = session.started_at.timestamp()
        await self._database.call(lambda database: database.table("recorded_sessions").insert(row))

    async def end(self, id: str, at: datetime.datetime, *, is_complete: bool, size_bytes: int) -> None:
        """Says how it stands from now on."""
        changes = {
            "ended_at": at.timestamp(),
            "state": "complete" if is_complete else "cut off",
            "size_bytes": size_bytes,
        }
        await self._database.call(lambda database: database.table("recorded_sessions").update(id, changes))

    async def running(self) -> list[RecordedSession]:
        """Those that are said to be running."""
        rows = await self._database.read(
            lambda database: list(database.query("select * from recorded_sessions where state = 'running'"))
        )
        return [_session(row) for row in rows]

    async def ended(self) -> list[RecordedSession]:
        """Those that have ended, oldest first."""
        rows = await self._database.read(
            lambda database: list(
                database.query("select * from recorded_sessions where state <> 'running' order by started_at, rowid")
            )
        )
        return [_session(row) for row in rows]

    async def forget(self, id: str) -> None:
        """Removes one from the list."""
        await self._database.call(
            lambda database: database.execute("delete from recorded_sessions where id = ?", [id]).rowcount
        )

    async def list(
        self, *, subject: str = "", since: datetime.datetime | None = None, limit: int = 0, before_id: str = ""
    ) -> list[RecordedSession]:
        """Newest first. ``limit`` 0: 100; at most 1,000. ``before_id`` goes on behind that one."""
        asked: dict[str, Any] = {
            "subject": subject,
            "since": since.timestamp() if since is not None else 0.0,
            "count": min(limit or DEFAULT_LIST, MAX_LIST),
            "before": before_id,
        }

        def find(database: sqlite_utils.Database) -> "list[dict[str, Any]]":
            return [
                *database.query(
                    "select * from recorded_sessions where (:subject = '' or subject = :subject)"
                    " and started_at >= :since and (:before = '' or"
                    " rowid < (select rowid from recorded_sessions where id = :before))"
                    " order by rowid desc limit :count",
                    asked,
                )
            ]

        return [_session(row) for row in await self._database.read(find)]

    async def find(self, id: str) -> RecordedSession | None:
        """One of them."""
        rows = await self._database.read(
            lambda database: [*database.query("select * from recorded_sessions where id = ?", [id])]
        )
        return _session(rows[0]) if rows else None


def _session(row: dict[str, Any]) -> RecordedSession:
    times = {
        name: datetime.datetime.fromtimestamp(row[name], datetime.UTC) if row[name] is not None else None
        for name in ("started_at", "ended_at")
    }
    return RecordedSession(**{**row, **times})
