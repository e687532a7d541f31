"""Stores agent credentials: for which cluster each one speaks, and its hash."""

import datetime
from dataclasses import dataclass
from typing import Any

import sqlite_utils

from octokube_hub.store.database import Database


@dataclass(frozen=True, slots=True)
class AgentCredential:
    """One credential without its secret."""

    id: str
    cluster: str
    is_revoked: bool


class AgentCredentials:
    """The agent_credentials table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, id: str, cluster: str, secret_hash: str, at: datetime.datetime) -> None:
        """Stores a new credential. A cluster may have several, so that they can be rotated."""
        row = {"id": id, "cluster": cluster, "secret_hash": secret_hash, "created_at": at.timestamp()}

        def add(database: sqlite_utils.Database) -> None:
            database.table("agent_credentials").insert(row)

        await self._database.call(add)

    async def find(self, secret_hash: str) -> AgentCredential | None:
        """The credential with this secret, revoked or not."""

        def find(database: sqlite_utils.Database) -> list[dict[str, Any]]:
            return list(database.query("select * from agent_credentials where secret_hash = ?", [secret_hash]))

        rows = await self._database.read(find)
        return AgentCredential(rows[0]["id"], rows[0]["cluster"], rows[0]["revoked_at"] is not None) if rows else None

    async def revoke(self, id: str, at: datetime.datetime) -> bool:
        """Ends a credential. True also when it had been revoked before; False: no such id."""

        def revoke(database: sqlite_utils.Database) -> bool:
            database.execute(
                "update agent_credentials set revoked_at = ? where id = ? and revoked_at is null", [at.timestamp(), id]
            )
            return bool(list(database.query("select id from agent_credentials where id = ?", [id])))

        return await self._database.call(revoke)

    async def revoked_ids(self) -> frozenset[str]:
        """The ids of all revoked credentials."""

        def find(database: sqlite_utils.Database) -> frozenset[str]:
            rows = database.query("select id from agent_credentials where revoked_at is not null")
            return frozenset(row["id"] for row in rows)

        return await self._database.read(find)

    async def clusters(self) -> list[str]:
        """The clusters for which a credential is in force, sorted."""

        def find(database: sqlite_utils.Database) -> list[str]:
            rows = database.query(
                "select distinct cluster from agent_credentials where revoked_at is null order by cluster"
            )
            return [row["cluster"] for row in rows]

        return await self._database.read(find)
