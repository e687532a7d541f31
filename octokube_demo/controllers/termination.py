"""Lets pods end: what a kubelet does between `deletionTimestamp` and the pod's disappearance."""

from __future__ import annotations

import heapq
import time

from octokube_demo.controllers.loop import ControlLoop
from octokube_demo.history import Change, ChangeKind
from octokube_demo.objects import Key
from octokube_demo.store import Store


class Termination:
    """Removes a marked pod after its grace period, but after `longest_seconds` at most: processes here end quickly."""

    def __init__(self, store: Store, loop: ControlLoop, longest_seconds: float) -> None:
        self._store = store
        self._loop = loop
        self._longest_seconds = longest_seconds
        self._due: list[tuple[float, Key, str]] = []
        store.on_change(self._changed)
        loop.add(self)

    def _changed(self, change: Change) -> None:
        if change.type_name != "pods" or change.kind is ChangeKind.DELETED:
            return
        meta = change.value["metadata"]
        if "deletionTimestamp" not in meta or meta.get("finalizers"):
            return
        grace = min(float(meta.get("deletionGracePeriodSeconds") or 0), self._longest_seconds)
        heapq.heappush(self._due, (time.monotonic() + grace, change.key, meta["uid"]))
        self._loop.wake()

    def due_in_seconds(self) -> float | None:
        """Until the next pod ends."""
        return self._due[0][0] - time.monotonic() if self._due else None

    def step(self, limit: int) -> int:
        """Removes the pods whose time has come."""
        writes = 0
        while self._due and writes < limit and self._due[0][0] <= time.monotonic():
            _, key, uid = heapq.heappop(self._due)
            pod = self._store.peek("pods", *key)
            if pod is not None and pod["metadata"]["uid"] == uid and not pod["metadata"].get("finalizers"):
                self._store.remove("pods", key)
                writes += 1
        return writes
