"""Bounds the bytes of frames that are under way to one subscriber."""

from collections import deque

DEFAULT_WINDOW_BYTES = 1024 * 1024
MAX_WINDOW_BYTES = 8 * 1024 * 1024


class BadAck(Exception):
    """The subscriber acknowledged a frame that was never sent."""


class Window:
    """Counts the bytes of frames that were sent and not acknowledged.

    At least one frame may always be under way, whatever its size. A subscriber that never acknowledges gets a window's
    worth and no more, and costs no more.
    """

    def __init__(self, window_bytes: int) -> None:
        self._window_bytes = 0
        self._sent: deque[tuple[int, int]] = deque()
        self._unacknowledged_bytes = 0
        self._newest = 0
        self.resize(window_bytes)

    def resize(self, window_bytes: int) -> None:
        """Takes what a subscriber asks for, within the hub's limit; 0 is the default."""
        self._window_bytes = min(window_bytes or DEFAULT_WINDOW_BYTES, MAX_WINDOW_BYTES)

    @property
    def is_clear(self) -> bool:
        """Whether something was sent, and all of it is acknowledged."""
        return self._newest > 0 and not self._sent

    def has_room(self, size_bytes: int) -> bool:
        """Whether a frame of this size may be sent now."""
        return not self._sent or self._unacknowledged_bytes + size_bytes <= self._window_bytes

    def sent(self, sequence: int, size_bytes: int) -> None:
        """A frame is under way."""
        self._newest = sequence
        self._sent.append((sequence, size_bytes))
        self._unacknowledged_bytes += size_bytes

    def acknowledged(self, sequence: int) -> None:
        """Everything up to a sequence has been applied. Raises BadAck."""
        if sequence > self._newest:
            raise BadAck(f"frame {sequence} was acknowledged, but {self._newest} is the newest")
        while self._sent and self._sent[0][0] <= sequence:
            self._unacknowledged_bytes -= self._sent.popleft()[1]
