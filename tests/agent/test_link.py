"""The link against a hub that records."""

import asyncio
import contextlib
import pathlib
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from structlog.testing import capture_logs

from octokube.runtime.backoff import Backoff
from octokube.runtime.errors import UserError
from octokube.state import EncodedObject, Key
from octokube.v1 import frame_pb2
from octokube_agent.health import Health
from octokube_agent.hot_state import HotState
from octokube_agent.link import session as session_module
from octokube_agent.link.connecting import Link
from octokube_agent.link.frames import bytes_field
from octokube_agent.served_type import ServedType
from octokube_agent.settings import AgentSettings
from tests.agent.fake_hub import FakeHub
from tests.support.waiting import eventually

SNAPSHOT_BEGIN = frame_pb2.FRAME_KIND_SNAPSHOT_BEGIN
BOOKMARK = frame_pb2.FRAME_KIND_BOOKMARK


@pytest.fixture
async def hub() -> AsyncIterator[FakeHub]:
    async with FakeHub() as hub:
        yield hub
    assert hub.problems == []


@pytest.fixture
def hot_state() -> HotState:
    state = HotState()
    state.declare(ServedType("pods", "", "v1", "Pod", namespaced=True))
    for index in range(20):
        put(state, f"p{index}")
    return state


def key(name: str, uid: str = "u") -> Key:
    return Key("pods", "n", name, f"{uid}-{name}")


def put(state: HotState, name: str, version: str = "1", size_bytes: int = 10, uid: str = "u") -> None:
    named = key(name, uid)
    encoded_key = bytes_field(1, b"pods") + bytes_field(2, b"n") + bytes_field(3, name.encode())
    head = bytes_field(1, encoded_key + bytes_field(4, named.uid.encode())) + bytes_field(2, version.encode())
    state.put(named, EncodedObject(version, head, bytes_field(3, b""), bytes_field(4, b"x" * size_bytes)))


@contextlib.asynccontextmanager
async def running(hub: FakeHub, hot_state: HotState, **settings: Any) -> AsyncIterator[Health]:
    """A link that retries quickly."""
    health = Health()
    link = Link(
        AgentSettings(cluster="prod-eu", hub=hub.address, **settings),
        hot_state,
        health,
        server_version="v1.33.2",
        agent_version="test",
        backoff=Backoff(initial_seconds=0.01, cap_seconds=0.05, floor_seconds=0.01),
        slow_backoff=Backoff(initial_seconds=0.5, cap_seconds=0.5, floor_seconds=0.4),
    )
    task = asyncio.create_task(link.run())
    try:
        yield health
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def holds_all(hub: FakeHub, hot_state: HotState) -> bool:
    return hub.version == hot_state.version and set(hub.replica) == {item.key for item in hot_state.all()}


async def test_a_new_hub_gets_a_snapshot_and_then_each_change(hub: FakeHub, hot_state: HotState) -> None:
    async with running(hub, hot_state, credential="s3cret"):
        await hub.until(lambda hub: holds_all(hub, hot_state))
        put(hot_state, "p0", "2")
        put(hot_state, "new")
        put(hot_state, "p1", uid="recreated")
        hot_state.remove(key("p2"))
        await hub.until(lambda hub: holds_all(hub, hot_state))
    session = hub.sessions[0]
    assert session.kinds.count(SNAPSHOT_BEGIN) == 1
    assert session.hello.cluster == "prod-eu"
    assert session.hello.server_version == "v1.33.2"
    assert session.hello.position.epoch == hot_state.position.epoch
    assert session.metadata["authorization"] == "Bearer s3cret"


async def test_a_quiet_link_sends_a_change_at_once(hub: FakeHub, hot_state: HotState) -> None:
    async with running(hub, hot_state):
        await hub.until(lambda hub: holds_all(hub, hot_state))
        put(hot_state, "p0", "2")
        await hub.until(lambda hub: hub.version == hot_state.version, seconds=0.5)


