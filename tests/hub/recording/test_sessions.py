"""A terminal session is recorded, listed, read by those who may, and removed in time."""

import asyncio
import datetime
import json
import pathlib
import shutil
import stat
import threading
from collections.abc import AsyncIterator

import pytest

from octokube.client import FeedError
from octokube.client.admin import AdminClient
from octokube.runtime.errors import UserError
from octokube.v1 import admin_service_pb2 as admin_pb
from octokube.v1 import operation_pb2 as pb
from octokube_hub.app import Hub
from octokube_hub.recording import RecordingMode, files
from octokube_hub.recording.retention import Retention
from octokube_hub.settings import HubSettings
from octokube_hub.store import RecordedSession
from tests.hub.broker.conftest import Scene, policies, scene
from tests.hub.broker.test_operations import DENIED, EXEC, LEASE_ENDED, SUCCEEDED
from tests.hub.clocks import FakeClock
from tests.hub.conftest import agent, channel, clock
from tests.support.waiting import HANG_SECONDS, eventually

__all__ = ["agent", "channel", "clock", "policies", "scene"]


@pytest.fixture
def mode() -> RecordingMode:
    return RecordingMode.ON


@pytest.fixture
def places() -> tuple[str, ...]:
    return ()


@pytest.fixture
async def hub(
    tmp_path: pathlib.Path, policies: pathlib.Path, clock: FakeClock, mode: RecordingMode, places: tuple[str, ...]
) -> AsyncIterator[Hub]:
    settings = HubSettings(
        listen="127.0.0.1:0",
        data=tmp_path / "data",
        policies=policies,
        is_demo=True,
        recording=mode,
        recording_places=places,
    )
    running = Hub(settings, clock=clock)
    await running.start()
    yield running
    await running.close()


required = pytest.mark.parametrize("mode", [RecordingMode.REQUIRED])


def admin(scene: Scene, who: str = "admin") -> AdminClient:
    return AdminClient(scene.channel, f"demo:{who}")


async def listed(scene: Scene, **question: object) -> list[admin_pb.RecordedSession]:
    return [session async for session in admin(scene).sessions(**question)]  # type: ignore[arg-type]


async def ended(scene: Scene) -> admin_pb.RecordedSession:
    """The only session there is, once it has ended."""
    async with asyncio.timeout(HANG_SECONDS):
        while True:
            (session,) = await listed(scene)
            if session.state != admin_pb.SESSION_STATE_RUNNING:
                return session
            await asyncio.sleep(0.01)


async def read(scene: Scene, session_id: str, who: str = "admin") -> bytes:
    return b"".join([part async for part in admin(scene, who).recording(session_id)])


async def test_a_session_is_recorded_with_its_output_and_sizes_and_without_its_input(scene: Scene) -> None:
    caller, executing = await scene.running("demo:alice", **EXEC)
    await caller.send(input=pb.OperationInput(resize=pb.TerminalSize(columns=132, rows=43)))
    await caller.send(input=pb.OperationInput(stdin=b"canary-of-a-password\n"))
    assert (await executing.read()).input.HasField("resize")
    assert (await executing.read()).input.stdin
    await executing.send(output=pb.OperationOutput(stdout="grün".encode()[:3]))
    await executing.send(output=pb.OperationOutput(stdout="grün".encode()[3:]))
    await executing.send(output=pb.OperationOutput(stderr=b"oops"))
    await executing.send(result=pb.OperationResult(outcome=SUCCEEDED))
    result = await caller.result()
    assert caller.lease is not None and caller.lease.recorded, "whoever is recorded is told"
    session = await ended(scene)
    assert session.session_id == result.decision_id
    assert (session.subject, session.operation, session.command) == ("user:alice", "exec", "sh")
    assert (session.cluster, session.key.namespace, session.key.name) == ("c1", "red", "web-1")
    assert session.state == admin_pb.SESSION_STATE_COMPLETE
    content = await read(scene, session.session_id)
    assert session.bytes == len(content)
    header, *events = [json.loads(line) for line in content.splitlines()]
    assert (header["version"], header["width"], header["height"]) == (2, 132, 43)
    assert header["title"] == "user:alice: exec c1/red/web-1"
    assert [(kind, text) for _, kind, text in events] == [("o", "gr"), ("o", "ün"), ("o", "oops")]
    folder = scene.hub.settings.data / "recordings"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()] == [0o600]
    for path in scene.hub.settings.data.rglob("*"):
        if path.is_file():
            assert b"canary-of-a-password" not in path.read_bytes(), path.name


