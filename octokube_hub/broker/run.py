"""Carries one operation between its caller and the agent, from the decision to the result."""

import asyncio
import datetime
import secrets

from octokube.runtime.clock import Clock
from octokube.v1 import operation_pb2 as pb
from octokube_hub.broker.permission import Permission
from octokube_hub.broker.pipes import OverCredit, Pipe, input_bytes, output_bytes
from octokube_hub.broker.request import Operation
from octokube_hub.identity import Lease
from octokube_hub.recording import Recording

MAX_MESSAGE_LENGTH = 2_000
CLAIM_SECONDS = 10.0
SESSION_LIMIT_SECONDS = 12 * 3600.0
"""Nothing stays open longer than a working day and a half."""

UNSEEN = "this concerns something that is not visible to you, too"
"""What is told in place of a sentence about it."""


class Run:
    """Guarantees: from the instant at which ``end`` is called nothing more reaches the caller but the result, and
    nothing more the agent but the cancellation; the first who ends it says how. Content in flight is bounded by the
    credit that its receivers give. It sends nothing itself: both sides take from their pipes.
    """

    def __init__(self, operation: Operation, permission: Permission, lease: Lease, clock: Clock) -> None:
        self.id = secrets.token_urlsafe(24)
        self.operation = operation
        self.decision_id = secrets.token_hex(8)
        """Opaque: a number of the audit log would count what others do."""
        self.to_caller: Pipe[pb.RunResponse] = Pipe()
        self.to_agent: Pipe[pb.ExecuteResponse] = Pipe()
        self.result: asyncio.Future[pb.OperationResult] = asyncio.get_running_loop().create_future()
        self.is_decided = False
        self.was_allowed = False
        self.recording: Recording | None = None
        self._input_bytes = self._output_bytes = self._withheld_bytes = 0
        self.is_claimed = False
        self._permission = permission
        self._lease = lease
        self._clock = clock
        self._began_at = clock.monotonic()
        self._ended_at: float | None = None
        self._ends_at = clock.now() + datetime.timedelta(seconds=SESSION_LIMIT_SECONDS)
        self._told_until: datetime.datetime | None = None
        self._told_pods: pb.PodScope | None = None

    @property
    def measured(self) -> str:
        """How long it took, and how much content passed, in words for the audit log."""
        ended_at = self._clock.monotonic() if self._ended_at is None else self._ended_at
        return f"{ended_at - self._began_at:.1f} s, {self._input_bytes} bytes in, {self._output_bytes} bytes out"

    def claim(self) -> pb.ExecuteResponse:
        """The agent has come for it: what to do."""
        self.is_claimed = True
        start = pb.ExecuteStart(operation=self.operation.start)
        self._permission.fill(start)
        self._told_pods = start.pods if start.HasField("pods") else None
        return pb.ExecuteResponse(start=start)

    def record(self, recording: Recording | None) -> None:
        """What is shown from now on is recorded, and shown no faster than that can be done."""
        self.recording = recording
        if recording is not None:
            recording.file.on_room = self._pass_credit

    def from_caller(self, request: pb.RunRequest) -> None:
        """Takes a message of the caller; one that breaks the rules ends the operation."""
        try:
            match request.WhichOneof("message"):
                case "input":
                    size_bytes = input_bytes(request.input)
                    if self.recording is not None and request.input.WhichOneof("input") == "resize":
                        self.recording.resize(request.input.resize.columns, request.input.resize.rows)
                    self.to_agent.put(pb.ExecuteResponse(input=request.input), size_bytes)
                    self._input_bytes += size_bytes
                case "credit":
                    self.to_caller.grant(request.credit.bytes)
                    self._withheld_bytes += request.credit.bytes
                    self._pass_credit()
                case _:
                    self.fail("the caller sent a second start, or a message that says nothing")
        except OverCredit as error:
            self.fail(f"the caller broke the flow control: {error}")

    def from_agent(self, request: pb.ExecuteRequest) -> None:
        """Takes a message of the agent; one that breaks the rules ends the operation."""
        try:
            match request.WhichOneof("message"):
                case "output":
                    self._output(request.output)
                case "credit":
                    self.to_agent.grant(request.credit.bytes)
                    self.to_caller.put(pb.RunResponse(credit=request.credit))
                case "result":
                    self.end(request.result, is_dropping=False)
                case _:
                    self.fail("the agent sent a second id, or a message that says nothing")
        except OverCredit as error:
            self.fail(f"the agent broke the flow control: {error}")

    def check(self) -> None:
        """To be called several times a second, and when the policy has changed: ends what may not go on."""
        if self.result.done():
            return
        now = self._clock.now()
        if self._lease.has_ended(now):
            self._end_lease(f"your token is not valid any more ({self._lease.end_reason}); sign in again")
        elif not self._permission.holds():
            self._end_lease(f"the policy does not let you {self.operation.access.verb} here any more")
        elif now >= self._ends_at:
            self._end_lease(f"nothing stays open for more than {SESSION_LIMIT_SECONDS / 3600:g} hours; begin anew")
        elif not self.is_claimed and self._clock.monotonic() - self._began_at >= CLAIM_SECONDS:
            self.fail(f"the cluster's agent did not take this up within {CLAIM_SECONDS:g} seconds; try again")
        elif self.is_claimed and self.operation.is_of_many_pods:
            pods = self._permission.pods()
            if pods != self._told_pods:
                self._told_pods = pods
                try:
                    self.to_agent.put(pb.ExecuteResponse(pods=pods))
                except OverCredit as error:  # must not reach whoever checks all operations in turn
                    self.fail(f"the agent takes nothing any more: {error}")

    def tell_lease(self, policy_end: datetime.datetime | None) -> None:
        """Tells the caller until when this may stay open, when that is news."""
        ends = [(self._ends_at, "the longest that anything stays open")]
        if self._lease.expires_at is not None:
            ends.append((self._lease.expires_at, "your token expires"))
        if policy_end is not None:
            ends.append((policy_end, "a time window of the policy ends"))
        until, reason = min(ends)
        if until != self._told_until and not self.result.done():
            self._told_until = until
            lease = pb.Lease(reason=reason, recorded=self.recording is not None)
            lease.until.FromDatetime(until)
            self.to_caller.put(pb.RunResponse(lease=lease))

    def fail(self, message: str) -> None:
        """Ends it because something is wrong with it, or with the way."""
        outcome = pb.OPERATION_OUTCOME_UNKNOWN if self.is_claimed else pb.OPERATION_OUTCOME_FAILED
        self.end(pb.OperationResult(outcome=outcome, message=message), is_dropping=True)

    def cancel(self, message: str) -> None:
        """Ends it because one of the two sides has gone, or the hub is about to go."""
        self._end_lease(message)

    def end(self, result: pb.OperationResult, *, is_dropping: bool) -> None:
        """Ends it with a result, once. ``is_dropping``: what the caller has not taken yet is not theirs any more."""
        if self.result.done():
            return
        self._ended_at = self._clock.monotonic()
        told = pb.OperationResult()
        told.CopyFrom(result)
        told.message = told.message[:MAX_MESSAGE_LENGTH]
        told.decision_id = self.decision_id
        self.result.set_result(told)
        self.to_caller.close(pb.RunResponse(result=told), is_dropping=is_dropping)
        cancellation = (pb.ExecuteResponse(cancel=told.message or "it has ended"),) if is_dropping else ()
        self.to_agent.close(*cancellation, is_dropping=True)

    def _pass_credit(self) -> None:
        """Lets the agent send what the caller has room for; later, when the recording has none."""
        if self._withheld_bytes and (self.recording is None or self.recording.has_room):
            credit = pb.OperationCredit(bytes=self._withheld_bytes)
            self._withheld_bytes = 0
            self.to_agent.put(pb.ExecuteResponse(credit=credit))

    def _end_lease(self, message: str) -> None:
        self.end(pb.OperationResult(outcome=pb.OPERATION_OUTCOME_LEASE_ENDED, message=message), is_dropping=True)

    def _output(self, output: pb.OperationOutput) -> None:
        size_bytes = output_bytes(output)
        self.check()  # at the last moment: nothing passes on a permission that has been overtaken
        if self.result.done():
            return
        if self._permission.passes(output):
            if self.recording is not None and (stream := output.WhichOneof("output")) in ("stdout", "stderr"):
                self.recording.output(getattr(output, stream), stream)
            self.to_caller.put(pb.RunResponse(output=output), size_bytes)
            self._output_bytes += size_bytes
        elif output.WhichOneof("output") == "progress":
            self.to_caller.put(pb.RunResponse(output=pb.OperationOutput(progress=UNSEEN)))
        elif size_bytes:
            self.to_agent.put(pb.ExecuteResponse(credit=pb.OperationCredit(bytes=size_bytes)))
