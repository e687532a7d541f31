"""``octokube port-forward``: connections to this machine's ports, carried to a pod's."""

import asyncio
import sys

import click

from octokube.cli.operate.running import CLUSTER, NAMESPACE, Session, operate, report
from octokube.cli.plain import plain
from octokube.client.operations import RunningOperation
from octokube.runtime.bytecredit import ByteCredit
from octokube.runtime.errors import UserError
from octokube.runtime.tasks import Tasks
from octokube.v1 import operation_pb2 as pb

READ_BYTES = 32_768
CONNECTION_CREDIT_BYTES = 65_536
CREDIT_STEP_BYTES = CONNECTION_CREDIT_BYTES // 4


@click.command("port-forward")
@click.argument("pod")
@click.argument("ports", nargs=-1, required=True, metavar="[LOCAL:]PORT...")
@NAMESPACE
@CLUSTER
def port_forward(pod: str, ports: tuple[str, ...], namespace: str, cluster: str) -> int:
    """Listen on this machine, and connect what comes to ports of a POD: octokube port-forward web-1 8080:80

    Listens on 127.0.0.1 alone; a LOCAL of 0 takes a free port. Ends with Ctrl+C, or when the access does.
    """
    pairs = [_read_pair(text) for text in ports]

    async def work(session: Session) -> int:
        target = await session.target("pods", pod, namespace, cluster)
        asked = pb.PortForwardOperation(ports=sorted({remote for _, remote in pairs}), connection_credit=True)
        async with session.run(target, port_forward=asked) as operation:
            forwarding = Forwarding(operation)
            servers = []
            try:
                for local, remote in pairs:
                    servers.append(await forwarding.listen(local, remote))
                async for output in operation:
                    if output.WhichOneof("output") == "forward":
                        forwarding.take(output.forward)
                return report(operation.result, "the forwarding has ended")
            finally:
                for server in servers:
                    server.close()
                await forwarding.close()

    return operate(work)


class _Connection:
    """One connection: what has come from the pod and waits for the local end, and what may be sent to the pod."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.sending = ByteCredit(CONNECTION_CREDIT_BYTES)
        self.arrived: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.waiting_bytes = 0


class Forwarding:
    """The connections of one operation, by the ids that this side gives them.

    Each has a credit of its own in both directions: a program here that does not read delays its own connection only.
    """

    def __init__(self, operation: RunningOperation) -> None:
        self._operation = operation
        self._connections: dict[int, _Connection] = {}
        self._tasks = Tasks("octokube/port-forward")
        self._count = 0

    async def listen(self, local: int, remote: int) -> asyncio.Server:
        """Accepts connections for one port of the pod."""

        def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._count += 1
            serving = self._serve(self._count, remote, reader, writer)
            self._tasks.start_guarded(serving, name=f"{self._count}")

        try:
            server = await asyncio.start_server(serve, "127.0.0.1", local)
        except OSError as error:
            raise UserError(f"can't listen on 127.0.0.1:{local} ({error.strerror}); choose another port") from error
        port = server.sockets[0].getsockname()[1]
        sys.stdout.write(f"127.0.0.1:{port} leads to port {remote}\n")
        sys.stdout.flush()
        return server

    def take(self, frame: pb.ForwardFrame) -> None:
        """A frame from the pod. Waits for nobody."""
        connection = self._connections.get(frame.connection_id)
        if connection is None:
            return
        match frame.WhichOneof("event"):
            case "data":
                connection.waiting_bytes += len(frame.data)
                if connection.waiting_bytes > CONNECTION_CREDIT_BYTES:
                    raise UserError("the cluster's end sent more on a connection than it was let; update its agent")
                connection.arrived.put_nowait(frame.data)
            case "credit":
                try:
                    connection.sending.give(frame.credit)
                except ValueError as error:
                    raise UserError(f"the cluster's end broke the rules of a connection: {error}") from error
            case "failed":
                sys.stderr.write(f"a connection failed: {plain(frame.failed)}\n")
                connection.arrived.put_nowait(None)
            case "closed":
                connection.arrived.put_nowait(None)

    async def close(self) -> None:
        """Drops every connection."""
        await self._tasks.close()

    async def _serve(
        self, number: int, remote: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        connection = self._connections[number] = _Connection(writer)
        directions: list[asyncio.Task[bool]] = []
        is_over = False
        try:
            await self._operation.tell(pb.ForwardFrame(connection_id=number, open=remote))
            directions = [
                asyncio.create_task(self._towards_pod(number, connection, reader), name="port-forward/towards-pod"),
                asyncio.create_task(self._from_pod(number, connection), name="port-forward/from-pod"),
            ]
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
            is_over = any(task.done() and task.result() for task in directions)
        finally:
            del self._connections[number]
            for task in directions:
                task.cancel()
            await asyncio.gather(*directions, return_exceptions=True)
            writer.close()
        if not is_over:
            await self._operation.tell(pb.ForwardFrame(connection_id=number, closed=True))

    async def _towards_pod(self, number: int, connection: _Connection, reader: asyncio.StreamReader) -> bool:
        """Until the local end closes. False: the pod's end is to be told."""
        try:
            while data := await reader.read(READ_BYTES):
                while data:
                    part_bytes = await connection.sending.take(len(data))
                    await self._operation.forward(number, data[:part_bytes])
                    data = data[part_bytes:]
        except ConnectionError:
            return False  # whoever connected has gone
        return False

    async def _from_pod(self, number: int, connection: _Connection) -> bool:
        """Until the pod's end closes, which is True, or the local end takes no more."""
        owed_bytes = 0
        while (data := await connection.arrived.get()) is not None:
            try:
                connection.writer.write(data)
                await connection.writer.drain()
            except ConnectionError:
                return False
            connection.waiting_bytes -= len(data)
            owed_bytes += len(data)
            if owed_bytes >= CREDIT_STEP_BYTES:
                await self._operation.tell(pb.ForwardFrame(connection_id=number, credit=owed_bytes))
                owed_bytes = 0
        return True


def _read_pair(text: str) -> tuple[int, int]:
    local, colon, remote = text.rpartition(":")
    numbers = (local if colon else remote, remote)
    if not all(number.isascii() and number.isdigit() and int(number) < 65_536 for number in numbers) or not int(remote):
        raise UserError(f"{text!r} is no pair of ports; write PORT or LOCAL:PORT, such as 8080:80")
    return int(numbers[0]), int(numbers[1])
