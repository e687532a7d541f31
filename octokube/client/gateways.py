"""Asks a hub to let gateways enrol, and which of them it knows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc.aio
from google.protobuf.message import Message

from octokube.client.grpc_feed import UNARY_TIMEOUT_SECONDS, feed_error, metadata_of
from octokube.runtime import channels
from octokube.v1 import gateway_service_pb2 as pb

_SERVICE = pb.DESCRIPTOR.services_by_name["GatewayService"].full_name


class GatewaysClient:
    """GatewayService for one person's token. Made by ``connect_gateways``. Every call raises FeedError when refused."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self._channel = channel
        self._token = token

    async def permit(self, name: str, life_seconds: int) -> pb.CreateGatewayResponse:
        """A one-time token for a gateway."""
        request = pb.CreateGatewayRequest(name=name, life_seconds=life_seconds)
        made: pb.CreateGatewayResponse = await self._ask("CreateGateway", request, pb.CreateGatewayResponse)
        return made

    async def gateways(self) -> list[pb.EnrolledGateway]:
        """All that have enrolled or may, newest first."""
        return list((await self._ask("ListGateways", pb.ListGatewaysRequest(), pb.ListGatewaysResponse)).gateways)

    async def revoke(self, gateway_id: str) -> None:
        """Ends an identity and what is open through it."""
        await self._ask("RevokeGateway", pb.RevokeGatewayRequest(gateway_id=gateway_id), pb.RevokeGatewayResponse)

    async def _ask(self, method: str, request: Message, response: Any) -> Any:
        call: grpc.aio.UnaryUnaryMultiCallable[Any, Any] = self._channel.unary_unary(
            f"/{_SERVICE}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=response.FromString,
        )
        try:
            return await call(request, metadata=metadata_of(self._token), timeout=UNARY_TIMEOUT_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise feed_error(error) from error


@asynccontextmanager
async def connect_gateways(target: str, token: str, *, ca_file: str | None = None) -> AsyncIterator[GatewaysClient]:
    """A client of the hub at ``target`` (host:port), with a bearer token."""
    async with channels.open_channel(target, ca_file=ca_file) as channel:
        yield GatewaysClient(channel, token)
