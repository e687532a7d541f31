"""A kubelet that costs next to nothing: logs of any size, logs that tell the time, and a shell that echoes."""

import asyncio
import contextlib
import time
from typing import Any

from aiohttp import WSMsgType, web

from benchmarks.load.serving import Commands, serve
from octokube_demo.certificates import self_signed

LINE = b"2026-11-23T10:00:00Z INFO GET /api/v1/orders 200 17ms request=3f9a1c trace=77be61 user=u-1047 region=eu-1\n"
BLOCK = LINE * (65_536 // len(LINE))
STDIN, STDOUT = 0, 1


async def begin(*, bulk_bytes: int, tick_seconds: float) -> Commands:
    """The command "where" says on which port it is."""
    app = web.Application()
    app.router.add_get("/containerLogs/{namespace}/{pod}/{container}", _logs)
    app.router.add_get("/exec/{namespace}/{pod}/{container}", _exec)
    app["bulk_bytes"], app["tick_seconds"] = bulk_bytes, tick_seconds
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=self_signed().context).start()

    async def where() -> dict[str, Any]:
        return {"port": runner.addresses[0][1]}

    async def close() -> str:
        await runner.cleanup()
        return "closed"

    return {"where": where, "close": close}


async def _logs(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        if request.match_info["pod"] == "bulk":
            for _ in range(request.app["bulk_bytes"] // len(BLOCK)):
                await response.write(BLOCK)
        else:
            while True:
                await response.write(b"%d\n" % time.monotonic_ns())
                await asyncio.sleep(request.app["tick_seconds"])
    return response


async def _exec(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(protocols=("v5.channel.k8s.io", "v4.channel.k8s.io"))
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.BINARY and message.data[:1] == bytes([STDIN]) and len(message.data) > 1:
            await socket.send_bytes(bytes([STDOUT]) + message.data[1:])
    return socket


if __name__ == "__main__":
    serve(begin)
