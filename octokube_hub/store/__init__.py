"""What the hub remembers across restarts: credentials, tokens, keys, policy revisions and the audit log."""

from octokube_hub.store.agents import EnrolledRecord, EnrolledRecords
from octokube_hub.store.audit import AuditEntry, AuditLog, AuditQuestion
from octokube_hub.store.credentials import AgentCredential, AgentCredentials
from octokube_hub.store.database import Database, StoreError
from octokube_hub.store.keys import Keys
from octokube_hub.store.people import People, Person
from octokube_hub.store.recordings import RecordedSession, RecordedSessions
from octokube_hub.store.revisions import PolicyRevisions
from octokube_hub.store.sessions import SessionRecord, SessionRecords
from octokube_hub.store.tokens import Token, Tokens

__all__ = [
    "AgentCredential",
    "AgentCredentials",
    "AuditEntry",
    "AuditLog",
    "AuditQuestion",
    "Database",
    "EnrolledRecord",
    "EnrolledRecords",
    "Keys",
    "People",
    "Person",
    "PolicyRevisions",
    "RecordedSession",
    "RecordedSessions",
    "SessionRecord",
    "SessionRecords",
    "StoreError",
    "Token",
    "Tokens",
]
