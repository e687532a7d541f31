"""Connects to processes in containers: exec, attach, files by tar, and debug containers."""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any

import aiohttp
import orjson

from octokube.v1 import operation_pb2 as pb
from octokube_agent.kube import errors
from octokube_agent.kube.client import Socket
from octokube_agent.operations.changing import ATTEMPTS
from octokube_agent.operations.cluster import SOCKET_PROTOCOLS
from octokube_agent.operations.failures import Failed, Refused
from octokube_agent.operations.reference import Reference
from octokube_agent.operations.work import Object, Work

STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
MAX_COMMAND_BYTES = 64 * 1024
MAX_ERROR_BYTES = 64 * 1024
_ASKED: Object = {"image": "", "command": [], "targetContainerName": "", "tty": False, "stdin": False}
"""What makes a debug container the one that was asked for, and what each is when nothing is said."""


async def execute(work: Work) -> pb.OperationResult:
    """Runs a command in a container of the pod."""
    asked = work.start.operation.exec
    if not asked.command:
        raise Refused("there is no command to run")
    return await run(work, asked.container, asked.command, has_stdin=asked.stdin, has_terminal=asked.tty)


async def attach(work: Work) -> pb.OperationResult:
    """Connects to a container's main process."""
    asked = work.start.operation.attach
    pod, container = await _pod(work, asked.container)
    return await _talk(work, pod, "attach", container, has_stdin=asked.stdin, has_terminal=asked.tty)


async def copy_from(work: Work) -> pb.OperationResult:
    """A file or folder as a tar archive, by the container's own tar."""
    asked = work.start.operation.copy_from
    path = asked.path.rstrip("/")
    if not asked.path.startswith("/") or "\0" in path:
        raise Refused("the path of a file to copy is absolute")
    parent, _, name = path.rpartition("/")
    # The leading "./" keeps a name that begins with a hyphen from being an option.
    command = ["tar", "cf", "-", "-C", parent or "/", f"./{name}" if name else "."]
    return await run(work, asked.container, command, has_stdin=False, has_terminal=False)


async def run(
    work: Work, container: str, command: Sequence[str], *, has_stdin: bool, has_terminal: bool
) -> pb.OperationResult:
    """A command with its streams. Leaving it, by whatever way, closes its connection, which ends the process."""
    if sum(map(len, command)) > MAX_COMMAND_BYTES:
        raise Refused(f"the command has more than {MAX_COMMAND_BYTES} characters")
    pod, name = await _pod(work, container)
    return await _talk(work, pod, "exec", name, command=command, has_stdin=has_stdin, has_terminal=has_terminal)


async def _pod(work: Work, container: str) -> tuple[Object, str]:
    """The pod as it is now, and which of its containers is meant."""
    if work.reference.type != "pods":
        raise Refused(f"only pods have processes, and {work.reference.type} are none")
    pod = await work.cluster.read(work.reference)
    spec = pod.get("spec") or {}
    plain = [str(one["name"]) for one in spec.get("containers") or ()]
    others = [str(one["name"]) for name in ("initContainers", "ephemeralContainers") for one in spec.get(name) or ()]
    if container and container not in (*plain, *others):
        raise Failed(f"the pod has no container {container!r}; it has {', '.join((*plain, *others))}")
    default = ((pod.get("metadata") or {}).get("annotations") or {}).get("kubectl.kubernetes.io/default-container")
    if not container and len(plain) != 1 and default not in plain:
        raise Failed(f"the pod has several containers; name one of {', '.join(plain)}")
    return pod, container or (str(default) if default in plain else plain[0])


async def _talk(
    work: Work,
    pod: Object,
    subresource: str,
    container: str,
    *,
    command: Sequence[str] = (),
    has_stdin: bool,
    has_terminal: bool,
) -> pb.OperationResult:
    query = [("container", container), ("stdout", "true")]
    query += [("command", part) for part in command]
    query += [("stdin", "true")] if has_stdin else []
    # A terminal has one stream for both.
    query += [("tty", "true")] if has_terminal else [("stderr", "true")]
    result = work.done(pod)
    async with work.cluster.socket(f"{work.reference.path}/{subresource}", query) as socket:
        if socket.protocol not in SOCKET_PROTOCOLS:
            raise Failed(
                "the API server took the connection, but speaks no protocol for terminals that the agent knows"
            )
        writer = asyncio.create_task(
            _write(work, socket, has_stdin=has_stdin, has_terminal=has_terminal), name="agent/terminal/write"
        )
        try:
            status = await _read(work, socket, writer)
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
    _conclude(result, status, work)
    return result


async def _read(work: Work, socket: Socket, writer: "asyncio.Task[None]") -> bytes:
    """Passes output on until the process has ended; what the server says about its end."""
    status = b""
    while True:
        message = await socket.receive()
        if writer.done() and not writer.cancelled() and writer.exception() is not None:
            writer.result()
        if message.type not in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT):
            return status
        content = message.data if isinstance(message.data, bytes) else message.data.encode()
        if not content:
            continue
        channel, rest = content[0], content[1:]
        if channel == STDOUT:
            await work.stream.send_stdout(rest)
        elif channel == STDERR:
            await work.stream.send_stderr(rest)
        elif channel == ERROR:
            status = (status + rest)[:MAX_ERROR_BYTES]
            if _is_complete(status):
                return status


