"""Gives every task a name, an owner and an end."""

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

import structlog

from octokube.runtime.errors import UserError

log = structlog.get_logger(__name__)


class Tasks:
    """Owns the tasks of one component.

    ``start`` runs a task whose failure is the owner's failure: ``wait`` raises it. ``start_guarded`` runs one whose
    failure concerns only itself (one peer's connection): it is logged and the others go on. ``close`` cancels what is
    left, newest first, and waits for it; it is called on leaving the context. Nothing outlives its owner.
    """

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._open: dict[asyncio.Task[Any], bool] = {}
        self._failure: asyncio.Future[None] | None = None
        self._is_closed = False

    def start(self, coroutine: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """Runs a task that the owner cannot do without."""
        return self._start(coroutine, name, is_vital=True)

    def start_guarded(self, coroutine: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """Runs a task whose failure is logged and touches nobody else."""
        return self._start(coroutine, name, is_vital=False)

    async def wait(self) -> None:
        """Returns never, unless a vital task fails, whose exception it raises."""
        await asyncio.shield(self._failure_future())

    async def close(self) -> None:
        """Cancels every task, newest first, and waits until each has ended."""
        self._is_closed = True
        while self._open:
            tasks = list(self._open)
            for task in reversed(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._failure is not None and not self._failure.done():
            self._failure.cancel()

    @property
    def is_closed(self) -> bool:
        """Whether no task can be started any more."""
        return self._is_closed

    def __len__(self) -> int:
        return len(self._open)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _failure_future(self) -> "asyncio.Future[None]":
        if self._failure is None:
            self._failure = asyncio.get_running_loop().create_future()
        return self._failure

    def _start(self, coroutine: Coroutine[Any, Any, Any], name: str, *, is_vital: bool) -> asyncio.Task[Any]:
        if self._is_closed:
            coroutine.close()
            raise RuntimeError(f"{self._owner} is closed and starts no task {name}")
        task = asyncio.create_task(coroutine, name=f"{self._owner}/{name}")
        self._open[task] = is_vital
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        is_vital = self._open.pop(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            return
        if is_vital:
            future = self._failure_future()
            if not future.done():
                future.set_exception(error)
                future.exception()  # marks it retrieved: the owner may close without waiting
            if isinstance(error, UserError):
                return  # one sentence for a person, which whoever waits prints; a traceback would bury it
        log.error("task.failed", task=task.get_name(), exc_info=error)
