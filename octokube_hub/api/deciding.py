"""Has policy decide single requests, and records each decision before anybody acts on it."""

from collections.abc import Callable

from octokube.runtime.clock import Clock
from octokube_hub.policy import AccessRequest, Decision, PolicySet
from octokube_hub.store import AuditEntry, AuditLog, AuditQuestion

MAX_RECORDED_LENGTH = 512
"""Characters of a name that are recorded: whoever asks chooses it."""


class Decider:
    """Guarantee: a decision that was returned is on disk, with its row, window and revision."""

    def __init__(self, policy: Callable[[], PolicySet], audit: AuditLog, clock: Clock) -> None:
        self._policy = policy
        self._audit = audit
        self._clock = clock

    async def decide(self, request: AccessRequest, action: str) -> Decision:
        """The authority's answer to a request at this instant. ``action`` is the stable word for the audit log."""
        now = self._clock.now()
        decision = self._policy().decide(request, now)
        row = decision.row
        name = request.name[:MAX_RECORDED_LENGTH]
        await self._audit.record(
            AuditEntry(
                at=now,
                subject=request.subject.name,
                action=action,
                target="/".join((request.cluster, request.resource, request.namespace, name)),
                outcome="allowed" if decision.is_allowed else "denied",
                rule=row.where if row is not None else "",
                window=row.window.name if row is not None else "",
                policy_revision=decision.revision,
                question=AuditQuestion(
                    cluster=request.cluster,
                    resource=request.resource,
                    namespace=request.namespace,
                    name=name,
                    verb=request.verb,
                    groups=tuple(sorted(request.subject.groups)),
                ),
            )
        )
        return decision
