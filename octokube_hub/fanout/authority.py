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
    a window's edge, or a clock that was set. An answer is a few comparisons until the next edge or policy.
    """

    def __init__(self, identity: Identity, lease: Lease, policy: Callable[[], PolicySet], clock: Clock) -> None:
        self.identity = identity
        self._lease = lease
        self._policy = policy
        self._clock = clock
        self._warned_of: datetime.datetime | None = None
        self._known: tuple[PolicySet, datetime.datetime, datetime.datetime | None, Scope] | None = None
        """A policy, the instants from and until which its answer holds, and the answer."""

    @property
    def end_reason(self) -> str | None:
        """Why the stream has to end now; None while it may go on."""
        return self._lease.end_reason if self._lease.has_ended(self._clock.now()) else None

    def scope(self) -> Scope:
        """What the subject may see now."""
        return self._scope_at(self._clock.now())

    def look(self) -> tuple[str | None, Scope]:
        """Both answers of the same instant: why the stream has to end, and what the subject may see."""
        now = self._clock.now()
        return (self._lease.end_reason if self._lease.has_ended(now) else None), self._scope_at(now)

    def _scope_at(self, now: datetime.datetime) -> Scope:
        policy = self._policy()
        known = self._known
        if known is not None and known[0] is policy and known[1] <= now and (known[2] is None or now < known[2]):
            return known[3]
        subject = self.identity.subject
        scope = policy.scope(subject, now)
        self._known = (policy, now, policy.next_edge(subject, now), scope)
        return scope

    def upcoming_change(self) -> datetime.datetime | None:
        """An instant within the next minute at which the clock alone changes what the subject may see; each once."""
        scope = self.scope()
        if self._known is None or self._known[2] is None:
            return None
        edge, now, policy = self._known[2], self._clock.now(), self._known[0]
        if edge == self._warned_of or (edge - now).total_seconds() > WARNING_SECONDS:
            return None
        self._warned_of = edge
        # Asked of the future, the policy keeps the future's answer at hand: so only once for each edge.
        if policy.scope(self.identity.subject, edge) == scope:
            return None
        return edge
