"""Stores what was decided and done, and by whom."""

import asyncio
import dataclasses
import datetime
import json
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
    "insert into audit_records"
    " (id, at, subject, action, target, outcome, rule, policy_revision, message, window, question, hash) values"
    " (:id, :at, :subject, :action, :target, :outcome, :rule, :policy_revision, :message, :window, :question, :hash)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuestion:
    """What policy was asked, so that it can be asked again of another policy. Fields as in AccessRequest."""

    cluster: str
    resource: str
    namespace: str
    name: str
    verb: str
    groups: tuple[str, ...] = ()
    """The teams that the identity provider gave the subject, sorted."""


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
    question: AuditQuestion | None = None
    """None when nothing was decided."""
    id: int = 0
    hash: str = ""
    """Covers this record and the hash of the one before it."""
    begins: str = ""
    """The operation that is about to be carried out. Not kept in the record, but until its end was recorded."""
    ends: str = ""
    """The operation that this is the end of."""


class AuditLog:
    """The audit_records table: ids are dense from 1, in the order in which records were handed over.

    ``record`` returns once the entry is on disk: what depends on it is answered after. ``note`` is for what has
    happened already (an agent has gone); a hub that is killed within the same moment may lose it.

    Records are only added, and form a chain of hashes, which ``verify`` follows.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, entry: AuditEntry) -> int:
        """Stores an entry durably and returns its id. Once handed over it is stored, whether or not anybody waits."""
        return await asyncio.shield(self._database.call(_adding(entry)))

    def note(self, entry: AuditEntry) -> None:
        """Stores an entry without waiting for the disk."""
        self._database.submit(_adding(entry))

    async def record_unknown(self, at: datetime.datetime) -> int:
        """Records for each operation whose end was never recorded that it is not known; how many there were.

        To be called before anything begins: what is open then was open when a hub was killed.
        """

        def close(database: sqlite_utils.Database) -> int:
            left = list(database.query("select * from open_operations order by rowid"))
            for row in left:
                operation = row.pop("operation")
                message = f"{operation}: the hub ended before this did; whether it was carried out is not known"
                _adding(AuditEntry(at=at, outcome="unknown", message=message, ends=operation, **row))(database)
            return len(left)

        return await self._database.call(close)

    async def list(
        self,
        *,
        subject: str = "",
        verb: str = "",
        since: datetime.datetime | None = None,
        limit: int = 0,
        before_id: int = 0,
    ) -> list[AuditEntry]:
        """The newest entries first, of one subject, one verb and from an instant on when asked for.

        The verb of "token.create" is "create". ``limit`` 0: 100; at most 1,000. ``before_id`` goes on behind the last
        entry of the list before; 0: from the newest.
        """
        count = min(limit or DEFAULT_LIST, MAX_LIST)
        since_seconds = since.timestamp() if since is not None else 0.0

        def find(database: sqlite_utils.Database) -> list[dict[str, Any]]:
            return list(
                database.query(
                    "select * from audit_records where (:subject = '' or subject = :subject) and at >= :since"
                    " and (:verb = '' or action = :verb or substr(action, -length(:verb) - 1) = '.' || :verb)"
                    " and (:before = 0 or id < :before) order by id desc limit :count",
                    {"subject": subject, "verb": verb, "since": since_seconds, "count": count, "before": before_id},
                )
            )

        return [_entry(row) for row in await self._database.read(find)]

    async def verify(self, head: str = "") -> audit_chain.Finding:
        """Follows the chain from its beginning. ``head`` is a hash noted earlier, which must still be in it."""
        return await self._database.read(lambda database: verified(database, head))


def verified(database: sqlite_utils.Database, head: str = "") -> audit_chain.Finding:
    """Follows the chain of an open database."""
    return audit_chain.follow(database.query("select * from audit_records order by id"), _anchor(database), head)


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
        "question": json.dumps(dataclasses.asdict(entry.question), sort_keys=True) if entry.question else "",
    }

    def add(database: sqlite_utils.Database) -> int:
        newest = database.execute("select id, hash from audit_records order by id desc limit 1").fetchone()
        former_id, former = newest or _anchor(database)
        id = former_id + 1
        sealed = audit_chain.hash_of({**row, "id": id}, former)
        database.execute(_INSERT, {**row, "id": id, "hash": sealed})
        if entry.begins:
            kept = {name: row[name] for name in ("subject", "action", "target", "policy_revision")}
            database.table("open_operations").insert({"operation": entry.begins, **kept})
        if entry.ends:
            database.execute("delete from open_operations where operation = ?", [entry.ends])
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
    asked = json.loads(row["question"]) if row["question"] else None
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
        question=AuditQuestion(**{**asked, "groups": tuple(asked["groups"])}) if asked else None,
        hash=row["hash"],
    )
