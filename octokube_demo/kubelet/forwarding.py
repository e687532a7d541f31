"""Serves port-forward: one websocket of numbered channels, and a small web service behind each port of a pod."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import WSMsgType, web

from octokube_demo.listeners import Listener
from octokube_demo.objects import Object

PROTOCOLS = ("v4.channel.k8s.io",)
_MESSAGE_BYTES = 4 * 1024 * 1024
_BLOCK_BYTES = 32 * 1024
_MAX_BYTES = 1024 * 1024 * 1024


class PodService:
    """What answers on every port of every pod: it repeats requests, and gives as many bytes as it is asked for."""

    def __init__(self) -> None:
        self.port = 0
        self.open = 0
        """How many connections there are now."""

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[PodService]:
        """Serves on loopback until the context is left."""
        application = web.Application(client_max_size=_MAX_BYTES)
        application.router.add_get("/bytes/{count}", _bytes)
        application.router.add_route("*", "/{path:.*}", _echo)
        listener = Listener(application, "127.0.0.1", 0, None)
        await listener.start()
        self.port = listener.port
        try:
            yield self
        finally:
            await listener.stop()


async def _echo(request: web.Request) -> web.Response:
    body = await request.read()
    return web.Response(body=f"{request.method} {request.path_qs}\n".encode() + body)


async def _bytes(request: web.Request) -> web.StreamResponse:
    left = min(int(request.match_info["count"]), _MAX_BYTES)
    response = web.StreamResponse(headers={"Content-Length": str(left)})
    await response.prepare(request)
    while left > 0:
        await response.write(b"x" * min(left, _BLOCK_BYTES))
        left -= _BLOCK_BYTES
    await response.write_eof()
    return response


def is_listening(pod: Object, port: int) -> bool:
    """Whether a container says that it listens there. Of a pod that the kubelet does not know, all but 9 answer."""
    containers = pod["spec"]["containers"]
    if not containers:
        return port != 9
    return any(one.get("containerPort") == port for item in containers for one in item.get("ports") or ())


async def serve_forward(request: web.Request, pod: Object, service: PodService) -> web.StreamResponse:
    """Two channels for each asked port: data, then errors. Ends when each connection has, as the real one does."""
    asked = request.query.getall("port", [])
    if not asked or not all(text.isdigit() and 0 < int(text) < 65536 for text in asked):
        return web.Response(text='query parameter "port" is required\n', status=400)
    ports = [int(text) for text in asked]
    socket = web.WebSocketResponse(protocols=PROTOCOLS, max_msg_size=_MESSAGE_BYTES)
    await socket.prepare(request)
    for position, port in enumerate(ports):
        for channel in (2 * position, 2 * position + 1):
            await socket.send_bytes(bytes((channel,)) + port.to_bytes(2, "little"))
    writers: dict[int, asyncio.StreamWriter] = {}
    async with contextlib.AsyncExitStack() as stack:
        readers: dict[int, asyncio.StreamReader] = {}
        for position, port in enumerate(ports):
            if is_listening(pod, port):
                readers[position], writers[position] = await asyncio.open_connection("127.0.0.1", service.port)
                stack.callback(writers[position].close)
            else:
                why = f"error forwarding port {port} to pod {pod['metadata']['name']}: connect: connection refused"
                await socket.send_bytes(bytes((2 * position + 1,)) + why.encode())
        service.open += len(writers)
        stack.callback(_leave, service, len(writers))
        sending = asyncio.create_task(_towards_client(socket, readers), name="demo/forward-out")
        receiving = asyncio.create_task(_towards_pod(socket, writers), name="demo/forward-in")
        try:
            await asyncio.wait([sending, receiving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in (sending, receiving):
                one.cancel()
            await asyncio.gather(sending, receiving, return_exceptions=True)
    await socket.close()
    return socket


def _leave(service: PodService, count: int) -> None:
    service.open -= count


async def _towards_client(socket: web.WebSocketResponse, readers: dict[int, asyncio.StreamReader]) -> None:
    async def send(channel: int, reader: asyncio.StreamReader) -> None:
        while content := await reader.read(_BLOCK_BYTES):
            await socket.send_bytes(bytes((channel,)) + content)

    await asyncio.gather(*(send(2 * position, reader) for position, reader in readers.items()))


async def _towards_pod(socket: web.WebSocketResponse, writers: dict[int, asyncio.StreamWriter]) -> None:
    async for message in socket:
        if message.type is not WSMsgType.BINARY or not message.data:
            continue
        writer = writers.get(message.data[0] // 2)
        if writer is not None and message.data[0] % 2 == 0:
            writer.write(message.data[1:])
            await writer.drain()
