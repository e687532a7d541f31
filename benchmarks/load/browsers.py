"""Opens pages' websockets to a gateway, as many as a team has people: subscribes, counts, acknowledges."""

import asyncio
import base64
import os
import struct
from typing import cast
from urllib.parse import urlsplit

from benchmarks.load.counting import Counts
from benchmarks.load.serving import Commands, serve
from octokube.runtime.wire import bytes_field, varint_field
from octokube.v1 import browser_pb2, cluster_service_pb2, frame_pb2

ACK_SECONDS = 1.0
ACK_BYTES = 128 * 1024
"""As the page does: once a second while something arrives, and sooner when much does."""
LAST_PART_BYTES = 4096
"""The frame that ends a snapshot holds no objects, so that only small ones need be looked at for it."""
_PONG, _PING, _BINARY = 0xA, 0x9, 0x2


class Browser(asyncio.Protocol):
    """One page. Messages are counted by their lengths; only a closely watched one's are parsed."""

    def __init__(
        self,
        request: bytes,
        watch: cluster_service_pb2.WatchRequest,
        counts: Counts,
        *,
        is_sampled: bool,
        is_stalled: bool,
    ) -> None:
        self._request = request
        self._watch = watch
        self._channel = 0
        self._counts = counts
        self._is_sampled = is_sampled
        self._is_stalled = is_stalled
        self._buffer = bytearray()
        self._has_upgraded = False
        self._has_hello = False
        self._transport: asyncio.Transport | None = None
        self.sequence = 0
        self._acked = 0
        self._unacked_bytes = 0
        self.resume_token = b""
        self.is_synced: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the upgrade."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Takes the messages that are complete."""
        self._counts.received_bytes += len(data)
        buffer = self._buffer
        buffer += data
        if not self._has_upgraded:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if b" 101 " not in buffer[:40]:
                self._fail(f"the gateway refused: {bytes(buffer[:200])!r}")
                return
            self._has_upgraded = True
            del buffer[: end + 4]
        start = 0
        while len(buffer) - start >= 2:
            length, offset = buffer[start + 1] & 0x7F, 2
            if length == 126:
                if len(buffer) - start < 4:
                    break
                length, offset = struct.unpack_from("!H", buffer, start + 2)[0], 4
            elif length == 127:
                if len(buffer) - start < 10:
                    break
                length, offset = struct.unpack_from("!Q", buffer, start + 2)[0], 10
            if len(buffer) - start < offset + length:
                break
            self._take(buffer[start] & 0xF, start + offset, length)
            start += offset + length
        del buffer[:start]

    def connection_lost(self, exc: Exception | None) -> None:
        """A page that loses its gateway is told."""
        self._counts.lost += 1
        self._fail("the gateway closed the connection")

    def acknowledge(self) -> None:
        """Says what was received, if anything was since the last time."""
        is_gone = self._transport is None or self._transport.is_closing()
        if self.sequence > self._acked and not self._is_stalled and not is_gone:
            self._acked = self.sequence
            self._unacked_bytes = 0
            ack = bytes_field(2, bytes_field(2, varint_field(1, self.sequence)))
            self._send(_BINARY, varint_field(1, self._channel) + ack)

    def close(self) -> None:
        """Goes away."""
        if self._transport is not None:
            self._transport.abort()

    def _take(self, opcode: int, start: int, length: int) -> None:
        if opcode == _PING:
            self._send(_PONG, bytes(self._buffer[start : start + length]))
            return
        if opcode != _BINARY:
            return
        if not self._has_hello:
            self._has_hello = True
            hello = browser_pb2.GatewayMessage.FromString(bytes(self._buffer[start : start + length])).hello
            self._channel = hello.grant.first
            subscribe = browser_pb2.BrowserMessage(channel=self._channel, watch=self._watch)
            self._send(_BINARY, subscribe.SerializeToString())
            if self._is_stalled and self._transport is not None:
                self._transport.pause_reading()
            return
        self.sequence += 1
        self._counts.messages += 1
        self._unacked_bytes += length
        if self._unacked_bytes >= ACK_BYTES:
            self.acknowledge()
        is_last_part = not self.is_synced.done() and (self.sequence == 1 or length < LAST_PART_BYTES)
        if self._is_sampled or is_last_part:
            self._read(bytes(self._buffer[start : start + length]))

    def _read(self, data: bytes) -> None:
        frame = browser_pb2.GatewayMessage.FromString(data).watch.frame
        if self._is_sampled:
            for entry in frame.entries:
                self._counts.saw(entry.key.name, entry.resource_version)
        if frame.resume_token:
            self.resume_token = frame.resume_token
        is_complete = frame.kind in (frame_pb2.FRAME_KIND_SNAPSHOT_END, frame_pb2.FRAME_KIND_DELTA)
        if is_complete and not self.is_synced.done():
            self.is_synced.set_result(None)

    def _fail(self, reason: str) -> None:
        if not self.is_synced.done():
            self.is_synced.set_exception(RuntimeError(reason))

    def _send(self, opcode: int, payload: bytes) -> None:
        # A mask of zeros leaves the payload as it is, and is a mask.
        if len(payload) < 126:
            head = bytes((0x80 | opcode, 0x80 | len(payload)))
        else:
            head = bytes((0x80 | opcode, 0x80 | 126)) + struct.pack("!H", len(payload))
        if self._transport is not None:
            self._transport.write(head + bytes(4) + payload)


