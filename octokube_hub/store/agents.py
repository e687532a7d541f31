"""Stores identities of agents and gateways: the token each enrols with once, and how long its certificate holds."""

import datetime
from dataclasses import dataclass
from typing import Any

import sqlite_utils

from octokube.runtime.enrolling import Kind
from octokube_hub.store.database import Database


@dataclass(frozen=True, slots=True)
class EnrolledRecord:
    """One identity, of an agent or a gateway. ``enrolled_at`` is None until its token was used; an agent's ``name`` is
    its cluster.
    """

    id: str
    name: str
    secret_hash: str
    created_at: datetime.datetime
    token_expires_at: datetime.datetime
    enrolled_at: datetime.datetime | None
    certificate_expires_at: datetime.datetime | None
    revoked_at: datetime.datetime | None

    def can_enrol(self, now: datetime.datetime) -> bool:
        """Whether its token can be used."""
        return self.enrolled_at is None and self.revoked_at is None and now < self.token_expires_at


class EnrolledRecords:
    """The identities of one kind, in the agents table. What is of the other kind is not found, nor changed."""

    def __init__(self, database: Database, kind: Kind = Kind.AGENT) -> None:
        self._database = database
        self._kind = kind.value

    async def add(
        self, id: str, name: str, secret_hash: str, at: datetime.datetime, token_expires_at: datetime.datetime
    ) -> None:
        """Stores somebody who may enrol."""
        row = {
            "id": id,
            "kind": self._kind,
            "cluster": name,
            "secret_hash": secret_hash,
            "created_at": at.timestamp(),
            "token_expires_at": token_expires_at.timestamp(),
        }

        def add(database: sqlite_utils.Database) -> None:
            database.table("agents").insert(row)

        await self._database.call(add)

    async def find(self, id: str) -> EnrolledRecord | None:
        """The identity with this id, revoked or not."""

        def find(database: sqlite_utils.Database) -> list[dict[str, Any]]:
            return list(database.query("select * from agents where id = ? and kind = ?", [id, self._kind]))

        rows = await self._database.read(find)
        return _record(rows[0]) if rows else None

    async def enrol(self, id: str, now: datetime.datetime, certificate_expires_at: datetime.datetime) -> bool:
        """Uses the token up. False when it can't be used (any more): of several at once, one is told True."""

        def enrol(database: sqlite_utils.Database) -> bool:
            changed = database.execute(
                "update agents set enrolled_at = ?, certificate_expires_at = ? where id = ? and kind = ?"
                " and enrolled_at is null and revoked_at is null and token_expires_at > ?",
                [now.timestamp(), certificate_expires_at.timestamp(), id, self._kind, now.timestamp()],
            )
            return bool(changed.rowcount == 1)

        return await self._database.call(enrol)

    async def renew(self, id: str, certificate_expires_at: datetime.datetime) -> bool:
        """Notes a newer certificate. False when it was revoked meanwhile."""

        def renew(database: sqlite_utils.Database) -> bool:
            changed = database.execute(
                "update agents set certificate_expires_at = ? where id = ? and kind = ? and revoked_at is null",
                [certificate_expires_at.timestamp(), id, self._kind],
            )
            return bool(changed.rowcount == 1)

        return await self._database.call(renew)

    async def revoke(self, id: str, at: datetime.datetime) -> str | None:
        """Ends an identity, enrolled or not; its name. None: no such id."""

        def revoke(database: sqlite_utils.Database) -> list[dict[str, Any]]:
            database.execute(
                "update agents set revoked_at = ? where id = ? and kind = ? and revoked_at is null",
                [at.timestamp(), id, self._kind],
            )
            return list(database.query("select cluster from agents where id = ? and kind = ?", [id, self._kind]))

        rows = await self._database.call(revoke)
        return str(rows[0]["cluster"]) if rows else None

    async def revoked_ids(self) -> frozenset[str]:
        """The ids of all revoked identities."""

        def find(database: sqlite_utils.Database) -> frozenset[str]:
            rows = database.query("select id from agents where kind = ? and revoked_at is not null", [self._kind])
            return frozenset(row["id"] for row in rows)

        return await self._database.read(find)

    async def names(self) -> list[str]:
        """The names (agents: clusters) of those that have enrolled and were not revoked, sorted."""

        def find(database: sqlite_utils.Database) -> list[str]:
            rows = database.query(
                "select distinct cluster from agents where kind = ? and enrolled_at is not null and revoked_at is null",
                [self._kind],
            )
            return sorted(row["cluster"] for row in rows)

        return await self._database.read(find)

    async def list(self) -> list[EnrolledRecord]:
        """All of them, newest first."""

        def find(database: sqlite_utils.Database) -> tuple[dict[str, Any], ...]:
            return tuple(
                database.query("select * from agents where kind = ? order by created_at desc, id", [self._kind])
            )

        return [_record(row) for row in await self._database.read(find)]


def _record(row: dict[str, Any]) -> EnrolledRecord:
    return EnrolledRecord(
        id=row["id"],
        name=row["cluster"],
        secret_hash=row["secret_hash"],
        created_at=_instant(row["created_at"]),
        token_expires_at=_instant(row["token_expires_at"]),
        enrolled_at=_instant_or_none(row["enrolled_at"]),
        certificate_expires_at=_instant_or_none(row["certificate_expires_at"]),
        revoked_at=_instant_or_none(row["revoked_at"]),
    )


def _instant(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)


def _instant_or_none(seconds: float | None) -> datetime.datetime | None:
    return None if seconds is None else _instant(seconds)
