"""Stores what was decided and done, and by whom."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlite_utils

from octokube_hub.store.database import Database

KEPT_RECORDS = 1_000_000
"""About 250 MB. Beyond, the oldest go; ids go on counting."""
PRUNE_EVERY = 10_000
MAX_LIST = 1_000
DEFAULT_LIST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One record. Never holds content of an object, nor a secret. ``id`` is 0 until it is stored."""

    at: datetime.datetime
    subject: str
    action: str
    target: str
    outcome: str
    rule: str = ""
    policy_revision: str = ""
    message: str = ""
    id: int = 0


class AuditLog:
    """The audit_records table: ids are dense from 1, in the order in which records were handed over.

    ``record`` returns once the entry is on disk: what depends on it is answered after. ``note`` is for what has
    happened already (an agent has gone); a hub that is killed within the same moment may lose it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, entry: AuditEntry) -> int:
        """Stores an entry durably and returns its id."""
        return await self._database.call(_adding(entry))

    def note(self, entry: AuditEntry) -> None:
        """Stores an entry without waiting for the disk."""
        self._database.submit(_adding(entry))

    async def list(
        self, *, subject: str = "", since: datetime.datetime | None = None, limit: int = 0
    ) -> list[AuditEntry]:
        """The newest entries first, of one subject and from an instant on when asked for. 0: 100; at most 1,000."""
        count = min(limit or DEFAULT_LIST, MAX_LIST)
        since_seconds = since.timestamp() if since is not None else 0.0

        def find(database: sqlite_utils.Database) -> list[dict[str, Any]]:
            return list(
                database.query(
                    "select * from audit_records where (:subject = '' or subject = :subject) and at >= :since"
                    " order by id desc limit :count",
                    {"subject": subject, "since": since_seconds, "count": count},
                )
            )

        return [_entry(row) for row in await self._database.call(find)]


def _adding(entry: AuditEntry) -> Callable[[sqlite_utils.Database], int]:
    row = {
        "at": entry.at.timestamp(),
        "subject": entry.subject,
        "action": entry.action,
        "target": entry.target,
        "outcome": entry.outcome,
        "rule": entry.rule,
        "policy_revision": entry.policy_revision,
        "message": entry.message,
    }

    def add(database: sqlite_utils.Database) -> int:
        database.table("audit_records").insert(row)
        id = int(database.execute("select last_insert_rowid()").fetchone()[0])
        if id % PRUNE_EVERY == 0:
            database.execute("delete from audit_records where id <= ?", [id - KEPT_RECORDS])
        return id

    return add


def _entry(row: dict[str, Any]) -> AuditEntry:
    return AuditEntry(
        id=row["id"],
        at=datetime.datetime.fromtimestamp(row["at"], datetime.UTC),
        subject=row["subject"],
        action=row["action"],
        target=row["target"],
        outcome=row["outcome"],
        rule=row["rule"],
        policy_revision=row["policy_revision"],
        message=row["message"],
    )