class Crowd:
    """All pages of this process."""

    def __init__(self, url: str, tokens: list[str], subscription: cluster_service_pb2.Subscription) -> None:
        self._address = urlsplit(url)
        self._tokens = tokens
        self._subscription = subscription
        self.counts = Counts()
        self.browsers: list[Browser] = []

    async def open(
        self, count: int, sampled: int, *, stalled: int = 0, has_patches: bool = False, is_resuming: bool = False
    ) -> None:
        """Opens pages, all at once, and waits until each that reads has what it subscribed to."""
        former, self.browsers = self.browsers, []
        self.counts.sampled = min(count, sampled)
        loop = asyncio.get_running_loop()

        async def open_one(index: int) -> None:
            subscribe = cluster_service_pb2.Subscribe(subscription=self._subscription, accepts_patches=has_patches)
            if is_resuming:
                subscribe.resume.add(cluster="prod", resume_token=former[index].resume_token)
            watch = cluster_service_pb2.WatchRequest(subscribe=subscribe)
            _, browser = await loop.create_connection(
                lambda: Browser(
                    self._upgrade(index), watch, self.counts, is_sampled=index < sampled, is_stalled=index >= count
                ),
                self._address.hostname,
                self._address.port,
            )
            self.browsers.append(browser)
            if index < count:
                await browser.is_synced

        async with asyncio.timeout(100):
            await asyncio.gather(*(open_one(index) for index in range(count + stalled)))

    async def keep_acknowledging(self) -> None:
        """Acknowledges for each page once a second, a few at a time."""
        while True:
            browsers = list(self.browsers)
            parts = 20
            for part in range(parts):
                await asyncio.sleep(ACK_SECONDS / parts)
                for browser in browsers[part::parts]:
                    browser.acknowledge()

    async def close(self) -> None:
        """Closes every page; what they could resume from is kept."""
        for browser in self.browsers:
            browser.close()
        await asyncio.sleep(0.2)

    def _upgrade(self, index: int) -> bytes:
        key = base64.b64encode(os.urandom(16)).decode()
        return (
            f"GET /api/v1/socket HTTP/1.1\r\nHost: {self._address.netloc}\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            f"Sec-WebSocket-Protocol: octokube.v1.proto\r\n"
            f"Authorization: Bearer {self._tokens[index % len(self._tokens)]}\r\n\r\n"
        ).encode()


async def begin(
    *,
    url: str,
    tokens: list[str],
    namespace: str,
    count: int,
    sampled: int,
    stalled: int = 0,
    has_bodies: bool = False,
) -> Commands:
    """Opens the pages."""
    detail = cluster_service_pb2.DETAIL_OBJECTS if has_bodies else cluster_service_pb2.DETAIL_ROWS
    subscription = cluster_service_pb2.Subscription(
        clusters=["prod"], types=["pods"], namespaces=[namespace], detail=detail
    )
    crowd = Crowd(url, tokens, subscription)
    acknowledging = asyncio.create_task(crowd.keep_acknowledging())
    await crowd.open(count, sampled, stalled=stalled, has_patches=has_bodies)

    async def reconnect(*, is_resuming: bool) -> dict[str, float]:
        await crowd.close()
        await crowd.counts.reset()
        began = asyncio.get_running_loop().time()
        await crowd.open(count, sampled, is_resuming=is_resuming, has_patches=has_bodies)
        return {"seconds": asyncio.get_running_loop().time() - began, "bytes": crowd.counts.received_bytes}

    async def leave() -> str:
        await crowd.close()
        return "closed"

    assert not acknowledging.done()
    return {
        "reset": crowd.counts.reset,
        "report": crowd.counts.report,
        "messages": crowd.counts.count,
        "close": leave,
        "resume": lambda: reconnect(is_resuming=True),
        "anew": lambda: reconnect(is_resuming=False),
    }


if __name__ == "__main__":
    serve(begin)