async def test_only_terminals_are_recorded(scene: Scene) -> None:
    caller, executing = await scene.running("demo:alice", copy_from=pb.CopyFromOperation(path="/etc/passwd"))
    await executing.send(output=pb.OperationOutput(stdout=b"root:x"))
    await executing.send(result=pb.OperationResult(outcome=SUCCEEDED))
    await caller.result()
    assert caller.lease is not None and not caller.lease.recorded
    assert await listed(scene) == []


@pytest.mark.parametrize(
    ("places", "is_recorded"),
    [(("c1/red",), True), (("c?/*", "x/y"), True), (("c1/blue", "c2/red"), False), (("red/c1",), False)],
)
async def test_only_sessions_at_the_places_that_were_named_are_recorded(scene: Scene, is_recorded: bool) -> None:
    caller, executing = await scene.running("demo:alice", **EXEC)
    await executing.send(result=pb.OperationResult(outcome=SUCCEEDED))
    await caller.result()
    assert caller.lease is not None and caller.lease.recorded is is_recorded
    assert bool(await listed(scene)) is is_recorded


@pytest.mark.parametrize("place", ["red", "a/b/c", "/red", "c1/", ""])
def test_a_place_that_is_none_is_refused_at_the_start(tmp_path: pathlib.Path, place: str) -> None:
    with pytest.raises(UserError, match="is no CLUSTER/NAMESPACE"):
        HubSettings(data=tmp_path, policies=tmp_path, recording_places=(place,)).check()


async def test_a_running_session_can_be_read_up_to_now(scene: Scene) -> None:
    caller, executing = await scene.running("demo:alice", **EXEC)
    await executing.send(output=pb.OperationOutput(stdout=b"so far"))
    assert (await caller.read()).output.stdout == b"so far"
    (session,) = await listed(scene)
    assert session.state == admin_pb.SESSION_STATE_RUNNING
    async with asyncio.timeout(HANG_SECONDS):
        while b"so far" not in await read(scene, session.session_id):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)
    caller.call.cancel()


async def test_lists_and_recordings_are_for_those_whom_policy_lets(scene: Scene) -> None:
    caller, executing = await scene.running("demo:alice", **EXEC)
    await executing.send(result=pb.OperationResult(outcome=SUCCEEDED))
    id = (await caller.result()).decision_id
    answers = []
    for name in (id, "0123456789abcdef", "../hub.sqlite"):
        with pytest.raises(FeedError) as refused:
            await read(scene, name, "alice")
        answers.append((refused.value.code, refused.value.message))
    assert set(answers) == {("PERMISSION_DENIED", "the policy does not let you get recordings.octokube.io of the hub")}
    with pytest.raises(FeedError, match="list recordings"):
        [session async for session in admin(scene, "alice").sessions()]
    for name in ("0123456789abcdef", "../hub.sqlite"):
        with pytest.raises(FeedError, match="there is no recording of this session"):
            await read(scene, name)
    found = await scene.hub._audit.list(subject="user:alice", verb="read")
    assert [(one.action, one.target, one.outcome) for one in found][-1] == (
        "session.read",
        f"octokube/recordings.octokube.io//{id}",
        "denied",
    )


async def test_a_list_is_narrowed_and_goes_on_page_by_page(scene: Scene) -> None:
    sessions = scene.hub._recorded_sessions
    began = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
    for number in range(5):
        at = began + datetime.timedelta(hours=number)
        await sessions.begin(some_session(f"s{number}", ("user:alice", "user:bob")[number % 2], at))
    assert [one.session_id for one in await listed(scene)] == ["s4", "s3", "s2", "s1", "s0"]
    assert [one.session_id for one in await listed(scene, subject="user:bob")] == ["s3", "s1"]
    assert [one.session_id for one in await listed(scene, since=began + datetime.timedelta(hours=3))] == ["s4", "s3"]
    assert [one.id for one in await sessions.list(limit=2, before_id="s3")] == ["s2", "s1"]


def some_session(id: str, subject: str, at: datetime.datetime) -> RecordedSession:
    return RecordedSession(
        id=id,
        subject=subject,
        operation="exec",
        cluster="c1",
        namespace="red",
        pod="web-1",
        command="sh",
        started_at=at,
    )


