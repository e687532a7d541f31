"""Every task has a name, an owner and an end."""

import asyncio
from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import LogCapture

from octokube.runtime.tasks import Tasks


@pytest.fixture
def logged() -> Iterator[LogCapture]:
    capture = LogCapture()
    structlog.configure(processors=[capture])
    yield capture
    structlog.reset_defaults()


async def fail() -> None:
    raise LookupError("the reason")


async def test_the_failure_of_a_vital_task_is_the_owners_failure(logged: LogCapture) -> None:
    async with Tasks("owner") as tasks:
        tasks.start(fail(), name="vital")
        with pytest.raises(LookupError, match="the reason"):
            await tasks.wait()
    assert [(entry["event"], entry["task"]) for entry in logged.entries] == [("task.failed", "owner/vital")]


async def test_a_failure_before_anybody_waits_is_not_lost(logged: LogCapture) -> None:
    async with Tasks("owner") as tasks:
        task = tasks.start(fail(), name="vital")
        await asyncio.wait([task])
        with pytest.raises(LookupError, match="the reason"):
            await tasks.wait()


async def test_the_first_of_two_failures_is_the_one_that_is_raised(logged: LogCapture) -> None:
    async def fail_later() -> None:
        raise KeyError("another reason")

    accidents: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: accidents.append(context))
    async with Tasks("owner") as tasks:
        first = tasks.start(fail(), name="first")
        await asyncio.wait([first])
        second = tasks.start(fail_later(), name="second")
        await asyncio.wait([second])
        with pytest.raises(LookupError, match="the reason"):
            await tasks.wait()
    assert not accidents


async def test_the_failure_of_a_guarded_task_is_logged_and_touches_nobody_else(logged: LogCapture) -> None:
    async with Tasks("owner") as tasks:
        other = tasks.start_guarded(asyncio.Event().wait(), name="other")
        failed = tasks.start_guarded(fail(), name="one-peer")
        waiting = asyncio.ensure_future(tasks.wait())
        await asyncio.wait([failed])
        await asyncio.sleep(0)
        assert not waiting.done()
        assert not other.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert [(entry["event"], entry["task"]) for entry in logged.entries] == [("task.failed", "owner/one-peer")]


async def test_closing_cancels_newest_first_and_waits_for_the_clean_up_of_each() -> None:
    ended: list[str] = []

    async def work(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # a clean-up that takes its time is waited for
            ended.append(name)

    tasks = Tasks("owner")
    for name in ("oldest", "middle", "newest"):
        tasks.start(work(name), name=name)
    await asyncio.sleep(0)
    await tasks.close()
    assert ended == ["newest", "middle", "oldest"]
    assert len(tasks) == 0


async def test_a_task_that_a_closing_task_spawns_before_the_close_does_not_outlive_the_owner() -> None:
    tasks = Tasks("owner")
    child: list[asyncio.Task[object]] = []

    async def parent() -> None:
        child.append(tasks.start(asyncio.Event().wait(), name="child"))
        await asyncio.Event().wait()

    tasks.start(parent(), name="parent")
    await asyncio.sleep(0)
    await tasks.close()
    assert child[0].cancelled()


async def test_a_closed_owner_starts_nothing() -> None:
    tasks = Tasks("owner")
    await tasks.close()
    with pytest.raises(RuntimeError, match="owner is closed and starts no task late"):
        tasks.start(fail(), name="late")


async def test_waiting_ends_when_the_owner_closes() -> None:
    tasks = Tasks("owner")
    waiting = asyncio.ensure_future(tasks.wait())
    await asyncio.sleep(0)
    await tasks.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_cancelling_a_waiter_leaves_the_owner_as_it_was() -> None:
    async with Tasks("owner") as tasks:
        task = tasks.start(asyncio.Event().wait(), name="task")
        first = asyncio.ensure_future(tasks.wait())
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert not task.done()
        assert len(tasks) == 1
        second = asyncio.ensure_future(tasks.wait())
        await asyncio.sleep(0)
        assert not second.done()
        second.cancel()


async def test_tasks_carry_their_owners_name() -> None:
    async with Tasks("hub") as tasks:
        assert tasks.start(asyncio.Event().wait(), name="ingest").get_name() == "hub/ingest"


async def test_a_task_that_ended_well_is_forgotten() -> None:
    async with Tasks("owner") as tasks:
        task = tasks.start(asyncio.sleep(0, "result"), name="short")
        assert await task == "result"
        await asyncio.sleep(0)
        assert len(tasks) == 0
