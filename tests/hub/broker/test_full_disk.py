"""A disk that takes no more records: what needs one is refused, views go on, and no ending is forgotten."""

import asyncio
import datetime
from collections.abc import Callable

import grpc
import pytest
import sqlite_utils

from octokube.client import connect
from octokube.v1 import operation_pb2 as pb
from octokube_hub.broker import outcomes
from octokube_hub.broker.deciding import UNRECORDED
from octokube_hub.recording import recorder
from octokube_hub.store import AuditEntry, StoreError
from tests.hub.broker.conftest import Scene
from tests.hub.broker.test_operations import EXEC, SUCCEEDED
from tests.hub.objects import key
from tests.support.waiting import HANG_SECONDS

LARGEST = 4_294_967_294


def let_grow(pages: int) -> Callable[[sqlite_utils.Database], None]:
    """SQLite never makes the limit smaller than the file is: 1 means no more."""

    def limit(database: sqlite_utils.Database) -> None:
        database.execute(f"PRAGMA max_page_count = {pages}")

    return limit


async def fill(scene: Scene) -> None:
    """Lets the database grow no more, and uses up the room that is left in its pages."""
    await scene.hub._database.call(let_grow(1))
    at = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
    for size in (1000, 100, 1):
        with pytest.raises(StoreError, match="full"):
            while True:
                await scene.hub._audit.record(
                    AuditEntry(at=at, subject="user:dana", action="filling", target="", outcome="", message="x" * size)
                )


async def empty(scene: Scene) -> None:
    await scene.hub._database.call(let_grow(LARGEST))


async def test_what_needs_a_record_is_refused_with_a_reason_and_views_go_on(scene: Scene) -> None:
    async with (
        connect(scene.hub.address, "demo:alice") as client,
        client.view("pods", cluster="c1", namespace="red") as view,
    ):
        await view.synced(timeout_seconds=HANG_SECONDS)
        await fill(scene)
        caller = await scene.call("demo:alice", **EXEC)
        assert await caller.refusal() == (grpc.StatusCode.FAILED_PRECONDITION, UNRECORDED)
        scene.agent.put(key("pods", "red", "web-2"))
        await scene.link.delta()
        await view.until(lambda view: view.get("web-2"), timeout_seconds=HANG_SECONDS)
        await empty(scene)
    again, executing = await scene.running("demo:alice", **EXEC)
    await executing.send(result=pb.OperationResult(outcome=SUCCEEDED))
    assert (await again.result()).outcome == SUCCEEDED


async def test_how_it_ended_is_recorded_when_the_disk_takes_records_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "WAIT_SECONDS", 0.1)
    monkeypatch.setattr(outcomes, "RETRY_SECONDS", 0.02)
    monkeypatch.setattr(recorder, "RETRY_SECONDS", 0.02)
    caller, executing = await scene.running("demo:alice", **EXEC)
    await fill(scene)
    await executing.send(result=pb.OperationResult(outcome=SUCCEEDED, exit_code=7))
    result = await caller.result()
    assert result.outcome == SUCCEEDED, "what has happened is told"
    await caller.call.code()
    assert [entry.outcome for entry in await scene.hub._audit.list(verb="exec")] == ["allowed"]
    await empty(scene)
    async with asyncio.timeout(HANG_SECONDS):
        while len(found := await scene.hub._audit.list(verb="exec")) < 2:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    assert found[0].outcome == "done" and found[0].message.startswith(result.decision_id)
    async with asyncio.timeout(HANG_SECONDS):
        while [one.state for one in await scene.hub._recorded_sessions.list()] != ["complete"]:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
