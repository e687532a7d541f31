"""Revisions that come into force, or do not, while the disk cannot be written."""

import asyncio
import pathlib
import sqlite3
import time
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from octokube_hub.app import Hub
from octokube_hub.settings import HubSettings
from octokube_hub.store import database
from tests.hub.conftest import RULES
from tests.hub.policies import write_policy
from tests.support.waiting import HANG_SECONDS


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(HANG_SECONDS):
        while not condition():  # noqa: ASYNC110 - what is awaited happens on disk
            await asyncio.sleep(0.02)


async def _recorded(hub: Hub, action: str, count: int) -> list[str]:
    async with asyncio.timeout(HANG_SECONDS):
        while len(found := [r.target for r in await hub._audit.list() if r.action == action]) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


def _revision(hub: Hub) -> str:
    assert hub._policy is not None
    return hub._policy.current.revision


async def test_what_came_into_force_while_the_disk_was_busy_is_recorded_as_soon_as_it_can_be(hub, policies) -> None:
    former = _revision(hub)
    busy = asyncio.ensure_future(hub._database.read(lambda _: time.sleep(1.5)))  # as a long look through the log
    write_policy(policies, RULES + "p, user:carol, *, red, *, *, read, always, allow\n")
    await _until(lambda: _revision(hub) != former)
    assert not busy.done(), "an edit waits for no record"
    assert await _recorded(hub, "policy.activated", 2) == [_revision(hub), former]
    await busy


async def test_what_could_not_be_written_is_written_once_it_can_be(
    tmp_path: pathlib.Path, policies: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_SECONDS", 0.05)
    hub = Hub(HubSettings(listen="127.0.0.1:0", data=tmp_path / "data", policies=policies))
    await hub.start()
    try:
        former = _revision(hub)
        await _recorded(hub, "policy.activated", 1)
        other = sqlite3.connect(tmp_path / "data" / database.FILE_NAME, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with capture_logs() as logs:
            write_policy(policies, RULES + "p, user:carol, *, red, *, *, read, always, allow\n")
            await _until(lambda: _revision(hub) != former)
            later = _revision(hub)
            write_policy(policies, "p, nonsense\n")
            await _until(lambda: {"policy.activated", "policy.rejected"} <= {line.get("action") for line in logs})
        other.execute("ROLLBACK")
        other.close()
        assert await _recorded(hub, "policy.rejected", 1)
        assert await _recorded(hub, "policy.activated", 2) == [later, former]
    finally:
        await hub.close()
