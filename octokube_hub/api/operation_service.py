"""Serves OperationService to callers and OperationLinkService to agents: two ends of each operation."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from octokube.v1 import operation_pb2 as pb
from octokube_hub.api.calls import answering, certificate_of, read, token_of
from octokube_hub.broker.broker import Broker
from octokube_hub.broker.pipes import Pipe
from octokube_hub.broker.run import Run
from octokube_hub.errors import Refused
from octokube_hub.identity import AgentAccess, Authenticator, Leases

NAME = pb.DESCRIPTOR.services_by_name["OperationService"].full_name
LINK_NAME = pb.DESCRIPTOR.services_by_name["OperationLinkService"].full_name
START_SECONDS = 15.0
LAST_WORD_SECONDS = 0.5
"""How long a caller may take to read of the end and to close their half; then the stream is cut."""

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[bytes, bytes]


class Wire(Protocol):
    """Two streams of encoded messages between the hub and one peer, whatever carries them."""

    async def read(self) -> bytes | None:
        """The next message; None at the end."""
        ...

    async def write(self, message: bytes) -> None:
        """Sends a message, as fast as the peer takes it."""
        ...


class OperationService:
    """Runs operations for callers, by whatever door they come. What may pass, and when it ends, the broker decides."""

    def __init__(self, *, broker: Broker, authenticator: Authenticator, leases: Leases) -> None:
        self._broker = broker
        self._authenticator = authenticator
        self._leases = leases

    async def serve(self, token: str, peer: str, wire: Wire) -> None:
        """Runs the operation that the wire's first message asks for. Raises Refused."""
        identity = await self._authenticator.authenticate(token, peer)
        lease = self._leases.open(identity.token_id, identity.expires_at, identity.subject)
        try:
            run = await self._broker.begin(identity, lease, await _first(wire))
            lease.on_end = run.check
            try:
                await _exchange(
                    run, run.to_caller, wire, _take_all(wire, pb.RunRequest.FromString, run.from_caller, run)
                )
            finally:
                await self._broker.finish(run)
        finally:
            lease.on_end = None
            self._leases.close(lease)


class OperationServicer:
    """Serves callers over gRPC."""

    def __init__(self, service: OperationService) -> None:
        self._service = service

    def handlers(self) -> grpc.GenericRpcHandler:
        """What to register with a server."""
        return grpc.method_handlers_generic_handler(NAME, {"Run": grpc.stream_stream_rpc_method_handler(self._run)})

    async def _run(self, _: object, context: "Context") -> None:
        await answering(
            context, "Run", lambda: self._service.serve(token_of(context), context.peer(), _GrpcWire(context))
        )


class OperationLinkServicer:
    """What agents open when they are ordered to."""

    def __init__(self, *, broker: Broker, access: AgentAccess, leases: Leases) -> None:
        self._broker = broker
        self._access = access
        self._leases = leases

    def handlers(self) -> grpc.GenericRpcHandler:
        """What to register with a server."""
        return grpc.method_handlers_generic_handler(
            LINK_NAME, {"Execute": grpc.stream_stream_rpc_method_handler(self._execute)}
        )

    async def _execute(self, _: object, context: "Context") -> None:
        await answering(context, "Execute", lambda: self._serve(context))

    async def _serve(self, context: "Context") -> None:
        identity = await self._access.authenticate(token_of(context), certificate_of(context), context.peer())
        wire = _GrpcWire(context)
        first = await _read_first(wire, pb.ExecuteRequest.FromString)
        run = self._broker.claim(first.operation_id, identity.cluster)
        if run is None:
            # One answer for an unknown id, another cluster's, and one that has ended meanwhile.
            raise Refused("NOT_FOUND", "there is no such operation for this agent; it may have ended meanwhile")
        lease = self._leases.open(identity.credential_id, identity.expires_at)
        lease.on_end = lambda: run.fail("the agent's credential was revoked; whether this was carried out is not known")
        try:
            await wire.write(run.claim().SerializeToString())
            await _exchange(
                run,
                run.to_agent,
                wire,
                _take_all(wire, pb.ExecuteRequest.FromString, run.from_agent, run, is_agent=True),
            )
        finally:
            run.fail("the agent broke off; whether this was carried out is not known")
            lease.on_end = None
            self._leases.close(lease)


class _GrpcWire:
    """A gRPC call as a wire."""

    def __init__(self, context: "Context") -> None:
        self._context = context

    async def read(self) -> bytes | None:
        return await read(self._context)

    async def write(self, message: bytes) -> None:
        await self._context.write(message)


async def _first(wire: Wire) -> pb.OperationStart:
    first = await _read_first(wire, pb.RunRequest.FromString)
    if first.WhichOneof("message") != "start":
        raise Refused("INVALID_ARGUMENT", "the first message must be start")
    start: pb.OperationStart = first.start
    return start


async def _read_first(wire: Wire, parse: Callable[[bytes], Any]) -> Any:
    try:
        async with asyncio.timeout(START_SECONDS):
            message = await wire.read()
    except TimeoutError as error:
        raise Refused("DEADLINE_EXCEEDED", f"nothing was sent within {START_SECONDS:g} seconds") from error
    try:
        return parse(message or b"")
    except DecodeError as error:
        raise Refused("INVALID_ARGUMENT", "the message is no protobuf of this contract") from error


async def _take_all(
    wire: Wire,
    parse: Callable[[bytes], Any],
    take: Callable[[Any], None],
    run: Run,
    *,
    is_agent: bool = False,
) -> None:
    while (message := await wire.read()) is not None:
        try:
            take(parse(message))
        except DecodeError:
            run.fail("a message was no protobuf of this contract")
    if is_agent:
        run.fail("the agent broke off; whether this was carried out is not known")


async def _exchange(
    run: Run,
    pipe: Pipe[Any],
    wire: Wire,
    taking: Coroutine[Any, Any, None],
) -> None:
    """Moves messages both ways until the run has ended and its last word is out, or could not be got out."""

    async def give() -> None:
        while (message := await pipe.take()) is not None:
            await wire.write(message.SerializeToString())

    taker = asyncio.create_task(taking, name=f"hub/operation/{run.operation.name}/read")
    giver = asyncio.create_task(give(), name=f"hub/operation/{run.operation.name}/write")
    try:
        await asyncio.wait((giver, run.result), return_when=asyncio.FIRST_COMPLETED)
        # A stream that is closed while its caller still writes loses what the caller has not read: so the last word is
        # given time to be read, too, and whoever has read it says so by closing their half.
        await asyncio.wait((giver, taker), timeout=LAST_WORD_SECONDS, return_when=asyncio.ALL_COMPLETED)
        if giver.done() and not giver.cancelled() and (error := giver.exception()) is not None:
            raise error
    finally:
        for task in (taker, giver):
            task.cancel()
        await asyncio.gather(taker, giver, return_exceptions=True)
