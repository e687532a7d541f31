"""Serves AgentService over gRPC."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import grpc
import grpc.aio

from octokube.runtime.clock import Clock
from octokube.runtime.writing import Writer
from octokube.v1 import agent_service_pb2 as pb
from octokube_hub.api.calls import answering, certificate_of, read, token_of
from octokube_hub.broker.agents import AgentPort, AgentPorts
from octokube_hub.errors import Refused
from octokube_hub.identity import AgentAccess, AgentIdentity, Lease, Leases
from octokube_hub.ingest import Admission, AgentSession, Fencing
from octokube_hub.replica import Registry
from octokube_hub.store import AuditEntry, AuditLog

NAME = pb.DESCRIPTOR.services_by_name["AgentService"].full_name
LAST_WRITE_SECONDS = 0.1

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[bytes, bytes]


class AgentServicer:
    """Admits agents, one session a cluster, and records who came and who was refused."""

    def __init__(
        self,
        *,
        access: AgentAccess,
        leases: Leases,
        registry: Registry,
        audit: AuditLog,
        clock: Clock,
        policy_revision: Callable[[], str],
        ports: AgentPorts,
    ) -> None:
        self._ports = ports
        self._access = access
        self._leases = leases
        self._registry = registry
        self._audit = audit
        self._clock = clock
        self._policy_revision = policy_revision
        self._admission = Admission(clock)
        self._fencing = Fencing()
        self._sessions: dict[AgentSession, None] = {}
        self._is_draining = False

    def handlers(self) -> grpc.GenericRpcHandler:
        """What to register with a server."""
        return grpc.method_handlers_generic_handler(
            NAME, {"Connect": grpc.stream_stream_rpc_method_handler(self._connect)}
        )

    async def drain(self, retry_after_seconds: float) -> None:
        """Asks every agent to come back later, and ends the sessions."""
        self._is_draining = True
        sessions = list(self._sessions)
        try:
            async with asyncio.timeout(1.0):
                await asyncio.gather(
                    *(session.drain(retry_after_seconds) for session in sessions), return_exceptions=True
                )
        except TimeoutError:
            pass  # whoever does not read is told by the end of the stream
        for session in sessions:
            session.end(Refused("UNAVAILABLE", "the hub is about to stop", retry_after_seconds=retry_after_seconds))

    async def _connect(self, _: object, context: "Context") -> None:
        await answering(context, "Connect", lambda: self._serve(context))

    async def _serve(self, context: "Context") -> None:
        wait_seconds = 2.0 if self._is_draining else self._admission.admit()
        if wait_seconds is not None:
            raise Refused("UNAVAILABLE", "too many agents connect at once; come back", retry_after_seconds=wait_seconds)
        try:
            identity = await self._access.authenticate(token_of(context), certificate_of(context), context.peer())
        except Refused as refused:
            await self._record("agent:unknown", "agent.refused", context.peer(), "denied", refused.message)
            raise
        agent = f"agent:{identity.cluster}"
        link = _Link(context)
        session = AgentSession(link, identity, self._registry, self._fencing, self._clock)
        lease = self._leases.open(identity.credential_id, identity.expires_at)
        lease.on_end = lambda: session.end(Refused("UNAUTHENTICATED", _ended(identity, lease)))
        try:
            try:
                hello = await session.open()
            except Refused as refused:
                await self._record(agent, "agent.refused", identity.cluster, "denied", refused.message)
                raise
            await self._record(
                agent, "agent.connected", identity.cluster, "allowed", f"version {hello.agent_version[:64]}"
            )
            self._sessions[session] = None
            port = AgentPort(identity.cluster, frozenset(hello.operations), session.order)
            session.on_welcome = lambda: self._ports.enter(port)
            try:
                refusal = await session.run(hello)
            finally:
                self._ports.leave(port)
            if refusal is not None:
                action = "agent.fenced" if refusal.code == "ABORTED" else "agent.ended"
                self._audit.note(self._entry(agent, action, identity.cluster, "done", refusal.message))
                raise refusal
            self._audit.note(self._entry(agent, "agent.disconnected", identity.cluster, "done", ""))
        finally:
            self._sessions.pop(session, None)
            self._leases.close(lease)
            await link.close()

    async def _record(self, subject: str, action: str, target: str, outcome: str, message: str) -> None:
        await self._audit.record(self._entry(subject, action, target, outcome, message))

    def _entry(self, subject: str, action: str, target: str, outcome: str, message: str) -> AuditEntry:
        return AuditEntry(
            at=self._clock.now(),
            subject=subject,
            action=action,
            target=target,
            outcome=outcome,
            policy_revision=self._policy_revision(),
            message=message,
        )


def _ended(identity: AgentIdentity, lease: Lease) -> str:
    what = "credential" if identity.expires_at is None else "certificate"
    return f"this agent {what} is not valid any more: {lease.end_reason}"


class _Link:
    """Gives a gRPC stream the shape of a session's LinkStream."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._writer: Writer[bytes] = Writer(context.write, name="hub/link/write")

    async def read(self) -> bytes | None:
        return await read(self._context)

    async def write(self, message: bytes) -> None:
        """Hands a message over: acknowledgements and orders come from different tasks."""
        await self._writer.write(message)

    async def close(self) -> None:
        """Lets what is being written get out, and gives up what does not: the stream ends with whoever calls this."""
        # What is cut in the middle takes the status behind it along, by which an agent learns why it has to go.
        await self._writer.close(last_seconds=LAST_WRITE_SECONDS)
