"""Who a caller is, and until when that holds."""

from octokube_hub.identity.agents import AgentAccess, AgentIdentity
from octokube_hub.identity.authenticator import Authenticator, Identity
from octokube_hub.identity.issuing import issue_agent_credential, issue_token
from octokube_hub.identity.leases import Lease, Leases

__all__ = [
    "AgentAccess",
    "AgentIdentity",
    "Authenticator",
    "Identity",
    "Lease",
    "Leases",
    "issue_agent_credential",
    "issue_token",
]
