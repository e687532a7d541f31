"""Serves AdminService over gRPC: decided by policy, and recorded."""

import datetime
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from octokube.runtime.clock import Clock
from octokube.runtime.errors import UserError
from octokube.v1 import admin_service_pb2 as pb
from octokube_hub.api.calls import answering, parsed, token_of, unary
from octokube_hub.api.recordings import TYPE, Recordings
from octokube_hub.api.simulating import Simulator
from octokube_hub.api.status import HubStatus
from octokube_hub.broker.deciding import Decider
from octokube_hub.errors import Refused
from octokube_hub.identity import Authenticator, Identity, Leases, issue_agent_credential, issue_token
from octokube_hub.policy import AccessRequest, PolicySet
from octokube_hub.replica import Registry
from octokube_hub.store import AgentCredentials, AuditEntry, AuditLog, Token, Tokens

NAME = pb.DESCRIPTOR.services_by_name["AdminService"].full_name
CLUSTER = "octokube"
"""The cluster by whose name policy speaks of the hub itself."""

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Any, Any]


class AdminServicer:
    """Authenticate, decide, record, do, record what was done."""

    def __init__(
        self,
        *,
        authenticator: Authenticator,
        policy: Callable[[], PolicySet],
        decider: Decider,
        audit: AuditLog,
        tokens: Tokens,
        token_leases: Leases,
        credentials: AgentCredentials,
        agent_leases: Leases,
        registry: Registry,
        status: HubStatus,
        recordings: Recordings,
        clock: Clock,
    ) -> None:
        self._authenticator = authenticator
        self._policy = policy
        self._decider = decider
        self._audit = audit
        self._tokens = tokens
        self._token_leases = token_leases
        self._credentials = credentials
        self._agent_leases = agent_leases
        self._registry = registry
        self._status = status
        self._recordings = recordings
        self._clock = clock
        self._simulator = Simulator(registry, policy, clock)

    def handlers(self) -> grpc.GenericRpcHandler:
        """What to register with a server."""
        methods: dict[str, tuple[Callable[[Any, Any], Awaitable[Any]], Any]] = {
            "GetHubStatus": (self._get_hub_status, pb.GetHubStatusRequest),
            "ListAuditRecords": (self._list_audit_records, pb.ListAuditRecordsRequest),
            "GetPolicy": (self._get_policy, pb.GetPolicyRequest),
            "SimulateAccess": (self._simulate_access, pb.SimulateAccessRequest),
            "CreateToken": (self._create_token, pb.CreateTokenRequest),
            "ListTokens": (self._list_tokens, pb.ListTokensRequest),
            "RevokeToken": (self._revoke_token, pb.RevokeTokenRequest),
            "CreateAgentCredential": (self._create_agent_credential, pb.CreateAgentCredentialRequest),
            "RevokeAgentCredential": (self._revoke_agent_credential, pb.RevokeAgentCredentialRequest),
            "ListSessions": (self._list_sessions, pb.ListSessionsRequest),
        }
        handlers = {name: unary(name, method, request) for name, (method, request) in methods.items()}
        handlers["ReadRecording"] = grpc.unary_stream_rpc_method_handler(
            self._read_recording, response_serializer=lambda response: response.SerializeToString()
        )
        return grpc.method_handlers_generic_handler(NAME, handlers)

    async def _get_hub_status(self, request: pb.GetHubStatusRequest, context: "Context") -> pb.GetHubStatusResponse:
        await self._decide(context, "hub.octokube.io", "", "get", "hub.status")
        return await self._status.describe()

    async def _list_audit_records(
        self, request: pb.ListAuditRecordsRequest, context: "Context"
    ) -> pb.ListAuditRecordsResponse:
        await self._decide(context, "auditrecords.octokube.io", "", "list", "audit.list")
        since = None
        if request.HasField("since"):
            try:
                since = request.since.ToDatetime(datetime.UTC)
            except ValueError as error:
                raise Refused("INVALID_ARGUMENT", "since is no valid time") from error
        if request.before_id >= 2**63:
            raise Refused("INVALID_ARGUMENT", "before_id is no id of a record")
        entries = await self._audit.list(
            subject=request.subject, verb=request.verb, since=since, limit=request.limit, before_id=request.before_id
        )
        return pb.ListAuditRecordsResponse(records=[_record(entry) for entry in entries])

    async def _get_policy(self, request: pb.GetPolicyRequest, context: "Context") -> pb.GetPolicyResponse:
        await self._decide(context, "policies.octokube.io", "", "get", "policy.get")
        policy = self._policy()
        files = [pb.PolicyFile(name=name, content=policy.files[name]) for name in sorted(policy.files)]
        return pb.GetPolicyResponse(revision=policy.revision, commit=policy.commit or "", files=files)

    async def _simulate_access(
        self, request: pb.SimulateAccessRequest, context: "Context"
    ) -> pb.SimulateAccessResponse:
        identity = await self._decide(context, "policies.octokube.io", "", "get", "policy.simulate")
        return await self._simulator.simulate(request, identity.subject)

    async def _create_token(self, request: pb.CreateTokenRequest, context: "Context") -> pb.CreateTokenResponse:
        identity = await self._decide(context, "tokens.octokube.io", request.subject, "create", "token.create")
        if identity.subject.ceiling is not None:
            raise Refused("PERMISSION_DENIED", "a token that is limited itself makes no tokens")
        try:
            expires_at = request.expires_at.ToDatetime(datetime.UTC) if request.HasField("expires_at") else None
            token, secret = await issue_token(
                self._tokens,
                request.subject,
                now=self._clock.now(),
                description=request.description,
                expires_at=expires_at,
            )
        except (UserError, ValueError) as error:
            raise Refused("INVALID_ARGUMENT", str(error)) from error
        await self._done(identity, "token.create", token.id, f"for {token.subject}")
        response = pb.CreateTokenResponse(token_id=token.id, token=secret)
        response.expires_at.FromDatetime(token.expires_at)
        return response

    async def _list_tokens(self, request: pb.ListTokensRequest, context: "Context") -> pb.ListTokensResponse:
        await self._decide(context, "tokens.octokube.io", "", "list", "token.list")
        return pb.ListTokensResponse(tokens=[_token_info(token) for token in await self._tokens.list()])

    async def _revoke_token(self, request: pb.RevokeTokenRequest, context: "Context") -> pb.RevokeTokenResponse:
        identity = await self._decide(context, "tokens.octokube.io", request.token_id, "delete", "token.revoke")
        if not await self._tokens.revoke(request.token_id, self._clock.now()):
            raise Refused("NOT_FOUND", "there is no token with this id")
        self._token_leases.revoke(request.token_id)
        await self._done(identity, "token.revoke", request.token_id)
        return pb.RevokeTokenResponse()

    async def _create_agent_credential(
        self, request: pb.CreateAgentCredentialRequest, context: "Context"
    ) -> pb.CreateAgentCredentialResponse:
        identity = await self._decide(
            context, "agentcredentials.octokube.io", request.cluster, "create", "agentcredential.create"
        )
        try:
            id, secret = await issue_agent_credential(self._credentials, request.cluster, now=self._clock.now())
        except UserError as error:
            raise Refused("INVALID_ARGUMENT", str(error)) from error
        self._registry.ensure(request.cluster)
        await self._done(identity, "agentcredential.create", id, f"for cluster {request.cluster}")
        return pb.CreateAgentCredentialResponse(credential_id=id, credential=secret)

    async def _revoke_agent_credential(
        self, request: pb.RevokeAgentCredentialRequest, context: "Context"
    ) -> pb.RevokeAgentCredentialResponse:
        id = request.credential_id
        identity = await self._decide(context, "agentcredentials.octokube.io", id, "delete", "agentcredential.revoke")
        if not await self._credentials.revoke(id, self._clock.now()):
            raise Refused("NOT_FOUND", "there is no agent credential with this id")
        self._agent_leases.revoke(id)
        await self._done(identity, "agentcredential.revoke", id)
        return pb.RevokeAgentCredentialResponse()

    async def _list_sessions(self, request: pb.ListSessionsRequest, context: "Context") -> pb.ListSessionsResponse:
        await self._decide(context, TYPE, "", "list", "session.list")
        return await self._recordings.list(request)

    async def _read_recording(self, message: bytes, context: "Context") -> None:
        async def work() -> None:
            request: pb.ReadRecordingRequest = parsed(pb.ReadRecordingRequest, message)
            await self._decide(context, TYPE, request.session_id, "get", "session.read")
            async for part in self._recordings.read(request.session_id):
                await context.write(part)

        await answering(context, "ReadRecording", work)

    async def _decide(self, context: "Context", type: str, name: str, verb: str, action: str) -> Identity:
        """Lets the call go on, or raises Refused; recorded either way. Nobody is told whether the name exists."""
        identity = await self._authenticator.authenticate(token_of(context), context.peer())
        request = AccessRequest(identity.subject, CLUSTER, type, "", name, verb)
        if not (await self._decider.decide(request, action)).is_allowed:
            raise Refused("PERMISSION_DENIED", f"the policy does not let you {verb} {type} of the hub")
        return identity

    async def _done(self, identity: Identity, action: str, target: str, message: str = "") -> None:
        await self._audit.record(
            AuditEntry(
                at=self._clock.now(),
                subject=identity.subject.name,
                action=action,
                target=target,
                outcome="done",
                policy_revision=self._policy().revision,
                message=message,
            )
        )


def _record(entry: AuditEntry) -> pb.AuditRecord:
    record = pb.AuditRecord(
        id=entry.id,
        subject=entry.subject,
        action=entry.action,
        target=entry.target,
        outcome=entry.outcome,
        rule=entry.rule,
        policy_revision=entry.policy_revision,
        message=entry.message,
        window=entry.window,
        hash=entry.hash,
    )
    asked = entry.question
    if asked is not None:
        record.question.MergeFrom(
            pb.AccessQuestion(
                cluster=asked.cluster,
                resource=asked.resource,
                namespace=asked.namespace,
                name=asked.name,
                verb=asked.verb,
                groups=asked.groups,
            )
        )
    record.at.FromDatetime(entry.at)
    return record


def _token_info(token: Token) -> pb.TokenInfo:
    info = pb.TokenInfo(token_id=token.id, subject=token.subject, description=token.description)
    info.created_at.FromDatetime(token.created_at)
    info.expires_at.FromDatetime(token.expires_at)
    if token.revoked_at is not None:
        info.revoked_at.FromDatetime(token.revoked_at)
    return info
