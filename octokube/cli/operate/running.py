"""Runs one operation for a command: finds its target, prints its output, and turns its end into an exit code."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import click

from octokube.cli.connecting import HubConnection, connected, explained
from octokube.cli.plain import plain
from octokube.cli.typenames import find_type
from octokube.client import FeedError
from octokube.client.operations import RunningOperation
from octokube.runtime.errors import UserError
from octokube.runtime.logging import configure_logging
from octokube.runtime.running import run_program
from octokube.v1 import operation_pb2 as pb
from octokube.v1 import resource_pb2

NAMESPACE = click.option("-n", "--namespace", default="", help="The namespace; not for cluster-scoped objects.")
CLUSTER = click.option("--cluster", default="", help="The cluster. Without it: the only one that you see.")
FIELD_MANAGER = "octokube"

_WORDS = {
    pb.OPERATION_OUTCOME_DENIED: "denied",
    pb.OPERATION_OUTCOME_FAILED: "failed",
    pb.OPERATION_OUTCOME_LEASE_ENDED: "ended",
    pb.OPERATION_OUTCOME_UNKNOWN: "unknown",
}


class Session:
    """A hub for one command."""

    def __init__(self, hub: HubConnection) -> None:
        self._hub = hub

    async def target(self, type_word: str, name: str, namespace: str, cluster: str) -> pb.OperationTarget:
        """What the words on the command line mean. Raises UserError."""
        catalog = await self._hub.client.catalog()
        names = [found.name for found in catalog.clusters]
        if not cluster and len(names) != 1:
            seen = ", ".join(names) or "none"
            raise UserError(f"say which cluster with --cluster; you see {seen}")
        cluster = cluster or names[0]
        types = [type for found in catalog.clusters if found.name == cluster for type in found.types]
        type = find_type(type_word, types)
        if type.namespaced and not namespace:
            raise UserError(f"say where the {type.singular or type.type} is: -n NAMESPACE")
        key = resource_pb2.Key(type=type.type, namespace=namespace if type.namespaced else "", name=name)
        return pb.OperationTarget(cluster=cluster, key=key)

    @asynccontextmanager
    async def run(self, target: pb.OperationTarget, **content: Any) -> AsyncIterator[RunningOperation]:
        """Begins an operation; leaving the context ends it."""
        start = pb.OperationStart(target=target, idempotency_key=secrets.token_hex(16), **content)
        async with self._hub.operations.run(start) as operation:
            yield operation


def operate(work: Callable[[Session], Awaitable[int]]) -> int:
    """Runs a command's work until it is done or interrupted; its exit code."""
    configure_logging(level="warning")
    codes: list[int] = []

    async def main(stopping: asyncio.Event) -> None:
        async with connected() as hub:
            task = asyncio.ensure_future(_guarded(work(Session(hub)), hub.target))
            stop = asyncio.ensure_future(stopping.wait())
            try:
                await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                stop.cancel()
                task.cancel()
                await asyncio.wait({task, stop})
            if task.cancelled():
                codes.append(130)
            else:
                codes.append(task.result())

    code = run_program(main)
    return code or (codes[0] if codes else 0)


async def _guarded(work: Awaitable[int], target: str) -> int:
    try:
        return await work
    except FeedError as error:
        raise explained(error, target) from error


def report(result: pb.OperationResult, done: str) -> int:
    """Says how an operation has ended, on standard error unless it succeeded; the exit code."""
    if result.outcome == pb.OPERATION_OUTCOME_SUCCEEDED:
        sys.stdout.write(f"{plain(result.message) or done}\n")
        return 0
    word = _WORDS.get(result.outcome, "unknown")
    sys.stderr.write(f"{word}: {plain(result.message) or 'no reason was given'}\n")
    for escalation in result.escalations:
        sys.stderr.write(f"  it would raise privileges: {plain(escalation)}\n")
    for conflict in result.conflicts:
        sys.stderr.write(f"  {plain(conflict.field)} is managed by {plain(conflict.manager)}\n")
    return result.exit_code if result.HasField("exit_code") and result.exit_code else 1


def split_target(words: str) -> tuple[str, str]:
    """``deployments/web`` is a type and a name; a name alone is a pod's."""
    type_word, slash, name = words.partition("/")
    return (type_word, name) if slash else ("pods", words)
