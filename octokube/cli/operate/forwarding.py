"""``octokube port-forward``: connections to this machine's ports, carried to a pod's."""

import asyncio
import sys

import click

from octokube.cli.operate.running import CLUSTER, NAMESPACE, Session, operate, report
from octokube.client.operations import RunningOperation
from octokube.runtime.errors import UserError
from octokube.v1 import operation_pb2 as pb

READ_BYTES = 32_768


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
        asked = pb.PortForwardOperation(ports=sorted({remote for _, remote in pairs}))
        async with session.run(target, port_forward=asked) as operation:
            forwarding = Forwarding(operation)
            servers = []
            try:
                for local, remote in pairs:
                    servers.append(await forwarding.listen(local, remote))
                async for output in operation:
                    if output.WhichOneof("output") == "forward":
                        await forwarding.take(output.forward)
                return report(operation.result, "the forwarding has ended")
            finally:
                for server in servers:
                    server.close()
                forwarding.close()

    return operate(work)


class Forwarding:
    """The connections of one operation, by the ids that this side gives them."""

    def __init__(self, operation: RunningOperation) -> None:
        self._operation = operation
        self._writers: dict[int, asyncio.StreamWriter] = {}
        self._count = 0

    async def listen(self, local: int, remote: int) -> asyncio.Server:
        """Accepts connections for one port of the pod."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._serve(remote, reader, writer)

        try:
            server = await asyncio.start_server(serve, "127.0.0.1", local)
        except OSError as error:
            raise UserError(f"can't listen on 127.0.0.1:{local} ({error.strerror}); choose another port") from error
        port = server.sockets[0].getsockname()[1]
        sys.stdout.write(f"127.0.0.1:{port} leads to port {remote}\n")
        sys.stdout.flush()
        return server

    async def take(self, frame: pb.ForwardFrame) -> None:
        """A frame from the pod."""
        writer = self._writers.get(frame.connection_id)
        if writer is None:
            return
        match frame.WhichOneof("event"):
            case "data":
                writer.write(frame.data)
                try:
                    await writer.drain()
                except ConnectionError:
                    self._forget(frame.connection_id)
            case "closed":
                self._forget(frame.connection_id)
            case "failed":
                sys.stderr.write(f"a connection failed: {frame.failed}\n")
                self._forget(frame.connection_id)

    def close(self) -> None:
        """Drops every connection."""
        for number in list(self._writers):
            self._forget(number)

    async def _serve(self, remote: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._count += 1
        number = self._count
        self._writers[number] = writer
        await self._operation.tell(pb.ForwardFrame(connection_id=number, open=remote))
        try:
            while data := await reader.read(READ_BYTES):
                await self._operation.forward(number, data)
        except ConnectionError:
            pass  # whoever connected has gone, which the pod's end is told below
        if number in self._writers:
            self._forget(number)
            await self._operation.tell(pb.ForwardFrame(connection_id=number, closed=True))

    def _forget(self, number: int) -> None:
        writer = self._writers.pop(number, None)
        if writer is not None:
            writer.close()


def _read_pair(text: str) -> tuple[int, int]:
    local, colon, remote = text.rpartition(":")
    numbers = (local if colon else remote, remote)
    if not all(number.isascii() and number.isdigit() and int(number) < 65_536 for number in numbers) or not int(remote):
        raise UserError(f"{text!r} is no pair of ports; write PORT or LOCAL:PORT, such as 8080:80")
    return int(numbers[0]), int(numbers[1])
