"""Exec: channels, the shell behind them, exit codes, terminals, slow readers."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from octokube_demo import DemoCluster
from octokube_demo.kubelet.executing import Terminal
from tests.demo.conftest import PODS, Client, pod

V4, V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"
STDOUT, STDERR, ERROR = 1, 2, 3


@pytest.fixture(autouse=True)
def running(cluster: DemoCluster) -> None:
    """A pod to look around in."""
    value = pod("p", nodeName="n1")
    value["spec"]["containers"][0]["env"] = [{"name": "COLOUR", "value": "blue"}]
    cluster.store.create("pods", {**value, "status": {"phase": "Running"}})


@contextlib.asynccontextmanager
async def _exec(
    client: Client, *command: str, protocol: str = V5, **flags: str
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    query = [("command", part) for part in command]
    query += [*{"stdout": "true", "stderr": "true", **flags}.items()]
    async with client.session.ws_connect(f"{PODS}/p/exec", params=query, protocols=[protocol]) as socket:
        assert socket.protocol == protocol
        yield socket


async def _read_all(socket: aiohttp.ClientWebSocketResponse) -> dict[int, bytes]:
    channels: dict[int, bytes] = {}
    async for message in socket:
        channels[message.data[0]] = channels.get(message.data[0], b"") + message.data[1:]
    return channels


def _exit_code(channels: dict[int, bytes]) -> int:
    status: dict[str, Any] = json.loads(channels[ERROR])
    if status["status"] == "Success":
        return 0
    assert status["reason"] == "NonZeroExitCode"
    return int(status["details"]["causes"][0]["message"])


async def _run(client: Client, *command: str, **options: Any) -> tuple[str, str, int]:
    async with _exec(client, *command, **options) as socket:
        channels = await _read_all(socket)
    return channels.get(STDOUT, b"").decode(), channels.get(STDERR, b"").decode(), _exit_code(channels)


@pytest.mark.parametrize("protocol", [V4, V5])
async def test_a_command_runs_and_its_streams_are_apart(client: Client, protocol: str) -> None:
    assert await _run(client, "echo", "hello", "you", protocol=protocol) == ("hello you\n", "", 0)
    out, error, code = await _run(client, "cat", "/etc/hostname", "/nope", protocol=protocol)
    assert (out, error, code) == ("p\n", "cat: /nope: No such file or directory\n", 1)


@pytest.mark.parametrize(
    ("script", "out", "code"),
    [
        ("echo $COLOUR; pwd", "blue\n/\n", 0),
        ("false && echo no || echo yes", "yes\n", 0),
        ("cd /etc && pwd; exit 7", "/etc\n", 7),
        ("export A=1; echo ${A}; false; echo $?", "1\n1\n", 0),
        ("hostname; whoami", "p\nroot\n", 0),
        ("ls /etc/web", "config.yaml\n", 0),
        ("nothing-there", "", 127),
        ("seq 3", "1\n2\n3\n", 0),
    ],
)
async def test_the_shell_is_believable(client: Client, script: str, out: str, code: int) -> None:
    found, _, found_code = await _run(client, "sh", "-c", script)
    assert (found, found_code) == (out, code)


async def test_the_first_message_is_empty_and_tells_that_the_process_runs(client: Client) -> None:
    async with _exec(client, "sleep", "5") as socket:
        assert (await socket.receive()).data == bytes([STDOUT])


async def test_input_reaches_the_process_and_its_end_is_told_by_the_close_channel(client: Client) -> None:
    async with _exec(client, "cat", stdin="true") as socket:
        await socket.send_bytes(b"\x00hello ")
        await socket.send_bytes(b"\x00you")
        await socket.send_bytes(bytes([255, 0]))
        channels = await _read_all(socket)
    assert (channels[STDOUT], _exit_code(channels)) == (b"hello you", 0)


async def test_a_shell_without_a_terminal_reads_its_script_from_input(client: Client) -> None:
    async with _exec(client, "sh", stdin="true") as socket:
        await socket.send_bytes(b"\x00echo one\nexit 4\n")
        channels = await _read_all(socket)
    assert (channels[STDOUT], _exit_code(channels)) == (b"one\n", 4)


async def test_a_terminal_echoes_prompts_and_knows_its_size(client: Client) -> None:
    async with _exec(client, "sh", stdin="true", tty="true") as socket:
        await socket.send_bytes(b"\x04" + json.dumps({"Width": 132, "Height": 43}).encode())
        await socket.send_bytes(b"\x00stty size\r")
        await socket.send_bytes(b"\x00exit\r")
        channels = await _read_all(socket)
    text = channels[STDOUT].decode()
    assert text.startswith("/ # stty size\r\n43 132\r\n/ # ") or "43 132\r\n" in text
    assert STDERR not in channels
    assert _exit_code(channels) == 0


def test_a_terminal_edits_its_line() -> None:
    terminal = Terminal()
    assert terminal.type(b"ab\x7fc\r") == (b"ac\n", b"ab\b \bc\r\n", False)
    assert terminal.type(b"junk\x03") == (b"\n", b"junk^C\r\n", False)
    assert terminal.type(b"\x04") == (b"", b"", True)


async def test_endless_output_waits_for_a_slow_reader_and_ends_with_the_client(client: Client) -> None:
    async with _exec(client, "yes") as socket:
        received = 0
        while received < 100_000:
            received += len((await socket.receive()).data)
    assert (await client.get(f"{PODS}/p"))[0] == 200


async def test_what_cannot_run_is_refused_before_the_upgrade(client: Client, cluster: DemoCluster) -> None:
    async def refusal(name: str, protocols: tuple[str, ...] = (V5,), **query: str) -> int:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            async with client.session.ws_connect(f"{PODS}/{name}/exec", params=query, protocols=protocols):
                raise AssertionError("it was upgraded")
        return caught.value.status

    cluster.store.create("pods", pod("waiting"))
    cluster.store.create("pods", {**pod("done", nodeName="n1"), "status": {"phase": "Succeeded"}})
    assert await refusal("missing", command="ls") == 404
    assert await refusal("waiting", command="ls") == 400
    assert await refusal("done", command="ls") == 400
    assert await refusal("p") == 422
    assert await refusal("p", command="ls", container="other") == 400
    assert await refusal("p", ("v9.channel.k8s.io",), command="ls") == 400
    status, answer = await client.get(f"{PODS}/p/exec", command="ls")
    assert status == 400
    assert "websocket" in answer["message"]
