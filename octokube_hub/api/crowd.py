"""Counts the streams that each person has open, and turns away what would be too many."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from octokube.runtime.admission import Attempts, Spread
from octokube.runtime.clock import Clock
from octokube_hub.errors import Refused
from octokube_hub.limits import HubLimits

log = structlog.get_logger(__name__)

FULL_SECONDS = 5.0
"""When to try again at a hub that is full: room comes as others leave, nobody knows when."""
REASONS = ("person_streams", "streams", "person_opens", "opens")


class Crowd:
    """Counts by subject, so that another token or another gateway gives nobody more room.

    The same effort whoever and however many are there.
    """

    def __init__(self, limits: HubLimits, clock: Clock) -> None:
        self._limits = limits
        self._open: Counter[str] = Counter()
        self._total = 0
        self._by_person = Attempts(
            clock, rate_per_second=limits.person_opens_per_second, burst=limits.person_opens_burst
        )
        self._all = Spread(clock, rate_per_second=limits.opens_per_second, burst=limits.opens_burst)
        self.refusals: Counter[str] = Counter(dict.fromkeys(REASONS, 0))

    @property
    def people(self) -> int:
        """How many people have a stream open."""
        return len(self._open)

    def __len__(self) -> int:
        """How many streams are open."""
        return self._total

    @contextmanager
    def place(self, subject: str) -> Iterator[None]:
        """Held while a stream is open. Raises Refused; the streams that are open go on."""
        self._admit(subject)
        self._open[subject] += 1
        self._total += 1
        try:
            yield
        finally:
            self._total -= 1
            self._open[subject] -= 1
            if not self._open[subject]:
                del self._open[subject]

    def _admit(self, subject: str) -> None:
        limits = self._limits
        # What a person does too much of must not use up what all have together: theirs comes first.
        if self._open[subject] >= limits.person_stream_limit:
            text = f"you have {limits.person_stream_limit} streams open; close some, and try again"
            raise self._refused("person_streams", subject, "RESOURCE_EXHAUSTED", text, FULL_SECONDS)
        if self._total >= limits.stream_limit:
            text = f"this hub serves {limits.stream_limit} streams and no more; come back later"
            raise self._refused("streams", subject, "RESOURCE_EXHAUSTED", text, FULL_SECONDS)
        if (wait_seconds := self._by_person.admit(subject)) is not None:
            text = "you open too many streams at once; wait a moment"
            raise self._refused("person_opens", subject, "RESOURCE_EXHAUSTED", text, wait_seconds)
        if (wait_seconds := self._all.admit()) is not None:
            text = "too many people come at once; yours is a moment later"
            raise self._refused("opens", subject, "UNAVAILABLE", text, wait_seconds)

    def _refused(self, reason: str, subject: str, code: str, text: str, wait_seconds: float) -> Refused:
        self.refusals[reason] += 1
        log.debug("stream.refused", reason=reason, subject=subject)
        return Refused(code, text, retry_after_seconds=wait_seconds)
