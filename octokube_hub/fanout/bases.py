"""Remembers what objects were before their last changes, for readers in lock-step."""

from collections import deque

from octokube.state import EncodedObject, Key, Stored

LIMIT_BYTES = 4 * 1024 * 1024
"""A thousand changed objects of the usual size: beyond it the oldest are forgotten, and readers get whole bodies."""


class Bases:
    """The former states of objects that changed lately in one view.

    Answers what a reader who is exactly at a version holds of an object, as far back as is remembered. ``rotate`` is
    called once a second: what nobody has asked for by the second time, only laggards would. It begins to remember at
    the view's ``version`` when it is made.

    Example: put a@1, put a@4, put a@6: a reader at 4 or 5 holds a@4, one at 1 to 3 holds a@1.
    """

    def __init__(self, version: int, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._replaced: dict[Key, deque[tuple[int, Stored[EncodedObject]]]] = {}
        self._order: deque[tuple[int, Key]] = deque()
        self._horizon = self._rotated_at = version

    def replaced(self, former: Stored[EncodedObject], version: int) -> None:
        """An object's state was replaced at a version of the view."""
        self._replaced.setdefault(former.key, deque()).append((version, former))
        self._order.append((version, former.key))
        self._bytes += former.value.size_bytes
        while self._bytes > self._limit_bytes:
            self._forget_oldest()

    def held_at(self, key: Key, version: int) -> EncodedObject | None:
        """What a reader exactly at a version holds, when that is no longer the newest; None when it is not known."""
        if version < self._horizon:
            return None
        for replaced_at, former in self._replaced.get(key, ()):
            if replaced_at > version:
                return former.value if former.version <= version else None
        return None

    def rotate(self, version: int) -> None:
        """Forgets what was replaced before the last call but one. ``version`` is the view's newest."""
        while self._order and self._order[0][0] <= self._rotated_at:
            self._forget_oldest()
        self._rotated_at = version

    def _forget_oldest(self) -> None:
        version, key = self._order.popleft()
        kept = self._replaced[key]
        _, former = kept.popleft()
        if not kept:
            del self._replaced[key]
        self._bytes -= former.value.size_bytes
        self._horizon = version
