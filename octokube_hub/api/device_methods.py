"""Serves the part of IdentityService by which a program gets a token from somebody who confirms it in a browser."""

import datetime
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import grpc.aio

from octokube.runtime.admission import Admission, Attempts
from octokube.v1 import identity_service_pb2 as pb
from octokube_hub.api.callers import Callers
from octokube_hub.errors import Refused
from octokube_hub.identity import issue_token
from octokube_hub.identity.devices import INTERVAL_SECONDS, Device, Devices, Full, State, TooOften
from octokube_hub.store import Tokens

TOKEN_LIFE = datetime.timedelta(hours=12)
"""A working day, as a session in the browser."""
MAX_NAME = 100
MAX_CODE = 64
BEGINS_PER_SECOND = 5.0
BEGIN_BURST = 50
GUESSES_PER_SECOND = 0.1
GUESS_BURST = 10
"""Codes that one person may look up: with 20^8 codes and 1,000 that wait, guessing takes longer than the codes live."""
_UNKNOWN = "no program waits under this code; it may have ended, begin anew"

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Any, Any]


class DeviceMethods:
    """Begin and fetch, for programs without a token; look and decide, for people who are signed in."""

    def __init__(self, callers: Callers, devices: Devices, tokens: Tokens, public_url: Callable[[], str]) -> None:
        self._callers = callers
        self._devices = devices
        self._tokens = tokens
        self._public_url = public_url
        self._admission = Admission(callers.clock, rate_per_second=BEGINS_PER_SECOND, burst=BEGIN_BURST)
        self._guesses = Attempts(callers.clock, rate_per_second=GUESSES_PER_SECOND, burst=GUESS_BURST)

    def methods(self) -> dict[str, tuple[Callable[[Any, Any], Awaitable[Any]], Any]]:
        """By name: what answers, and the type of the request."""
        return {
            "BeginDeviceSignIn": (self._begin, pb.BeginDeviceSignInRequest),
            "GetDeviceSignIn": (self._get, pb.GetDeviceSignInRequest),
            "ConfirmDeviceSignIn": (self._confirm, pb.ConfirmDeviceSignInRequest),
            "CompleteDeviceSignIn": (self._complete, pb.CompleteDeviceSignInRequest),
        }

    async def _begin(self, request: pb.BeginDeviceSignInRequest, context: "Context") -> pb.BeginDeviceSignInResponse:
        name = request.client_name
        if not name or len(name) > MAX_NAME or not name.isprintable():
            raise Refused("INVALID_ARGUMENT", f"say which program asks, in at most {MAX_NAME} printable characters")
        wait_seconds = self._admission.admit()
        if wait_seconds is not None:
            raise _busy(wait_seconds)
        try:
            device, secret = self._devices.begin(name)
        except Full as error:
            raise _busy(60.0) from error
        base = self._public_url().rstrip("/")
        answer = pb.BeginDeviceSignInResponse(
            device_code=secret,
            user_code=device.user_code,
            verification_uri=f"{base}/device" if base else "",
            interval_seconds=int(INTERVAL_SECONDS),
        )
        answer.expires_at.FromDatetime(device.expires_at)
        return answer

    async def _get(self, request: pb.GetDeviceSignInRequest, context: "Context") -> pb.GetDeviceSignInResponse:
        _, device = await self._find(request.user_code, context)
        answer = pb.GetDeviceSignInResponse(client_name=device.client_name)
        answer.begun_at.FromDatetime(device.begun_at)
        return answer

    async def _confirm(
        self, request: pb.ConfirmDeviceSignInRequest, context: "Context"
    ) -> pb.ConfirmDeviceSignInResponse:
        subject, device = await self._find(request.user_code, context)
        self._devices.decide(device, subject, is_confirmed=request.is_confirmed)
        outcome = "done" if request.is_confirmed else "denied"
        await self._callers.record(subject, "device.confirm", device.client_name, outcome=outcome)
        return pb.ConfirmDeviceSignInResponse()

    async def _complete(
        self, request: pb.CompleteDeviceSignInRequest, context: "Context"
    ) -> pb.CompleteDeviceSignInResponse:
        try:
            device = self._devices.ask(request.device_code)
        except TooOften as error:
            raise Refused(
                "RESOURCE_EXHAUSTED", "you ask too often; slow down", retry_after_seconds=INTERVAL_SECONDS
            ) from error
        if device is None:
            raise Refused("NOT_FOUND", "this sign-in has ended; begin anew")
        if device.state is State.PENDING:
            raise Refused("FAILED_PRECONDITION", "nobody has confirmed it yet", retry_after_seconds=INTERVAL_SECONDS)
        if device.state is State.REFUSED:
            raise Refused("PERMISSION_DENIED", "it was refused in the browser")
        now = self._callers.clock.now()
        token, secret = await issue_token(
            self._tokens,
            device.subject,
            now=now,
            description=f"signed in with {device.client_name}",
            expires_at=now + TOKEN_LIFE,
        )
        await self._callers.record(device.subject, "token.create", token.id, f"for {device.client_name}")
        answer = pb.CompleteDeviceSignInResponse(token=secret, subject=token.subject, token_id=token.id)
        answer.expires_at.FromDatetime(token.expires_at)
        return answer

    async def _find(self, user_code: str, context: "Context") -> tuple[str, Device]:
        identity = await self._callers.identify(context)
        # A token in a script must not make others: whoever has copied it would outlive it.
        if not identity.is_session:
            raise Refused("PERMISSION_DENIED", "a program is let in by somebody who has signed in, not by a token")
        wait_seconds = self._guesses.admit(identity.subject.name)
        if wait_seconds is not None:
            raise _busy(wait_seconds)
        device = self._devices.find(user_code) if len(user_code) <= MAX_CODE else None
        if device is None:
            raise Refused("NOT_FOUND", _UNKNOWN)
        return identity.subject.name, device


def _busy(wait_seconds: float) -> Refused:
    return Refused("RESOURCE_EXHAUSTED", "too many at once; wait a moment", retry_after_seconds=wait_seconds)
