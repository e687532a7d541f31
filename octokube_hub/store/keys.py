"""Stores the hub's own secret keys."""

import datetime
import secrets

import sqlite_utils

from octokube_hub.store.database import Database


class Keys:
    """The keys table. Its content is worth as much as the file's mode: whoever reads it can forge resume tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get_or_create(self, name: str, size_bytes: int, now: datetime.datetime) -> bytes:
        """The key of this name; drawn at random the first time, the same ever after."""
        fresh = {"name": name, "secret": secrets.token_bytes(size_bytes), "created_at": now.timestamp()}

        def get(database: sqlite_utils.Database) -> bytes:
            database.table("keys").insert(fresh, ignore=True)
            row = next(iter(database.query("select secret from keys where name = ?", [name])))
            return bytes(row["secret"])

        return await self._database.call(get)
