"""The directory, followed live."""

import asyncio
import contextlib
import os
import time
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from octokube_hub.policy import PolicyEngine, PolicyError, PolicySet, Subject, engine, sources
from octokube_hub.policy.problems import MAX_TOLD
from tests.support.waiting import HANG_SECONDS

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
ALICE = Subject("user:alice")
PAYMENTS = "p, user:alice, demo, payments, pods, *, read, always, allow\n"
PLATFORM = "p, user:alice, demo, platform, pods, *, read, always, allow\n"
SECRETS = "p, user:alice, demo, *, secrets, *, read, always, allow\n"
DENY = "p, role:everyone, demo, *, secrets, *, *, always, deny\n"


@contextlib.asynccontextmanager
async def following(directory):
    running = PolicyEngine(directory)
    await running.start()
    try:
        yield running
    finally:
        await running.stop()


def sees(running: PolicyEngine, namespace: str, type_name: str = "pods") -> bool:
    return running.current.scope(ALICE, AT).allows("demo", type_name, namespace, "x", "watch")


def fails_to_watch(*_: object, **__: object) -> None:
    raise OSError("no space left on device: inotify watches are used up")


async def until(condition, *, within_seconds: float = HANG_SECONDS) -> None:
    async with asyncio.timeout(within_seconds):
        while not condition():  # noqa: ASYNC110 - what is awaited happens on disk
            await asyncio.sleep(0.005)


async def test_an_edit_is_in_force_within_a_second(tmp_path):
    file = tmp_path / "policy.csv"
    file.write_text(PAYMENTS)
    async with following(tmp_path) as running:
        for text, namespace in [(PLATFORM, "platform"), (PAYMENTS, "payments"), (PLATFORM, "platform")]:
            file.write_text(text)
            await until(lambda namespace=namespace: sees(running, namespace), within_seconds=1.0)


async def test_subscribers_are_called_in_the_loop_with_the_set_that_is_current(tmp_path):
    (tmp_path / "policy.csv").write_text(PAYMENTS)
    heard: list[tuple[PolicySet, bool]] = []
    async with following(tmp_path) as running:
        loop = asyncio.get_running_loop()

        def fails(_: PolicySet) -> None:
            raise RuntimeError("a subscriber with a defect")

        running.subscribe(fails)
        unsubscribe = running.subscribe(lambda fresh: heard.append((fresh, asyncio.get_running_loop() is loop)))
        (tmp_path / "policy.csv").write_text(PLATFORM)
        await until(lambda: heard)
        assert heard == [(running.current, True)]
        unsubscribe()
        (tmp_path / "policy.csv").write_text(PAYMENTS)
        await until(lambda: sees(running, "payments"))
        assert len(heard) == 1


async def test_an_invalid_edit_changes_nothing_but_the_alarm(tmp_path):
    file = tmp_path / "policy.csv"
    file.write_text(PAYMENTS + DENY)
    async with following(tmp_path) as running:
        before = running.current
        alarms = []
        running.subscribe_alarm(alarms.append)
        file.write_text(PLATFORM + DENY.replace("deny", "refuse"))
        await until(lambda: running.alarm)
        assert running.current is before
        assert [(problem.file, problem.line) for problem in running.alarm.problems] == [("policy.csv", 2)]
        assert not running.alarm.is_enforcing_files
        file.write_text(PLATFORM + DENY)
        await until(lambda: running.alarm is None)
        assert sees(running, "platform")
        assert [alarm is None for alarm in alarms] == [False, True]


async def test_an_invalid_edit_that_is_taken_back_ends_the_alarm(tmp_path):
    file = tmp_path / "policy.csv"
    file.write_text(PAYMENTS)
    async with following(tmp_path) as running:
        before = running.current
        file.write_text("nonsense")
        await until(lambda: running.alarm)
        file.write_text(PAYMENTS)
        await until(lambda: running.alarm is None)
        assert running.current is before


async def test_half_a_file_is_not_taken_for_the_whole(tmp_path, monkeypatch):
    """The first half of a write is valid by itself here, and lacks the deny."""
    monkeypatch.setattr(engine, "_SETTLE_SECONDS", 0.5)  # so that a busy machine does not make the writer look done
    monkeypatch.setattr(engine, "_LONGEST_SETTLE_SECONDS", 4.0)
    file = tmp_path / "policy.csv"
    file.write_text(PAYMENTS + SECRETS + DENY)
    async with following(tmp_path) as running:
        leaks = []
        running.subscribe(lambda fresh: leaks.append(fresh.scope(ALICE, AT).allows("demo", "secrets", "a", "x", "get")))
        with open(file, "w") as writer:  # noqa: ASYNC230 - the slow writer is the point
            for line in (PLATFORM, SECRETS, DENY):
                writer.write(line)
                writer.flush()
                await asyncio.sleep(0.05)
        await until(lambda: sees(running, "platform"))
        assert leaks == [False]


