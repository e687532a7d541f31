"""What services for people share: who calls, whether policy lets them, and what is recorded of it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import grpc.aio

from octokube.runtime.clock import Clock
from octokube_hub.api.calls import token_of
from octokube_hub.broker.deciding import Decider
from octokube_hub.errors import Refused
from octokube_hub.identity import Authenticator, Identity
from octokube_hub.policy import AccessRequest, PolicySet
from octokube_hub.store import AuditEntry, AuditLog

HUB_CLUSTER = "octokube"
"""The cluster by whose name policy speaks of the hub itself."""

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Any, Any]


class Callers:
    """Authenticates, has policy decide, and records."""

    def __init__(
        self,
        authenticator: Authenticator,
        decider: Decider,
        audit: AuditLog,
        policy: Callable[[], PolicySet],
        clock: Clock,
    ) -> None:
        self._authenticator = authenticator
        self._decider = decider
        self._audit = audit
        self._policy = policy
        self.clock = clock

    async def identify(self, context: "Context") -> Identity:
        """Who calls. Raises Refused."""
        return await self._authenticator.authenticate(token_of(context), context.peer())

    async def decide(self, identity: Identity, type: str, name: str, verb: str, action: str) -> None:
        """Lets the call go on, or raises Refused; recorded either way. Nobody is told whether the name exists."""
        if not await self.is_allowed(identity, type, name, verb, action):
            raise Refused("PERMISSION_DENIED", f"the policy does not let you {verb} {type} of the hub")

    async def is_allowed(self, identity: Identity, type: str, name: str, verb: str, action: str) -> bool:
        """The same as an answer."""
        request = AccessRequest(identity.subject, HUB_CLUSTER, type, "", name, verb)
        return (await self._decider.decide(request, action)).is_allowed

    async def record(self, subject: str, action: str, target: str, message: str = "", outcome: str = "done") -> None:
        """Records what was done."""
        await self._audit.record(
            AuditEntry(
                at=self.clock.now(),
                subject=subject,
                action=action,
                target=target,
                outcome=outcome,
                policy_revision=self._policy().revision,
                message=message,
            )
        )