@required
async def test_where_recording_is_required_a_session_that_cannot_be_recorded_never_reaches_the_agent(
    scene: Scene,
) -> None:
    (scene.hub.settings.data / "recordings").write_text("no folder")
    result = await (await scene.call("demo:alice", **EXEC)).result()
    assert result.outcome == DENIED
    assert result.message.startswith("sessions have to be recorded here, and this one can't be (")
    assert await listed(scene) == []
    allowed = await scene.call("demo:alice", logs=pb.LogsOperation(container="the-next-order"))
    assert (await (await scene.ordered()).begin()).operation.HasField("logs")
    allowed.call.cancel()


async def test_where_it_is_not_required_the_session_goes_on_unrecorded_and_says_so(scene: Scene) -> None:
    (scene.hub.settings.data / "recordings").write_text("no folder")
    caller, executing = await scene.running("demo:alice", **EXEC)
    await executing.send(result=pb.OperationResult(outcome=SUCCEEDED))
    assert (await caller.result()).outcome == SUCCEEDED
    assert caller.lease is not None and not caller.lease.recorded


@pytest.mark.parametrize("mode", [RecordingMode.REQUIRED, RecordingMode.ON])
async def test_a_disk_that_fails_ends_a_session_exactly_where_recording_is_required(
    scene: Scene, mode: RecordingMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, content: object) -> int:
        raise OSError(28, "No space left on device")

    caller, executing = await scene.running("demo:alice", **EXEC)
    monkeypatch.setattr(files.os, "write", full)
    await executing.send(output=pb.OperationOutput(stdout=b"more"))
    assert (await caller.read()).output.stdout == b"more"
    if mode is RecordingMode.REQUIRED:
        result = await caller.result()
        assert result.outcome == LEASE_ENDED
        assert result.message == (
            "sessions have to be recorded here, and this one can't be any more (No space left on device)"
        )
        assert await executing.cancelled()
    else:
        await executing.send(result=pb.OperationResult(outcome=SUCCEEDED))
        assert (await caller.result()).outcome == SUCCEEDED
    assert (await ended(scene)).state == admin_pb.SESSION_STATE_CUT_OFF


async def test_a_disk_that_is_too_slow_is_one_that_fails_and_memory_stays_bounded(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_WAITING_BYTES", 1000)
    caller, executing = await scene.running("demo:alice", **EXEC)
    await executing.send(output=pb.OperationOutput(stdout=b"x" * 2000))
    assert (await caller.read()).output.stdout
    await executing.send(result=pb.OperationResult(outcome=SUCCEEDED))
    await caller.result()
    session = await ended(scene)
    assert session.state == admin_pb.SESSION_STATE_CUT_OFF and session.bytes < 1000


@pytest.mark.parametrize("is_stuck_for_good", [False, True])
async def test_what_is_shown_waits_for_a_slow_disk_and_a_stuck_one_has_failed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, is_stuck_for_good: bool
) -> None:
    monkeypatch.setattr(files, "ROOM_BYTES", 100_000)
    monkeypatch.setattr(files, "STALL_SECONDS", 1.0 if is_stuck_for_good else 60.0)
    goes_on = threading.Event()
    write = files.os.write

    def slow(descriptor: int, content: memoryview) -> int:
        goes_on.wait(5)
        return write(descriptor, content)

    caller, executing = await scene.running("demo:alice", **EXEC)
    monkeypatch.setattr(files.os, "write", slow)
    shown = b"\x1b" * 65_536  # which is six times as much in a recording
    await executing.send(output=pb.OperationOutput(stdout=shown))
    assert (await caller.read()).output.stdout == shown
    await caller.send(credit=pb.OperationCredit(bytes=len(shown)))
    await caller.send(input=pb.OperationInput(stdin=b"typed"))
    assert (await executing.read()).input.stdin == b"typed", "what is typed passes, and the credit before it does not"
    if not is_stuck_for_good:
        goes_on.set()
    assert (await executing.read()).credit.bytes == len(shown)
    await executing.send(result=pb.OperationResult(outcome=SUCCEEDED))
    await caller.result()
    goes_on.set()
    expected = admin_pb.SESSION_STATE_CUT_OFF if is_stuck_for_good else admin_pb.SESSION_STATE_COMPLETE
    assert (await ended(scene)).state == expected


async def test_a_recording_grows_up_to_a_size_and_ends_with_a_whole_line(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 1000)
    caller, executing = await scene.running("demo:alice", **EXEC)
    for _ in range(20):
        await executing.send(output=pb.OperationOutput(stdout=b"x" * 100))
    await executing.send(result=pb.OperationResult(outcome=SUCCEEDED))
    assert (await caller.result()).outcome == SUCCEEDED, "it goes on, since recording is not required"
    session = await ended(scene)
    assert session.state == admin_pb.SESSION_STATE_CUT_OFF
    content = await read(scene, session.session_id)
    assert 500 < len(content) <= 1000 and content.endswith(b"\n")
    assert all(json.loads(line) for line in content.splitlines())


