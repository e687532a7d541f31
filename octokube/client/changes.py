"""Merges what happens in a view into what a slow reader has yet to be told."""

import asyncio
from collections.abc import AsyncIterator

from octokube.client.viewed import ChangeKind, ViewChange
from octokube.state import Key

_PRESENT = (ChangeKind.ADDED, ChangeKind.MODIFIED)


class Changes(AsyncIterator[ViewChange]):
    """The changes of a view from one moment on, for one reader.

    Guarantees: whoever applies them all holds what the view holds; of an object that changed several times since the
    last read only the newest state is told, and one that came and went meanwhile not at all. Memory is bounded by the
    objects of the view, however slow the reader. Not guaranteed: that every state in between is told.

    Example: the reader is told ADDED a; while it works, a changes twice, b comes, c comes and goes: next are MODIFIED a
    (its newest state) and ADDED b.
    """

    def __init__(self) -> None:
        self._pending: dict[tuple[str, Key], tuple[bool, ViewChange]] = {}
        self._changed = asyncio.Event()
        self._error: Exception | None = None
        self._is_ended = False

    def note(self, change: ViewChange) -> None:
        """Takes a change of the view."""
        where = (change.cluster, change.object.key)
        pending = self._pending.get(where)
        was_told = change.kind is not ChangeKind.ADDED if pending is None else pending[0]
        if change.kind not in _PRESENT and not was_told:
            self._pending.pop(where, None)
            return
        kind = change.kind
        if kind in _PRESENT:
            kind = ChangeKind.MODIFIED if was_told else ChangeKind.ADDED
        self._pending[where] = (was_told, ViewChange(kind, change.cluster, change.object))
        self._changed.set()

    def end(self, error: Exception | None) -> None:
        """Ends the iteration, at once: what was not read yet may no longer be shown. Only the first end counts."""
        if not self._is_ended:
            self._is_ended = True
            self._error = error
            self._pending.clear()
            self._changed.set()

    def __aiter__(self) -> "Changes":
        return self

    async def __anext__(self) -> ViewChange:
        """The next change. Ends with the view; raises FeedError when the hub has refused for good."""
        while not self._pending:
            if self._is_ended:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        where = next(iter(self._pending))
        return self._pending.pop(where)[1]
