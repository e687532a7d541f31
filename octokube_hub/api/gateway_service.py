"""Serves GatewayService over gRPC: people by policy, gateways by proof or certificate."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from octokube.runtime.errors import UserError
from octokube.v1 import enrolment_service_pb2 as enrolment_pb
from octokube.v1 import gateway_service_pb2 as pb
from octokube_hub.api.callers import Callers
from octokube_hub.api.calls import unary
from octokube_hub.api.enrolled import life_of, told_certificate, with_times
from octokube_hub.api.gateway_gate import GatewayGate
from octokube_hub.errors import Refused
from octokube_hub.identity import Leases
from octokube_hub.identity.ca import Issued
from octokube_hub.identity.enrolment import Enrolment
from octokube_hub.ingest import Admission
from octokube_hub.store import EnrolledRecord

NAME = pb.DESCRIPTOR.services_by_name["GatewayService"].full_name
TYPE = "gateways.octokube.io"
MAX_NAME = 100

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Any, Any]


class GatewayServicer:
    """Everything is recorded but what comes in floods."""

    def __init__(
        self,
        callers: Callers,
        enrolment: Enrolment,
        gate: GatewayGate,
        leases: Leases,
        *,
        mtls_port: Callable[[], int],
    ) -> None:
        self._callers = callers
        self._enrolment = enrolment
        self._gate = gate
        self._leases = leases
        self._mtls_port = mtls_port
        # Whoever can reach the port can ask: their tries must not fill the audit log, nor keep the hub at signing.
        self._admission = Admission(callers.clock)

    def handlers(self) -> grpc.GenericRpcHandler:
        """What to register with a server."""
        methods: dict[str, tuple[Callable[[Any, Any], Awaitable[Any]], Any]] = {
            "CreateGateway": (self._create, pb.CreateGatewayRequest),
            "EnrollGateway": (self._enroll, pb.EnrollGatewayRequest),
            "RenewGateway": (self._renew, pb.RenewGatewayRequest),
            "ListGateways": (self._list, pb.ListGatewaysRequest),
            "RevokeGateway": (self._revoke, pb.RevokeGatewayRequest),
        }
        return grpc.method_handlers_generic_handler(
            NAME, {name: unary(name, method, request) for name, (method, request) in methods.items()}
        )

    async def _create(self, request: pb.CreateGatewayRequest, context: "Context") -> pb.CreateGatewayResponse:
        identity = await self._callers.identify(context)
        await self._callers.decide(identity, TYPE, request.name[:MAX_NAME], "create", "gateway.create")
        if not self._mtls_port():
            raise Refused("FAILED_PRECONDITION", "this hub has no port for certificates; start it with --mtls-listen")
        try:
            made = await self._enrolment.permit(request.name, life_of(request.life_seconds))
        except UserError as error:
            raise Refused("INVALID_ARGUMENT", str(error)) from error
        await self._callers.record(identity.subject.name, "gateway.create", made.token.id, f"named {request.name}")
        response = pb.CreateGatewayResponse(
            gateway_id=made.token.id,
            token=str(made.token),
            authority_fingerprint=made.token.authority_fingerprint,
        )
        response.expires_at.FromDatetime(made.expires_at)
        return response

    async def _enroll(self, request: pb.EnrollGatewayRequest, context: "Context") -> pb.EnrollGatewayResponse:
        if (wait_seconds := self._admission.admit()) is not None:
            raise Refused("UNAVAILABLE", "too many enrol at once; come back", retry_after_seconds=wait_seconds)
        try:
            issued = await self._enrolment.enrol(
                request.gateway_id, request.gateway_id, request.certificate_request, request.proof
            )
        except Refused as refused:
            await self._callers.record("gateway:unknown", "gateway.enrol", context.peer(), refused.message, "denied")
            raise
        await self._callers.record(
            f"gateway:{request.gateway_id}", "gateway.enrol", request.gateway_id, f"from {context.peer()[:MAX_NAME]}"
        )
        return pb.EnrollGatewayResponse(certificate=self._told(issued))

    async def _renew(self, request: pb.RenewGatewayRequest, context: "Context") -> pb.RenewGatewayResponse:
        names = await self._gate.gateway_of(context)
        issued = await self._enrolment.renew(names.name, names.id, request.certificate_request)
        await self._callers.record(f"gateway:{names.name}", "gateway.renew", names.id)
        return pb.RenewGatewayResponse(certificate=self._told(issued))

    async def _list(self, _: pb.ListGatewaysRequest, context: "Context") -> pb.ListGatewaysResponse:
        identity = await self._callers.identify(context)
        await self._callers.decide(identity, TYPE, "", "list", "gateway.list")
        records = await self._enrolment.records.list()
        return pb.ListGatewaysResponse(gateways=[_described(item, self._leases.is_held(item.id)) for item in records])

    async def _revoke(self, request: pb.RevokeGatewayRequest, context: "Context") -> pb.RevokeGatewayResponse:
        identity = await self._callers.identify(context)
        record = await self._enrolment.records.find(request.gateway_id)
        name = record.name if record is not None else ""
        await self._callers.decide(identity, TYPE, name, "delete", "gateway.revoke")
        if await self._enrolment.revoke(request.gateway_id) is None:
            raise Refused("NOT_FOUND", "there is no gateway with this id; see: octokube gateway list")
        await self._callers.record(identity.subject.name, "gateway.revoke", request.gateway_id, f"named {name}")
        return pb.RevokeGatewayResponse()

    def _told(self, issued: Issued) -> enrolment_pb.IssuedCertificate:
        # Without the address that agents are told: a gateway is where the hub is, and goes where it enrolled.
        return told_certificate(issued, self._enrolment, mtls_port=self._mtls_port())


def _described(record: EnrolledRecord, is_connected: bool) -> pb.EnrolledGateway:
    told = pb.EnrolledGateway(gateway_id=record.id, name=record.name, is_connected=is_connected)
    with_times(told, record)
    return told
