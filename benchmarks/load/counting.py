"""Counts what a crowd of connections receives, and looks closely at a few."""

import time
from typing import Any


class Counts:
    """``seen`` holds (name, resource version, monotonic seconds) of each change that a closely watched one received."""

    def __init__(self) -> None:
        self.messages = 0
        self.received_bytes = 0
        self.entries = 0
        self.sampled = 0
        self.lost = 0
        self.seen: list[tuple[str, str, float]] = []

    def saw(self, name: str, resource_version: str) -> None:
        """A closely watched connection received an object's state."""
        self.entries += 1
        self.seen.append((name, resource_version, time.monotonic()))

    async def reset(self) -> None:
        """Begins anew."""
        self.messages = self.received_bytes = self.entries = 0
        self.seen = []

    async def count(self) -> int:
        """How many messages there were since."""
        return self.messages

    async def report(self) -> dict[str, Any]:
        """What was received since."""
        return {
            "messages": self.messages,
            "bytes": self.received_bytes,
            "entries": self.entries,
            "sampled": self.sampled,
            "lost": self.lost,
            "seen": self.seen,
        }
