"""Appends to files on a thread of its own, so that a slow disk holds nobody up."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FLUSH_SECONDS = 0.25
FLUSH_BYTES = 65_536
ROOM_BYTES = 1024 * 1024
"""What may wait for the disk, for one file, before whoever appends should pause."""
MAX_WAITING_BYTES = 4 * 1024 * 1024
"""What waits at most: what is on its way when the pause begins still has to fit."""
STALL_SECONDS = 5.0
"""A disk that makes no room for so long has failed."""
MAX_FILE_BYTES = 256 * 1024 * 1024
"""Of one file: a session that is running is never removed, and may not fill the disk alone."""


class TooLarge(OSError):
    """One file has reached the size that none is to have."""

    def __init__(self) -> None:
        super().__init__(f"its recording has reached {MAX_FILE_BYTES // 1024**2} MiB")


class TooSlow(OSError):
    """More waits to be written than is held in memory."""

    def __init__(self) -> None:
        super().__init__("the disk is too slow")


class Appending:
    """One new file, readable by its owner only. What was appended is in it within a quarter of a second.

    ``on_trouble`` is called once, in the event loop, when it can't be written any more; nothing is written after that.
    """

    def __init__(self, path: Path, thread: ThreadPoolExecutor, on_trouble: Callable[[OSError], None]) -> None:
        self.path = path
        self.trouble: OSError | None = None
        self._thread = thread
        self._on_trouble = on_trouble
        self._descriptor = -1
        self._parts: list[bytes] = []
        self._parts_bytes = 0
        self._waiting_bytes = 0
        self._taken_bytes = 0
        self._stall: asyncio.TimerHandle | None = None
        self.on_room: Callable[[], None] = lambda: None
        """Called when there is room again, or none is needed any more."""
        self._timer: asyncio.TimerHandle | None = None
        self._writes: set[asyncio.Future[None]] = set()

    @property
    def has_room(self) -> bool:
        """Whether more can be appended without waiting for the disk."""
        return self.trouble is not None or self._waiting_bytes < ROOM_BYTES

    async def open(self) -> None:
        """Makes the file. Raises OSError, also when it is there already."""
        self._descriptor = await asyncio.wrap_future(self._thread.submit(_create, self.path))

    def append(self, content: bytes) -> None:
        """Takes more content."""
        if self.trouble is not None or not content:
            return
        self._taken_bytes += len(content)
        if self._taken_bytes > MAX_FILE_BYTES:
            self._flush()
            self._fail(TooLarge())
            return
        self._parts.append(content)
        self._parts_bytes += len(content)
        self._waiting_bytes += len(content)
        if self._waiting_bytes > MAX_WAITING_BYTES:
            self._fail(TooSlow())
        elif self._parts_bytes >= FLUSH_BYTES:
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush)
        if not self.has_room and self._stall is None:
            self._stall = asyncio.get_running_loop().call_later(STALL_SECONDS, self._fail, TooSlow())

    async def close(self) -> int:
        """Writes what is left, and closes; the file's size in bytes. Never raises: ``trouble`` says what went wrong."""
        self._flush()
        while self._writes:
            await asyncio.wait(self._writes)
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor < 0:
            return 0
        try:
            return await asyncio.wrap_future(self._thread.submit(_close, descriptor))
        except OSError as error:
            self._fail(error)
            return 0

    async def discard(self) -> None:
        """Closes and removes what was opened, as far as the disk lets it."""
        if self._descriptor >= 0:
            await self.close()
            with contextlib.suppress(OSError):  # an empty file that stays is in nobody's way
                await asyncio.to_thread(self.path.unlink, missing_ok=True)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._parts or self.trouble is not None:
            return
        content = b"".join(self._parts)
        self._parts, self._parts_bytes = [], 0
        write = asyncio.wrap_future(self._thread.submit(_write, self._descriptor, content))
        self._writes.add(write)
        write.add_done_callback(lambda done: self._wrote(done, len(content)))

    def _wrote(self, write: "asyncio.Future[None]", size_bytes: int) -> None:
        self._writes.discard(write)
        self._waiting_bytes -= size_bytes
        if not write.cancelled() and isinstance(error := write.exception(), OSError):
            self._fail(error)
        elif self._stall is not None and self.has_room:
            self._stall.cancel()
            self._stall = None
            self.on_room()

    def _fail(self, error: OSError) -> None:
        if self.trouble is None:
            self.trouble = error
            self._parts.clear()
            if self._stall is not None:
                self._stall.cancel()
            self._on_trouble(error)
            self.on_room()


def _create(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW, 0o600)


def _write(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _close(descriptor: int) -> int:
    try:
        os.fsync(descriptor)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
