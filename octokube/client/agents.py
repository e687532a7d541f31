"""Asks a hub to let agents enrol, and which of them it knows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc.aio
from google.protobuf.message import Message

from octokube.client.grpc_feed import UNARY_TIMEOUT_SECONDS, feed_error, metadata_of
from octokube.runtime import channels
from octokube.v1 import enrolment_service_pb2 as pb

_SERVICE = pb.DESCRIPTOR.services_by_name["EnrolmentService"].full_name


class AgentsClient:
    """EnrolmentService for one person's token. Made by ``connect_agents``. Every call raises FeedError when refused."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self._channel = channel
        self._token = token

    async def permit(self, cluster: str, life_seconds: int) -> pb.CreateEnrolmentResponse:
        """A one-time token for the agent of a cluster."""
        request = pb.CreateEnrolmentRequest(cluster=cluster, life_seconds=life_seconds)
        made: pb.CreateEnrolmentResponse = await self._ask("CreateEnrolment", request, pb.CreateEnrolmentResponse)
        return made

    async def agents(self) -> list[pb.EnrolledAgent]:
        """All that have enrolled or may, newest first."""
        return list((await self._ask("ListAgents", pb.ListAgentsRequest(), pb.ListAgentsResponse)).agents)

    async def revoke(self, agent_id: str) -> None:
        """Ends an identity and its session."""
        await self._ask("RevokeAgent", pb.RevokeAgentRequest(agent_id=agent_id), pb.RevokeAgentResponse)

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
async def connect_agents(target: str, token: str, *, ca_file: str | None = None) -> AsyncIterator[AgentsClient]:
    """A client of the hub at ``target`` (host:port), with a bearer token."""
    async with channels.open_channel(target, ca_file=ca_file) as channel:
        yield AgentsClient(channel, token)
