"""Stands before every call: what comes by a certificate does what its kind may, and signing in is for gateways.

A certificate of an agent opens nothing that is for people, one of a gateway nothing that is for agents. What a gateway
has open ends with its identity, whoever's token it shows.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

import grpc
import grpc.aio

from octokube.runtime.clock import Clock
from octokube.runtime.enrolling import Kind
from octokube.v1 import agent_service_pb2, enrolment_service_pb2, identity_service_pb2, operation_pb2
from octokube_hub.api.calls import abort, certificate_of
from octokube_hub.errors import Refused
from octokube_hub.identity import Leases
from octokube_hub.identity.ca import Authority, Names
from octokube_hub.identity.peers import is_local_peer
from octokube_hub.store import EnrolledRecords

_IDENTITY = identity_service_pb2.DESCRIPTOR.services_by_name["IdentityService"].full_name
FOR_GATEWAYS = frozenset(
    f"/{_IDENTITY}/{method}"
    for method in ("BeginSignIn", "CompleteSignIn", "SignInWithPassword", "RefreshSession", "EndSession")
)
"""What gives sessions of people, prolongs and ends them: only who carries browsers has business with it."""
FOR_AGENTS = tuple(
    f"/{module.DESCRIPTOR.services_by_name[service].full_name}/{method}"
    for module, service, method in (
        (agent_service_pb2, "AgentService", ""),
        (operation_pb2, "OperationLinkService", ""),
        (enrolment_service_pb2, "EnrolmentService", "RenewCertificate"),
    )
)
FOR_ALL = ("/grpc.health.v1.Health/", "/grpc.reflection.")
REVOKED = "this gateway was revoked; enrol it again with: octokube gateway enroll NAME"
NO_CERTIFICATE = (
    "this gateway has no certificate, and people sign in through one that has; "
    "enrol it with: octokube gateway enroll NAME"
)

Behaviour = Callable[[Any, Any], Awaitable[Any]]

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Any, Any]
    Handler = grpc.RpcMethodHandler[Any, Any]
    Continuation = Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]]


class GatewayGate(grpc.aio.ServerInterceptor):
    """Decides by the certificate of the connection, if it has one, and the method.

    Without a certificate everything goes on but signing people in from another machine, and that, too, where
    ``is_certificate_needed`` is False.
    """

    def __init__(
        self,
        authority: Authority,
        records: EnrolledRecords,
        leases: Leases,
        clock: Clock,
        *,
        is_certificate_needed: bool,
    ) -> None:
        self._authority = authority
        self._records = records
        self._leases = leases
        self._clock = clock
        self._is_certificate_needed = is_certificate_needed

    async def gateway_of(self, context: "Context") -> Names:
        """The gateway at the other end. Raises Refused when there is none, or none any more."""
        names = self._authority.read(certificate_of(context), self._clock.now(), Kind.GATEWAY)
        if names is None:
            raise Refused("PERMISSION_DENIED", "only a gateway's certificate opens this; use the port for certificates")
        record = await self._records.find(names.id)
        if record is None or record.enrolled_at is None or record.revoked_at is not None or record.name != names.name:
            raise Refused("PERMISSION_DENIED", REVOKED)
        return names

    async def intercept_service(  # None, for an unknown method, goes through as it came
        self, continuation: "Continuation", handler_call_details: grpc.HandlerCallDetails
    ) -> "Handler | None":
        """For grpc.aio: the method's handler, behind the gate."""
        handler = await continuation(handler_call_details)
        method: str = handler_call_details.method
        if handler is None or method.startswith(FOR_ALL):
            return handler
        behaviours = (handler.unary_unary, handler.unary_stream, handler.stream_unary, handler.stream_stream)
        # Of grpc.aio: they return what is to be awaited, whatever the types of the other grpc say.
        behaviour: Behaviour = next(cast(Behaviour, one) for one in behaviours if one is not None)

        async def guarded(request: Any, context: "Context") -> Any:
            try:
                gateway = await self._admitted(method, context)
            except Refused as refused:
                await abort(context, refused)
            if gateway is None:
                return await behaviour(request, context)
            return await self._while_it_may(gateway, context, behaviour, request)

        make: Callable[..., Handler] = _MAKERS[handler.request_streaming, handler.response_streaming]
        return make(guarded, handler.request_deserializer, handler.response_serializer)

    async def _admitted(self, method: str, context: "Context") -> Names | None:
        """The gateway that asks; None for everybody else who may. Raises Refused."""
        certificate = certificate_of(context)
        if not certificate:
            if method in FOR_GATEWAYS and self._is_certificate_needed and not is_local_peer(context.peer()):
                raise Refused("PERMISSION_DENIED", NO_CERTIFICATE)
            return None
        if method.startswith(FOR_AGENTS):
            return None  # they take an agent's certificate and no other
        if self._authority.read(certificate, self._clock.now(), Kind.AGENT) is not None:
            raise Refused("PERMISSION_DENIED", "a certificate of an agent is for what agents do, and nothing else")
        return await self.gateway_of(context)

    async def _while_it_may(self, gateway: Names, context: "Context", behaviour: "Behaviour", request: Any) -> Any:
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        lease = self._leases.open(gateway.id, gateway.expires_at)

        def end() -> None:
            task.cancel()

        lease.on_end = end
        try:
            return await behaviour(request, context)
        except asyncio.CancelledError:
            if lease.end_reason is None:
                raise
            task.uncancel()
        finally:
            self._leases.close(lease)
        # Not UNAUTHENTICATED: the person's token is as good as before, elsewhere.
        return await abort(context, Refused("PERMISSION_DENIED", f"{REVOKED} ({lease.end_reason})"))


_MAKERS: dict[tuple[bool, bool], Callable[..., Any]] = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}
