"""Bounds how many bytes of frames may be under way without an acknowledgement."""


class ProtocolError(Exception):
    """The hub said something that the contract does not allow."""


class Window:
    """Counts sent and acknowledged bytes of one session.

    At least one frame may always be under way, whatever its size: an object larger than the window must pass, too.
    """

    def __init__(self, window_bytes: int) -> None:
        if window_bytes <= 0:
            raise ProtocolError(f"the hub gave a window of {window_bytes} bytes; it has to be positive")
        self._window_bytes = window_bytes
        self._sent_bytes = 0
        self._acknowledged_bytes = 0

    @property
    def unacknowledged_bytes(self) -> int:
        """How many bytes are under way."""
        return self._sent_bytes - self._acknowledged_bytes

    def has_room(self, frame_bytes: int) -> bool:
        """Whether a frame of this size may be sent now."""
        return self.unacknowledged_bytes == 0 or self.unacknowledged_bytes + frame_bytes <= self._window_bytes

    def sent(self, frame_bytes: int) -> None:
        """A frame of this size is under way."""
        self._sent_bytes += frame_bytes

    def acknowledged(self, received_bytes: int) -> bool:
        """Takes the hub's running total. True when it moved on. Raises ProtocolError when it exceeds what was sent."""
        if received_bytes > self._sent_bytes:
            raise ProtocolError(f"the hub acknowledged {received_bytes} bytes, but only {self._sent_bytes} were sent")
        if received_bytes <= self._acknowledged_bytes:
            return False
        self._acknowledged_bytes = received_bytes
        return True
