"""Remembers when keys were in a view."""

import itertools
from collections import deque
from collections.abc import Iterator

from octokube.state import Key


class Presence:
    """For each key the versions at which it entered and left, as far back as the view's tombstones reach.

    Answers what a reader of the view held at a version: without that, a reader who is behind could be told of the
    withdrawal of an object they were never sent. Memory is one number for each present key, and one interval for each
    tombstone that is kept.

    Example: enter a@1, leave a@3, enter a@5: a was in at 1, 2, 5, 6 … and out at 3 and 4.
    """

    def __init__(self) -> None:
        self._since: dict[Key, int] = {}
        self._past: dict[Key, list[tuple[int, int]]] = {}
        self._departures: deque[tuple[int, Key]] = deque()

    def copy(self) -> "Presence":
        """The same, to go its own way from here."""
        presence = Presence()
        presence._since = self._since.copy()
        presence._past = {key: intervals.copy() for key, intervals in self._past.items()}
        presence._departures = self._departures.copy()
        return presence

    def enter(self, key: Key, version: int) -> None:
        """A key that was out is in from this version on."""
        self._since[key] = version

    def leave(self, key: Key, version: int) -> None:
        """A key that was in is out from this version on."""
        self._past.setdefault(key, []).append((self._since.pop(key), version))
        self._departures.append((version, key))

    def forget(self, horizon: int) -> None:
        """Drops what ended at or before a version that nobody can ask about any more."""
        while self._departures and self._departures[0][0] <= horizon:
            _, key = self._departures.popleft()
            intervals = self._past[key]
            del intervals[0]
            if not intervals:
                del self._past[key]

    def was_in(self, key: Key, version: int) -> bool:
        """Whether a reader at a version, not before the horizon, held the key."""
        since = self._since.get(key)
        if since is not None and since <= version:
            return True
        return any(entered <= version < left for entered, left in self._past.get(key, ()))

    def keys_at(self, version: int) -> Iterator[Key]:
        """All keys that a reader at a version, not before the horizon, held. Each once, in no order; what happens
        while they are read makes no difference."""
        present = list(self._since.items())
        past = [
            key
            for key, intervals in self._past.items()
            if any(entered <= version < left for entered, left in intervals)
        ]
        return itertools.chain((key for key, since in present if since <= version), past)
