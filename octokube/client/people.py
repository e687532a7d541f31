"""Asks a hub about people, service accounts and the tokens that are somebody's own."""

import datetime
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import grpc.aio
from google.protobuf.message import Message

from octokube.client.grpc_feed import UNARY_TIMEOUT_SECONDS, feed_error, metadata_of
from octokube.runtime import channels
from octokube.v1 import identity_service_pb2 as pb

_SERVICE = pb.DESCRIPTOR.services_by_name["IdentityService"].full_name


class PeopleClient:
    """IdentityService for one token. Made by ``connect_people``. Every call raises FeedError when it is refused."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self._channel = channel
        self._token = token

    async def create_token(
        self,
        *,
        subject: str = "",
        description: str = "",
        expires_at: datetime.datetime | None = None,
        is_read_only: bool = False,
        clusters: Sequence[str] = (),
    ) -> pb.CreatePersonalTokenResponse:
        """Makes a token, whose secret is in the answer and nowhere else; its caller's unless ``subject`` is given."""
        ceiling = pb.TokenCeiling(is_read_only=is_read_only, clusters=clusters)
        request = pb.CreatePersonalTokenRequest(subject=subject, description=description, ceiling=ceiling)
        if expires_at is not None:
            request.expires_at.FromDatetime(expires_at)
        answer: pb.CreatePersonalTokenResponse = await self._ask(
            "CreatePersonalToken", request, pb.CreatePersonalTokenResponse
        )
        return answer

    async def tokens(self, *, is_of_all: bool = False) -> list[pb.PersonalToken]:
        """The caller's tokens, or everybody's, newest first."""
        request = pb.ListPersonalTokensRequest(is_of_all=is_of_all)
        return list((await self._ask("ListPersonalTokens", request, pb.ListPersonalTokensResponse)).tokens)

    async def revoke_token(self, token_id: str) -> None:
        """Ends a token, and what is open with it."""
        request = pb.RevokePersonalTokenRequest(token_id=token_id)
        await self._ask("RevokePersonalToken", request, pb.RevokePersonalTokenResponse)

    async def put_service_account(self, subject: str, teams: Sequence[str]) -> None:
        """Makes a service account, or gives one these teams and no others."""
        request = pb.PutServiceAccountRequest(subject=subject, teams=teams)
        await self._ask("PutServiceAccount", request, pb.PutServiceAccountResponse)

    async def people(self) -> list[pb.Person]:
        """Everybody whom the hub knows, by name."""
        return list((await self._ask("ListPeople", pb.ListPeopleRequest(), pb.ListPeopleResponse)).people)

    async def set_disabled(self, subject: str, *, is_disabled: bool) -> None:
        """Shuts somebody out, and ends what they have open, or lets them in again."""
        request = pb.SetDisabledRequest(subject=subject, is_disabled=is_disabled)
        await self._ask("SetDisabled", request, pb.SetDisabledResponse)

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
async def connect_people(target: str, token: str, *, ca_file: str | None = None) -> AsyncIterator[PeopleClient]:
    """A client of the hub at ``target`` (host:port), with a bearer token."""
    async with channels.open_channel(target, ca_file=ca_file) as channel:
        yield PeopleClient(channel, token)
