"""A backup of a running hub is whole, and a hub that is started from it serves what the first one knew."""

import asyncio
import io
import os
import pathlib
import sqlite3
import tarfile
from contextlib import closing

import pytest

from octokube.runtime.errors import UserError
from octokube_hub.app import Hub
from octokube_hub.settings import HubSettings
from octokube_hub.store import AuditEntry, AuditLog, Database
from octokube_hub.store.backup import back_up, restore
from tests.hub.clocks import FakeClock
from tests.hub.fake_agent import FakeAgent


async def test_a_backup_under_writes_is_as_of_one_instant_and_a_restored_hub_accepts_the_same_agent(
    hub: Hub, policies: pathlib.Path, tmp_path: pathlib.Path, clock: FakeClock
) -> None:
    secret = await hub.create_agent_credential("c1")
    data = tmp_path / "data"
    database = Database(data)
    await database.open()
    log = AuditLog(database)
    written = 0
    is_over = asyncio.Event()

    async def write() -> None:
        nonlocal written
        while not is_over.is_set():
            await log.record(AuditEntry(at=clock.now(), subject="user:a", action="x", target="y", outcome="allowed"))
            written += 1

    writing = asyncio.create_task(write())
    while written < 20:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    before = written
    (data / "recordings").mkdir(exist_ok=True)
    (data / "recordings" / "one.cast").write_text("{}")
    made = await asyncio.to_thread(back_up, data, tmp_path / "kept.tar", has_recordings=True)
    assert not writing.done(), "no write failed because of the backup"
    is_over.set()
    await writing
    await database.close()
    assert not made.fault
    assert before <= made.records
    assert os.stat(tmp_path / "kept.tar").st_mode & 0o777 == 0o600

    found = await asyncio.to_thread(restore, tmp_path / "kept.tar", tmp_path / "again")
    assert (found.head, found.records) == (made.head, made.records)
    assert (tmp_path / "again" / "recordings" / "one.cast").read_text() == "{}"
    second = Hub(
        HubSettings(listen="127.0.0.1:0", data=tmp_path / "again", policies=policies, is_demo=True), clock=clock
    )
    await second.start()
    agent = FakeAgent("c1", second.address, secret)
    await agent.connect()
    await agent.close()
    await second.close()


@pytest.fixture
async def kept(tmp_path: pathlib.Path, clock: FakeClock) -> pathlib.Path:
    """A backup of a database with three audit records."""
    database = Database(tmp_path / "first")
    await database.open()
    for name in "abc":
        entry = AuditEntry(at=clock.now(), subject=f"user:{name}", action="x", target="y", outcome="allowed")
        await AuditLog(database).record(entry)
    await database.close()
    back_up(tmp_path / "first", tmp_path / "kept.tar")
    return tmp_path / "kept.tar"


def test_neither_a_backup_nor_a_restore_overwrites_anything(kept: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(UserError, match="exists already"):
        back_up(tmp_path / "first", kept)
    with pytest.raises(UserError, match="is not empty"):
        restore(kept, tmp_path / "first")


def changed(kept: pathlib.Path, tmp_path: pathlib.Path, statement: str) -> pathlib.Path:
    """The same backup with a statement run on its database."""
    restore(kept, tmp_path / "changing")
    with closing(sqlite3.connect(tmp_path / "changing" / "hub.sqlite")) as connection:
        for (trigger,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            connection.execute(f"drop trigger {trigger}")
        connection.execute(statement)
        connection.commit()
    made = tmp_path / "changed.tar"
    with tarfile.open(made, "w") as archive:
        archive.add(tmp_path / "changing" / "hub.sqlite", "hub.sqlite")
    return made


def test_a_backup_whose_audit_log_was_edited_is_refused(kept: pathlib.Path, tmp_path: pathlib.Path) -> None:
    made = changed(kept, tmp_path, "update audit_records set subject = 'user:nobody' where id = 2")
    with pytest.raises(UserError, match="record 2 is not what was recorded"):
        restore(made, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_backup_of_a_newer_version_is_refused_by_the_name_of_its_step(
    kept: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    statement = (
        "insert into _sqlite_migrations (migration_set, name, applied_at) values ('octokube_hub', '9999_later', '')"
    )
    with pytest.raises(UserError, match=r"newer Octokube .steps 9999_later"):
        restore(changed(kept, tmp_path, statement), tmp_path / "again")


@pytest.mark.parametrize("name", ["../outside", "/etc/x", "recordings/../../x", "other"])
def test_a_file_that_wants_to_write_elsewhere_is_refused(name: str, tmp_path: pathlib.Path) -> None:
    with tarfile.open(tmp_path / "made.tar", "w") as archive:
        member = tarfile.TarInfo(name)
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    with pytest.raises(UserError, match="which no backup has"):
        restore(tmp_path / "made.tar", tmp_path / "again")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made.tar"]


@pytest.mark.parametrize("content", [b"", b"no tar at all"])
def test_what_is_no_backup_is_refused_with_a_sentence(content: bytes, tmp_path: pathlib.Path) -> None:
    (tmp_path / "made.tar").write_bytes(content)
    with pytest.raises(UserError, match=r"made\.tar can.t be restored") as refused:
        restore(tmp_path / "made.tar", tmp_path / "again")
    assert str(refused.value).isprintable(), "one line"
