"""``octokube exec`` and ``attach``: a container's terminal in this one."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import termios
import tty
from collections.abc import Iterator

import click

from octokube.cli.operate.running import CLUSTER, NAMESPACE, Session, operate, report
from octokube.client.operations import RunningOperation
from octokube.runtime.errors import UserError
from octokube.v1 import operation_pb2 as pb

READ_BYTES = 32_768


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("pod")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@NAMESPACE
@CLUSTER
@click.option("-c", "--container", default="", help="The container; not needed when there is one.")
@click.option("-i", "--stdin", is_flag=True, help="Connect standard input.")
@click.option("-t", "--tty", "has_tty", is_flag=True, help="Give it a terminal.")
def exec_(
    pod: str, command: tuple[str, ...], namespace: str, cluster: str, container: str, stdin: bool, has_tty: bool
) -> int:
    """Run a COMMAND in a container of a POD: octokube exec -it -n payments web-1 -- sh

    The exit code is the command's.
    """
    if not command:
        raise UserError("say what to run, behind --, such as: octokube exec -it POD -- sh")
    asked = pb.ExecOperation(container=container, command=command, tty=has_tty, stdin=stdin)

    async def work(session: Session) -> int:
        target = await session.target("pods", pod, namespace, cluster)
        async with session.run(target, exec=asked) as operation:
            return await _converse(operation, stdin=stdin, has_tty=has_tty)

    return operate(work)


@click.command()
@click.argument("pod")
@NAMESPACE
@CLUSTER
@click.option("-c", "--container", default="", help="The container; not needed when there is one.")
@click.option("-i", "--stdin", is_flag=True, help="Connect standard input.")
@click.option("-t", "--tty", "has_tty", is_flag=True, help="The process has a terminal.")
def attach(pod: str, namespace: str, cluster: str, container: str, stdin: bool, has_tty: bool) -> int:
    """Connect to the main process of a container."""
    asked = pb.AttachOperation(container=container, tty=has_tty, stdin=stdin)

    async def work(session: Session) -> int:
        target = await session.target("pods", pod, namespace, cluster)
        async with session.run(target, attach=asked) as operation:
            return await _converse(operation, stdin=stdin, has_tty=has_tty)

    return operate(work)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("pod")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@NAMESPACE
@CLUSTER
@click.option("--image", required=True, help="The image of the debug container.")
@click.option("--target", "target_container", default="", help="The container whose processes it sees.")
@click.option("-i", "--stdin", is_flag=True, help="Connect standard input.")
@click.option("-t", "--tty", "has_tty", is_flag=True, help="Give it a terminal.")
def debug(
    pod: str,
    command: tuple[str, ...],
    namespace: str,
    cluster: str,
    image: str,
    target_container: str,
    stdin: bool,
    has_tty: bool,
) -> int:
    """Add a debug container to a running POD and attach to it: octokube debug -it -n payments web-1 --image busybox

    The container stays in the pod when you leave: Kubernetes takes none away.
    """
    asked = pb.DebugOperation(image=image, command=command, target_container=target_container, tty=has_tty, stdin=stdin)

    async def work(session: Session) -> int:
        target = await session.target("pods", pod, namespace, cluster)
        async with session.run(target, debug=asked) as operation:
            return await _converse(operation, stdin=stdin, has_tty=has_tty)

    return operate(work)


async def _converse(operation: RunningOperation, *, stdin: bool, has_tty: bool) -> int:
    is_raw = stdin and has_tty and sys.stdin.isatty()
    tasks: list[asyncio.Task[None]] = []
    operation.on_lease = _RecordingNotice()
    with _raw_terminal() if is_raw else contextlib.nullcontext():
        if stdin:
            tasks.append(asyncio.create_task(_pump_stdin(operation)))
        if has_tty and sys.stdout.isatty():
            tasks.append(asyncio.create_task(_follow_size(operation)))
        try:
            async for output in operation:
                kind = output.WhichOneof("output")
                if kind in ("stdout", "stderr"):
                    stream = sys.stdout if kind == "stdout" else sys.stderr
                    stream.buffer.write(getattr(output, kind))
                    stream.flush()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    result = operation.result
    if result.outcome == pb.OPERATION_OUTCOME_SUCCEEDED:
        return result.exit_code
    return report(result, "")


class _RecordingNotice:
    """Tells once whoever sits at the terminal that they are recorded; a program that reads errors is told nothing."""

    def __init__(self) -> None:
        self._is_told = False

    def __call__(self, lease: pb.Lease) -> None:
        if lease.recorded and not self._is_told and sys.stderr.isatty():
            self._is_told = True
            sys.stderr.write("this session is recorded\r\n")
            sys.stderr.flush()


async def _pump_stdin(operation: RunningOperation) -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=READ_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(os.dup(0), "rb", buffering=0))
    while content := await reader.read(READ_BYTES):
        await operation.send(content)
    await operation.close_stdin()


async def _follow_size(operation: RunningOperation) -> None:
    changed = asyncio.Event()
    changed.set()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGWINCH, changed.set)
    try:
        while True:
            await changed.wait()
            changed.clear()
            size = shutil.get_terminal_size()
            await operation.resize(size.columns, size.lines)
    finally:
        loop.remove_signal_handler(signal.SIGWINCH)


@contextlib.contextmanager
def _raw_terminal() -> Iterator[None]:
    former = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, former)
