"""Bounds how many operations a person, and all together, may begin and keep open."""

from collections import Counter, OrderedDict

from octokube.runtime.clock import Clock
from octokube_hub.errors import Refused
from octokube_hub.ingest import Admission

OPEN_PER_PERSON = 32
OPEN_IN_ALL = 1_000
RATE_PER_SECOND = 10.0
BURST = 40
KEPT_BUCKETS = 10_000


class Limits:
    """Counts by subject. Whoever is over a limit is told which, and when to come back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: Counter[str] = Counter()
        self._buckets: OrderedDict[str, Admission] = OrderedDict()

    def enter(self, subject: str) -> None:
        """Takes a place, which is to be given back with ``leave``. Raises Refused."""
        bucket = self._buckets.get(subject)
        if bucket is None:
            bucket = self._buckets[subject] = Admission(self._clock, rate_per_second=RATE_PER_SECOND, burst=BURST)
            if len(self._buckets) > KEPT_BUCKETS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(subject)
        wait_seconds = bucket.admit()
        if wait_seconds is not None:
            raise Refused(
                "RESOURCE_EXHAUSTED",
                f"more than {RATE_PER_SECOND:g} operations a second; wait a moment",
                retry_after_seconds=wait_seconds,
            )
        if self._open[subject] >= OPEN_PER_PERSON:
            raise Refused("RESOURCE_EXHAUSTED", f"you have {OPEN_PER_PERSON} operations open; end one first")
        if self._open.total() >= OPEN_IN_ALL:
            raise Refused(
                "RESOURCE_EXHAUSTED", f"{OPEN_IN_ALL} operations are open on this hub; try later", retry_after_seconds=5
            )
        self._open[subject] += 1

    def leave(self, subject: str) -> None:
        """Gives a place back."""
        self._open[subject] -= 1
        if self._open[subject] <= 0:
            del self._open[subject]
