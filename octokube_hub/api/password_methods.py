"""Serves the part of IdentityService by which local accounts sign in with a password."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import grpc.aio

from octokube.runtime.admission import Attempts
from octokube.v1 import identity_service_pb2 as pb
from octokube_hub.api.callers import Callers
from octokube_hub.api.signin_methods import tell_grant
from octokube_hub.errors import Refused, unauthenticated
from octokube_hub.identity.passwords import LocalAccounts
from octokube_hub.identity.signin import SignIn

MAX_NAME = 100
MAX_PASSWORD = 1024
NAME_PER_SECOND = 0.1
NAME_BURST = 5
PEER_PER_SECOND = 1.0
PEER_BURST = 20
"""All who come through one gateway are one peer."""

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Any, Any]


class PasswordMethods:
    """Guarantee: a wrong name and a wrong password get the same sentence, after the same work."""

    def __init__(self, callers: Callers, accounts: LocalAccounts | None, sign_in: SignIn) -> None:
        self._callers = callers
        self._accounts = accounts
        self._sign_in = sign_in
        self._by_name = Attempts(callers.clock, rate_per_second=NAME_PER_SECOND, burst=NAME_BURST)
        self._by_peer = Attempts(callers.clock, rate_per_second=PEER_PER_SECOND, burst=PEER_BURST)

    def methods(self) -> dict[str, tuple[Callable[[Any, Any], Awaitable[Any]], Any]]:
        """By name: what answers, and the type of the request."""
        return {"SignInWithPassword": (self._sign, pb.SignInWithPasswordRequest)}

    async def _sign(self, request: pb.SignInWithPasswordRequest, context: "Context") -> pb.SignInWithPasswordResponse:
        if self._accounts is None:
            raise Refused("FAILED_PRECONDITION", "this hub has no local accounts; sign in another way")
        if len(request.name) > MAX_NAME or len(request.password) > MAX_PASSWORD:
            raise Refused("INVALID_ARGUMENT", "the name or the password is too long")
        # The port differs from connection to connection. Peers first: one that is held back locks no name.
        for attempts, who in ((self._by_peer, context.peer().rpartition(":")[0]), (self._by_name, request.name)):
            wait_seconds = attempts.admit(who)
            if wait_seconds is not None:
                raise Refused(
                    "RESOURCE_EXHAUSTED", "too many attempts; wait a moment", retry_after_seconds=wait_seconds
                )
        if not await self._accounts.is_right(request.name, request.password):
            # Not the name: people type their password there.
            await self._callers.record("hub", "session.refused", "", "a wrong name or password", outcome="denied")
            raise unauthenticated("the name or the password is wrong")
        grant = await self._sign_in.open(f"user:{request.name}")
        await self._callers.record(grant.subject, "session.begin", grant.session_id, "by password")
        return pb.SignInWithPasswordResponse(session=tell_grant(grant))
