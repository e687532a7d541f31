"""Starts the load's programs, and talks to them in lines of JSON."""

import asyncio
import json
import sys
from types import TracebackType
from typing import Any, Self

ANSWER_SECONDS = 120.0


class Child:
    """One program of ``benchmarks.load``. It prints a line when it is ready, and one for each line it is sent."""

    def __init__(self, module: str, **settings: object) -> None:
        self._module = module
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    async def ask(self, command: str) -> Any:
        """Sends a command; what it answers. Raises RuntimeError when it ended instead."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())
        await self._process.stdin.drain()
        return await self.answer()

    async def answer(self) -> Any:
        """Its next line."""
        assert self._process is not None
        assert self._process.stdout is not None
        async with asyncio.timeout(ANSWER_SECONDS):
            line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._module} ended by itself; what it wrote is above")
        return json.loads(line)

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module, json.dumps(self._settings),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**28,
        )  # fmt: skip
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
