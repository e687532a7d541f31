"""Stores the sessions of people who have signed in; no secret of theirs."""

import datetime
from dataclasses import dataclass
from typing import Any

import sqlite_utils

from octokube_hub.store.database import Database

KEPT_SECONDS = 24 * 3600.0
"""Sessions that are over are remembered so long: longer than any of their tokens is valid."""


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One session. ``generation`` counts its refresh tokens: only the newest refreshes."""

    id: str
    subject: str
    generation: int
    created_at: datetime.datetime
    token_until: datetime.datetime
    expires_at: datetime.datetime
    ended_at: datetime.datetime | None = None

    def is_open(self, now: datetime.datetime) -> bool:
        """Whether anybody is signed in by it at that instant."""
        return self.ended_at is None and now < self.expires_at


class SessionRecords:
    """The sessions table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, session: SessionRecord) -> None:
        """Stores a new session, and forgets those that have long been over."""
        row = {
            "id": session.id,
            "subject": session.subject,
            "generation": session.generation,
            "created_at": session.created_at.timestamp(),
            "token_until": session.token_until.timestamp(),
            "expires_at": session.expires_at.timestamp(),
        }
        horizon = session.created_at.timestamp() - KEPT_SECONDS

        def add(database: sqlite_utils.Database) -> None:
            database.execute("delete from sessions where expires_at < ? or ended_at < ?", [horizon, horizon])
            database.table("sessions").insert(row)

        await self._database.call(add)

    async def find(self, id: str) -> SessionRecord | None:
        """The session with this id, over or not."""

        def find(database: sqlite_utils.Database) -> list[dict[str, Any]]:
            return list(database.query("select * from sessions where id = ?", [id]))

        rows = await self._database.read(find)
        return _session(rows[0]) if rows else None

    async def advance(self, id: str, generation: int, token_until: datetime.datetime) -> bool:
        """Takes a session from one generation to the next. False when it is not at that generation, or over."""

        def advance(database: sqlite_utils.Database) -> bool:
            done = database.execute(
                "update sessions set generation = generation + 1, token_until = ?"
                " where id = ? and generation = ? and ended_at is null",
                [token_until.timestamp(), id, generation],
            )
            return bool(done.rowcount)

        return await self._database.call(advance)

    async def end(self, id: str, at: datetime.datetime) -> None:
        """Ends a session; one that is over stays as it was."""

        def end(database: sqlite_utils.Database) -> None:
            database.execute("update sessions set ended_at = ? where id = ? and ended_at is null", [at.timestamp(), id])

        await self._database.call(end)


def _session(row: dict[str, Any]) -> SessionRecord:
    return SessionRecord(
        row["id"],
        row["subject"],
        row["generation"],
        _time(row["created_at"]),
        _time(row["token_until"]),
        _time(row["expires_at"]),
        None if row["ended_at"] is None else _time(row["ended_at"]),
    )


def _time(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
