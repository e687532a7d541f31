"""Runs `octokube demo` as a person would: as a process of its own."""

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class RunningDemo:
    """A demo that has said it is running."""

    url: str
    hub: str
    output: str
    policies: Path


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that has ended."""

    code: int
    out: str
    err: str


def environment(**extra: str) -> dict[str, str]:
    """This process's environment without what would steer the command, plus what is given."""
    steering = ("OCTOKUBE_", "KUBECONFIG", "GRPC_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    return kept | {"PYTHONWARNINGS": "ignore", "COLUMNS": "200"} | extra


async def octokube(*arguments: str, seconds: float = 30.0, **extra: str) -> Finished:
    """Runs `octokube …` to its end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "octokube", *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=environment(**extra),
    )  # fmt: skip
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        out, err = await process.communicate()
        raise AssertionError(f"octokube {' '.join(arguments)} did not end in {seconds} s: {out!r} {err!r}") from None
    return Finished(process.returncode or 0, out.decode(), err.decode())


@contextlib.asynccontextmanager
async def started(*arguments: str, **extra: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`octokube …` while it runs; asked to stop on leaving, and made to when it doesn't."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "octokube", *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env=environment(PYTHONUNBUFFERED="1", **extra),
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            try:
                async with asyncio.timeout(15):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
                raise AssertionError("octokube did not stop within 15 s of an interrupt") from None
        transport = process._transport  # type: ignore[attr-defined]
        transport.close()


@contextlib.asynccontextmanager
async def running_demo(policies: Path, *arguments: str) -> AsyncIterator[RunningDemo]:
    """A demo on free ports with the policy directory given, once it says that it runs."""
    options = ("--no-open", "--port", "0", "--hub-port", "0", "--policies", str(policies), *arguments)
    async with started("demo", *options) as process:
        assert process.stdout is not None
        output = ""
        async with asyncio.timeout(START_SECONDS):
            while "Ctrl+C stops it" not in output:
                line = await process.stdout.readline()
                if not line:
                    raise AssertionError(f"the demo ended before it ran: {output}")
                output += line.decode()
        url, hub = re.search(r"http://\S+", output), re.search(r"OCTOKUBE_HUB=(\S+)", output)
        assert url is not None
        assert hub is not None
        drain = asyncio.create_task(_drain(process.stdout))
        try:
            yield RunningDemo(url[0], hub[1], output, policies)
        finally:
            drain.cancel()


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(65_536):
        pass
