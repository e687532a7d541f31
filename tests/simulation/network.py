"""Streams between programs of one process, which lose, repeat, reorder, hold up and break what is sent on them."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import grpc

Status = tuple[grpc.StatusCode, str, tuple[tuple[str, str], ...]]
OK: Status = (grpc.StatusCode.OK, "", ())
BROKEN: Status = (grpc.StatusCode.UNAVAILABLE, "the connection broke", ())

KEEPALIVE_SECONDS = 35.0
"""After how long pings find out that a connection is half-open."""
HOLD_SECONDS = 0.3
"""How long a message that is to be overtaken waits for another one."""


class Ended(Exception):
    """The stream is over; the reader finds its status."""


class Pipe:
    """One direction of a stream: ordered, with a latency and a bounded buffer, until a fault is put on it."""

    def __init__(self, chance: random.Random, *, latency_seconds: float, capacity: int) -> None:
        self._chance = chance
        self._latency_seconds = latency_seconds
        self._capacity = capacity
        self._transit: deque[tuple[float, bytes | None]] = deque()
        self._arrived: deque[bytes | None] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._held: bytes | None = None
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._is_ending = False
        self.on_end: Callable[[], None] = lambda: None
        """Called when the end arrives."""
        self.is_broken = False
        self.faults: deque[str] = deque()
        self.stalled_until = 0.0
        self.is_black_hole = False
        self.has_lost = False
        """Whether anything was ever lost, repeated or reordered here."""

    async def put(self, message: bytes) -> None:
        """Hands a message over. Waits while the buffer is full. Raises Ended."""
        while not self.is_broken and not self._is_ending and len(self._transit) + len(self._arrived) >= self._capacity:
            self._writable.clear()
            await self._writable.wait()
        if self.is_broken or self._is_ending:
            raise Ended
        match self.faults.popleft() if self.faults else "":
            case "lose":
                self.has_lost = True
            case "duplicate":
                self.has_lost = True
                self._send(message)
                self._send(message)
            case "reorder" if self._held is None:
                self._held = message
                asyncio.get_running_loop().call_later(HOLD_SECONDS, self._flush)
            case _:
                self._send(message)
                if self._held is not None:
                    self.has_lost = True
                    self._flush()

    async def get(self) -> bytes | None:
        """The next message; None at the end. Raises Ended when the connection broke."""
        while not self._arrived:
            if self.is_broken:
                raise Ended
            self._readable.clear()
            await self._readable.wait()
        if self._arrived[0] is None:
            return None
        message = self._arrived.popleft()
        self._writable.set()
        return message

    def end(self) -> None:
        """Ends the direction in order: what was handed over arrives first."""
        if not self._is_ending and not self.is_broken:
            self._flush()
            self._is_ending = True
            self._writable.set()
            self._send(None)

    def cut(self) -> None:
        """Breaks the direction: what is under way is lost."""
        self.is_broken = True
        self._transit.clear()
        self._arrived.clear()
        self._held = None
        self._readable.set()
        self._writable.set()

    def heal(self) -> None:
        """Ends a stall, and forgets faults to come."""
        self.faults.clear()
        self.stalled_until = 0.0
        if self._timer is not None:
            self._timer.cancel()
            self._deliver()

    def _flush(self) -> None:
        held, self._held = self._held, None
        if held is not None and not self._is_ending and not self.is_broken:
            self._send(held)

    def _send(self, message: bytes | None) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + self._latency_seconds * self._chance.uniform(0.5, 1.5)
        self._transit.append((max(due, self._transit[-1][0]) if self._transit else due, message))
        if self._timer is None:
            self._timer = loop.call_at(self._transit[0][0], self._deliver)

    def _deliver(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._transit and not self.is_black_hole and self._transit[0][0] <= now and self.stalled_until <= now:
            message = self._transit.popleft()[1]
            self._arrived.append(message)
            self._readable.set()
            if message is None:
                self.on_end()
        if self._transit and not self.is_black_hole:
            self._timer = loop.call_at(max(self._transit[0][0], self.stalled_until), self._deliver)


class Stream:
    """One call: a pipe up to the server, one down to the client, and the status at its end."""

    def __init__(self, number: int, kind: str, owner: str, token: str, up: Pipe, down: Pipe) -> None:
        self.number = number
        self.kind = kind
        self.owner = owner
        self.token = token
        self.up = up
        self.down = down
        down.on_end = up.cut  # whoever has learned of the end can't send any more
        self.status: Status | None = None
        self.on_gone: Callable[[], None] | None = None
        """Called when the client has gone: the server's handler is to be cancelled."""
        self.is_half_open = False
        self.handed: list[bytes] = []
        """The frames that the server has handed over, in order."""
        self.sizes: list[int] = []
        self.acked = 0
        """The newest sequence of which a hub knows that it was applied; the bytes of which an agent knows."""
        self.applied = 0
        self.session: Any = None
        """The hub's session of a subscriber, once it has sent something."""
        self.window_bytes = 0

    def __str__(self) -> str:
        return f"{self.kind}#{self.number}({self.owner})"

    def finish(self, status: Status) -> None:
        """The server ends the call."""
        if self.status is None:
            self.status = status
            self.down.end()

    def cut(self) -> None:
        """The connection breaks, and both sides notice."""
        if self.status is None:
            self.status = BROKEN
        self.up.cut()
        self.down.cut()
        self._gone()

    def open_half(self, *, is_up_lost: bool, is_down_lost: bool) -> None:
        """The connection breaks, and nobody is told before the transport's pings find out."""
        self.is_half_open = True
        self.up.is_black_hole, self.down.is_black_hole = is_up_lost, is_down_lost
        asyncio.get_running_loop().call_later(KEEPALIVE_SECONDS, self.cut)

    def leave(self) -> None:
        """The client cancels the call."""
        self.down.cut()
        if not self.is_half_open:
            self.up.cut()
            self._gone()

    def _gone(self) -> None:
        on_gone, self.on_gone = self.on_gone, None
        if on_gone is not None:
            on_gone()


