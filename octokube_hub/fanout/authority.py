"""Says what a subscriber may see at this instant, and whether they may still be here."""

import datetime
from collections.abc import Callable

from octokube.runtime.clock import Clock
from octokube_hub.identity import Identity, Lease
from octokube_hub.policy import PolicySet, Scope

WARNING_SECONDS = 60.0


class Authority:
    """One stream's subject, lease, and the policy in force.

    Asked before each frame that is sent, so that nothing is sent on an answer that has been overtaken by a new policy,
    a window's edge, or a clock that was set. An answer is two dictionary look-ups until the next edge.
    """

    def __init__(self, identity: Identity, lease: Lease, policy: Callable[[], PolicySet], clock: Clock) -> None:
        self.identity = identity
        self._lease = lease
        self._policy = policy
        self._clock = clock
        self._warned_of: datetime.datetime | None = None

    @property
    def end_reason(self) -> str | None:
        """Why the stream has to end now; None while it may go on."""
        return self._lease.end_reason if self._lease.has_ended(self._clock.now()) else None

    def scope(self) -> Scope:
        """What the subject may see now."""
        return self._policy().scope(self.identity.subject, self._clock.now())

    def upcoming_change(self) -> datetime.datetime | None:
        """An instant within the next minute at which the clock alone changes what the subject may see; each once."""
        now = self._clock.now()
        policy = self._policy()
        edge = policy.next_edge(self.identity.subject, now)
        if edge is None or edge == self._warned_of or (edge - now).total_seconds() > WARNING_SECONDS:
            return None
        self._warned_of = edge
        # Asked of the future, the policy keeps the future's answer at hand: so only once for each edge.
        if policy.scope(self.identity.subject, edge) == policy.scope(self.identity.subject, now):
            return None
        return edge
