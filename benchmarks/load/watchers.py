"""Watches a kube-apiserver directly, as many times over as a team has people: what a team has without Octokube."""

import asyncio
import ssl
from typing import cast
from urllib.parse import urlsplit

import orjson

from benchmarks.load.counting import Counts
from benchmarks.load.serving import Commands, serve

_EVENT_END = b"\n\r\n"
"""Each event is a line of JSON at the end of an HTTP chunk."""


class Watcher(asyncio.Protocol):
    """One watch. Counts events by their ends; only a closely watched one is parsed."""

    def __init__(self, request: bytes, counts: Counts, *, is_sampled: bool) -> None:
        self._request = request
        self._counts = counts
        self._is_sampled = is_sampled
        self._tail = b""
        self.is_open = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends the request."""
        cast(asyncio.Transport, transport).write(self._request)  # uvloop's TLS transport is one in all but its class

    def data_received(self, data: bytes) -> None:
        """Counts."""
        self._counts.received_bytes += len(data)
        if not self.is_open.done():
            head, end, data = data.partition(b"\r\n\r\n")
            if not end or b" 200 " not in head.split(b"\r\n")[0]:
                self.is_open.set_exception(RuntimeError(f"the apiserver refused the watch: {head[:200]!r}"))
                return
            self.is_open.set_result(None)
        joined = self._tail + data
        self._counts.messages += joined.count(_EVENT_END)
        if self._is_sampled:
            *lines, self._tail = joined.split(_EVENT_END)
            for line in lines:
                event = orjson.loads(_json(line))
                metadata = event["object"]["metadata"]
                self._counts.saw(metadata["name"], metadata["resourceVersion"])
        else:
            self._tail = joined[-2:]

    def connection_lost(self, exc: Exception | None) -> None:
        """A watch that ends before its time is told."""
        self._counts.lost += 1


def _json(line: bytes) -> bytes:
    """The JSON of an event that came in one or more chunks: everything but their sizes."""
    parts = line.split(b"\r\n")
    return b"".join(part for index, part in enumerate(parts) if index % 2 == 1)


async def begin(*, url: str, token: str, path: str, resource_version: str, count: int, sampled: int) -> Commands:
    """Opens the watches."""
    counts = Counts()
    counts.sampled = min(count, sampled)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    address = urlsplit(url)
    request = (
        f"GET {path}?watch=1&resourceVersion={resource_version}&timeoutSeconds=3000 HTTP/1.1\r\n"
        f"Host: {address.netloc}\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\n\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    for index in range(count):
        _, watcher = await loop.create_connection(
            lambda index=index: Watcher(request, counts, is_sampled=index < sampled),
            address.hostname,
            address.port,
            ssl=context,
        )
        async with asyncio.timeout(60):
            await watcher.is_open
    return {"reset": counts.reset, "report": counts.report, "messages": counts.count}


if __name__ == "__main__":
    serve(begin)
