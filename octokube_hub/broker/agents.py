"""Knows by which session the agent of each cluster can be given orders."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Order = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True, eq=False)
class AgentPort:
    """One session of one cluster's agent. ``operations`` are those that its ceiling lets pass at all."""

    cluster: str
    operations: frozenset[str]
    order: Order
    """Asks the agent to open a stream for the operation with this id."""


class AgentPorts:
    """At most one for each cluster: a newer session takes the place of the former."""

    def __init__(self) -> None:
        self._ports: dict[str, AgentPort] = {}
        self.on_gone: Callable[[AgentPort], None] = lambda port: None
        """Called when a session has ended, whoever ended it."""

    def enter(self, port: AgentPort) -> None:
        """A session that has been welcomed."""
        former = self._ports.get(port.cluster)
        self._ports[port.cluster] = port
        if former is not None:
            self.on_gone(former)

    def leave(self, port: AgentPort) -> None:
        """A session has ended."""
        if self._ports.get(port.cluster) is port:
            del self._ports[port.cluster]
            self.on_gone(port)

    def get(self, cluster: str) -> AgentPort | None:
        """The session of a cluster's agent; None while none is connected."""
        return self._ports.get(cluster)
