"""Runs each operation that the hub orders from its stream's beginning to its end."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc.aio
import structlog

from octokube.runtime.clock import Clock
from octokube.runtime.tasks import Tasks
from octokube.v1 import operation_pb2 as pb
from octokube_agent.kube import errors
from octokube_agent.kube.client import KubeClient
from octokube_agent.link.window import ProtocolError
from octokube_agent.operations import (
    changing,
    draining,
    forwarding,
    logs,
    reading,
    reference,
    revealing,
    rollouts,
    schemas,
    terminals,
    writing,
)
from octokube_agent.operations.ceiling import Ceiling
from octokube_agent.operations.cluster import Cluster, impersonation
from octokube_agent.operations.documents import Documents
from octokube_agent.operations.failures import Failed, Refused, result_of
from octokube_agent.operations.reference import Served
from octokube_agent.operations.remembering import Remembering
from octokube_agent.operations.stream import ExecuteCall, OperationStream
from octokube_agent.operations.work import Commit, Work, Written
from octokube_agent.projection.redaction import Redactor
from octokube_agent.served_type import ServedType

log = structlog.get_logger(__name__)

MAX_CONCURRENT = 512
"""The hub limits each person; this only keeps a hub gone wild from exhausting the agent."""
LAST_WORD_SECONDS = 5.0
"""How long the hub may take to read an operation's end before the stream is cut off."""


@dataclass(frozen=True, slots=True)
class Family:
    """How one member of OperationStart is executed. ``subresources`` are those that a target may name for it;
    ``needs_name`` false: it may be about a collection.
    """

    perform: Callable[[Work], Awaitable[pb.OperationResult]]
    subresources: frozenset[str] = frozenset()
    needs_name: bool = True


@dataclass(frozen=True, slots=True)
class WriteFamily:
    """How one is executed that changes something, and that under one key happens once."""

    write: Callable[[Work], Coroutine[Any, Any, Written]]
    subresources: frozenset[str] = frozenset()
    needs_name: bool = True


FAMILIES: Mapping[str, Family | WriteFamily] = {
    "get": Family(reading.get),
    "describe": Family(reading.describe),
    "schema": Family(schemas.schema, needs_name=False),
    "logs": Family(logs.logs, frozenset(("log",)), needs_name=False),
    "apply": WriteFamily(writing.apply),
    "create": WriteFamily(writing.create, needs_name=False),
    "patch": WriteFamily(writing.patch),
    "delete": WriteFamily(changing.delete),
    "scale": WriteFamily(changing.scale, frozenset(("scale",))),
    "restart": WriteFamily(changing.restart),
    "cordon": WriteFamily(changing.cordon),
    "rollback": WriteFamily(rollouts.rollback),
    "rollout_status": Family(rollouts.rollout_status),
    "drain": Family(draining.drain),
    "reveal": Family(revealing.reveal),
    "exec": Family(terminals.execute, frozenset(("exec",))),
    "copy_from": Family(terminals.copy_from, frozenset(("exec",))),
    "attach": Family(terminals.attach, frozenset(("attach",))),
    "debug": Family(terminals.debug, frozenset(("ephemeralcontainers",))),
    "port_forward": Family(forwarding.forward, frozenset(("portforward",))),
}