async def test_someone_who_never_stops_writing_does_not_stop_the_policy(tmp_path):
    file = tmp_path / "policy.csv"
    file.write_text(PAYMENTS)
    async with following(tmp_path) as running:

        async def keep_writing() -> None:
            for number in range(1_000):
                file.write_text(f"{PLATFORM}# {number}\n")
                await asyncio.sleep(0.02)

        writing = asyncio.create_task(keep_writing())
        try:
            await until(lambda: sees(running, "platform"), within_seconds=3.0)
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)


async def test_a_file_replaced_by_renaming_is_noticed(tmp_path):
    (tmp_path / "policy.csv").write_text(PAYMENTS)
    async with following(tmp_path) as running:
        (tmp_path / ".policy.csv.new").write_text(PLATFORM)
        os.rename(tmp_path / ".policy.csv.new", tmp_path / "policy.csv")
        await until(lambda: sees(running, "platform"))


async def test_an_edit_that_keeps_size_and_modification_time_is_noticed(tmp_path):
    file = tmp_path / "policy.csv"
    file.write_text(PAYMENTS)
    status = file.stat()
    async with following(tmp_path) as running:
        file.write_text(PLATFORM)
        assert file.stat().st_size == status.st_size
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        await until(lambda: sees(running, "platform"))


async def test_an_edit_that_stat_cannot_tell_is_noticed_while_the_file_is_young(tmp_path, monkeypatch):
    """Two writes of equal size within one tick of the file system's clock."""
    now = time.time_ns()
    monkeypatch.setattr(sources, "sign", lambda _: (("policy.csv", 1, 1, 1, now, now),))
    monkeypatch.setattr(engine.watchfiles, "awatch", fails_to_watch)
    (tmp_path / "policy.csv").write_text(PAYMENTS)
    async with following(tmp_path) as running:
        (tmp_path / "policy.csv").write_text(PLATFORM)
        await until(lambda: sees(running, "platform"), within_seconds=2.0)


async def test_a_config_map_swap_is_noticed(tmp_path):
    """The kubelet's way: files are links into ..data, which is itself a link that is replaced in one step."""
    for name, text in (("..1", PAYMENTS), ("..2", PLATFORM)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "policy.csv").write_text(text)
    os.symlink("..1", tmp_path / "..data")
    os.symlink("..data/policy.csv", tmp_path / "policy.csv")
    async with following(tmp_path) as running:
        os.symlink("..2", tmp_path / "..data_tmp")
        os.rename(tmp_path / "..data_tmp", tmp_path / "..data")
        await until(lambda: sees(running, "platform"))


async def test_a_checkout_that_is_swapped_above_the_directory_is_noticed(tmp_path):
    for name, text in (("one", PAYMENTS), ("two", PLATFORM)):
        (tmp_path / name / "policies").mkdir(parents=True)
        (tmp_path / name / "policies" / "policy.csv").write_text(text)
    os.symlink("one", tmp_path / "current")
    async with following(tmp_path / "current" / "policies") as running:
        os.symlink("two", tmp_path / "next")
        os.rename(tmp_path / "next", tmp_path / "current")
        await until(lambda: sees(running, "platform"))


async def test_polling_is_enough_where_watching_does_not_work(tmp_path, monkeypatch):
    monkeypatch.setattr(engine.watchfiles, "awatch", fails_to_watch)
    (tmp_path / "policy.csv").write_text(PAYMENTS)
    async with following(tmp_path) as running:
        (tmp_path / "policy.csv").write_text(PLATFORM)
        await until(lambda: sees(running, "platform"))


async def test_a_deleted_file_removes_its_rules(tmp_path):
    (tmp_path / "policy.csv").write_text(PAYMENTS.replace("user:alice", "team:a"))
    (tmp_path / "teams.csv").write_text("g, user:alice, team:a\n")
    async with following(tmp_path) as running:
        assert sees(running, "payments")
        (tmp_path / "teams.csv").unlink()
        await until(lambda: not sees(running, "payments"))
        (tmp_path / "policy.csv").unlink()
        await until(lambda: running.alarm)
        assert running.alarm.is_enforcing_files
        assert "nobody sees anything" in str(running.alarm)


async def test_a_deleted_directory_removes_all_rules(tmp_path):
    directory = tmp_path / "policies"
    directory.mkdir()
    (directory / "policy.csv").write_text(PAYMENTS)
    async with following(directory) as running:
        (directory / "policy.csv").unlink()
        directory.rmdir()
        await until(lambda: not sees(running, "payments"))
        directory.mkdir()
        (directory / "policy.csv").write_text(PLATFORM)
        await until(lambda: sees(running, "platform"))
        assert running.alarm is None


async def test_no_rule_at_all_means_nobody_sees_anything_and_says_so(tmp_path):
    async with following(tmp_path) as running:
        assert running.current.scope(ALICE, AT).is_empty
        assert running.alarm is not None
        (tmp_path / "policy.csv").write_text(PAYMENTS)
        await until(lambda: sees(running, "payments"))
        assert running.alarm is None


