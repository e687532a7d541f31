"""Opens the gRPC stream of one operation."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import grpc.aio

from octokube.v1 import operation_pb2 as pb
from octokube_agent.operations.stream import ExecuteCall

_SERVICE = pb.DESCRIPTOR.services_by_name["OperationLinkService"].full_name
EXECUTE_METHOD = f"/{_SERVICE}/Execute"


@asynccontextmanager
async def open_execute(channel: grpc.aio.Channel, metadata: grpc.aio.Metadata) -> AsyncIterator[ExecuteCall]:
    """A stream on the link's own channel; leaving the context ends it."""
    execute: grpc.aio.StreamStreamMultiCallable[pb.ExecuteRequest, pb.ExecuteResponse]
    execute = channel.stream_stream(
        EXECUTE_METHOD,
        request_serializer=pb.ExecuteRequest.SerializeToString,
        response_deserializer=pb.ExecuteResponse.FromString,
    )
    call = execute(metadata=metadata)
    try:
        yield _Call(call)
    finally:
        call.cancel()


class _Call:
    """Gives a gRPC call the shape of an ExecuteCall."""

    def __init__(self, call: "grpc.aio.StreamStreamCall[pb.ExecuteRequest, pb.ExecuteResponse]") -> None:
        self._call = call

    async def write(self, request: pb.ExecuteRequest) -> None:
        try:
            await self._call.write(request)
        except asyncio.InvalidStateError:
            raise await self._status() from None

    async def done_writing(self) -> None:
        await self._call.done_writing()

    async def read(self) -> pb.ExecuteResponse | None:
        response = await self._call.read()
        if isinstance(response, pb.ExecuteResponse):
            return response
        if await self._call.code() is not grpc.StatusCode.OK:
            raise await self._status()
        return None

    async def _status(self) -> Exception:
        return grpc.aio.AioRpcError(
            await self._call.code(), grpc.aio.Metadata(), grpc.aio.Metadata(), details=await self._call.details()
        )
