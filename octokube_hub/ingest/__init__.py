"""Takes agents' sessions in and keeps replicas equal to what they send."""

from octokube.runtime.admission import Admission
from octokube_hub.ingest.fencing import Fencing
from octokube_hub.ingest.session import AgentSession, LinkStream

__all__ = ["Admission", "AgentSession", "Fencing", "LinkStream"]
