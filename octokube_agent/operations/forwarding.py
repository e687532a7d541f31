"""Forwards connections to ports of a pod, many in one operation."""

import asyncio
from dataclasses import dataclass, field

import aiohttp

from octokube.runtime.bytecredit import ByteCredit
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
CONNECTION_CREDIT_BYTES = 65_536
CREDIT_STEP_BYTES = CONNECTION_CREDIT_BYTES // 4


@dataclass(slots=True)
class _Connection:
    """What waits for the pod, and what may still be sent to the caller: None where all share the operation's credit."""

    sending: ByteCredit | None
    pending: "asyncio.Queue[bytes | None]" = field(default_factory=asyncio.Queue)
    unread_bytes: int = 0
    owed_bytes: int = 0


async def forward(work: Work) -> pb.OperationResult:
    """Until the caller goes. One connection's failure is told, and touches no other. With a credit for each of them,
    one whose far end reads nothing delays no other; without, it can use up the operation's.
    """
    if work.reference.type != "pods":
        raise Refused(f"only pods have ports, and {work.reference.type} are none")
    ports = set(work.start.operation.port_forward.ports)
    if not ports or not all(0 < port < 65536 for port in ports):
        raise Refused("name the ports to forward to, each from 1 to 65535")
    await work.cluster.read(work.reference)
    has_own_credit = work.start.operation.port_forward.connection_credit
    connections: dict[int, _Connection] = {}
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
                    connections[number] = _Connection(ByteCredit(CONNECTION_CREDIT_BYTES) if has_own_credit else None)
                    connection = _connection(work, number, frame.open, connections)
                    tasks.start_guarded(connection, name=f"{number}")
            elif number in connections:
                await _take(work, connections[number], frame)
            else:
                await work.stream.read(len(frame.data))  # the connection has ended meanwhile


async def _take(work: Work, connection: _Connection, frame: pb.ForwardFrame) -> None:
    event = frame.WhichOneof("event")
    if event == "credit" and connection.sending is not None:
        try:
            connection.sending.give(frame.credit)
        except ValueError as error:
            raise Failed(f"the caller broke the flow control of a connection: {error}") from error
    elif event == "data":
        connection.unread_bytes += len(frame.data)
        if connection.sending is not None:
            if connection.unread_bytes > CONNECTION_CREDIT_BYTES:
                raise Failed("the caller broke the flow control of a connection: it sent more than it was let")
            await work.stream.read(
                len(frame.data)
            )  # for the operation it is read: it waits on this connection's account
        connection.pending.put_nowait(frame.data)
    elif event != "credit":
        connection.pending.put_nowait(None)


async def _connection(work: Work, number: int, port: int, connections: dict[int, _Connection]) -> None:
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
    if left.sending is None:
        await work.stream.read(left.unread_bytes)
    await work.stream.send_forward_end(number, failure)


async def _relay(work: Work, number: int, socket: Socket, connection: _Connection) -> str:
    """Both directions until either ends; why, when it was not in order."""

    async def towards_pod() -> str:
        while (content := await connection.pending.get()) is not None:
            await socket.send_bytes(bytes((DATA,)) + content)
            connection.unread_bytes -= len(content)
            if connection.sending is None:
                await work.stream.read(len(content))
                continue
            connection.owed_bytes += len(content)
            if connection.owed_bytes >= CREDIT_STEP_BYTES:
                given_bytes, connection.owed_bytes = connection.owed_bytes, 0
                await work.stream.send_forward_credit(number, given_bytes)
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
            if channel != bytes((DATA,)):
                continue
            while content:
                may_bytes = len(content)
                if connection.sending is not None:
                    may_bytes = await connection.sending.take(may_bytes)
                await work.stream.send_forward(number, content[:may_bytes])
                content = content[may_bytes:]

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