async def test_a_hub_that_is_cut_off_resumes_with_deltas_only(hub: FakeHub, hot_state: HotState) -> None:
    async with running(hub, hot_state):
        await hub.until(lambda hub: holds_all(hub, hot_state))
        await hub.stop()
        put(hot_state, "while-away")
        hot_state.remove(key("p3"))
        await hub.start()
        await hub.until(lambda hub: holds_all(hub, hot_state))
    assert len(hub.sessions) == 2
    assert SNAPSHOT_BEGIN not in hub.sessions[1].kinds
    assert hub.sessions[1].hello.position.epoch == hub.sessions[0].hello.position.epoch


async def test_a_hub_that_forgot_gets_a_snapshot_again(hub: FakeHub, hot_state: HotState) -> None:
    async with running(hub, hot_state):
        await hub.until(lambda hub: holds_all(hub, hot_state))
        hub.forgets = True
        await hub.stop()
        await hub.start()
        await hub.until(lambda hub: len(hub.sessions) == 2 and SNAPSHOT_BEGIN in hub.sessions[1].kinds)


async def test_a_hub_beyond_the_horizon_gets_a_snapshot(hub: FakeHub) -> None:
    state = HotState(tombstone_limit=2)
    state.declare(ServedType("pods", "", "v1", "Pod", namespaced=True))
    for index in range(10):
        put(state, f"p{index}")
    async with running(hub, state):
        await hub.until(lambda hub: holds_all(hub, state))
        await hub.stop()
        state.remove_all([key(f"p{index}") for index in range(5)])
        await hub.start()
        await hub.until(lambda hub: holds_all(hub, state))
    assert SNAPSHOT_BEGIN in hub.sessions[1].kinds


async def test_unacknowledged_bytes_stay_within_the_window(hub: FakeHub, hot_state: HotState) -> None:
    hub.window_bytes = 10_000
    hub.is_acknowledging = False
    for index in range(50):
        put(hot_state, f"big-{index}", size_bytes=3_000)
    before = hot_state.version
    async with running(hub, hot_state):
        session = await hub.until(lambda hub: hub.sessions and hub.sessions[0].frames and hub.sessions[0])
        acknowledged = 0
        while hub.version < before:
            await eventually(lambda former=acknowledged: session.received_bytes > former)
            assert session.received_bytes - acknowledged <= hub.window_bytes
            acknowledged = session.received_bytes
            session.ack()
        acknowledged = session.received_bytes
        session.ack()
        for round in range(40):
            put(hot_state, "p0", f"round-{round}", size_bytes=2_000)
            await asyncio.sleep(0.005)
        await eventually(lambda: session.received_bytes - acknowledged > 4_000)
        assert session.received_bytes - acknowledged <= hub.window_bytes
        assert hub.version < hot_state.version
        hub.is_acknowledging = True
        session.ack()
        await hub.until(lambda hub: holds_all(hub, hot_state))
    assert len([entry for frame in session.frames for entry in frame.entries]) < 70 + 40  # states were skipped


async def test_a_drained_agent_leaves_and_comes_back_after_the_asked_time(hub: FakeHub, hot_state: HotState) -> None:
    async with running(hub, hot_state):
        await hub.until(lambda hub: holds_all(hub, hot_state))
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        hub.sessions[0].drain(0.3)
        await hub.until(lambda hub: len(hub.sessions) == 2)
        assert loop.time() - asked_at >= 0.3
        assert SNAPSHOT_BEGIN not in hub.sessions[1].kinds


@pytest.mark.parametrize("code", [grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.ABORTED])
async def test_a_refused_or_fenced_agent_does_not_hammer_the_hub(
    hub: FakeHub, hot_state: HotState, code: grpc.StatusCode
) -> None:
    hub.refusal = (code, "not you")
    async with running(hub, hot_state):
        await hub.until(lambda hub: hub.attempts == 1)
        with pytest.raises(TimeoutError):
            await hub.until(lambda hub: hub.attempts > 1, seconds=0.3)
        hub.refusal = None
        await hub.until(lambda hub: holds_all(hub, hot_state))


