"""Stores bearer tokens of people and services: hashes, never secrets."""

import datetime
from dataclasses import dataclass
from typing import Any

import sqlite_utils

from octokube_hub.store.database import Database


@dataclass(frozen=True, slots=True)
class Token:
    """One token without its secret. Times are aware, in UTC."""

    id: str
    subject: str
    description: str
    created_at: datetime.datetime
    expires_at: datetime.datetime
    revoked_at: datetime.datetime | None
    is_read_only: bool = False
    clusters: tuple[str, ...] = ()
    """Where alone it lets anybody in; empty: everywhere."""

    def is_valid(self, now: datetime.datetime) -> bool:
        """Whether it lets anybody in at that instant."""
        return self.revoked_at is None and now < self.expires_at


class Tokens:
    """The tokens table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, token: Token, secret_hash: str) -> None:
        """Stores a new token."""
        row = {
            "id": token.id,
            "subject": token.subject,
            "description": token.description,
            "secret_hash": secret_hash,
            "created_at": token.created_at.timestamp(),
            "expires_at": token.expires_at.timestamp(),
            "is_read_only": int(token.is_read_only),
            "clusters": " ".join(token.clusters),
        }

        def add(database: sqlite_utils.Database) -> None:
            database.table("tokens").insert(row)

        await self._database.call(add)

    async def find(self, secret_hash: str) -> Token | None:
        """The token with this secret, valid or not."""

        def find(database: sqlite_utils.Database) -> list[dict[str, Any]]:
            return list(database.query("select * from tokens where secret_hash = ?", [secret_hash]))

        rows = await self._database.read(find)
        return _token(rows[0]) if rows else None

    async def get(self, id: str) -> Token | None:
        """The token with this id, valid or not."""

        def find(database: sqlite_utils.Database) -> list[dict[str, Any]]:
            return list(database.query("select * from tokens where id = ?", [id]))

        rows = await self._database.read(find)
        return _token(rows[0]) if rows else None

    async def list(self, subject: str | None = None) -> list[Token]:
        """All tokens, or a subject's, newest first."""

        def find(database: sqlite_utils.Database) -> list[dict[str, Any]]:
            return list(
                database.query(
                    "select * from tokens where ? is null or subject = ? order by created_at desc, id",
                    [subject, subject],
                )
            )

        return [_token(row) for row in await self._database.read(find)]

    async def revoke(self, id: str, at: datetime.datetime) -> bool:
        """Ends a token. True also when it had been revoked before, which then stays as it was; False: no such id."""

        def revoke(database: sqlite_utils.Database) -> bool:
            database.execute(
                "update tokens set revoked_at = ? where id = ? and revoked_at is null", [at.timestamp(), id]
            )
            return bool(list(database.query("select id from tokens where id = ?", [id])))

        return await self._database.call(revoke)


def _token(row: dict[str, Any]) -> Token:
    return Token(
        row["id"],
        row["subject"],
        row["description"],
        _time(row["created_at"]),
        _time(row["expires_at"]),
        None if row["revoked_at"] is None else _time(row["revoked_at"]),
        bool(row["is_read_only"]),
        tuple(row["clusters"].split()),
    )


def _time(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