class Network:
    """Every open stream. ``accept`` is called with each new one, after the way to the server."""

    def __init__(self, chance: random.Random, accept: Callable[[Stream], None]) -> None:
        self._chance = chance
        self._accept = accept
        self._count = 0
        self.streams: dict[Stream, None] = {}
        self._isolated_until: dict[str, float] = {}
        self._doomed: dict[str, list[str]] = {}

    def __iter__(self) -> Iterator[Stream]:
        return iter(list(self.streams))

    def books(self, kind: str, owner: str, token: str, *, latency_seconds: float = 0.0, capacity: int = 1) -> Stream:
        """A stream that is not connected to anything: for one of which the messages go another way."""
        self._count += 1
        pipes = [Pipe(self._chance, latency_seconds=latency_seconds, capacity=capacity) for _ in range(2)]
        return Stream(self._count, kind, owner, token, *pipes)

    def open(self, kind: str, owner: str, token: str) -> Stream:
        """Dials."""
        chance = self._chance
        latency_seconds = chance.choice((0.0, 0.001, 0.001, 0.01, 0.05, 0.3))
        capacity = chance.choice((1, 2, 4, 32))
        stream = self.books(kind, owner, token, latency_seconds=latency_seconds, capacity=capacity)
        disturbed = stream.up if kind == "agent" else stream.down
        disturbed.faults.extend(self._doomed.pop(kind, ()))
        self.streams[stream] = None
        asyncio.get_running_loop().call_later(latency_seconds, self._arrive, stream)
        return stream

    def forget(self, stream: Stream) -> None:
        """A stream of which both sides are done."""
        self.streams.pop(stream, None)

    def doom(self, kind: str, faults: list[str]) -> None:
        """Puts faults on the next stream of a kind, from its first message on."""
        self._doomed[kind] = faults

    def isolate(self, owner: str, until: float) -> None:
        """Breaks every connection of somebody, and all new ones until then."""
        self._isolated_until[owner] = until
        for stream in self:
            if stream.owner == owner:
                stream.cut()

    def heal(self, *, is_resetting: bool) -> None:
        """Ends every fault. Streams that are half-open break now, or are left for timeouts to find."""
        self._isolated_until.clear()
        self._doomed.clear()
        for stream in self:
            stream.up.heal()
            stream.down.heal()
            if is_resetting and (stream.is_half_open or stream.up.is_black_hole or stream.down.is_black_hole):
                stream.cut()

    def _arrive(self, stream: Stream) -> None:
        if self._isolated_until.get(stream.owner, 0.0) > asyncio.get_running_loop().time():
            stream.cut()
        elif not stream.up.is_broken:
            self._accept(stream)
