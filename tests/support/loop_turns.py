"""Counts the event loop's turns, so that a test can say what was done within one of them."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any


class LoopTurns:
    """``number`` grows with each turn until ``stop``. ``count`` has calls of a function counted by turn."""

    def __init__(self) -> None:
        self.number = 0
        self.calls: dict[str, Counter[int]] = {}
        self._handle = asyncio.get_running_loop().call_soon(self._tick)

    def count(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, counted under a name."""
        calls = self.calls.setdefault(name, Counter())

        def counted(*args: Any, **kwargs: Any) -> Any:
            calls[self.number] += 1
            return function(*args, **kwargs)

        return counted

    def most(self, name: str) -> int:
        """The most calls within one turn."""
        return max(self.calls[name].values(), default=0)

    def forget(self) -> None:
        """Begins to count anew."""
        for calls in self.calls.values():
            calls.clear()

    def stop(self) -> None:
        """Lets the loop rest."""
        self._handle.cancel()

    def _tick(self) -> None:
        self.number += 1
        self._handle = asyncio.get_running_loop().call_soon(self._tick)
