"""Has policy decide single requests, and records each decision before anybody acts on it."""

from collections.abc import Callable
from typing import Any

from octokube.runtime.clock import Clock
from octokube_hub.policy import AccessRequest, Decision, PolicySet
from octokube_hub.store import AuditEntry, AuditLog, AuditQuestion

MAX_RECORDED_LENGTH = 512
"""Characters of a name that are recorded: whoever asks chooses it."""
MAX_MESSAGE_LENGTH = 500


class Decider:
    """Guarantee: a decision that was returned is on disk, with its row, window and revision."""

    def __init__(self, policy: Callable[[], PolicySet], audit: AuditLog, clock: Clock) -> None:
        self._policy = policy
        self._audit = audit
        self._clock = clock

    async def decide(self, request: AccessRequest, action: str, message: str = "") -> Decision:
        """The authority's answer to a request at this instant. ``action`` is the stable word for the audit log."""
        decision = self._policy().decide(request, self._clock.now())
        row = decision.row
        await self._record(
            request,
            action,
            "allowed" if decision.is_allowed else "denied",
            rule=row.where if row is not None else "",
            window=row.window.name if row is not None else "",
            message=message,
            revision=decision.revision,
            has_question=True,
        )
        return decision

    async def record_scope(self, request: AccessRequest, action: str, message: str, *, is_allowed: bool) -> None:
        """Records that some of what a request is about may be done, or none of it.

        No row decides that: it is asked of the scope, and again for each object.
        """
        found = "each pod by its own rows" if is_allowed else "no pod there"
        outcome = "allowed" if is_allowed else "denied"
        await self._record(request, action, outcome, message=f"{message} {found}")

    def note_outcome(self, request: AccessRequest, action: str, outcome: str, message: str) -> None:
        """Records how something that was allowed has ended, without waiting for the disk."""
        self._audit.note(self._entry(request, action, outcome, message=message))

    async def _record(self, request: AccessRequest, action: str, outcome: str, **details: Any) -> None:
        await self._audit.record(self._entry(request, action, outcome, **details))

    def _entry(
        self,
        request: AccessRequest,
        action: str,
        outcome: str,
        *,
        rule: str = "",
        window: str = "",
        message: str = "",
        revision: str = "",
        has_question: bool = False,
    ) -> AuditEntry:
        name = request.name[:MAX_RECORDED_LENGTH]
        question = AuditQuestion(
            cluster=request.cluster,
            resource=request.resource,
            namespace=request.namespace,
            name=name,
            verb=request.verb,
            groups=tuple(sorted(request.subject.groups)),
        )
        return AuditEntry(
            at=self._clock.now(),
            subject=request.subject.name,
            action=action,
            target="/".join((request.cluster, request.resource, request.namespace, name)),
            outcome=outcome,
            rule=rule,
            window=window,
            policy_revision=revision or self._policy().revision,
            message=message[:MAX_MESSAGE_LENGTH],
            question=question if has_question else None,
        )
