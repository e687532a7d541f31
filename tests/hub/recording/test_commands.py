"""The commands that list, replay and export recorded sessions, against a hub that recorded one."""

import asyncio
import json
import os
import pathlib
import pty
import stat
import sys

import pytest

from octokube.v1 import operation_pb2 as pb
from tests.hub.broker.conftest import Executing, Scene
from tests.hub.broker.test_commands import octokube
from tests.hub.broker.test_operations import EXEC, SUCCEEDED
from tests.hub.recording.test_sessions import agent, channel, clock, ended, hub, mode, places, policies, scene

__all__ = ["agent", "channel", "clock", "hub", "mode", "places", "policies", "scene"]

pytestmark = pytest.mark.timeout(60)


async def record(scene: Scene, shown: bytes) -> str:
    """Has a session recorded; its id."""
    caller, executing = await scene.running("demo:alice", **EXEC)
    await say(executing, shown)
    await caller.result()
    return (await ended(scene)).session_id


async def say(executing: Executing, shown: bytes) -> None:
    await executing.send(output=pb.OperationOutput(stdout=shown))
    await executing.send(result=pb.OperationResult(outcome=SUCCEEDED))


async def test_a_session_is_listed_replayed_and_exported(scene: Scene, tmp_path: pathlib.Path) -> None:
    id = await record(scene, b"hello\x1b]52;c;aGk=\x07 there\r\n")
    code, out, _ = await octokube(scene, "sessions", "list", who="admin")
    assert code == 0
    (line,) = out.splitlines()
    assert line.startswith(id) and line.endswith("user:alice  exec c1/red/web-1: sh")
    code, out, _ = await octokube(scene, "sessions", "list", "-o", "json", "--user", "user:alice", who="admin")
    (described,) = json.loads(out)
    assert (described["session_id"], described["state"], described["pod"]) == (id, "complete", "web-1")
    code, out, error = await octokube(scene, "sessions", "play", id, "--speed", "1000", who="admin")
    assert (code, error) == (0, "")
    assert out.startswith("hello there")
    file = tmp_path / "one.cast"
    assert (await octokube(scene, "sessions", "export", id, str(file), who="admin"))[0] == 0
    code, out, _ = await octokube(scene, "sessions", "export", id, who="admin")
    assert out.encode() == file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(out.splitlines()[1])[2] == "hello\x1b]52;c;aGk=\x07 there\r\n", "an export leaves nothing out"
    code, _, error = await octokube(scene, "sessions", "export", id, str(file), who="admin")
    assert code == 2 and "name a file that does not exist" in error


async def test_who_may_not_is_told_so_in_one_sentence(scene: Scene) -> None:
    id = await record(scene, b"secret")
    for words in (("list",), ("play", id), ("export", id)):
        code, out, error = await octokube(scene, "sessions", *words)
        assert code == 1 and out == "" and len(error.splitlines()) == 1
        assert "the policy does not let you" in error
    for words, sentence in (
        (("play", "no-such-id"), "there is no recording of this session"),
        (("list", "--since", "yesterday"), "is no time"),
        (("list", "--since", "2026-11-23T08:00"), "has no zone"),
    ):
        code, out, error = await octokube(scene, "sessions", *words, who="admin")
        assert code in (1, 2) and out == "" and sentence in error


@pytest.mark.parametrize(("asked", "notice"), [("exec", "this session is recorded"), ("logs", "")])
async def test_whoever_sits_at_the_terminal_is_told_before_anything_is_shown(
    scene: Scene, asked: str, notice: str
) -> None:
    ours, theirs = pty.openpty()
    words = {"exec": ("exec", "-n", "red", "web-1", "--", "sh"), "logs": ("logs", "-n", "red", "web-1")}[asked]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "octokube.cli.main", *words),
        env={**os.environ, "OCTOKUBE_HUB": scene.hub.address, "OCTOKUBE_TOKEN": "demo:alice"},
        stdout=asyncio.subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    executing = await scene.ordered()
    await executing.begin()
    try:
        if notice:
            assert (await asyncio.to_thread(os.read, ours, 1000)).decode() == f"{notice}\r\r\n"
        await executing.send(result=pb.OperationResult(outcome=SUCCEEDED))
        await process.wait()
        assert process.returncode == 0
        if not notice:
            with pytest.raises(OSError, match="Input/output error"):  # nothing was written to it
                os.read(ours, 1000)
    finally:
        os.close(ours)
