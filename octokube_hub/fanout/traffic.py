"""Counts what the hub sends."""


class Traffic:
    """Messages and bytes handed to subscribers since the start. Whoever sends adds to it."""

    __slots__ = ("message_count", "sent_bytes")

    def __init__(self) -> None:
        self.message_count = 0
        self.sent_bytes = 0

    def sent(self, message: bytes) -> None:
        """One message more."""
        self.message_count += 1
        self.sent_bytes += len(message)
