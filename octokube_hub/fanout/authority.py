"""Says what a subscriber may see at this instant, and whether they may still be here."""

import datetime
from collections.abc import Callable

from octokube.runtime.clock import Clock
from octokube_hub.identity import Identity, Lease
from octokube_hub.policy import PolicySet, Scope, Subject

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
        self._known: tuple[PolicySet, datetime.datetime, datetime.datetime | None, Scope, Subject] | None = None
        """A policy, the instants from and until which its answer holds, the answer, and about whom it is: the identity
        provider may change somebody's teams while the stream is open.
        """

    @property
    def subject(self) -> Subject:
        """Whose stream it is, with the teams as they were told last."""
        return self._lease.subject or self.identity.subject

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
        policy, subject = self._policy(), self.subject
        known = self._known
        is_about_this = known is not None and known[0] is policy and known[4] is subject
        if known is not None and is_about_this and known[1] <= now and (known[2] is None or now < known[2]):
            return known[3]
        scope = policy.scope(subject, now)
        self._known = (policy, now, policy.next_edge(subject, now), scope, subject)
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
        if policy.scope(self.subject, edge) == scope:
            return None
        return edge
