"""Serves the part of IdentityService by which people sign in, stay signed in and sign out."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import grpc.aio

from octokube.v1 import identity_service_pb2 as pb
from octokube_hub.api.callers import Callers
from octokube_hub.errors import Refused
from octokube_hub.identity.signin import Grant, SignIn
from octokube_hub.ingest import Admission

RATE_PER_SECOND = 20.0
BURST = 100
"""Sign-ins at the whole hub: what needs no token must not cost everybody's time. Gateways hold single callers back."""
MAX_LENGTH = 4096
MAX_REFRESH_LENGTH = 128 * 1024

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Any, Any]


class SignInMethods:
    """Reads requests, keeps rates, records who came and who went."""

    def __init__(self, callers: Callers, sign_in: SignIn, *, has_passwords: bool = False) -> None:
        self._callers = callers
        self._sign_in = sign_in
        self._has_passwords = has_passwords
        self._admission = Admission(callers.clock, rate_per_second=RATE_PER_SECOND, burst=BURST)

    def methods(self) -> dict[str, tuple[Callable[[Any, Any], Awaitable[Any]], Any]]:
        """By name: what answers, and the type of the request."""
        return {
            "GetSignInOptions": (self._options, pb.GetSignInOptionsRequest),
            "BeginSignIn": (self._begin, pb.BeginSignInRequest),
            "CompleteSignIn": (self._complete, pb.CompleteSignInRequest),
            "RefreshSession": (self._refresh, pb.RefreshSessionRequest),
            "EndSession": (self._end, pb.EndSessionRequest),
        }

    async def _options(self, request: pb.GetSignInOptionsRequest, context: "Context") -> pb.GetSignInOptionsResponse:
        provider = self._sign_in.provider
        name = provider.settings.name if provider is not None else ""
        return pb.GetSignInOptionsResponse(provider_name=name, has_passwords=self._has_passwords)

    async def _begin(self, request: pb.BeginSignInRequest, context: "Context") -> pb.BeginSignInResponse:
        self._admit()
        url, pending = await self._sign_in.begin(request.redirect_uri)
        return pb.BeginSignInResponse(authorization_url=url, pending=pending.encode())

    async def _complete(self, request: pb.CompleteSignInRequest, context: "Context") -> pb.CompleteSignInResponse:
        self._admit()
        if max(map(len, (request.pending, request.state, request.code, request.issuer))) > MAX_LENGTH:
            raise Refused("INVALID_ARGUMENT", f"a part of the answer is longer than {MAX_LENGTH} characters")
        try:
            grant = await self._sign_in.complete(
                request.pending.decode("ascii", "replace"),
                state=request.state,
                code=request.code,
                issuer=request.issuer,
            )
        except Refused as refused:
            if refused.code in ("UNAUTHENTICATED", "PERMISSION_DENIED"):
                await self._callers.record("hub", "session.refused", "", refused.message, outcome="denied")
            raise
        await self._callers.record(grant.subject, "session.begin", grant.session_id, "by the identity provider")
        return pb.CompleteSignInResponse(session=tell_grant(grant))

    async def _refresh(self, request: pb.RefreshSessionRequest, context: "Context") -> pb.RefreshSessionResponse:
        return pb.RefreshSessionResponse(
            session=tell_grant(await self._sign_in.refresh(_checked(request.refresh_token)))
        )

    async def _end(self, request: pb.EndSessionRequest, context: "Context") -> pb.EndSessionResponse:
        subject, url = await self._sign_in.end(_checked(request.refresh_token), request.post_logout_redirect_uri)
        if subject:
            await self._callers.record(subject, "session.end", "", "signed out")
        return pb.EndSessionResponse(end_session_url=url)

    def _admit(self) -> None:
        wait_seconds = self._admission.admit()
        if wait_seconds is not None:
            raise Refused(
                "RESOURCE_EXHAUSTED", "too many people sign in; wait a moment", retry_after_seconds=wait_seconds
            )


def tell_grant(grant: Grant) -> pb.SessionGrant:
    """A grant as it is told."""
    told = pb.SessionGrant(token=grant.token, refresh_token=grant.refresh_token, subject=grant.subject)
    told.token_expires_at.FromDatetime(grant.token_until)
    told.session_expires_at.FromDatetime(grant.expires_at)
    return told


def _checked(refresh_token: str) -> str:
    if len(refresh_token) > MAX_REFRESH_LENGTH:
        raise Refused("INVALID_ARGUMENT", "this is no refresh token")
    return refresh_token
