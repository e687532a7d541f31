"""Gives out the numbers of channels, so that each belongs to one socket and no browser chooses its own."""

import secrets
from collections.abc import Callable

BLOCK = 1024
"""Numbers a block. A socket is given another block when it has opened half of its last one."""
_FIRST_BLOCK, _BLOCKS = 2**30 // BLOCK, 2**32 // BLOCK
"""All numbers are of one length, five bytes or ten digits, so that no message is shorter by chance."""


class ChannelNumbers:
    """The numbers of one gateway, in blocks: a block belongs to one socket until it is given back.

    Blocks are drawn by chance from three million, so that one that was given back is hardly met again.
    """

    def __init__(self, draw: Callable[[int], int] = secrets.randbelow) -> None:
        self._draw = draw
        self._taken: set[int] = set()

    def take(self) -> int:
        """The first number of a block that nobody has."""
        while True:
            block = _FIRST_BLOCK + self._draw(_BLOCKS - _FIRST_BLOCK)
            if block not in self._taken:
                self._taken.add(block)
                return block * BLOCK

    def give_back(self, first: int) -> None:
        """Frees a block, by its first number."""
        self._taken.discard(first // BLOCK)

    def __len__(self) -> int:
        """How many blocks are taken."""
        return len(self._taken)


class SocketNumbers:
    """What one socket was given, and how much of it the browser has used.

    Within a block numbers are used in order, so that one that was used is known by the block's highest.
    """

    def __init__(self, numbers: ChannelNumbers) -> None:
        self._numbers = numbers
        self._used: dict[int, int] = {}

    def grant(self) -> int:
        """Gives the socket another block; its first number."""
        first = self._numbers.take()
        self._used[first // BLOCK] = 0
        return first

    def give_back(self) -> None:
        """Frees all blocks, when the socket has ended."""
        for block in self._used:
            self._numbers.give_back(block * BLOCK)
        self._used.clear()

    def is_given(self, number: int) -> bool:
        """Whether the number is this socket's."""
        return number // BLOCK in self._used

    def is_used(self, number: int) -> bool:
        """Whether a number of this socket, or one after it in its block, has opened a channel before."""
        return number % BLOCK < self._used[number // BLOCK]

    def use(self, number: int) -> bool:
        """Notes that a number opens a channel. True when the browser will soon need another block."""
        block, place = divmod(number, BLOCK)
        former, self._used[block] = self._used[block], place + 1
        return block == next(reversed(self._used)) and former <= BLOCK // 2 < place + 1
