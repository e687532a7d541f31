"""Stores who people and services are: their teams, whether they are shut out, and the hash of a password."""

import datetime
from dataclasses import dataclass
from typing import Any

import sqlite_utils

from octokube_hub.store.database import Database


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has signed in, or was made by an administrator. Times are aware, in UTC."""

    subject: str
    teams: frozenset[str] = frozenset()
    teams_at: datetime.datetime | None = None
    """When the provider told the teams last."""
    password_hash: str = ""
    disabled_at: datetime.datetime | None = None


class People:
    """The people table. Nobody has to be in it: whoever is not has no teams but those of the policy files."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, subject: str) -> Person | None:
        """Somebody by name."""

        def find(database: sqlite_utils.Database) -> list[dict[str, Any]]:
            return list(database.query("select * from people where subject = ?", [subject]))

        rows = await self._database.read(find)
        return _person(rows[0]) if rows else None

    async def list(self) -> list[Person]:
        """Everybody, by name."""

        def find(database: sqlite_utils.Database) -> list[dict[str, Any]]:
            return list(database.query("select * from people order by subject"))

        return [_person(row) for row in await self._database.read(find)]

    async def set_teams(self, subject: str, teams: frozenset[str], at: datetime.datetime) -> None:
        """What teams somebody is in from now on."""
        await self._set(subject, {"teams": " ".join(sorted(teams)), "teams_at": at.timestamp()})

    async def set_password(self, subject: str, password_hash: str) -> None:
        """The hash of a password; "" takes it away."""
        await self._set(subject, {"password_hash": password_hash or None})

    async def set_disabled(self, subject: str, at: datetime.datetime | None) -> None:
        """Shuts somebody out, or lets them in again with None."""
        await self._set(subject, {"disabled_at": at.timestamp() if at is not None else None})

    async def ended_ids(self) -> frozenset[str]:
        """The ids of all tokens and sessions that are revoked, signed out of, or of somebody who is shut out."""
        query = (
            "select id from tokens where revoked_at is not null"
            " union select id from sessions where ended_at is not null"
            " union select id from tokens where subject in (select subject from people where disabled_at is not null)"
            " union select id from sessions where subject in (select subject from people where disabled_at is not null)"
        )

        def find(database: sqlite_utils.Database) -> frozenset[str]:
            return frozenset(row["id"] for row in database.query(query))

        return await self._database.read(find)

    async def _set(self, subject: str, values: dict[str, Any]) -> None:
        def put(database: sqlite_utils.Database) -> None:
            database.table("people").insert({"subject": subject, "teams": ""}, ignore=True)
            database.table("people").update(subject, values)

        await self._database.call(put)


def _person(row: dict[str, Any]) -> Person:
    return Person(
        row["subject"],
        frozenset(row["teams"].split()),
        _time(row["teams_at"]),
        row["password_hash"] or "",
        _time(row["disabled_at"]),
    )


def _time(seconds: float | None) -> datetime.datetime | None:
    return None if seconds is None else datetime.datetime.fromtimestamp(seconds, datetime.UTC)
