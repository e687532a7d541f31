"""What the hub remembers across restarts: credentials, tokens, keys, policy revisions and the audit log."""

from octokube_hub.store.audit import AuditEntry, AuditLog, AuditQuestion
from octokube_hub.store.credentials import AgentCredential, AgentCredentials
from octokube_hub.store.database import Database
from octokube_hub.store.keys import Keys
from octokube_hub.store.revisions import PolicyRevisions
from octokube_hub.store.tokens import Token, Tokens

__all__ = [
    "AgentCredential",
    "AgentCredentials",
    "AuditEntry",
    "AuditLog",
    "AuditQuestion",
    "Database",
    "Keys",
    "PolicyRevisions",
    "Token",
    "Tokens",
]
