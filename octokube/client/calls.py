"""Passes whole calls through to a hub as bytes, for a gateway that speaks for many people over one channel."""

from collections.abc import AsyncIterator
from typing import Protocol

import grpc.aio

from octokube.client.grpc_feed import UNARY_TIMEOUT_SECONDS, feed_error, metadata_of


class Calls(Protocol):
    """A way to the hub's other methods. ``method`` is "package.Service/Method"; messages are encoded protobuf."""

    async def ask(self, token: str, method: str, request: bytes) -> bytes:
        """The answer to one request. Raises FeedError."""
        ...

    def read(self, token: str, method: str, request: bytes) -> AsyncIterator[bytes]:
        """The answers to one request, as they come. Raises FeedError."""
        ...


class GrpcCalls:
    """Calls over one channel, which stays its owner's to close."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel

    async def ask(self, token: str, method: str, request: bytes) -> bytes:
        """The answer to one request. Raises FeedError."""
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(f"/{method}")
        try:
            return await call(request, metadata=metadata_of(token), timeout=UNARY_TIMEOUT_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise feed_error(error) from error

    async def read(self, token: str, method: str, request: bytes) -> AsyncIterator[bytes]:
        """The answers to one request, as they come. Raises FeedError."""
        call: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = self._channel.unary_stream(f"/{method}")
        stream = call(request, metadata=metadata_of(token))
        try:
            async for answer in stream:
                yield answer
        except grpc.aio.AioRpcError as error:
            raise feed_error(error) from error
        finally:
            stream.cancel()
