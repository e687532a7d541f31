"""Spreads heavy work over turns of the event loop: one slice with each."""

import asyncio
from collections import deque


class Turns:
    """Whoever has a slice of heavy work to do waits for its turn first; turns are given one by one, in order.

    Giving way with ``sleep(0)`` alone is not enough when many do so: all their slices run within one and the same turn
    of the event loop. Guarantee: between two slices everything else that is ready runs once. What was looked at before
    waiting may have changed after it.
    """

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_taken = False

    async def take(self) -> None:
        """Returns when it is the caller's turn for one slice, up to the caller's next await."""
        loop = asyncio.get_running_loop()
        if not self._is_taken:
            self._is_taken = True
            loop.call_soon(self._pass_on)
            return
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _pass_on(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # else: whoever waited has been cancelled
                turn.set_result(None)
                asyncio.get_running_loop().call_soon(self._pass_on)
                return
        self._is_taken = False
