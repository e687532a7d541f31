"""Bounds what one side sends before the other has taken it."""

import asyncio


class ByteCredit:
    """How many bytes may still be sent. Whoever has none left waits until the other side gives more. For one sender."""

    def __init__(self, size_bytes: int) -> None:
        self._size_bytes = self._left_bytes = size_bytes
        self._has_some = asyncio.Event()
        self._has_some.set()

    async def take(self, wanted_bytes: int) -> int:
        """Waits until something may be sent; how much of what is wanted, at least one byte."""
        await self._has_some.wait()
        taken_bytes = min(wanted_bytes, self._left_bytes)
        self._left_bytes -= taken_bytes
        if not self._left_bytes:
            self._has_some.clear()
        return taken_bytes

    def give(self, given_bytes: int) -> None:
        """The other side has taken so much. Raises ValueError when that is more than could have been on its way."""
        if given_bytes <= 0 or self._left_bytes + given_bytes > self._size_bytes:
            raise ValueError(f"a credit of {given_bytes} bytes, with {self._left_bytes} of {self._size_bytes} left")
        self._left_bytes += given_bytes
        self._has_some.set()
