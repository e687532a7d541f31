"""Forwards connections to ports of a pod, many in one operation."""

import asyncio

import aiohttp

from octokube.runtime.tasks import Tasks
from octokube.v1 import operation_pb2 as pb
from octokube_agent.kube import errors
from octokube_agent.kube.client import Socket
from octokube_agent.operations.failures import Failed, Refused, explain
from octokube_agent.operations.work import Work

MAX_CONNECTIONS = 64
DATA, ERROR = 0, 1
PORT_BYTES = 2
"""The first message of each channel repeats the port."""


async def forward(work: Work) -> pb.OperationResult:
    """Until the caller goes. One connection's failure is told, and touches no other. What they have in common is the
    operation's credit: a connection whose far end reads nothing can use up all of it.
    """
    if work.reference.type != "pods":
        raise Refused(f"only pods have ports, and {work.reference.type} are none")
    ports = set(work.start.operation.port_forward.ports)
    if not ports or not all(0 < port < 65536 for port in ports):
        raise Refused("name the ports to forward to, each from 1 to 65535")
    await work.cluster.read(work.reference)
    connections: dict[int, asyncio.Queue[bytes | None]] = {}
    last_id = 0
    async with Tasks("agent/forward") as tasks:
        while True:
            given = await work.stream.input(is_read=False)
            if given.WhichOneof("input") == "stdin_closed":
                return work.done()
            if given.WhichOneof("input") != "forward":
                continue
            frame, event = given.forward, given.forward.WhichOneof("event")
            number = frame.connection_id
            if event == "open":
                if number <= last_id:
                    raise Failed("the hub used the number of a connection twice")
                last_id = number
                if frame.open not in ports:
                    await work.stream.send_forward_end(number, f"port {frame.open} is not one that was asked for")
                elif len(connections) >= MAX_CONNECTIONS:
                    await work.stream.send_forward_end(number, f"there are {MAX_CONNECTIONS} connections already")
                else:
                    connections[number] = asyncio.Queue()
                    connection = _connection(work, number, frame.open, connections)
                    tasks.start_guarded(connection, name=f"{number}")
            elif number in connections:
                connections[number].put_nowait(frame.data if event == "data" else None)
            else:
                await work.stream.read(len(frame.data))  # the connection has ended meanwhile


async def _connection(
    work: Work, number: int, port: int, connections: "dict[int, asyncio.Queue[bytes | None]]"
) -> None:
    """One connection, each on a websocket of its own: the protocol has no way to close one of several."""
    failure = ""
    try:
        path = f"{work.reference.path}/portforward"
        async with work.cluster.socket(path, [("ports", str(port))]) as socket:
            failure = await _relay(work, number, socket, connections[number])
    except errors.KubeError as error:
        failure = explain(error, "pods", work.redactor)
    except (aiohttp.ClientError, ConnectionError):
        failure = "the connection to the pod broke off"
    finally:
        left = connections.pop(number)
        unread_bytes = sum(len(left.get_nowait() or b"") for _ in range(left.qsize()))
    await work.stream.read(unread_bytes)
    await work.stream.send_forward_end(number, failure)


async def _relay(work: Work, number: int, socket: Socket, pending: "asyncio.Queue[bytes | None]") -> str:
    """Both directions until either ends; why, when it was not in order."""

    async def towards_pod() -> str:
        while (content := await pending.get()) is not None:
            await socket.send_bytes(bytes((DATA,)) + content)
            await work.stream.read(len(content))
        return ""

    async def towards_caller() -> str:
        has_begun = set()
        while True:
            message = await socket.receive()
            if message.type is not aiohttp.WSMsgType.BINARY:
                return ""
            channel, content = message.data[:1], message.data[1:]
            if channel not in has_begun:
                has_begun.add(channel)
                content = content[PORT_BYTES:]
            if channel == bytes((ERROR,)) and content:
                return work.redactor.redact_text(content.decode(errors="replace").strip())[:300]
            if channel == bytes((DATA,)):
                await work.stream.send_forward(number, content)

    tasks = [
        asyncio.create_task(towards_pod(), name="agent/forward/towards-pod"),
        asyncio.create_task(towards_caller(), name="agent/forward/towards-caller"),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(task for task in tasks if task.done()).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
