"""Runs operations on clusters through a hub: one stream each, with credit in both directions."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc.aio

from octokube.client.feed import FeedError
from octokube.client.grpc_feed import feed_error, metadata_of
from octokube.runtime import channels
from octokube.v1 import operation_pb2 as pb

_RUN = f"/{pb.DESCRIPTOR.services_by_name['OperationService'].full_name}/Run"
INITIAL_CREDIT_BYTES = 262_144
CREDIT_STEP_BYTES = INITIAL_CREDIT_BYTES // 4
MAX_CONTENT_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Document:
    """One object of an answer, complete. ``content`` is projected, redacted JSON."""

    role: "pb.DocumentRole"
    key: tuple[str, str, str]
    content: bytes
    hidden_changes: tuple[str, ...] = ()


class RunningOperation:
    """One operation from its start to its result. Made by ``OperationsClient.run``.

    Iterate over it for its output; afterwards ``result`` says how it ended. What has been iterated over makes room for
    more, so that a reader who stops stops the cluster's end. One task may send while another iterates.
    """

    def __init__(self, call: Any) -> None:
        self._call = call
        self._credit_bytes = INITIAL_CREDIT_BYTES
        self._has_credit = asyncio.Event()
        self._writing = asyncio.Lock()
        self._result: pb.OperationResult | None = None
        self.lease: pb.Lease | None = None
        """Until when the hub lets it go on, as last told."""
        self.told: list[str] = []
        self.on_lease: Callable[[pb.Lease], None] = lambda lease: None
        """Called with each lease, while somebody iterates."""

    @property
    def result(self) -> pb.OperationResult:
        """How it ended. RuntimeError before it has."""
        if self._result is None:
            raise RuntimeError("the operation has not ended; iterate over it first")
        return self._result

    async def __aiter__(self) -> AsyncIterator[pb.OperationOutput]:
        """The output, in order, up to the result. Raises FeedError when the hub refuses, or can't be reached."""
        consumed_bytes = 0
        while True:
            try:
                message = await self._call.read()
            except grpc.aio.AioRpcError as error:
                raise feed_error(error) from error
            if not isinstance(message, pb.RunResponse):
                break
            match message.WhichOneof("message"):
                case "lease":
                    self.lease = message.lease
                    self.on_lease(message.lease)
                case "credit":
                    self._credit_bytes += message.credit.bytes
                    self._has_credit.set()
                case "output":
                    yield message.output
                    consumed_bytes += _size(message.output)
                    if consumed_bytes >= CREDIT_STEP_BYTES:
                        await self._write(credit=pb.OperationCredit(bytes=consumed_bytes))
                        consumed_bytes = 0
                case "result":
                    self._result = message.result
                    self._has_credit.set()
                    await self._close()
                    return
        code, details = await self._call.code(), await self._call.details()
        if code is not grpc.StatusCode.OK:
            raise FeedError(code.name, details or code.name)
        raise FeedError("UNAVAILABLE", "the hub ended the operation without a result")

    async def finish(self) -> pb.OperationResult:
        """Reads to the end, and returns the result; the output is dropped."""
        async for _ in self:
            pass
        return self.result

    async def documents(self) -> list[Document]:
        """Reads to the end, and returns the documents among the output; sentences beside them are in ``told``."""
        parts: list[bytes] = []
        found: list[Document] = []
        async for output in self:
            if output.WhichOneof("output") == "progress":
                self.told.append(output.progress)
            if output.WhichOneof("output") != "document":
                continue
            part = output.document
            parts.append(part.content)
            if part.last:
                key = (part.key.type, part.key.namespace, part.key.name)
                found.append(Document(part.role, key, b"".join(parts), tuple(part.hidden_changes)))
                parts = []
        return found

    async def send(self, stdin: bytes) -> None:
        """Sends bytes to standard input, as fast as the cluster's end takes them."""
        async for part in self._parts(stdin):
            await self._write(input=pb.OperationInput(stdin=part))

    async def forward(self, connection_id: int, data: bytes) -> None:
        """Sends bytes on a forwarded connection, as fast as the cluster's end takes them."""
        async for part in self._parts(data):
            frame = pb.ForwardFrame(connection_id=connection_id, data=part)
            await self._write(input=pb.OperationInput(forward=frame))

    async def tell(self, frame: pb.ForwardFrame) -> None:
        """Opens or closes a forwarded connection."""
        await self._write(input=pb.OperationInput(forward=frame))

    async def _parts(self, content: bytes) -> AsyncIterator[bytes]:
        """The content in parts for which there is credit; ends early when the operation has ended."""
        view = memoryview(content)
        while view:
            while self._credit_bytes <= 0:
                if self._result is not None:
                    return
                self._has_credit.clear()
                await self._has_credit.wait()
            part = view[: min(len(view), self._credit_bytes, MAX_CONTENT_BYTES)]
            self._credit_bytes -= len(part)
            yield bytes(part)
            view = view[len(part) :]

    async def close_stdin(self) -> None:
        """No more standard input follows."""
        await self._write(input=pb.OperationInput(stdin_closed=True))

    async def resize(self, columns: int, rows: int) -> None:
        """Tells the terminal's new size."""
        await self._write(input=pb.OperationInput(resize=pb.TerminalSize(columns=columns, rows=rows)))

    async def _close(self) -> None:
        async with self._writing:
            try:
                await self._call.done_writing()
            except (asyncio.InvalidStateError, grpc.aio.AioRpcError):
                return  # the hub was faster

    async def _write(self, **message: Any) -> None:
        async with self._writing:
            try:
                await self._call.write(pb.RunRequest(**message))
            except (asyncio.InvalidStateError, grpc.aio.AioRpcError):
                return  # it has ended; reading tells how, and with what result


class OperationsClient:
    """OperationService for one token. Made by ``connect_operations``."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self._method = channel.stream_stream(
            _RUN,
            request_serializer=pb.RunRequest.SerializeToString,
            response_deserializer=pb.RunResponse.FromString,
        )
        self._token = token

    @asynccontextmanager
    async def run(self, start: pb.OperationStart) -> AsyncIterator[RunningOperation]:
        """Begins an operation; leaving the context ends it, in the cluster, too."""
        call = self._method(metadata=metadata_of(self._token))
        try:
            operation = RunningOperation(call)
            await operation._write(start=start)
            yield operation
        finally:
            call.cancel()


@asynccontextmanager
async def connect_operations(hub: str, token: str, *, ca_file: str | None = None) -> AsyncIterator[OperationsClient]:
    """Opens the way to a hub's OperationService at ``host:port``, as ``connect`` does to its views."""
    async with channels.open_channel(hub, ca_file=ca_file) as channel:
        yield OperationsClient(channel, token)


def _size(output: pb.OperationOutput) -> int:
    match output.WhichOneof("output"):
        case "stdout":
            return len(output.stdout)
        case "stderr":
            return len(output.stderr)
        case "document":
            return len(output.document.content)
        case "forward":
            return len(output.forward.data)
    return 0