async def test_an_unavailable_hub_is_asked_again_soon(hub: FakeHub, hot_state: HotState) -> None:
    hub.refusal = (grpc.StatusCode.UNAVAILABLE, "full")
    async with running(hub, hot_state):
        await hub.until(lambda hub: hub.attempts >= 3)
        hub.refusal = None
        await hub.until(lambda hub: holds_all(hub, hot_state))


async def test_a_credential_file_is_read_anew_for_each_session(
    hub: FakeHub, hot_state: HotState, tmp_path: pathlib.Path
) -> None:
    file = tmp_path / "credential"
    file.write_text("first\n")
    async with running(hub, hot_state, credential_file=str(file)):
        await hub.until(lambda hub: len(hub.sessions) == 1)
        file.write_text("second\n")
        hub.sessions[0].end()
        await hub.until(lambda hub: len(hub.sessions) == 2)
    assert [session.metadata["authorization"] for session in hub.sessions] == ["Bearer first", "Bearer second"]


async def test_a_credential_file_that_is_away_for_a_moment_is_waited_for(
    hub: FakeHub, hot_state: HotState, tmp_path: pathlib.Path
) -> None:
    """Whoever replaces it may remove it first; a reconnect in that moment ended the whole agent."""
    file = tmp_path / "credential"
    file.write_text("first")
    with capture_logs() as events:
        async with running(hub, hot_state, credential_file=str(file)):
            await hub.until(lambda hub: len(hub.sessions) == 1)
            file.unlink()
            hub.sessions[0].end()
            await eventually(lambda: any(event["event"] == "link.settings_unusable" for event in events))
            file.write_text("second")
            await hub.until(lambda hub: len(hub.sessions) == 2)
    assert hub.sessions[1].metadata["authorization"] == "Bearer second"


async def test_trouble_with_the_apiserver_is_told_at_once(hub: FakeHub, hot_state: HotState) -> None:
    async with running(hub, hot_state) as health:
        await hub.until(lambda hub: holds_all(hub, hot_state))
        health.path_failed("the API server does not answer")
        await hub.until(lambda hub: hub.state is not None and hub.state.reason == "the API server does not answer")


async def test_bookmarks_come_though_nothing_changes(
    hub: FakeHub, hot_state: HotState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "BOOKMARK_SECONDS", 0.05)
    async with running(hub, hot_state):
        await hub.until(lambda hub: hub.frames and [frame.kind for frame in hub.frames].count(BOOKMARK) >= 3)


async def test_a_hub_that_stops_acknowledging_is_left(
    hub: FakeHub, hot_state: HotState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "STALLED_SECONDS", 0.2)
    hub.is_acknowledging = False
    hub.window_bytes = 1
    async with running(hub, hot_state):
        await hub.until(lambda hub: len(hub.sessions) == 2)
        hub.is_acknowledging = True
        await hub.until(lambda hub: holds_all(hub, hot_state))


async def test_a_hub_that_reads_nothing_is_left(
    hub: FakeHub, hot_state: HotState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a wide window the buffers on the way fill first: the agent then waited in a write, where it did not look
    at the time, and never came back to a hub that had mended itself.
    """
    monkeypatch.setattr(session_module, "STALLED_SECONDS", 0.3)
    reading = hub._read

    async def deaf(requests: Any, session: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(hub, "_read", deaf)
    hub.window_bytes = 256 * 1024 * 1024
    for index in range(32):
        put(hot_state, f"large{index}", size_bytes=1024 * 1024)
    async with running(hub, hot_state):
        await hub.until(lambda hub: len(hub.sessions) == 2)
        monkeypatch.setattr(session_module, "STALLED_SECONDS", 30.0)
        monkeypatch.setattr(hub, "_read", reading)
        await hub.until(lambda hub: len(hub.sessions) == 3)
        await hub.until(lambda hub: holds_all(hub, hot_state))


async def test_a_missing_ca_file_is_one_clear_sentence(hub: FakeHub, hot_state: HotState) -> None:
    settings = AgentSettings(cluster="prod-eu", hub=hub.address, hub_ca_file="/nowhere/ca.pem")
    link = Link(settings, hot_state, Health(), server_version="", agent_version="")
    with pytest.raises(UserError, match=r"/nowhere/ca\.pem can't be read"):
        await link.run()
