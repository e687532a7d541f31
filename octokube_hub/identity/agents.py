"""Turns what an agent shows, a certificate or a credential, into the cluster it speaks for."""

import datetime
from dataclasses import dataclass

from octokube.runtime.clock import Clock
from octokube_hub.errors import Refused
from octokube_hub.identity.ca import Authority
from octokube_hub.identity.peers import is_local_peer
from octokube_hub.identity.secret import AGENT_PREFIX, MAX_SECRET_LENGTH, hash_secret
from octokube_hub.store import AgentCredentials, EnrolledRecords

REVOKED = "this agent was revoked; enrol it again with: octokube agent enroll --cluster NAME"


@dataclass(frozen=True, slots=True)
class AgentIdentity:
    """An agent that has shown who it is. ``credential_id`` is the agent's id where it has a certificate."""

    cluster: str
    credential_id: str
    expires_at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class Certificates:
    """What it takes to go by certificates."""

    authority: Authority
    records: EnrolledRecords
    clock: Clock


class AgentAccess:
    """Knows agents by certificates of the hub's authority, and by credentials from the store.

    A credential is a secret that travels: unless ``is_credential_allowed``, only agents on this machine may show one.
    """

    def __init__(
        self,
        credentials: AgentCredentials,
        certificates: Certificates | None = None,
        *,
        is_credential_allowed: bool = True,
    ) -> None:
        self._credentials = credentials
        self._certificates = certificates
        self._is_credential_allowed = is_credential_allowed

    async def authenticate(self, credential: str, certificate_pem: bytes = b"", peer: str = "") -> AgentIdentity:
        """Which cluster this agent speaks for. A certificate counts before a credential. Raises Refused."""
        if certificate_pem:
            return await self.of_certificate(certificate_pem)
        if not self._is_credential_allowed and not is_local_peer(peer):
            raise Refused(
                "UNAUTHENTICATED",
                "this hub knows agents by certificates; enrol this one with: octokube agent enroll --cluster NAME",
            )
        if credential.startswith(AGENT_PREFIX) and len(credential) <= MAX_SECRET_LENGTH:
            found = await self._credentials.find(hash_secret(credential))
            if found is not None and not found.is_revoked:
                return AgentIdentity(found.cluster, found.id)
        raise Refused(
            "UNAUTHENTICATED",
            "this agent credential is not valid; make one with: octokube-hub agent-credential create CLUSTER",
        )

    async def of_certificate(self, certificate_pem: bytes) -> AgentIdentity:
        """The agent that a certificate names. Raises Refused unless it is of this hub, in force and not revoked."""
        held = self._certificates
        names = held.authority.read(certificate_pem, held.clock.now()) if held is not None else None
        if held is None or names is None:
            raise Refused("UNAUTHENTICATED", "this certificate is not one of this hub's for an agent, or has ended")
        record = await held.records.find(names.id)
        # A hub whose store was restored from before the enrolment knows nothing of the agent.
        if record is None or record.enrolled_at is None or record.name != names.name:
            raise Refused("UNAUTHENTICATED", REVOKED)
        if record.revoked_at is not None:
            raise Refused("UNAUTHENTICATED", REVOKED)
        return AgentIdentity(names.name, names.id, names.expires_at)
