"""Serves one exec or attach session: a websocket of numbered channels on one side, a process on the other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import orjson
from aiohttp import WSMsgType, web

from octokube_demo.kubelet.shell import Exit, Shell
from octokube_demo.objects import Clock, Object

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
# Input that a program has not read yet. When it is full the websocket is not read, so the client waits.
_INPUT_LIMIT_BYTES = 256 * 1024
_MESSAGE_BYTES = 4 * 1024 * 1024


class ExecStreams:
    """The process's view of the websocket. Output waits for the socket, so nothing is queued for a slow reader."""

    def __init__(self, socket: web.WebSocketResponse, *, has_terminal: bool) -> None:
        self._socket = socket
        self._terminal = Terminal() if has_terminal else None
        self._input: deque[bytes] = deque()
        self._input_bytes = 0
        self._is_ended = False
        self._changed = asyncio.Condition()
        self.size = (24, 80)

    async def read(self) -> bytes:
        """The next input, `b""` at its end."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._input or self._is_ended)
            if not self._input:
                return b""
            data = self._input.popleft()
            self._input_bytes -= len(data)
            self._changed.notify_all()
            return data

    async def out(self, data: bytes) -> None:
        """Writes standard output; a terminal turns line ends into CR LF."""
        await self._send(STDOUT, data.replace(b"\n", b"\r\n") if self._terminal else data)

    async def error(self, data: bytes) -> None:
        """Writes standard error; a terminal has one stream for both."""
        if self._terminal:
            await self.out(data)
        else:
            await self._send(STDERR, data)

    async def _send(self, channel: int, data: bytes) -> None:
        await self._socket.send_bytes(bytes([channel]) + data)

    async def feed(self, data: bytes) -> None:
        """Input from the client."""
        if self._terminal is None:
            await self._add(data)
            return
        lines, shown, is_ended = self._terminal.type(data)
        if shown:
            await self._send(STDOUT, shown)
        if lines:
            await self._add(lines)
        if is_ended:
            await self.end()

    async def _add(self, data: bytes) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._input_bytes < _INPUT_LIMIT_BYTES or self._is_ended)
            self._input.append(data)
            self._input_bytes += len(data)
            self._changed.notify_all()

    async def end(self) -> None:
        """No more input will come."""
        async with self._changed:
            self._is_ended = True
            self._changed.notify_all()

    async def finish(self, code: int) -> None:
        """Sends the exit code on the error channel."""
        if code == 0:
            status: Object = {"metadata": {}, "status": "Success"}
        else:
            status = {
                "metadata": {},
                "status": "Failure",
                "message": f"command terminated with non-zero exit code: exit status {code}",
                "reason": "NonZeroExitCode",
                "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
            }
        await self._send(ERROR, orjson.dumps(status))


class Terminal:
    """The line discipline of a terminal: echo, backspace, Ctrl-C, Ctrl-D. Pure."""

    def __init__(self) -> None:
        self._line = bytearray()

    def type(self, data: bytes) -> tuple[bytes, bytes, bool]:
        """(finished lines, what to echo, whether the input ended)."""
        lines, shown = bytearray(), bytearray()
        for byte in data:
            if byte in (13, 10):
                lines += self._line + b"\n"
                self._line.clear()
                shown += b"\r\n"
            elif byte in (8, 127):
                if self._line:
                    self._line.pop()
                    shown += b"\b \b"
            elif byte == 3:
                self._line.clear()
                lines += b"\n"
                shown += b"^C\r\n"
            elif byte == 4:
                if not self._line:
                    return bytes(lines), bytes(shown), True
            elif byte >= 32:
                self._line.append(byte)
                shown.append(byte)
        return bytes(lines), bytes(shown), False


Process: TypeAlias = Callable[[Shell, Sequence[str]], Awaitable[int]]
"""What runs behind a session, in a container's shell, with the command that was asked for; its exit code."""


async def serve_process(
    request: web.Request, pod: Object, container: str, now: Clock, process: Process
) -> web.WebSocketResponse:
    """Upgrades the request and runs the process until it ends or the client goes."""
    socket = web.WebSocketResponse(protocols=PROTOCOLS, max_msg_size=_MESSAGE_BYTES)
    await socket.prepare(request)
    has_terminal = request.query.get("tty") in ("1", "true")
    streams = ExecStreams(socket, has_terminal=has_terminal)
    if request.query.get("input") not in ("1", "true"):
        await streams.end()
    # The real server starts with an empty message, which tells the client that the process runs.
    await socket.send_bytes(bytes([STDOUT]))
    shell = Shell(pod, container, streams, now, has_terminal=has_terminal)
    running = asyncio.create_task(_run(process, shell, request.query.getall("command", [])), name="demo/process")
    reader = asyncio.create_task(_read(socket, streams), name="demo/process-input")
    try:
        await asyncio.wait([running, reader], return_when=asyncio.FIRST_COMPLETED)
        if running.done() and not running.cancelled() and running.exception() is None:
            await streams.finish(running.result())
    finally:
        for task in (running, reader):
            task.cancel()
        await asyncio.gather(running, reader, return_exceptions=True)
        await socket.close()
    return socket


async def run_command(shell: Shell, command: Sequence[str]) -> int:
    """The command of an exec."""
    return await shell.run(list(command))


async def run_main(shell: Shell, _: Sequence[str]) -> int:
    """A container's main process, as attach meets it: a debug container's command or shell; any other container's
    service, which says that it is there, repeats what it is told, and goes on when nobody tells it any more.
    """
    for one in shell.pod["spec"].get("ephemeralContainers") or ():
        if one["name"] == shell.container:
            return await shell.run(list(one.get("command") or ["sh"]))
    await shell.streams.out(f"{shell.container} is running\n".encode())
    while data := await shell.streams.read():
        await shell.streams.out(data)
    return await shell.run(["sleep", "86400"])


async def _run(process: Process, shell: Shell, command: Sequence[str]) -> int:
    try:
        return await process(shell, command)
    except Exit as leaving:
        return leaving.code


async def _read(socket: web.WebSocketResponse, streams: ExecStreams) -> None:
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            data = message.data.encode()
        elif message.type is WSMsgType.BINARY:
            data = message.data
        else:
            continue
        if not data:
            continue
        channel, payload = data[0], data[1:]
        if channel == STDIN and payload:
            await streams.feed(payload)
        elif channel == CLOSE and payload[:1] == bytes([STDIN]) and socket.ws_protocol == PROTOCOLS[0]:
            await streams.end()
        elif channel == RESIZE:
            _resize(streams, payload)


def _resize(streams: ExecStreams, payload: bytes) -> None:
    try:
        asked = orjson.loads(payload)
        streams.size = (int(asked["Height"]), int(asked["Width"]))
    except (ValueError, KeyError, TypeError):
        return  # a size nobody can read changes nothing, as with the real kubelet