async def _write(work: Work, socket: Socket, *, has_stdin: bool, has_terminal: bool) -> None:
    """Passes input on as the process takes it."""
    is_closed = not has_stdin
    try:
        while True:
            given = await work.stream.input()
            kind = given.WhichOneof("input")
            if kind == "stdin" and not is_closed:
                await socket.send_bytes(bytes((STDIN,)) + given.stdin)
            elif kind == "resize" and has_terminal:
                size = {"Width": given.resize.columns, "Height": given.resize.rows}
                await socket.send_bytes(bytes((RESIZE,)) + orjson.dumps(size))
            elif kind == "stdin_closed" and not is_closed:
                is_closed = True
                await _close_stdin(work, socket, has_terminal=has_terminal)
    except (aiohttp.ClientError, ConnectionError) as error:
        raise errors.Unavailable("the connection to the process broke off") from error


async def _close_stdin(work: Work, socket: Socket, *, has_terminal: bool) -> None:
    if socket.protocol == SOCKET_PROTOCOLS[0]:
        await socket.send_bytes(bytes((CLOSE, STDIN)))
    elif has_terminal:
        await socket.send_bytes(bytes((STDIN, 4)))  # end of transmission, as a person types it
    else:
        await work.stream.send_progress("this API server is too old to be told that the input has ended")


def _is_complete(status: bytes) -> bool:
    try:
        return isinstance(orjson.loads(status), dict)
    except orjson.JSONDecodeError:
        return False


def _conclude(result: pb.OperationResult, status: bytes, work: Work) -> None:
    try:
        said: Any = orjson.loads(status) if status else {}
    except orjson.JSONDecodeError:
        # Before the protocols had a status, it was a sentence.
        said = {"status": "Failure", "message": status.decode(errors="replace")}
    if said.get("status") == "Success":
        result.exit_code = 0
        return
    for cause in (said.get("details") or {}).get("causes") or ():
        if cause.get("reason") == "ExitCode" and str(cause.get("message")).isdigit():
            # The process did end; that its code is none of success is its own affair.
            result.exit_code = int(cause["message"])
            return
    result.outcome = pb.OPERATION_OUTCOME_FAILED
    message = work.redactor.redact_text(str(said.get("message") or ""))
    result.message = message[:300] or "the connection to the process ended before the process did"


async def debug(work: Work) -> pb.OperationResult:
    """Adds an ephemeral container, waits until it runs, and attaches to it."""
    asked = work.start.operation.debug
    if not asked.image or len(asked.image) > 500 or not asked.image.isprintable():
        raise Refused("a debug container needs an image")
    pod, _ = await _pod(work, asked.target_container or _first(await work.cluster.read(work.reference)))
    # Kubernetes takes none away again: asked for once more under the same key, the one that is there is attached to.
    key = f"{work.start.subject}\0{work.start.operation.idempotency_key}"
    name = f"debug-{hashlib.sha256(key.encode()).hexdigest()[:10]}"
    container: Object = {"name": name, "image": asked.image, "tty": asked.tty, "stdin": asked.stdin}
    if asked.command:
        container["command"] = list(asked.command)
    if asked.target_container:
        container["targetContainerName"] = asked.target_container
    if await _add_container(work, pod, container):
        await work.stream.send_progress(f"the container {name} has been added; waiting until it runs")
    else:
        await work.stream.send_progress(f"the container {name} was added before; waiting until it runs")
    await _until_running(work, name)
    return await _talk(work, pod, "attach", name, has_stdin=asked.stdin, has_terminal=asked.tty)


async def _add_container(work: Work, pod: Object, container: Object) -> bool:
    """False when it is there already. A kubelet writes the pod's status all the time: then the pod is read anew."""
    for attempt in range(ATTEMPTS):
        for one in (pod.get("spec") or {}).get("ephemeralContainers") or ():
            if one.get("name") == container["name"]:
                if any(one.get(name, default) != container.get(name, default) for name, default in _ASKED.items()):
                    raise Refused("the idempotency key was used for another debug container; take a new one")
                return False
        metadata = {name: pod["metadata"][name] for name in ("uid", "resourceVersion")}
        body = {"metadata": metadata, "spec": {"ephemeralContainers": [container]}}
        path = f"{work.reference.path}/ephemeralcontainers"
        work.commit.begin()
        try:
            await work.cluster.write("PATCH", path, body, content_type="application/strategic-merge-patch+json")
            return True
        except errors.NotFound as error:
            await work.cluster.read(work.reference)  # which says so when it is the pod that has gone
            raise Failed("this cluster is too old for debug containers, which need Kubernetes 1.23") from error
        except errors.Conflict:
            if attempt == ATTEMPTS - 1 or work.reference.resource_version:
                raise
        pod = await work.cluster.read(work.reference)
    raise Failed("the pod changes too quickly; try again")


async def _until_running(work: Work, container: str) -> None:
    reference: Reference = work.reference
    while True:
        pod = await work.cluster.read(reference)
        for status in (pod.get("status") or {}).get("ephemeralContainerStatuses") or ():
            state = status.get("state") or {}
            if status.get("name") == container and "waiting" not in state and state:
                return
            reason = (state.get("waiting") or {}).get("reason", "")
            if status.get("name") == container and reason in ("ErrImagePull", "ImagePullBackOff", "InvalidImageName"):
                raise Failed(f"the debug container does not start: {reason}")
        await asyncio.sleep(0.5)


def _first(pod: Object) -> str:
    return str(pod["spec"]["containers"][0]["name"])
