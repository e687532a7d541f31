"""A point in the one order that an agent gives all changes of its cluster."""

import secrets
from dataclasses import dataclass

EPOCH_BYTES = 16


def new_epoch() -> bytes:
    """A random identity for one numbering; two agent processes never share it."""
    return secrets.token_bytes(EPOCH_BYTES)


@dataclass(frozen=True, slots=True)
class Position:
    """``version`` changes have happened since the beginning of ``epoch``.

    Positions of one epoch compare by version. Comparing across epochs raises ValueError, because the question has no
    answer. The beginning of an epoch is version 0.
    """

    epoch: bytes
    version: int

    def __post_init__(self) -> None:
        if len(self.epoch) != EPOCH_BYTES:
            raise ValueError(f"an epoch has {EPOCH_BYTES} bytes, not {len(self.epoch)}")
        if self.version < 0:
            raise ValueError(f"a version is not negative: {self.version}")

    def is_behind(self, other: "Position") -> bool:
        """Whether changes happened between this position and ``other``."""
        if self.epoch != other.epoch:
            raise ValueError("positions of different epochs do not compare")
        return self.version < other.version
