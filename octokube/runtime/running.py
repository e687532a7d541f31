"""Runs a program's coroutine until it ends or a signal asks it to stop."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from octokube.runtime.errors import UserError
from octokube.runtime.garbage import short_collections

log = structlog.get_logger(__name__)


def run_program(main: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> int:
    """Runs ``main(stopping)`` on the fastest loop there is and returns the exit code.

    SIGINT and SIGTERM set ``stopping``; main then shuts down in its own order. A second signal ends it at once. A
    UserError is printed as one sentence without a traceback.
    """
    try:
        with short_collections(), asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_until_signalled(main))
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


async def _until_signalled(main: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(main(stopping))

    def stop(number: signal.Signals) -> None:
        if stopping.is_set():
            task.cancel()
        else:
            log.info("program.stopping", signal=number.name)
            stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    try:
        await task
    except asyncio.CancelledError:
        if not stopping.is_set():
            raise


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # not built for this platform: the standard loop is slower and otherwise the same
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
