"""Has policy decide single requests, and records each decision before anybody acts on it."""

import datetime
from collections.abc import Callable
from typing import Any

from octokube.runtime.clock import Clock
from octokube_hub.errors import Refused
from octokube_hub.policy import AccessRequest, Decision, PolicySet
from octokube_hub.store import AuditEntry, AuditLog, AuditQuestion, StoreError

MAX_RECORDED_LENGTH = 512
"""Characters of a name that are recorded: whoever asks chooses it."""
MAX_MESSAGE_LENGTH = 500
UNRECORDED = (
    "this has to be recorded before it is answered, and the hub can't write its records now; tell whoever runs the hub"
)


class Decider:
    """Guarantee: a decision that was returned is on disk, with its row, window and revision. Where that can't be,
    Refused is raised.
    """

    def __init__(self, policy: Callable[[], PolicySet], audit: AuditLog, clock: Clock) -> None:
        self._policy = policy
        self._audit = audit
        self._clock = clock

    async def decide(self, request: AccessRequest, action: str, message: str = "", *, begins: str = "") -> Decision:
        """The authority's answer to a request at this instant. ``action`` is the stable word for the audit log.

        ``begins`` is the operation that is carried out if this is allowed: its end has to be recorded, too.

        Guarantee: unless something begins, which is checked as long as it runs, what was allowed still is when this
        returns. A disk may take seconds to record it.
        """
        at = self._clock.now()
        decision = self._policy().decide(request, at)
        row, ceiling = decision.row, request.subject.ceiling
        if decision.reason == "beyond-token":
            message = f"{message} {request.subject.ceiling}".strip()
        await self._record(
            request,
            action,
            "allowed" if decision.is_allowed else "denied",
            rule=row.where if row is not None else "",
            window=row.window.name if row is not None else "",
            message=message,
            revision=decision.revision,
            begins=begins if decision.is_allowed else "",
            # What the token does not let pass, no other policy would answer differently.
            has_question=ceiling is None or ceiling.allows(request.cluster, request.resource, request.verb),
            at=at,
        )
        if decision.is_allowed and not begins and not self._is_allowed_now(request):
            return await self.decide(request, action, message)
        return decision

    def _is_allowed_now(self, request: AccessRequest) -> bool:
        scope = self._policy().scope(request.subject, self._clock.now())
        return scope.allows(request.cluster, request.resource, request.namespace, request.name, request.verb)

    async def record_scope(
        self, request: AccessRequest, action: str, message: str, *, is_allowed: bool, begins: str = ""
    ) -> None:
        """Records that some of what a request is about may be done, or none of it.

        No row decides that: it is asked of the scope, and again for each object.
        """
        outcome = "allowed" if is_allowed else "denied"
        begun = begins if is_allowed else ""
        await self._record(request, action, outcome, message=message, begins=begun)

    def outcome(self, request: AccessRequest, action: str, outcome: str, message: str, *, ends: str) -> AuditEntry:
        """The record of how an operation that was allowed has ended."""
        return self._entry(request, action, outcome, message=message, ends=ends)

    async def _record(self, request: AccessRequest, action: str, outcome: str, **details: Any) -> None:
        try:
            await self._audit.record(self._entry(request, action, outcome, **details))
        except StoreError as error:
            raise Refused("FAILED_PRECONDITION", UNRECORDED) from error

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
        begins: str = "",
        ends: str = "",
        at: datetime.datetime | None = None,
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
            at=at or self._clock.now(),
            subject=request.subject.name,
            action=action,
            target="/".join((request.cluster, request.resource, request.namespace, name)),
            outcome=outcome,
            rule=rule,
            window=window,
            policy_revision=revision or self._policy().revision,
            message=message[:MAX_MESSAGE_LENGTH],
            question=question if has_question else None,
            begins=begins,
            ends=ends,
        )