async def test_whoever_goes_away_while_a_recording_begins_leaves_neither_a_running_one_nor_an_open_file(
    scene: Scene,
) -> None:
    recorder = scene.hub._recorder
    for turns in range(12):  # gone after so many turns of the loop: before, between and after the steps
        session = some_session(f"gone-{turns}", "user:alice", datetime.datetime.now(datetime.UTC))
        beginning = asyncio.create_task(recorder.begin(session, lambda reason: None))
        for _ in range(turns):
            await asyncio.sleep(0)
        beginning.cancel()
        await asyncio.gather(beginning, return_exceptions=True)
    folder = scene.hub.settings.data / "recordings"

    def open_files() -> list[str]:
        links = pathlib.Path("/proc/self/fd").iterdir()
        return [str(target) for link in links if folder in (target := _target(link)).parents]

    await eventually(lambda: not recorder._closing and not open_files())
    assert {session.state for session in await scene.hub._recorded_sessions.list()} <= {"complete"}
    assert len(list(folder.iterdir())) == len(await scene.hub._recorded_sessions.list()) > 0


def _target(link: pathlib.Path) -> pathlib.Path:
    try:
        return link.readlink()
    except OSError:
        return pathlib.Path()


async def test_what_a_killed_hub_left_is_cut_off_and_can_be_read(
    tmp_path: pathlib.Path, scene: Scene, policies: pathlib.Path
) -> None:
    caller, executing = await scene.running("demo:alice", **EXEC)
    await executing.send(output=pb.OperationOutput(stdout=b"the last words"))
    folder = scene.hub.settings.data / "recordings"
    await eventually(lambda: any(b"the last words" in path.read_bytes() for path in folder.iterdir()))
    shutil.copytree(scene.hub.settings.data, tmp_path / "left")  # as it lay there when the power went
    caller.call.cancel()
    other = Hub(HubSettings(listen="127.0.0.1:0", data=tmp_path / "left", policies=policies, is_demo=True))
    await other.start()
    (session,) = await other._recorded_sessions.list()
    assert session.state == "cut off"
    assert b"the last words" in other._recorder.path_of(session.id).read_bytes()
    await other.close()


def test_the_oldest_go_first_and_what_is_young_and_small_stays() -> None:
    now = datetime.datetime(2026, 3, 31, tzinfo=datetime.UTC)
    ages = {"ancient": 40, "old": 20, "older": 25, "young": 1}
    all = [
        RecordedSession(
            **{
                **dict.fromkeys(("subject", "operation", "cluster", "namespace", "pod", "command"), ""),
                "id": id,
                "started_at": now - datetime.timedelta(days=days),
                "state": "complete",
                "size_bytes": 100,
            }
        )
        for id, days in sorted(ages.items(), key=lambda item: -item[1])
    ]
    assert [session.id for session, _ in Retention(days=30, size_bytes=1000).surplus(all, now)] == ["ancient"]
    assert [session.id for session, _ in Retention(days=30, size_bytes=200).surplus(all, now)] == ["ancient", "older"]
    assert Retention(days=50, size_bytes=400).surplus(all, now) == []


async def test_what_is_too_old_is_removed_at_a_start_and_its_removal_is_on_record(
    tmp_path: pathlib.Path, scene: Scene, policies: pathlib.Path, clock: FakeClock
) -> None:
    caller, executing = await scene.running("demo:alice", **EXEC)
    await executing.send(result=pb.OperationResult(outcome=SUCCEEDED))
    id = (await caller.result()).decision_id
    await ended(scene)
    shutil.copytree(scene.hub.settings.data, tmp_path / "left")
    clock.advance(31 * 24 * 3600)
    other = Hub(HubSettings(listen="127.0.0.1:0", data=tmp_path / "left", policies=policies), clock=clock)
    await other.start()
    path = other._recorder.path_of(id)
    await eventually(lambda: not path.exists())
    async with asyncio.timeout(HANG_SECONDS):
        while await other._recorded_sessions.list():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    (entry,) = await other._audit.list(verb="remove")
    assert (entry.action, entry.target, entry.message) == ("recording.remove", id, "user:alice: older than 30 days")
    await other.close()
