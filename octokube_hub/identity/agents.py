"""Turns an agent's credential into the cluster it speaks for."""

from dataclasses import dataclass

from octokube_hub.errors import Refused
from octokube_hub.identity.secret import AGENT_PREFIX, MAX_SECRET_LENGTH, hash_secret
from octokube_hub.store import AgentCredentials


@dataclass(frozen=True, slots=True)
class AgentIdentity:
    """An agent that has shown a valid credential."""

    cluster: str
    credential_id: str


class AgentAccess:
    """Knows agent credentials from the store."""

    def __init__(self, credentials: AgentCredentials) -> None:
        self._credentials = credentials

    async def authenticate(self, credential: str) -> AgentIdentity:
        """Which cluster this agent speaks for. Raises Refused (UNAUTHENTICATED)."""
        if credential.startswith(AGENT_PREFIX) and len(credential) <= MAX_SECRET_LENGTH:
            found = await self._credentials.find(hash_secret(credential))
            if found is not None and not found.is_revoked:
                return AgentIdentity(found.cluster, found.id)
        raise Refused(
            "UNAUTHENTICATED",
            "this agent credential is not valid; make one with: octokube-hub agent-credential create CLUSTER",
        )
