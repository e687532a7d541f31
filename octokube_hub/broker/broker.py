"""Decides operations, records them, has agents execute them, and ends what may not go on."""

import asyncio
from collections.abc import Callable

import structlog

from octokube.runtime.clock import Clock
from octokube.v1 import operation_pb2 as pb
from octokube_hub.broker.agents import AgentPort, AgentPorts
from octokube_hub.broker.deciding import Decider
from octokube_hub.broker.limits import Limits
from octokube_hub.broker.outcomes import Outcomes
from octokube_hub.broker.permission import Permission
from octokube_hub.broker.request import BadOperation, Operation, read_operation
from octokube_hub.broker.run import CLAIM_SECONDS, Run
from octokube_hub.errors import Refused
from octokube_hub.identity import Identity, Lease
from octokube_hub.policy import PolicySet, telling
from octokube_hub.recording import Recorder, RecordingRefused
from octokube_hub.replica import Registry
from octokube_hub.store import RecordedSession

log = structlog.get_logger(__name__)

CHECK_SECONDS = 0.25
MAX_COMMAND_LENGTH = 128
_OUTCOMES = {
    pb.OPERATION_OUTCOME_SUCCEEDED: "done",
    pb.OPERATION_OUTCOME_FAILED: "failed",
    pb.OPERATION_OUTCOME_DENIED: "denied",
    pb.OPERATION_OUTCOME_LEASE_ENDED: "ended",
}


