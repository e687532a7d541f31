"""Remembers the recent changes of one type in a bounded ring, for watches and for reading the past."""

from __future__ import annotations

import asyncio
from collections import deque
from enum import StrEnum

import orjson

from octokube_demo.objects import Key, Object


class ChangeKind(StrEnum):
    """What a watch calls it."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


class Change:
    """One change of one object; shared, read-only, and encoded at most once per form for all watchers.

    `value` is the object after the change; for a deletion its last state under the deletion's version.
    `previous` is the object before, None when it was created.
    """

    __slots__ = ("_lines", "is_dropped", "key", "kind", "previous", "revision", "type_name", "value")

    def __init__(
        self, type_name: str, kind: ChangeKind, key: Key, value: Object, previous: Object | None, revision: int
    ) -> None:
        self.type_name = type_name
        self.kind = kind
        self.key = key
        self.value = value
        self.previous = previous
        self.revision = revision
        self.is_dropped = False  # set by a fault: no watcher ever sees it
        self._lines: dict[str, bytes] | None = None

    def cached_line(self, form: str) -> bytes | None:
        """The encoded watch line in a form (a watch kind and a version), when somebody already made it."""
        return self._lines.get(form) if self._lines else None

    def cache_line(self, form: str, kind: str, value: Object) -> bytes:
        """Encodes and keeps the watch line of a form."""
        line = watch_line(kind, value)
        if self._lines is None:
            self._lines = {}
        self._lines[form] = line
        return line


def watch_line(kind: str, value: Object) -> bytes:
    """One line of a watch stream."""
    return b'{"type":"%s","object":%s}\n' % (kind.encode(), orjson.dumps(value))


class History:
    """The last changes of one type, oldest first; each has a number that only grows.

    Bound: `limit` changes. When it is full the oldest is forgotten and `compacted` moves up to its version: positions
    below `compacted` answer 410 from then on. Readers hold a cursor (the number of the next change), so a slow reader
    costs nothing here and finds itself behind `first` when it was too slow.
    """

    def __init__(self, limit: int, compacted: int = 0) -> None:
        self._changes: deque[Change] = deque()
        self._limit = limit
        self._waiters: list[asyncio.Future[None]] = []
        self.first = 0
        self.compacted = compacted
        self.is_ended = False

    @property
    def end(self) -> int:
        """The number the next change will get."""
        return self.first + len(self._changes)

    def append(self, change: Change) -> None:
        """Adds the newest change and wakes every waiting reader."""
        self._changes.append(change)
        if len(self._changes) > self._limit:
            self._forget_oldest()
        if self._waiters:
            self.wake()

    def _forget_oldest(self) -> None:
        self.compacted = self._changes.popleft().revision
        self.first += 1

    def compact(self, revision: int) -> None:
        """Forgets everything up to a version, that one included: a position below it is expired afterwards."""
        while self._changes and self._changes[0].revision <= revision:
            self._forget_oldest()
        self.compacted = max(self.compacted, revision)

    def cursor_after(self, revision: int) -> int:
        """The number of the first change newer than a version. The caller has checked `compacted` before."""
        # From the newest backwards: a reader that resumes is almost always close to the end.
        number = self.end
        for change in reversed(self._changes):
            if change.revision <= revision:
                break
            number -= 1
        return number

    def since(self, cursor: int, limit: int = 1000) -> list[Change]:
        """The changes from a cursor on, at most `limit`. The caller has checked that it is not behind `first`."""
        start = cursor - self.first
        count = min(len(self._changes) - start, limit)
        # A deque is slow in its middle, and readers are near its end: index from whichever end is nearer.
        return [self._changes[start + offset] for offset in range(count)]

    def newer_than(self, revision: int) -> list[Change]:
        """All changes after a version, newest first: what to undo to see the past."""
        found = []
        for change in reversed(self._changes):
            if change.revision <= revision:
                break
            found.append(change)
        return found

    async def wait(self, cursor: int) -> None:
        """Returns as soon as there is a change at the cursor, or the history has ended, or somebody calls `wake`."""
        if cursor < self.end or self.is_ended:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            # Cancelled waiters must not pile up on a type that never changes.
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            raise

    def wake(self) -> None:
        """Lets every waiting reader look again."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def finish(self) -> None:
        """The type is no longer served: readers end."""
        self.is_ended = True
        self.wake()
