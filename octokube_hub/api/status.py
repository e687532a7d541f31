"""Describes how the hub is."""

from octokube.v1 import admin_service_pb2 as pb
from octokube_hub.fanout.clusters import Fanout
from octokube_hub.fanout.sessions import Sessions
from octokube_hub.policy import PolicyEngine


class HubStatus:
    """Gathers numbers from the hub's parts; holds none itself."""

    def __init__(self, version: str, policy: PolicyEngine, fanout: Fanout, sessions: Sessions) -> None:
        self._version = version
        self._policy = policy
        self._fanout = fanout
        self._sessions = sessions

    def describe(self) -> pb.GetHubStatusResponse:
        """The state now."""
        alarm = self._policy.alarm
        response = pb.GetHubStatusResponse(
            version=self._version,
            policy_revision=self._policy.current.revision,
            policy_alarms=[str(problem) for problem in alarm.problems] if alarm is not None else [],
            watch_streams=len(self._sessions.watches),
            audiences=self._fanout.audiences,
        )
        for replica in self._fanout.registry:
            cluster = response.clusters.add(
                name=replica.cluster,
                objects=len(replica.store),
                agent_version=replica.agent_version,
                server_version=replica.server_version,
            )
            cluster.state.CopyFrom(replica.state.to_message())
        return response