class Broker:
    """Guarantees: nothing is ordered before it was allowed and that is on disk; what ends is recorded, too, and how;
    within a second of losing its permission, its token, its agent or its hub an operation has ended for its caller.
    """

    def __init__(
        self,
        *,
        policy: Callable[[], PolicySet],
        decider: Decider,
        ports: AgentPorts,
        registry: Registry,
        recorder: Recorder,
        outcomes: Outcomes,
        clock: Clock,
    ) -> None:
        self._policy = policy
        self._decider = decider
        self._ports = ports
        self._registry = registry
        self._recorder = recorder
        self._outcomes = outcomes
        self._clock = clock
        self._limits = Limits(clock)
        self._runs: dict[str, tuple[Run, AgentPort]] = {}
        self._is_draining = False
        ports.on_gone = self._agent_gone

    def __len__(self) -> int:
        return len(self._runs)

    async def begin(self, identity: Identity, lease: Lease, start: pb.OperationStart) -> Run:
        """Decides and orders. The run may have ended already: denied, or without an agent. Raises Refused for what
        can't be read, and beyond a limit. To be given back with ``finish``.
        """
        try:
            operation = read_operation(start, identity.subject)
        except BadOperation as error:
            raise Refused("INVALID_ARGUMENT", str(error)) from error
        if self._is_draining:
            raise Refused("UNAVAILABLE", "the hub is about to stop; try again in a moment", retry_after_seconds=2.0)
        self._limits.enter(identity.subject.name)
        try:
            permission = Permission(operation, self._policy, self._clock, self._registry.get(operation.cluster))
            run = Run(operation, permission, lease, self._clock)
        except BaseException:
            self._limits.leave(identity.subject.name)
            raise
        try:
            await self._begin(run, permission)
        except BaseException as error:
            run.is_decided = run.is_decided or isinstance(error, Refused)  # which is raised when nothing was recorded
            await self.finish(run)
            raise
        return run

    async def finish(self, run: Run) -> None:
        """Records how a run has ended. One that has not ends now: its caller has gone."""
        run.cancel("the caller has gone")
        self._runs.pop(run.id, None)
        self._limits.leave(run.operation.subject.name)
        result = run.result.result()
        if run.recording is not None:
            self._recorder.finish(run.recording)
        if run.was_allowed or not run.is_decided:
            outcome = _OUTCOMES.get(result.outcome, "unknown")
            exit_code = f"; exit code {result.exit_code}" if result.HasField("exit_code") else ""
            told = f"; {result.message}" if result.message else ""
            entry = self._decider.outcome(
                run.operation.access,
                run.operation.name,
                outcome,
                f"{run.decision_id}: {run.measured}{exit_code}{', recorded' if run.recording else ''}{told}",
                ends=run.decision_id,
            )
            await self._outcomes.record(entry)

    def claim(self, operation_id: str, cluster: str) -> Run | None:
        """The run that the agent of a cluster has come for; None when there is no such one for it. Each once."""
        run, port = self._runs.get(operation_id, (None, None))
        if run is None or port is None or port.cluster != cluster or run.is_claimed or run.result.done():
            return None
        return run

    def check_all(self) -> None:
        """Ends what may not go on. To be called when the policy has changed."""
        for run, _ in list(self._runs.values()):
            run.check()

    async def keep_checking(self) -> None:
        """The same several times a second, for what comes with time alone."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            self.check_all()

    def drain(self) -> None:
        """Ends everything: the hub is about to stop."""
        self._is_draining = True
        for run, _ in list(self._runs.values()):
            run.cancel("the hub is about to stop; begin anew in a moment")

    async def _begin(self, run: Run, permission: Permission) -> None:
        operation = run.operation
        run.was_allowed = await self._decide(operation, permission, run)
        run.is_decided = True
        if not run.was_allowed and not run.result.done():
            found = await asyncio.to_thread(telling.answer, self._policy(), operation.access, self._clock.now())
            run.end(pb.OperationResult(outcome=pb.OPERATION_OUTCOME_DENIED, message=found.sentence), is_dropping=True)
        if not run.was_allowed:
            return
        port = self._ports.get(operation.cluster)
        if port is None:
            run.fail("the cluster's agent is not connected; try again when it is")
        elif operation.name not in port.operations:
            message = f"the agent of this cluster does not do {operation.name}; its ceiling is set where it runs"
            run.end(pb.OperationResult(outcome=pb.OPERATION_OUTCOME_DENIED, message=message), is_dropping=True)
        else:
            self._runs[run.id] = (run, port)
            await self._record(run)
            run.tell_lease(await asyncio.to_thread(permission.until))
            run.check()
            if not run.result.done():
                await self._order(run, port)

    async def _record(self, run: Run) -> None:
        start = run.operation.start
        key = start.target.key
        session = RecordedSession(
            id=run.decision_id,
            subject=run.operation.subject.name,
            operation=run.operation.name,
            cluster=start.target.cluster,
            namespace=key.namespace,
            pod=key.name,
            command=start.exec.command[0][:MAX_COMMAND_LENGTH] if run.operation.name == "exec" else "",
            started_at=self._clock.now(),
        )
        try:
            run.record(await self._recorder.begin(session, run.cancel))
        except RecordingRefused as error:
            run.end(pb.OperationResult(outcome=pb.OPERATION_OUTCOME_DENIED, message=str(error)), is_dropping=True)

    async def _decide(self, operation: Operation, permission: Permission, run: Run) -> bool:
        if operation.is_of_many_pods:
            return await self._decide_pods(operation, permission, run)
        message, begins = f"{run.decision_id}: {operation.summary}", run.decision_id
        if operation.is_of_generated_name and self._is_allowed(operation) and not permission.holds():
            told = "a rule denies some names here, and the server could make up one of them; give the object a name"
            await self._decider.record_scope(operation.access, operation.name, f"{message}; {told}", is_allowed=False)
            run.end(pb.OperationResult(outcome=pb.OPERATION_OUTCOME_DENIED, message=told), is_dropping=True)
            return False
        decision = await self._decider.decide(operation.access, operation.name, message, begins=begins)
        if operation.name == "apply" and not decision.is_allowed:
            decision = await self._decider.decide(operation.asking("create"), operation.name, message, begins=begins)
        return decision.is_allowed

    def _is_allowed(self, operation: Operation) -> bool:
        return self._policy().decide(operation.access, self._clock.now()).is_allowed

    async def _decide_pods(self, operation: Operation, permission: Permission, run: Run) -> bool:
        """Each pod is decided when its lines pass; here, whether there can be any, and whose they are."""
        key = operation.start.target.key
        if key.name:
            asked = operation.asking("get", is_of_target=True)
            decision = await self._decider.decide(asked, "get", f"{run.decision_id}: its pods' logs")
            if not decision.is_allowed:
                return False
        is_allowed = permission.holds()
        found = "each pod by its own rows" if is_allowed else "no pod there"
        message = f"{run.decision_id}: {operation.summary}; {found}"
        await self._decider.record_scope(
            operation.access, operation.name, message, begins=run.decision_id, is_allowed=is_allowed
        )
        return is_allowed

    async def _order(self, run: Run, port: AgentPort) -> None:
        """Until the order is on its way, or the run has ended: whoever waits for a stalled link is told of that."""
        ordering = asyncio.create_task(self._order_in_time(run, port), name="hub/operation/order")
        try:
            await asyncio.wait((ordering, run.result), return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not ordering.done():
                ordering.cancel()
                await asyncio.gather(ordering, return_exceptions=True)

    async def _order_in_time(self, run: Run, port: AgentPort) -> None:
        try:
            async with asyncio.timeout(CLAIM_SECONDS):
                await port.order(run.id)
        except Exception as error:  # whatever breaks the link ends this operation, which nobody has begun
            log.warning("operation.order_failed", cluster=port.cluster, reason=f"{type(error).__name__}: {error}")
            run.fail("the connection to the cluster's agent broke; try again")

    def _agent_gone(self, port: AgentPort) -> None:
        for run, through in list(self._runs.values()):
            if through is port:
                run.fail("the cluster's agent has gone; whether this was carried out is not known")