class Executor:
    """Executes operations for one agent.

    Guarantees: an operation is held against the ceiling before anything is asked of the cluster; it ends, with its
    requests to the API server, when the hub cancels it or its stream ends, but for a write that has begun to change
    something; every text that leaves is redacted.
    """

    def __init__(
        self,
        client: KubeClient,
        *,
        cluster: str,
        served: Served,
        types: Callable[[], Sequence[ServedType]],
        redactor: Redactor,
        ceiling: Ceiling,
        is_impersonating: bool,
        tasks: Tasks,
        clock: Clock,
    ) -> None:
        self._client = client
        self._cluster = cluster
        self._served = served
        self._types = types
        self._redactor = redactor
        self._ceiling = ceiling
        self._is_impersonating = is_impersonating
        self._remembering = Remembering(tasks)
        self._clock = clock
        self._running = 0

    @property
    def operations(self) -> list[str]:
        """The names of what may pass at all, sorted."""
        return sorted(self._ceiling.operations)

    async def run(self, operation_id: str, call: ExecuteCall) -> None:
        """One operation on a stream that has just been opened. What the hub does wrong ends it, and nothing else."""
        stream = OperationStream(call)
        self._running += 1
        try:
            start = await stream.open(operation_id)
            # Reading goes on until the very end: giving up a read ends a gRPC stream, and the last word with it.
            listener = asyncio.create_task(stream.listen(), name=f"agent/operation/{operation_id}/listen")
            try:
                await stream.finish(await self._supervise(start, stream, listener))
                await asyncio.wait((listener,), timeout=LAST_WORD_SECONDS)
            finally:
                listener.cancel()
                await asyncio.gather(listener, return_exceptions=True)
        except ProtocolError as error:
            log.warning("operation.broken", reason=str(error))
        except grpc.aio.AioRpcError as error:
            log.info("operation.stream_lost", code=error.code().name)
        finally:
            await stream.close()
            self._running -= 1

    async def _supervise(
        self, start: pb.ExecuteStart, stream: OperationStream, listener: "asyncio.Task[str]"
    ) -> pb.OperationResult:
        name = start.operation.WhichOneof("operation") or "nothing"
        began_at = self._clock.monotonic()
        performer = asyncio.create_task(self._perform(name, start, stream), name=f"agent/operation/{name}")
        try:
            await asyncio.wait((performer, listener), return_when=asyncio.FIRST_COMPLETED)
            if performer.done():
                result = performer.result()
            else:
                result = pb.OperationResult(
                    outcome=pb.OPERATION_OUTCOME_LEASE_ENDED, message=listener.result() or "the stream ended"
                )
        finally:
            performer.cancel()
            await asyncio.gather(performer, return_exceptions=True)
        log.info(
            "operation.ended",
            operation=name,
            outcome=pb.OperationOutcome.Name(result.outcome),
            seconds=round(self._clock.monotonic() - began_at, 3),
            output_bytes=stream.output_bytes,
        )
        return result

    async def _perform(self, name: str, start: pb.ExecuteStart, stream: OperationStream) -> pb.OperationResult:
        type = start.operation.target.key.type
        try:
            family, found, headers = self._admit(name, start)

            def work(commit: Commit) -> Work:
                return Work(
                    start=start,
                    reference=found,
                    stream=stream,
                    cluster=Cluster(self._client, headers),
                    documents=Documents(stream, self._redactor),
                    redactor=self._redactor,
                    ceiling=self._ceiling,
                    served=self._served,
                    types=self._types,
                    clock=self._clock,
                    commit=commit,
                )

            if isinstance(family, Family):
                return await family.perform(work(Commit()))
            write = family.write
            if _is_dry_run(name, start.operation):
                written = await write(work(Commit()))
            else:
                written = await self._remembering.once(start, lambda commit: write(work(commit)))
            documents = Documents(stream, self._redactor)
            for role, of_type, obj, before in written.documents:
                await documents.send(role, of_type, obj, before=before)
            return written.result
        except (Refused, Failed, errors.KubeError) as error:
            return result_of(error, type, self._redactor)
        except (ProtocolError, grpc.aio.AioRpcError):
            raise
        except Exception as error:
            # An unforeseen error's text may quote an object: where it happened says enough.
            frame = traceback.extract_tb(error.__traceback__)[-1]
            log.error("operation.bug", operation=name, error=type_name(error), at=f"{frame.filename}:{frame.lineno}")
            return pb.OperationResult(
                outcome=pb.OPERATION_OUTCOME_FAILED,
                message="the agent has a bug here, which its log names; please report it",
            )

    def _admit(
        self, name: str, start: pb.ExecuteStart
    ) -> tuple[Family | WriteFamily, reference.Reference, Sequence[tuple[str, str]]]:
        """Raises Refused for whatever may not pass, before anything has been asked of the cluster."""
        if self._running > MAX_CONCURRENT:
            raise Refused(f"the agent runs {MAX_CONCURRENT} operations already; try again in a moment")
        key = start.operation.target.key
        if name not in FAMILIES:
            raise Refused("the agent does not know this operation; it may be older than the hub")
        if refusal := self._ceiling.refusal(name, key.type, key.namespace):
            raise Refused(refusal)
        if not start.subject:
            raise Refused("the hub did not say who the operation is for")
        family = FAMILIES[name]
        found = reference.parse(
            start.operation.target, self._served, cluster=self._cluster, subresources=family.subresources
        )
        if family.needs_name and not found.name:
            # A collection's path would answer with all of it, and a list is redacted as no object of its type is.
            raise Refused("the operation is about one object, and the hub named none")
        return family, found, impersonation(start) if self._is_impersonating else ()


def _is_dry_run(name: str, operation: pb.OperationStart) -> bool:
    member = getattr(operation, name)
    return bool(getattr(member, "dry_run", False))


def type_name(error: BaseException) -> str:
    """An error's type."""
    return type(error).__name__
