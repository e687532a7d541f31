"""Carries one operation between hub and agent, with credit in both directions."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Protocol

from octokube.runtime.writing import Writer
from octokube.v1 import operation_pb2 as pb
from octokube.v1 import resource_pb2
from octokube_agent.link.window import ProtocolError

INITIAL_CREDIT_BYTES = 262_144
MAX_CONTENT_BYTES = 65_536
START_SECONDS = 15.0
MAX_INPUTS = 8192
"""How many inputs may wait: credit counts bytes alone, and a resize has none."""


class ExecuteCall(Protocol):
    """The part of a gRPC stream that an operation needs. ``read`` gives None at the end of the stream."""

    async def write(self, request: pb.ExecuteRequest) -> None:
        """Hands a message over for sending."""
        ...

    async def done_writing(self) -> None:
        """Says that nothing more will be sent."""
        ...

    async def read(self) -> pb.ExecuteResponse | None:
        """The next message of the hub."""
        ...


class OperationStream:
    """One Execute stream.

    Guarantees: no more output is on its way than the hub gave credit for, and no message has more than 65,536 bytes of
    content; no more input waits here than the credit that was given. Whoever awaits a ``send`` is slowed down by the
    reader at the far end, and by nobody else's. A hub that breaks these rules ends its own operation. Any tasks may
    send, and be cancelled while they do: a write that has begun goes on without whoever asked for it.
    """

    def __init__(self, call: ExecuteCall) -> None:
        self._call = call
        self._output_lock = asyncio.Lock()
        self._writer: Writer[pb.ExecuteRequest] = Writer(call.write, name="agent/operation/write")
        self._credit_bytes = INITIAL_CREDIT_BYTES
        self._has_credit = asyncio.Event()
        self._has_credit.set()
        self._inputs: deque[pb.OperationInput] = deque()
        self._has_input = asyncio.Event()
        self._input_room_bytes = INITIAL_CREDIT_BYTES
        self._consumed_bytes = 0
        self.pods = pb.PodScope()
        self.pods_changed = asyncio.Event()
        self.output_bytes = 0
        """Content sent so far."""

    async def open(self, operation_id: str) -> pb.ExecuteStart:
        """Names the operation and waits for what to do. Raises ProtocolError when the hub answers anything else."""
        await self._call.write(pb.ExecuteRequest(operation_id=operation_id))
        try:
            async with asyncio.timeout(START_SECONDS):
                response = await self._call.read()
        except TimeoutError as error:
            raise ProtocolError(f"the hub did not say within {START_SECONDS:g} s what to do") from error
        if response is None or response.WhichOneof("message") != "start":
            raise ProtocolError("the hub began an operation with something other than its start")
        self.pods.CopyFrom(response.start.pods)
        return response.start

    async def listen(self) -> str:
        """Takes in what the hub sends. Returns its reason when it cancels, and "" when it ends the stream."""
        while (response := await self._call.read()) is not None:
            kind = response.WhichOneof("message")
            if kind == "cancel":
                return response.cancel or "the hub ended the operation"
            if kind == "credit":
                self._credit_bytes += response.credit.bytes
                self._has_credit.set()
            elif kind == "input":
                self._take_in(response.input)
            elif kind == "pods":
                self.pods.CopyFrom(response.pods)
                self.pods_changed.set()
            else:
                raise ProtocolError(f"the hub sent {kind or 'an empty message'} inside an operation")
        return ""

    async def input(self, *, is_read: bool = True) -> pb.OperationInput:
        """The next input. What was taken before counts as read from now on and makes room for more, unless whoever
        takes it says later, by ``read``, what has been.
        """
        await self._give_credit()
        while not self._inputs:
            self._has_input.clear()
            await self._has_input.wait()
        taken = self._inputs.popleft()
        if is_read:
            self._consumed_bytes += _size_of(taken)
        return taken

    async def read(self, size_bytes: int) -> None:
        """Counts input as read."""
        self._consumed_bytes += size_bytes
        await self._give_credit()

    async def _give_credit(self) -> None:
        if self._consumed_bytes >= INITIAL_CREDIT_BYTES // 4:
            credit, self._consumed_bytes = self._consumed_bytes, 0
            self._input_room_bytes += credit
            await self._send(pb.ExecuteRequest(credit=pb.OperationCredit(bytes=credit)))

    async def send_stdout(self, content: bytes, source: pb.LogSource | None = None) -> None:
        """Sends bytes of standard output, or of a log."""
        async with self._output_lock:
            async for part in self._parts(content):
                await self._write(pb.OperationOutput(stdout=part, source=source))

    async def send_stderr(self, content: bytes) -> None:
        """Sends bytes of standard error."""
        async with self._output_lock:
            async for part in self._parts(content):
                await self._write(pb.OperationOutput(stderr=part))

    async def send_progress(self, sentence: str, about: resource_pb2.Key | None = None) -> None:
        """Sends one sentence about progress; it waits for no credit, so there must be few.

        One that names or describes another object than the operation's has to say which: the hub looks who may see it.
        """
        await self._write(pb.OperationOutput(progress=sentence, about=about))

    async def send_document(self, part: pb.DocumentPart, content: bytes) -> None:
        """Sends a document in parts that are like ``part``; the last one has no content, but everything else in it."""
        async with self._output_lock:
            async for piece in self._parts(content):
                sent = pb.DocumentPart(role=part.role, key=part.key, content=piece)
                await self._write(pb.OperationOutput(document=sent))
            await self._write(
                pb.OperationOutput(
                    document=pb.DocumentPart(
                        role=part.role, key=part.key, last=True, hidden_changes=part.hidden_changes
                    )
                )
            )

    async def send_forward(self, connection_id: int, content: bytes) -> None:
        """Sends bytes of a forwarded connection."""
        async with self._output_lock:
            async for part in self._parts(content):
                frame = pb.ForwardFrame(connection_id=connection_id, data=part)
                await self._write(pb.OperationOutput(forward=frame))

    async def send_forward_credit(self, connection_id: int, size_bytes: int) -> None:
        """Lets the far end of a forwarded connection send so many bytes more on it."""
        frame = pb.ForwardFrame(connection_id=connection_id, credit=size_bytes)
        await self._write(pb.OperationOutput(forward=frame))

    async def send_forward_end(self, connection_id: int, failure: str = "") -> None:
        """Says that a forwarded connection is over."""
        frame = pb.ForwardFrame(connection_id=connection_id)
        if failure:
            frame.failed = failure
        else:
            frame.closed = True
        await self._write(pb.OperationOutput(forward=frame))

    async def finish(self, result: pb.OperationResult) -> None:
        """Sends the end."""
        await self._send(pb.ExecuteRequest(result=result))
        await self._call.done_writing()

    async def close(self) -> None:
        """Gives up what has not been written."""
        await self._writer.close()

    def _take_in(self, taken: pb.OperationInput) -> None:
        size_bytes = _size_of(taken)
        self._input_room_bytes -= size_bytes
        if self._input_room_bytes < 0 or len(self._inputs) >= MAX_INPUTS:
            raise ProtocolError("the hub sent more input than it had credit for")
        last = self._inputs[-1] if self._inputs else None
        if last is not None and _is_typed(last) and _is_typed(taken) and len(last.stdin) < MAX_CONTENT_BYTES:
            last.stdin += taken.stdin  # a thousand keystrokes are one paste to a program that reads late
        else:
            self._inputs.append(taken)
        self._has_input.set()

    async def _parts(self, content: bytes) -> AsyncIterator[bytes]:
        """The content in pieces, each of which may be sent when it comes."""
        sent_bytes = 0
        while sent_bytes < len(content):
            while self._credit_bytes <= 0:
                self._has_credit.clear()
                await self._has_credit.wait()
            part = content[sent_bytes : sent_bytes + min(MAX_CONTENT_BYTES, self._credit_bytes)]
            self._credit_bytes -= len(part)
            self.output_bytes += len(part)
            sent_bytes += len(part)
            yield part

    async def _write(self, output: pb.OperationOutput) -> None:
        await self._send(pb.ExecuteRequest(output=output))

    async def _send(self, request: pb.ExecuteRequest) -> None:
        await self._writer.write(request)


def _size_of(taken: pb.OperationInput) -> int:
    return len(taken.stdin) if _is_typed(taken) else len(taken.forward.data)


def _is_typed(taken: pb.OperationInput) -> bool:
    kind: str | None = taken.WhichOneof("input")
    return kind == "stdin"
