"""Counts the sockets that each person has open, and those whose owner is not known yet, and lets none be too many."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from octokube_web.limits import WebLimits


class Crowded(Exception):
    """There is no room for a socket. The text says why, in one sentence that a close frame holds."""


class Crowd:
    """Counts people by subject, not by session or token, so that signing in again gives nobody more room."""

    def __init__(self, limits: WebLimits) -> None:
        self._limits = limits
        self._waiting: Counter[str] = Counter()
        self._open: Counter[str] = Counter()
        self._waiting_total = 0
        self._open_total = 0

    def __len__(self) -> int:
        """How many sockets there are, of either kind."""
        return self._waiting_total + self._open_total

    @contextmanager
    def waiting(self, address: str) -> Iterator[None]:
        """Held until the hub has said whose a socket is. Raises Crowded."""
        limits = self._limits
        if len(self) >= limits.socket_limit:
            raise Crowded("this gateway has as many sockets as it may; trying again later")
        if self._waiting_total >= limits.waiting_socket_limit or self._waiting[address] >= limits.address_waiting_limit:
            raise Crowded("too many people come at once; trying again in a moment")
        self._waiting[address] += 1
        self._waiting_total += 1
        try:
            yield
        finally:
            self._waiting_total -= 1
            _take_one(self._waiting, address)

    @contextmanager
    def place(self, subject: str) -> Iterator[None]:
        """Held while a person's socket is open. Raises Crowded; the sockets that are open go on."""
        most = self._limits.person_socket_limit
        if self._open[subject] >= most:
            raise Crowded(f"you have {most} pages or programs open here; close some")
        self._open[subject] += 1
        self._open_total += 1
        try:
            yield
        finally:
            self._open_total -= 1
            _take_one(self._open, subject)


def _take_one(counts: Counter[str], name: str) -> None:
    counts[name] -= 1
    if not counts[name]:
        del counts[name]