async def test_an_unreadable_file_keeps_the_last_good_set_until_it_is_readable_again(tmp_path, monkeypatch):
    file = tmp_path / "policy.csv"
    file.write_text(PAYMENTS)
    monkeypatch.setattr(engine, "_is_young", lambda _: False)  # or it would be read again for that reason
    async with following(tmp_path) as running:
        before, stat = running.current, os.stat

        def fails(path: object, *arguments: object, **options: object) -> os.stat_result:
            if str(path) == str(file):
                raise PermissionError(13, "Permission denied")
            return stat(path, *arguments, **options)

        with monkeypatch.context() as patched:
            patched.setattr(sources.os, "stat", fails)
            await until(lambda: running.alarm)
            assert "permission denied" in str(running.alarm)
            assert running.current is before
        await until(lambda: running.alarm is None)
        assert running.current is before


async def test_a_link_to_nothing_keeps_the_last_good_set_and_rings_unless_it_lasts_but_a_moment(tmp_path, monkeypatch):
    (tmp_path / "policy.csv").write_text(PAYMENTS)
    (tmp_path / "other.csv").write_text("g, user:alice, team:a\n")
    alarms = []
    async with following(tmp_path) as running:
        running.subscribe_alarm(alarms.append)
        first, looked = running.current, []
        sign = sources.sign

        def sign_and_mend(directory):
            if not looked:  # the first look meets a link in the middle of being swapped
                looked.append(True)
                (tmp_path / "teams.csv").symlink_to("nowhere.csv")
                try:
                    return sign(directory)
                finally:
                    (tmp_path / "teams.csv").unlink()
                    (tmp_path / "teams.csv").symlink_to("other.csv")
            return sign(directory)

        monkeypatch.setattr(sources, "sign", sign_and_mend)
        await until(lambda: running.current is not first)
        assert alarms == []
        second = running.current
        (tmp_path / "other.csv").unlink()
        await until(lambda: running.alarm is not None)
        assert "teams.csv: this is a link to nothing" in str(running.alarm)
        assert running.current is second
        (tmp_path / "teams.csv").unlink()
        await until(lambda: running.alarm is None and running.current is not second)
        assert not running.current.memberships


async def test_a_file_of_another_kind_fills_neither_the_log_nor_the_alarm(tmp_path):
    (tmp_path / "policy.csv").write_text(PAYMENTS)
    with capture_logs() as logs:
        async with following(tmp_path) as running:
            (tmp_path / "policy.csv").write_text("x" * 5_000 + "\n" + "date, amount\n" * 50_000)
            await until(lambda: running.alarm is not None)
            assert len(running.alarm.problems) == 50_001
            assert str(running.alarm).endswith("; and 49981 more")
            assert len(str(running.alarm)) < 6_000
    assert [entry["event"] for entry in logs].count("policy.refused") == MAX_TOLD


async def test_a_defect_of_the_compiler_keeps_the_last_good_set_and_rings(tmp_path, monkeypatch):
    (tmp_path / "policy.csv").write_text(PAYMENTS)
    async with following(tmp_path) as running:
        before = running.current
        with monkeypatch.context() as patched:
            patched.setattr(engine, "build_policy", lambda *_, **__: 1 / 0)
            (tmp_path / "policy.csv").write_text(PLATFORM)
            await until(lambda: running.alarm)
        assert running.current is before
        (tmp_path / "policy.csv").write_text(PLATFORM + "# again\n")
        await until(lambda: sees(running, "platform"))


@pytest.mark.parametrize("text", [None, "nonsense"])
async def test_there_must_be_something_valid_to_begin_with(tmp_path, text):
    directory = tmp_path / "policies"
    if text is not None:
        directory.mkdir()
        (directory / "policy.csv").write_text(text)
    with pytest.raises(PolicyError) as refused:
        await PolicyEngine(directory).start()
    assert len(refused.value.problems) == 1


async def test_stopping_leaves_no_task_behind(tmp_path):
    (tmp_path / "policy.csv").write_text(PAYMENTS)
    async with following(tmp_path) as running:
        policy = running.current
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert running.current is policy


async def test_stopping_ends_even_in_the_moment_of_a_change(tmp_path):
    """Python 3.11's wait_for loses a cancellation that meets the event it waits for."""
    (tmp_path / "policy.csv").write_text(PAYMENTS)
    for _ in range(20):
        async with following(tmp_path) as running:
            await asyncio.sleep(0)  # now it waits
            running._stirred.set()
            await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_run_ends_when_cancelled_and_not_before(tmp_path):
    (tmp_path / "policy.csv").write_text(PAYMENTS)
    running = PolicyEngine(tmp_path)
    task = asyncio.create_task(running.run())
    changed = asyncio.Event()
    running.subscribe(lambda _: changed.set())
    await changed.wait()
    (tmp_path / "policy.csv").write_text(PLATFORM)
    await until(lambda: sees(running, "platform"))
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
