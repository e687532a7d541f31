"""Breaks the simulated kube-apiserver on purpose, while it runs.

Each knob is one line of what goes wrong. Counters count down as they strike; `ALWAYS` never runs out.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from math import inf

from octokube_demo import errors
from octokube_demo.history import Change
from octokube_demo.store import Store

ALWAYS = inf


class Faults:
    """The knobs of one server. All are off at first; `clear` turns all off again. `struck` counts what happened."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.struck: Counter[str] = Counter()
        self.clear()
        store.on_change(self._mark_dropped)

    def clear(self) -> None:
        """Turns every fault off."""
        self._drops: Counter[str] = Counter()
        self._forbidden: set[str] = set()
        # The next N watches are answered with an ERROR event 410 at once.
        self.gone_watches: float = 0
        # The next N lists are answered with 410.
        self.gone_lists: float = 0
        # The next N requests are answered with 429; `retry_after_seconds` says when to come back.
        self.throttled_requests: float = 0
        self.retry_after_seconds = 1
        # The next N requests are answered with `failure_code` (500, 503 …).
        self.failed_requests: float = 0
        self.failure_code = 500
        # Lists answer with the state of this many revisions ago, as a lagging server does; 0 is off.
        self.list_revisions_back = 0
        # The next N changes that reach a watch are cut in the middle of their line and the connection ends.
        self.watch_lines_to_cut: float = 0
        # The next N changes that reach a watch are sent twice.
        self.watch_lines_to_repeat: float = 0
        # Every request waits this long before it is looked at.
        self.delay_seconds = 0.0
        # Watches stay open and silent: no event, no bookmark, no end.
        self.is_watch_silent = False
        # Connections are reset as soon as a request arrives on them.
        self.is_refusing_connections = False
        # Bookmarks are sent (a watch that never gets one has an old position after a quiet hour).
        self.is_bookmarking = True
        # The kubelet cannot be reached: logs and exec answer 500 as the real server does.
        self.is_kubelet_down = False
        self._store.wake_all()

    # Knobs that are more than a value

    def drop_watch_events(self, count: int, type_name: str) -> None:
        """The next `count` changes of a type are never shown to any watch; lists show their effect."""
        self._drops[type_name] += count

    def forbid(self, type_name: str) -> None:
        """Every request for a type is answered with 403 until `permit`; open watches go on, as with the real server."""
        self._forbidden.add(type_name)

    def permit(self, type_name: str) -> None:
        """Undoes `forbid`."""
        self._forbidden.discard(type_name)

    def compact(self) -> None:
        """Forgets all history now: older positions and continue tokens answer 410."""
        self._store.compact()

    def end_watches(self) -> None:
        """Ends every open watch cleanly, as the real server does when its time is up."""
        self.watch_generation += 1
        self._store.wake_all()

    watch_generation = 0

    # Where they strike

    def is_forbidden(self, type_name: str) -> bool:
        """Asked by the authorizer."""
        return type_name in self._forbidden

    async def before_request(self) -> None:
        """Raises the ApiError of a fault that strikes this request, after the delay."""
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        if self.takes("throttled_requests"):
            raise errors.too_many_requests(self.retry_after_seconds)
        if self.takes("failed_requests"):
            raise errors.ApiError(self.failure_code, "the simulated cluster was told to fail")

    def takes(self, knob: str) -> bool:
        """Counts one strike of a counting knob down; False when it is used up."""
        left: float = getattr(self, knob)
        if left <= 0:
            return False
        setattr(self, knob, left - 1)
        self.struck[knob] += 1
        return True

    def _mark_dropped(self, change: Change) -> None:
        if self._drops.get(change.type_name, 0) > 0:
            self._drops[change.type_name] -= 1
            self.struck["drop_watch_events"] += 1
            change.is_dropped = True
