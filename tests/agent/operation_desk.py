"""The recording hub's desk for operations: orders one from the agent and keeps what comes back."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
import orjson

from octokube.v1 import operation_pb2 as pb
from tests.support.waiting import HANG_SECONDS

SERVICE = "octokube.v1.OperationLinkService"
INITIAL_CREDIT_BYTES = 262_144


@dataclass
class Document:
    """One object that the agent sent."""

    role: int
    type: str
    obj: dict[str, Any]
    hidden_changes: list[str]


@dataclass
class Operation:
    """One ordered operation, with everything that the agent said."""

    id: str
    start: pb.ExecuteStart
    is_generous: bool = True
    metadata: dict[str, str] = field(default_factory=dict)
    requests: list[pb.ExecuteRequest] = field(default_factory=list)
    outbox: "asyncio.Queue[pb.ExecuteResponse | None]" = field(default_factory=asyncio.Queue)
    is_open: bool = False
    has_ended: bool = False
    input_credit_bytes: int = INITIAL_CREDIT_BYTES
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def outputs(self) -> list[pb.OperationOutput]:
        """Everything that was put out."""
        return [request.output for request in self.requests if request.HasField("output")]

    @property
    def stdout(self) -> bytes:
        """Standard output, or the log."""
        return b"".join(output.stdout for output in self.outputs)

    @property
    def stderr(self) -> bytes:
        """Standard error."""
        return b"".join(output.stderr for output in self.outputs)

    @property
    def progress(self) -> list[str]:
        """Progress sentences."""
        return [output.progress for output in self.outputs if output.progress]

    @property
    def sources(self) -> dict[tuple[str, str], bytes]:
        """Logs by pod and container."""
        found: dict[tuple[str, str], bytes] = defaultdict(bytes)
        for output in self.outputs:
            if output.HasField("source"):
                found[output.source.pod, output.source.container] += output.stdout
        return found

    @property
    def documents(self) -> list[Document]:
        """The documents, put together."""
        found, content = [], b""
        for output in self.outputs:
            if output.HasField("document"):
                part = output.document
                content += part.content
                if part.last:
                    found.append(Document(part.role, part.key.type, orjson.loads(content), list(part.hidden_changes)))
                    content = b""
        return found

    @property
    def raw(self) -> bytes:
        """Every byte that the agent sent."""
        return b"".join(request.SerializeToString() for request in self.requests)

    def document(self, role: int) -> dict[str, Any]:
        """The only document of a role."""
        (found,) = [document.obj for document in self.documents if document.role == role]
        return found

    def send(self, **message: Any) -> None:
        """Sends one ExecuteResponse."""
        self.outbox.put_nowait(pb.ExecuteResponse(**message))

    def type(self, content: bytes) -> None:
        """Sends standard input."""
        self.send(input=pb.OperationInput(stdin=content))

    def hang_up(self) -> None:
        """Ends the stream without a word."""
        self.outbox.put_nowait(None)

    async def until(self, look: "Callable[[Operation], Any]", *, seconds: float = HANG_SECONDS) -> Any:
        """The first truthy result of ``look(self)``, asked after each message."""
        async with asyncio.timeout(seconds):
            while not (found := look(self)):
                self._changed.clear()
                await self._changed.wait()
            return found

    async def result(self, *, seconds: float = HANG_SECONDS) -> pb.OperationResult:
        """The result."""
        await self.until(lambda it: it.requests and it.requests[-1].HasField("result"), seconds=seconds)
        return self.requests[-1].result

    async def succeeded(self, *, seconds: float = HANG_SECONDS) -> pb.OperationResult:
        """The result, which has to be a success."""
        result = await self.result(seconds=seconds)
        assert result.outcome == pb.OPERATION_OUTCOME_SUCCEEDED, result
        return result

    async def denied(self) -> str:
        """The sentence of a refusal."""
        result = await self.result()
        assert result.outcome == pb.OPERATION_OUTCOME_DENIED, result
        return result.message

    async def failed(self) -> str:
        """The sentence of a failure."""
        result = await self.result()
        assert result.outcome == pb.OPERATION_OUTCOME_FAILED, result
        return result.message

    def took(self, request: pb.ExecuteRequest) -> None:
        """Keeps one message of the agent."""
        self.requests.append(request)
        if request.HasField("credit"):
            self.input_credit_bytes += request.credit.bytes
        size_bytes = _content_bytes(request.output)
        assert size_bytes <= 65_536, "a message has more content than the contract allows"
        if size_bytes and self.is_generous:
            self.send(credit=pb.OperationCredit(bytes=size_bytes))
        self._changed.set()

    def ended(self) -> None:
        """Notes that the agent has left the stream."""
        self.has_ended = True
        self._changed.set()


class OperationDesk:
    """Serves OperationLinkService. ``problems`` are those of its hub."""

    def __init__(self, problems: list[str]) -> None:
        self._problems = problems
        self._ids = itertools.count(1)
        self.operations: dict[str, Operation] = {}

    def handler(self) -> grpc.GenericRpcHandler:
        """What a server adds."""
        execute = grpc.stream_stream_rpc_method_handler(
            self._execute,
            request_deserializer=pb.ExecuteRequest.FromString,
            response_serializer=pb.ExecuteResponse.SerializeToString,
        )
        return grpc.method_handlers_generic_handler(SERVICE, {"Execute": execute})

    def book(self, start: pb.ExecuteStart, *, is_generous: bool = True) -> Operation:
        """An operation with an id of its own. A hub that is not generous gives no credit by itself."""
        operation = Operation(f"operation-{next(self._ids)}", start, is_generous)
        self.operations[operation.id] = operation
        return operation

    async def _execute(self, requests: AsyncIterator[pb.ExecuteRequest], context: Any) -> AsyncIterator[Any]:
        first = await anext(requests)
        operation = self.operations[first.operation_id]
        if operation.is_open:
            self._problems.append("an operation was opened twice")
        operation.is_open = True
        operation.metadata = {name: str(value) for name, value in context.invocation_metadata() or ()}
        yield pb.ExecuteResponse(start=operation.start)
        reader = asyncio.create_task(self._read(requests, operation))
        try:
            while (response := await operation.outbox.get()) is not None:
                yield response
        finally:
            operation.ended()  # first: the agent may call the stream off while this waits
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _read(self, requests: AsyncIterator[pb.ExecuteRequest], operation: Operation) -> None:
        try:
            async for request in requests:
                operation.took(request)
        finally:
            operation.hang_up()


def _content_bytes(output: pb.OperationOutput) -> int:
    return len(output.stdout) + len(output.stderr) + len(output.document.content) + len(output.forward.data)
