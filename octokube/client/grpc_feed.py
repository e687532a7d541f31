"""Reaches a hub's feed over a gRPC channel."""

import asyncio
from typing import TYPE_CHECKING

import grpc
import grpc.aio

from octokube.client.feed import CatalogStream, FeedError, OperationStream, WatchStream
from octokube.v1 import cluster_service_pb2, operation_pb2

_SERVICE = cluster_service_pb2.DESCRIPTOR.services_by_name["ClusterService"].full_name
_RUN = f"/{operation_pb2.DESCRIPTOR.services_by_name['OperationService'].full_name}/Run"
UNARY_TIMEOUT_SECONDS = 30.0

if TYPE_CHECKING:  # the stubs make generic what is not generic when it runs
    Call = grpc.aio.StreamStreamCall[bytes, bytes] | grpc.aio.UnaryStreamCall[bytes, bytes]


class GrpcFeed:
    """A Feed over one channel, which stays the caller's to close. Responses are handed on as the bytes that came."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        # Without serialisers gRPC passes bytes through: a frame is parsed where it is applied, and nowhere else.
        self._watch: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(
            f"/{_SERVICE}/Watch", request_serializer=None, response_deserializer=None
        )
        self._watch_catalog: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(
            f"/{_SERVICE}/WatchCatalog", request_serializer=None, response_deserializer=None
        )
        self._run: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(
            _RUN, request_serializer=None, response_deserializer=None
        )
        self._get_object: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            f"/{_SERVICE}/GetObject", request_serializer=None, response_deserializer=None
        )
        self._explain_access: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            f"/{_SERVICE}/ExplainAccess", request_serializer=None, response_deserializer=None
        )
        self._search: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            f"/{_SERVICE}/Search", request_serializer=None, response_deserializer=None
        )
        self._who_am_i: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            f"/{_SERVICE}/WhoAmI", request_serializer=None, response_deserializer=None
        )

    async def who_am_i(self, token: str) -> cluster_service_pb2.WhoAmIResponse:
        """Who the hub takes the caller for. Raises FeedError."""
        answer = await self._unary(self._who_am_i, token, b"")
        return cluster_service_pb2.WhoAmIResponse.FromString(answer)

    async def get_object(self, token: str, request: bytes) -> bytes:
        """An encoded GetObjectResponse for an encoded GetObjectRequest. Raises FeedError."""
        return await self._unary(self._get_object, token, request)

    async def explain_access(self, token: str, request: bytes) -> bytes:
        """An encoded ExplainAccessResponse for an encoded ExplainAccessRequest. Raises FeedError."""
        return await self._unary(self._explain_access, token, request)

    async def search(self, token: str, request: bytes) -> bytes:
        """An encoded SearchResponse. Raises FeedError."""
        return await self._unary(self._search, token, request)

    def watch(self, token: str, *, peer: str) -> WatchStream:
        """Opens a Watch stream; ``peer`` is not used, since the hub sees the connection."""
        return _GrpcTwoWayStream(self._watch(metadata=metadata_of(token)))

    def watch_catalog(self, token: str, *, peer: str) -> CatalogStream:
        """Opens a catalog stream; ``peer`` is not used, since the hub sees the connection."""
        return _GrpcStream(self._watch_catalog(b"", metadata=metadata_of(token)))

    def operate(self, token: str, *, peer: str) -> OperationStream:
        """Opens the stream of an operation; ``peer`` is not used, since the hub sees the connection."""
        return _GrpcTwoWayStream(self._run(metadata=metadata_of(token)))

    async def _unary(
        self, method: "grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]", token: str, request: bytes
    ) -> bytes:
        try:
            answer: bytes = await method(request, metadata=metadata_of(token), timeout=UNARY_TIMEOUT_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise feed_error(error) from error
        return answer


class _GrpcStream:
    """The receiving half of a call."""

    def __init__(self, call: "Call") -> None:
        self._call = call
        self._is_closed = False

    async def receive(self) -> bytes | None:
        if self._is_closed:
            return None
        try:
            message = await self._call.read()
        except grpc.aio.AioRpcError as error:
            raise feed_error(error) from error
        except asyncio.CancelledError:
            # gRPC cancels the reader of a call that close() has cancelled; a cancelled reader must stay cancelled.
            if _is_being_cancelled() or not self._call.cancelled():
                raise
            return None
        return message if isinstance(message, bytes) else None

    async def close(self) -> None:
        self._is_closed = True
        self._call.cancel()


class _GrpcTwoWayStream(_GrpcStream):
    """Both halves of a Watch or Run call."""

    def __init__(self, call: "grpc.aio.StreamStreamCall[bytes, bytes]") -> None:
        super().__init__(call)
        self._writing = call

    async def send(self, request: bytes) -> None:
        if self._is_closed:
            return
        try:
            await self._writing.write(request)
        except grpc.aio.AioRpcError as error:
            raise feed_error(error) from error
        except asyncio.InvalidStateError:
            return  # the hub has ended the stream; receive says how
        except asyncio.CancelledError:
            if _is_being_cancelled() or not self._call.cancelled():
                raise


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def metadata_of(token: str) -> grpc.aio.Metadata:
    return grpc.aio.Metadata(("authorization", f"Bearer {token}"))


def feed_error(error: grpc.aio.AioRpcError) -> FeedError:
    retry_after_seconds: float | None = None
    for name, value in error.trailing_metadata() or ():
        if name == "retry-after" and isinstance(value, str):
            try:
                retry_after_seconds = max(0.0, float(value))
            except ValueError:
                continue
    return FeedError(error.code().name, error.details() or error.code().name, retry_after_seconds)
