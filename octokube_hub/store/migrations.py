"""Brings a database to the newest shape, step by step. A step that was released is never edited."""

import sqlite_utils
from sqlite_utils.migrations import Migrations

from octokube_hub.store import audit_chain

migrations = Migrations("octokube_hub")


@migrations(name="0001_agent_credentials")
def _agent_credentials(database: sqlite_utils.Database) -> None:
    database.table("agent_credentials").create(
        {"id": str, "cluster": str, "secret_hash": str, "created_at": float, "revoked_at": float},
        pk="id",
        not_null={"cluster", "secret_hash", "created_at"},
    )
    database.table("agent_credentials").create_index(["secret_hash"], unique=True)


@migrations(name="0002_tokens")
def _tokens(database: sqlite_utils.Database) -> None:
    database.table("tokens").create(
        {
            "id": str,
            "subject": str,
            "description": str,
            "secret_hash": str,
            "created_at": float,
            "expires_at": float,
            "revoked_at": float,
        },
        pk="id",
        not_null={"subject", "description", "secret_hash", "created_at", "expires_at"},
    )
    database.table("tokens").create_index(["secret_hash"], unique=True)


@migrations(name="0003_audit_records")
def _audit_records(database: sqlite_utils.Database) -> None:
    database.table("audit_records").create(
        {
            "id": int,
            "at": float,
            "subject": str,
            "action": str,
            "target": str,
            "outcome": str,
            "rule": str,
            "policy_revision": str,
            "message": str,
        },
        pk="id",
        not_null={"at", "subject", "action", "target", "outcome", "rule", "policy_revision", "message"},
    )
    database.table("audit_records").create_index(["subject", "id"])


@migrations(name="0004_keys")
def _keys(database: sqlite_utils.Database) -> None:
    database.table("keys").create(
        {"name": str, "secret": bytes, "created_at": float}, pk="name", not_null={"secret", "created_at"}
    )


@migrations(name="0005_policy_revisions")
def _policy_revisions(database: sqlite_utils.Database) -> None:
    database.table("policy_revisions").create(
        {"id": int, "revision": str, "commit": str, "activated_at": float}, pk="id", not_null={"revision"}
    )


@migrations(name="0006_audit_chain")
def _audit_chain(database: sqlite_utils.Database) -> None:
    records = database.table("audit_records")
    records.add_column("window", str, not_null_default="")
    records.add_column("hash", str, not_null_default="")
    database.table("audit_anchor").create({"id": int, "hash": str}, pk="id", not_null={"hash"})
    # What was recorded before there was a chain is sealed as it is found.
    former = audit_chain.START
    ids = [row[0] for row in database.execute("select id from audit_records order by id")]
    if ids and ids[0] > 1:
        database.table("audit_anchor").insert({"id": ids[0] - 1, "hash": former})
    for id in ids:
        row = next(database.query("select * from audit_records where id = ?", [id]))
        former = audit_chain.hash_of({"question": "", **row}, former)
        database.execute("update audit_records set hash = ? where id = ?", [former, id])


@migrations(name="0007_audit_questions")
def _audit_questions(database: sqlite_utils.Database) -> None:
    database.table("audit_records").add_column("question", str, not_null_default="")
    # Against mistakes: whoever owns the file can drop these, and the chain is there to show what they did then.
    database.execute(
        "create trigger audit_records_stay_as_they_are before update on audit_records"
        " begin select raise(abort, 'audit records are never changed'); end"
    )
    database.execute(
        "create trigger audit_records_stay before delete on audit_records"
        " when old.id > (select coalesce(max(id), 0) from audit_anchor)"
        " begin select raise(abort, 'audit records go only from the beginning, behind an anchor'); end"
    )


@migrations(name="0008_open_operations")
def _open_operations(database: sqlite_utils.Database) -> None:
    database.table("open_operations").create(
        {"operation": str, "subject": str, "action": str, "target": str, "policy_revision": str},
        pk="operation",
        not_null={"subject", "action", "target", "policy_revision"},
    )


@migrations(name="0009_recorded_sessions")
def _recorded_sessions(database: sqlite_utils.Database) -> None:
    database.table("recorded_sessions").create(
        {
            "id": str,
            "subject": str,
            "operation": str,
            "cluster": str,
            "namespace": str,
            "pod": str,
            "command": str,
            "started_at": float,
            "ended_at": float,
            "state": str,
            "size_bytes": int,
        },
        pk="id",
        not_null={
            "subject",
            "operation",
            "cluster",
            "namespace",
            "pod",
            "command",
            "started_at",
            "state",
            "size_bytes",
        },
    )
    database.table("recorded_sessions").create_index(["state"])


@migrations(name="people_and_sessions")
def _people_and_sessions(database: sqlite_utils.Database) -> None:
    tokens = database.table("tokens")
    tokens.add_column("is_read_only", int, not_null_default=0)
    tokens.add_column("clusters", str, not_null_default="")
    database.table("people").create(
        {"subject": str, "teams": str, "teams_at": float, "password_hash": str, "disabled_at": float},
        pk="subject",
        not_null={"teams"},
        defaults={"teams": ""},
    )
    database.table("sessions").create(
        {
            "id": str,
            "subject": str,
            "generation": int,
            "created_at": float,
            "token_until": float,
            "expires_at": float,
            "ended_at": float,
        },
        pk="id",
        not_null={"subject", "generation", "created_at", "token_until", "expires_at"},
    )


@migrations(name="agents")
def _agents(database: sqlite_utils.Database) -> None:
    database.table("agents").create(
        {
            "id": str,
            "cluster": str,
            "secret_hash": str,
            "created_at": float,
            "token_expires_at": float,
            "enrolled_at": float,
            "certificate_expires_at": float,
            "revoked_at": float,
        },
        pk="id",
        not_null={"cluster", "secret_hash", "created_at", "token_expires_at"},
    )


@migrations(name="gateways")
def _gateways(database: sqlite_utils.Database) -> None:
    # Gateways enrol as agents do; the cluster of a gateway is its name.
    database.table("agents").add_column("kind", str, not_null_default="agent")
