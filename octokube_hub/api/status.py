"""Describes how the hub is."""

from octokube.v1 import admin_service_pb2 as pb
from octokube_hub.broker.broker import Broker
from octokube_hub.fanout.clusters import Fanout
from octokube_hub.fanout.sessions import Sessions
from octokube_hub.policy import PolicyEngine
from octokube_hub.policy.problems import tell
from octokube_hub.store import AuditLog


class HubStatus:
    """Gathers numbers from the hub's parts; holds none itself."""

    def __init__(
        self,
        version: str,
        policy: PolicyEngine,
        fanout: Fanout,
        sessions: Sessions,
        broker: Broker,
        audit: AuditLog,
    ) -> None:
        self._version = version
        self._policy = policy
        self._fanout = fanout
        self._sessions = sessions
        self._broker = broker
        self._audit = audit

    async def describe(self) -> pb.GetHubStatusResponse:
        """The state now."""
        newest = await self._audit.list(limit=1)
        alarm = self._policy.alarm
        response = pb.GetHubStatusResponse(
            version=self._version,
            policy_revision=self._policy.current.revision,
            policy_alarms=tell(alarm.problems) if alarm is not None else [],
            watch_streams=len(self._sessions.watches),
            audiences=self._fanout.audiences,
            operations=len(self._broker),
            audit_records=newest[0].id if newest else 0,
            audit_head=newest[0].hash if newest else "",
        )
        for replica in self._fanout.registry:
            cluster = response.clusters.add(
                name=replica.cluster,
                objects=len(replica.store),
                agent_version=replica.agent_version,
                server_version=replica.server_version,
            )
            cluster.state.CopyFrom(replica.state.to_message())
            if replica.as_of_seconds:
                cluster.as_of.FromNanoseconds(int(replica.as_of_seconds * 1e9))
        return response
