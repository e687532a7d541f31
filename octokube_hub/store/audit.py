"""Stores what was decided and done, and by whom."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlite_utils

from octokube_hub.store import audit_chain
from octokube_hub.store.database import Database

KEPT_RECORDS = 1_000_000
"""About 250 MB. Beyond, the oldest go; ids go on counting."""
PRUNE_EVERY = 10_000
MAX_LIST = 1_000
DEFAULT_LIST = 100
_INSERT = (
    "insert into audit_records (at, subject, action, target, outcome, rule, policy_revision, message, window, hash)"
    " values (:at, :subject, :action, :target, :outcome, :rule, :policy_revision, :message, :window, '')"
)


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
    window: str = ""
    """The window on the deciding row."""
    id: int = 0
    hash: str = ""
    """Covers this record and the hash of the one before it."""


class AuditLog:
    """The audit_records table: ids are dense from 1, in the order in which records were handed over.

    ``record`` returns once the entry is on disk: what depends on it is answered after. ``note`` is for what has
    happened already (an agent has gone); a hub that is killed within the same moment may lose it.

    Records are only added, and form a chain of hashes, which ``verify`` follows.
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
        self, *, subject: str = "", verb: str = "", since: datetime.datetime | None = None, limit: int = 0
    ) -> list[AuditEntry]:
        """The newest entries first, of one subject, one verb and from an instant on when asked for.

        The verb of "token.create" is "create". ``limit`` 0: 100; at most 1,000.
        """
        count = min(limit or DEFAULT_LIST, MAX_LIST)
        since_seconds = since.timestamp() if since is not None else 0.0

        def find(database: sqlite_utils.Database) -> list[dict[str, Any]]:
            return list(
                database.query(
                    "select * from audit_records where (:subject = '' or subject = :subject) and at >= :since"
                    " and (:verb = '' or action = :verb or substr(action, -length(:verb) - 1) = '.' || :verb)"
                    " order by id desc limit :count",
                    {"subject": subject, "verb": verb, "since": since_seconds, "count": count},
                )
            )

        return [_entry(row) for row in await self._database.call(find)]

    async def verify(self, head: str = "") -> audit_chain.Finding:
        """Follows the chain from its beginning. ``head`` is a hash noted earlier, which must still be in it."""
        return await self._database.call(
            lambda database: audit_chain.follow(
                database.query("select * from audit_records order by id"), _anchor(database), head
            )
        )


def _anchor(database: sqlite_utils.Database) -> tuple[int, str]:
    """The id and hash of the newest record that has been pruned."""
    row = database.execute("select id, hash from audit_anchor order by id desc limit 1").fetchone()
    return (int(row[0]), str(row[1])) if row else (0, audit_chain.START)


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
        "window": entry.window,
    }

    def add(database: sqlite_utils.Database) -> int:
        # A plain insert: whatever reads first (as table().insert does) fails when another program writes in between.
        database.execute(_INSERT, row)
        id = int(database.execute("select last_insert_rowid()").fetchone()[0])
        # Sealed after the insert, which holds off other programs, so that nobody adds a record in between.
        former = database.execute("select hash from audit_records where id = ?", [id - 1]).fetchone()
        sealed = audit_chain.hash_of({**row, "id": id}, former[0] if former else _anchor(database)[1])
        database.execute("update audit_records set hash = ? where id = ?", [sealed, id])
        if id % PRUNE_EVERY == 0:
            _prune(database, id - KEPT_RECORDS)
        return id

    return add


def _prune(database: sqlite_utils.Database, last: int) -> None:
    found = database.execute("select hash from audit_records where id = ?", [last]).fetchone()
    if found is not None:
        database.execute("delete from audit_anchor")
        database.table("audit_anchor").insert({"id": last, "hash": found[0]})
        database.execute("delete from audit_records where id <= ?", [last])


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
        window=row["window"],
        hash=row["hash"],
    )
