"""The frame of a load program: settings on the command line, commands and answers as lines."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

from benchmarks.support.measuring import allow_many_files

Commands = dict[str, Callable[[], Awaitable[Any]]]


def answer(value: object) -> None:
    """Writes one line."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def serve(begin: Callable[..., Awaitable[Commands]]) -> None:
    """Runs ``begin`` with the settings, says that it is ready, and answers commands until stdin ends."""
    allow_many_files()

    async def main() -> None:
        commands = await begin(**json.loads(sys.argv[1]))
        answer("ready")
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := (await reader.readline()).decode().strip():
            answer(await commands[line]())

    uvloop.run(main())
