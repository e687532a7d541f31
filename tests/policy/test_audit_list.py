"""``octokube audit list``: all that there is, and nothing that somebody else wrote into it."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from octokube.cli import audit as command
from octokube.cli.main import main
from octokube.cli.plain import plain
from octokube_hub.store import AuditEntry, AuditLog, Database

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def fill(tmp_path):
    def add(*targets: str) -> None:
        async def write() -> None:
            database = Database(tmp_path)
            await database.open()
            for number, target in enumerate(targets):
                at = NOON + timedelta(seconds=number)
                await AuditLog(database).record(
                    AuditEntry(at=at, subject="user:alice", action="get", target=target, outcome="denied")
                )
            await database.close()

        asyncio.run(write())

    return add


@pytest.fixture
def run_list(tmp_path, capsys):
    def call(*arguments: str) -> tuple[str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["audit", "list", "--data", str(tmp_path), *arguments])
        assert not ended.value.code
        return capsys.readouterr()

    return call


def test_that_there_are_more_records_is_said(fill, run_list, monkeypatch):
    monkeypatch.setattr(command, "MAX_LIST", 2)  # a page of the store
    fill(*"abcdefg")
    out, err = run_list("--limit", "5", "-o", "json")
    assert [found["target"] for found in json.loads(out)] == list("gfedc")
    assert "only the newest 5: there are more" in err
    for limit in ("7", "2000"):
        out, err = run_list("--limit", limit)
        assert len(out.splitlines()) == 7
        assert err == ""


def test_a_name_that_somebody_chose_makes_no_line_of_its_own_and_no_colour(fill, run_list):
    fill("demo/pods/a/x: denied\n2026-03-04T12:00:00Z user:bob delete demo/pods/a/y: allowed\x1b[2K\u202e")
    out, _ = run_list()
    assert len(out.splitlines()) == 1
    assert r"denied\n2026-" in out
    assert r"\x1b[2K\u202e" in out


def test_plain_text_is_as_it_was():
    assert plain("Zoë's pod 🐙, 注意 a\\b") == "Zoë's pod 🐙, 注意 a\\b"
