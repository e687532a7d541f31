"""Signs people in at a hub, on behalf of a browser or a command line."""

import datetime
from dataclasses import dataclass, field
from typing import Any, Protocol

import grpc.aio
from google.protobuf.message import Message

from octokube.client.grpc_feed import feed_error, metadata_of
from octokube.v1 import identity_service_pb2 as pb

_SERVICE = pb.DESCRIPTOR.services_by_name["IdentityService"].full_name
TIMEOUT_SECONDS = 30.0
"""An identity provider may have to be asked."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A session as its bearer holds it. ``refresh_token`` works once; the next grant has another."""

    subject: str
    token: str = field(repr=False)
    token_expires_at: datetime.datetime
    refresh_token: str = field(repr=False)
    session_expires_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class SignInOptions:
    """How people can sign in. ``provider_name`` is "" where there is no identity provider."""

    provider_name: str = ""
    has_passwords: bool = False


class Identity(Protocol):
    """The hub's sign-in, as a gateway uses it. Every method raises FeedError."""

    async def options(self) -> SignInOptions:
        """How people can sign in."""
        ...

    async def begin(self, redirect_uri: str) -> tuple[str, bytes]:
        """Where to send the browser, and what it has to keep meanwhile."""
        ...

    async def complete(self, pending: bytes, *, state: str, code: str, issuer: str) -> Grant:
        """The session of whoever came back."""
        ...

    async def sign_in_with_password(self, name: str, password: str) -> Grant:
        """The session of a local account."""
        ...

    async def refresh(self, refresh_token: str) -> Grant:
        """The session's next grant."""
        ...

    async def end(self, refresh_token: str, post_logout_redirect_uri: str) -> str:
        """Ends a session; where the provider signs people out, "" where it does not."""
        ...

    async def find_device(self, token: str, user_code: str) -> tuple[str, datetime.datetime]:
        """What the program under a code calls itself, and when it began."""
        ...

    async def confirm_device(self, token: str, user_code: str, *, is_confirmed: bool) -> None:
        """Lets a program in as the token's person, or refuses it."""
        ...


class GrpcIdentity:
    """An Identity over one channel, which stays the caller's to close."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel

    async def options(self) -> SignInOptions:
        """How people can sign in. Raises FeedError."""
        answer = await self._ask("GetSignInOptions", pb.GetSignInOptionsRequest(), pb.GetSignInOptionsResponse)
        return SignInOptions(answer.provider_name, answer.has_passwords)

    async def begin(self, redirect_uri: str) -> tuple[str, bytes]:
        """Where to send the browser, and what it has to keep meanwhile. Raises FeedError."""
        request = pb.BeginSignInRequest(redirect_uri=redirect_uri)
        answer = await self._ask("BeginSignIn", request, pb.BeginSignInResponse)
        return answer.authorization_url, answer.pending

    async def complete(self, pending: bytes, *, state: str, code: str, issuer: str) -> Grant:
        """The session of whoever came back. Raises FeedError."""
        request = pb.CompleteSignInRequest(pending=pending, state=state, code=code, issuer=issuer)
        return _grant((await self._ask("CompleteSignIn", request, pb.CompleteSignInResponse)).session)

    async def sign_in_with_password(self, name: str, password: str) -> Grant:
        """The session of a local account. Raises FeedError."""
        request = pb.SignInWithPasswordRequest(name=name, password=password)
        return _grant((await self._ask("SignInWithPassword", request, pb.SignInWithPasswordResponse)).session)

    async def refresh(self, refresh_token: str) -> Grant:
        """The session's next grant. Raises FeedError."""
        request = pb.RefreshSessionRequest(refresh_token=refresh_token)
        return _grant((await self._ask("RefreshSession", request, pb.RefreshSessionResponse)).session)

    async def end(self, refresh_token: str, post_logout_redirect_uri: str) -> str:
        """Ends a session; where the provider signs people out. Raises FeedError."""
        request = pb.EndSessionRequest(refresh_token=refresh_token, post_logout_redirect_uri=post_logout_redirect_uri)
        url: str = (await self._ask("EndSession", request, pb.EndSessionResponse)).end_session_url
        return url

    async def find_device(self, token: str, user_code: str) -> tuple[str, datetime.datetime]:
        """What the program under a code calls itself, and when it began. Raises FeedError."""
        request = pb.GetDeviceSignInRequest(user_code=user_code)
        answer = await self._ask("GetDeviceSignIn", request, pb.GetDeviceSignInResponse, token)
        return answer.client_name, answer.begun_at.ToDatetime(datetime.UTC)

    async def confirm_device(self, token: str, user_code: str, *, is_confirmed: bool) -> None:
        """Lets a program in as the token's person, or refuses it. Raises FeedError."""
        request = pb.ConfirmDeviceSignInRequest(user_code=user_code, is_confirmed=is_confirmed)
        await self._ask("ConfirmDeviceSignIn", request, pb.ConfirmDeviceSignInResponse, token)

    async def begin_device(self, client_name: str) -> pb.BeginDeviceSignInResponse:
        """Codes for a program, and where to confirm them. Raises FeedError."""
        request = pb.BeginDeviceSignInRequest(client_name=client_name)
        begun: pb.BeginDeviceSignInResponse = await self._ask(
            "BeginDeviceSignIn", request, pb.BeginDeviceSignInResponse
        )
        return begun

    async def complete_device(self, device_code: str) -> pb.CompleteDeviceSignInResponse:
        """The program's token, once somebody has confirmed it. Raises FeedError, FAILED_PRECONDITION before that."""
        request = pb.CompleteDeviceSignInRequest(device_code=device_code)
        done: pb.CompleteDeviceSignInResponse = await self._ask(
            "CompleteDeviceSignIn", request, pb.CompleteDeviceSignInResponse
        )
        return done

    async def _ask(self, method: str, request: Message, response: Any, token: str = "") -> Any:
        call: grpc.aio.UnaryUnaryMultiCallable[Any, Any] = self._channel.unary_unary(
            f"/{_SERVICE}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=response.FromString,
        )
        try:
            return await call(request, metadata=metadata_of(token) if token else None, timeout=TIMEOUT_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise feed_error(error) from error


def _grant(session: pb.SessionGrant) -> Grant:
    return Grant(
        session.subject,
        session.token,
        session.token_expires_at.ToDatetime(datetime.UTC),
        session.refresh_token,
        session.session_expires_at.ToDatetime(datetime.UTC),
    )
