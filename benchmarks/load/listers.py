"""Lists everything from a kube-apiserver, as many times at once as a team has people: each one's first step."""

import asyncio
import ssl
import time
from typing import Any, cast
from urllib.parse import urlsplit

from benchmarks.load.serving import Commands, serve


class Lister(asyncio.Protocol):
    """One list, read to its end and not looked at."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self.received_bytes = 0
        self.is_done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends the request."""
        cast(asyncio.Transport, transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        """Counts."""
        self.received_bytes += len(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The end of the list, as asked for."""
        if not self.is_done.done():
            self.is_done.set_result(None)


async def begin(*, url: str, token: str, path: str, count: int) -> Commands:
    """The command "list" lists ``count`` times at once; seconds until the last has all, and bytes of all."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    address = urlsplit(url)
    request = (
        f"GET {path}?resourceVersion=0 HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {token}\r\n"
        f"Accept: application/json\r\nConnection: close\r\n\r\n"
    ).encode()

    async def one() -> int:
        loop = asyncio.get_running_loop()
        _, lister = await loop.create_connection(
            lambda: Lister(request), address.hostname, address.port, ssl=context if address.scheme == "https" else None
        )
        await lister.is_done
        return lister.received_bytes

    async def lists() -> dict[str, Any]:
        began = time.monotonic()
        sizes = await asyncio.gather(*(one() for _ in range(count)))
        return {"seconds": time.monotonic() - began, "bytes": sum(sizes)}

    return {"list": lists}


if __name__ == "__main__":
    serve(begin)
