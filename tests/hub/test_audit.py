"""The audit log is a chain: whatever is changed in it or taken out of it shows."""

import asyncio
import json
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlite_utils

from octokube.cli.main import main
from octokube_hub.broker.deciding import Decider
from octokube_hub.policy import AccessRequest, Subject
from octokube_hub.store import AuditEntry, AuditLog, AuditQuestion, Database, audit
from tests.hub.clocks import FakeClock
from tests.policy.conftest import build_from_texts as build

DAY = 'day: { daily: "00:00-24:00", zone: UTC }'
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def entry(number: int, **others: str) -> AuditEntry:
    values = {"subject": "user:alice", "action": "get", "target": f"demo/pods/a/p{number}", "outcome": "denied"}
    return AuditEntry(at=NOON + timedelta(seconds=number), **(values | others))


@pytest.fixture
async def log(tmp_path: Path):
    database = Database(tmp_path)
    await database.open()
    log = AuditLog(database)
    for number in range(1, 6):
        await log.record(entry(number))
    yield log
    await database.close()


def tamper(directory: Path, statement: str) -> None:
    connection = sqlite3.connect(directory / "hub.sqlite")
    with connection:
        for (name,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            connection.execute(f"drop trigger {name}")  # as whoever owns the file can
        connection.execute(statement)
    connection.close()


async def test_an_untouched_log_holds_and_its_head_is_its_newest_record(log: AuditLog):
    found = await log.verify()
    assert (found.records, found.fault) == (5, "")
    assert found.head == (await log.list(limit=1))[0].hash


@pytest.mark.parametrize(
    "column",
    [
        "at",
        "subject",
        "action",
        "target",
        "outcome",
        "rule",
        "policy_revision",
        "message",
        "window",
        "question",
        "hash",
    ],
)
async def test_an_edit_of_any_column_is_found(log: AuditLog, tmp_path: Path, column: str):
    tamper(tmp_path, f"update audit_records set {column} = '7' where id = 3")  # noqa: S608 - a column of the list above
    assert (await log.verify()).fault == "record 3 is not what was recorded"


@pytest.mark.parametrize(("id", "fault"), [(1, "records 1 to 1 are missing"), (3, "records 3 to 3 are missing")])
async def test_a_record_that_was_taken_out_is_missed(log: AuditLog, tmp_path: Path, id: int, fault: str):
    tamper(tmp_path, f"delete from audit_records where id = {id}")  # noqa: S608 - a number of the list above
    assert (await log.verify()).fault == fault


async def test_a_lost_end_is_missed_by_who_knows_the_head(log: AuditLog, tmp_path: Path):
    head = (await log.verify()).head
    await log.record(entry(6))
    assert (await log.verify(head)).fault == ""
    tamper(tmp_path, "delete from audit_records where id >= 5")
    assert (await log.verify()).fault == ""
    assert "its end is missing" in (await log.verify(head)).fault
    await log.record(entry(7))
    assert "its end is missing" in (await log.verify(head)).fault


async def test_the_chain_holds_when_the_oldest_records_have_gone(log: AuditLog, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(audit, "PRUNE_EVERY", 4)
    monkeypatch.setattr(audit, "KEPT_RECORDS", 3)
    for number in range(6, 15):
        await log.record(entry(number))
    found = await log.verify()
    assert (found.records, found.fault) == (5, "")  # 10 to 14: at 12 the last three were kept


async def test_two_programs_that_write_at_once_make_one_chain(log: AuditLog, tmp_path: Path):
    other = Database(tmp_path)
    await other.open()
    try:
        second = AuditLog(other)
        await asyncio.gather(*(writer.record(entry(number)) for number in range(25) for writer in (log, second)))
    finally:
        await other.close()
    found = await log.verify()
    assert (found.records, found.fault) == (55, "")


async def test_records_are_listed_by_subject_verb_and_time(log: AuditLog):
    await log.record(entry(6, subject="user:bob", action="token.create", window="@night"))
    assert [found.subject for found in await log.list(verb="create")] == ["user:bob"]
    assert (await log.list(verb="create"))[0].window == "@night"
    assert await log.list(verb="token") == []
    assert len(await log.list(subject="user:alice", since=NOON + timedelta(seconds=4))) == 2


def test_the_command_verifies_and_lists(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    async def fill() -> str:
        database = Database(tmp_path)
        await database.open()
        await AuditLog(database).record(entry(1, rule="policy.csv:3", window="@night", outcome="allowed"))
        head = (await AuditLog(database).verify()).head
        await database.close()
        return head

    def run(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(["audit", *arguments, "--data", str(tmp_path)])
        return int(ended.value.code or 0), capsys.readouterr().out

    assert run("verify")[0] == 2  # no log yet
    head = asyncio.run(fill())
    assert run("verify", "--head", head) == (0, f"1 records, unchanged; head {head}\n")
    assert run("list", "--user", "user:alice") == (
        0,
        "2026-03-04T12:00:01Z user:alice get demo/pods/a/p1: allowed by policy.csv:3 while @night\n",
    )
    assert json.loads(run("list", "--verb", "get", "-o", "json")[1])[0]["hash"] == head
    assert run("list", "--since", "noon")[0] == 2
    tamper(tmp_path, "update audit_records set outcome = 'denied'")
    assert run("verify") == (1, "broken after 0 records: record 1 is not what was recorded\n")


async def test_a_log_from_before_the_chain_is_sealed_as_it_is_found(tmp_path: Path):
    async def open_log() -> tuple[Database, AuditLog]:
        database = Database(tmp_path)
        await database.open()
        return database, AuditLog(database)

    database, log = await open_log()
    for number in range(1, 6):
        await log.record(entry(number))
    await database.close()
    for statement in (
        "alter table audit_records drop column hash",
        "alter table audit_records drop column window",
        "drop table audit_anchor",
        "delete from audit_records where id = 1",  # had been pruned
        "alter table audit_records drop column question",
        "delete from _sqlite_migrations where name in ('0006_audit_chain', '0007_audit_questions')",
    ):
        tamper(tmp_path, statement)
    database, log = await open_log()
    await log.record(entry(6))
    found = await log.verify()
    await database.close()
    assert (found.records, found.fault) == (5, "")


@pytest.mark.parametrize("statement", ["update audit_records set outcome = 'allowed'", "delete from audit_records"])
async def test_the_database_itself_refuses_to_edit_and_to_delete(log: AuditLog, tmp_path: Path, statement: str):
    connection = sqlite3.connect(tmp_path / "hub.sqlite")
    with pytest.raises(sqlite3.IntegrityError, match="audit records"):
        connection.execute(statement)
    connection.close()
    assert (await log.verify()).records == 5


async def test_a_list_goes_on_behind_the_one_before(log: AuditLog):
    first = await log.list(limit=2)
    rest = await log.list(before_id=first[-1].id)
    assert [found.id for found in (*first, *rest)] == [5, 4, 3, 2, 1]


async def test_what_was_asked_comes_back_as_it_was(log: AuditLog):
    asked = AuditQuestion(cluster="demo", resource="pods/log", namespace="a", name="p", verb="get", groups=("team:b",))
    await log.record(
        AuditEntry(at=NOON, subject="user:bob", action="logs", target="x", outcome="denied", question=asked)
    )
    assert (await log.list(subject="user:bob"))[0].question == asked
    assert (await log.verify()).fault == ""


async def test_two_programs_may_read_before_they_write(tmp_path: Path):
    """A transaction that reads first and writes then fails at once in SQLite, unless it began as a writer."""
    databases = [Database(tmp_path), Database(tmp_path)]
    for database in databases:
        await database.open()

    def bump(database: sqlite_utils.Database) -> None:
        count = database.execute("select count(*) from keys").fetchone()[0]
        time.sleep(0.001)  # long enough for the other to come in between
        database.table("keys").insert({"name": f"{count}", "secret": b"", "created_at": 0.0})

    await asyncio.gather(*(database.call(bump) for _ in range(20) for database in databases))
    for database in databases:
        await database.close()


async def test_a_decision_is_on_record_with_all_that_is_needed_to_ask_again(log: AuditLog):
    policy = build(policy="p, team:b, demo, a, pods, *, logs, @day, allow\n", windows=DAY)
    decider = Decider(lambda: policy, log, FakeClock())
    request = AccessRequest(Subject("user:bob", frozenset({"team:b"})), "demo", "pods", "a", "p", "logs")
    await decider.decide(request, "logs")
    record = (await log.list(limit=1))[0]
    assert record.question == AuditQuestion(
        cluster="demo", resource="pods", namespace="a", name="p", verb="logs", groups=("team:b",)
    )
    assert (record.policy_revision, record.action) == (policy.revision, "logs")
    assert (record.outcome, record.rule, record.window) == ("allowed", "policy.csv:1", "@day")
