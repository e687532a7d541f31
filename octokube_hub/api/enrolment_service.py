"""Serves EnrolmentService over gRPC."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from octokube.runtime.errors import UserError
from octokube.v1 import enrolment_service_pb2 as pb
from octokube_hub.api.callers import Callers
from octokube_hub.api.calls import certificate_of, unary
from octokube_hub.api.enrolled import life_of, told_certificate, with_times
from octokube_hub.errors import Refused
from octokube_hub.identity import AgentAccess, Leases
from octokube_hub.identity.ca import Issued
from octokube_hub.identity.enrolment import Enrolment
from octokube_hub.ingest import Admission
from octokube_hub.store import EnrolledRecord

NAME = pb.DESCRIPTOR.services_by_name["EnrolmentService"].full_name
TYPE = "agents.octokube.io"
MAX_NAME = 100

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Any, Any]


class EnrolmentServicer:
    """People by policy, agents by proof or certificate; everything is recorded but what comes in floods."""

    def __init__(
        self,
        callers: Callers,
        enrolment: Enrolment,
        access: AgentAccess,
        leases: Leases,
        *,
        mtls_port: Callable[[], int],
        mtls_address: str,
    ) -> None:
        self._callers = callers
        self._enrolment = enrolment
        self._access = access
        self._leases = leases
        self._mtls_port = mtls_port
        self._mtls_address = mtls_address
        # Whoever can reach the port can ask: their tries must not fill the audit log, nor keep the hub at signing.
        self._admission = Admission(callers.clock)

    def handlers(self) -> grpc.GenericRpcHandler:
        """What to register with a server."""
        methods: dict[str, tuple[Callable[[Any, Any], Awaitable[Any]], Any]] = {
            "CreateEnrolment": (self._create, pb.CreateEnrolmentRequest),
            "Enroll": (self._enroll, pb.EnrollRequest),
            "RenewCertificate": (self._renew, pb.RenewCertificateRequest),
            "ListAgents": (self._list, pb.ListAgentsRequest),
            "RevokeAgent": (self._revoke, pb.RevokeAgentRequest),
        }
        return grpc.method_handlers_generic_handler(
            NAME, {name: unary(name, method, request) for name, (method, request) in methods.items()}
        )

    async def _create(self, request: pb.CreateEnrolmentRequest, context: "Context") -> pb.CreateEnrolmentResponse:
        identity = await self._callers.identify(context)
        await self._callers.decide(identity, TYPE, request.cluster[:MAX_NAME], "create", "agent.create")
        if not self._mtls_port():
            raise Refused("FAILED_PRECONDITION", "this hub has no port for certificates; start it with --mtls-listen")
        try:
            made = await self._enrolment.permit(request.cluster, life_of(request.life_seconds))
        except UserError as error:
            raise Refused("INVALID_ARGUMENT", str(error)) from error
        await self._callers.record(
            identity.subject.name, "agent.create", made.token.id, f"for cluster {request.cluster}"
        )
        response = pb.CreateEnrolmentResponse(
            agent_id=made.token.id,
            token=str(made.token),
            authority_fingerprint=made.token.authority_fingerprint,
        )
        response.expires_at.FromDatetime(made.expires_at)
        return response

    async def _enroll(self, request: pb.EnrollRequest, context: "Context") -> pb.EnrollResponse:
        if (wait_seconds := self._admission.admit()) is not None:
            raise Refused("UNAVAILABLE", "too many enrol at once; come back", retry_after_seconds=wait_seconds)
        try:
            issued = await self._enrolment.enrol(
                request.agent_id, request.cluster, request.certificate_request, request.proof
            )
        except Refused as refused:
            await self._callers.record("agent:unknown", "agent.enrol", context.peer(), refused.message, "denied")
            raise
        await self._callers.record(
            f"agent:{request.cluster}", "agent.enrol", request.agent_id, f"from {context.peer()[:MAX_NAME]}"
        )
        return pb.EnrollResponse(certificate=self._told(issued))

    async def _renew(self, request: pb.RenewCertificateRequest, context: "Context") -> pb.RenewCertificateResponse:
        certificate = certificate_of(context)
        if not certificate:
            raise Refused("UNAUTHENTICATED", "only the certificate itself renews a certificate; use the port for it")
        identity = await self._access.of_certificate(certificate)
        issued = await self._enrolment.renew(identity.cluster, identity.credential_id, request.certificate_request)
        await self._callers.record(f"agent:{identity.cluster}", "agent.renew", identity.credential_id)
        return pb.RenewCertificateResponse(certificate=self._told(issued))

    async def _list(self, _: pb.ListAgentsRequest, context: "Context") -> pb.ListAgentsResponse:
        identity = await self._callers.identify(context)
        await self._callers.decide(identity, TYPE, "", "list", "agent.list")
        records = await self._enrolment.records.list()
        return pb.ListAgentsResponse(agents=[_described(item, self._leases.is_held(item.id)) for item in records])

    async def _revoke(self, request: pb.RevokeAgentRequest, context: "Context") -> pb.RevokeAgentResponse:
        identity = await self._callers.identify(context)
        record = await self._enrolment.records.find(request.agent_id)
        cluster = record.name if record is not None else ""
        await self._callers.decide(identity, TYPE, cluster, "delete", "agent.revoke")
        if await self._enrolment.revoke(request.agent_id) is None:
            raise Refused("NOT_FOUND", "there is no agent with this id; see: octokube agent list")
        await self._callers.record(identity.subject.name, "agent.revoke", request.agent_id, f"of cluster {cluster}")
        return pb.RevokeAgentResponse()

    def _told(self, issued: Issued) -> pb.IssuedCertificate:
        return told_certificate(issued, self._enrolment, mtls_port=self._mtls_port(), mtls_address=self._mtls_address)


def _described(record: EnrolledRecord, is_connected: bool) -> pb.EnrolledAgent:
    told = pb.EnrolledAgent(agent_id=record.id, cluster=record.name, is_connected=is_connected)
    with_times(told, record)
    return told
