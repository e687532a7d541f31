"""Asks a running hub for what the policy commands otherwise read from files: policy, decisions, objects."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import click
import grpc.aio

from octokube.cli.connecting import checked_token, connected, explained, token_for
from octokube.client.grpc_feed import feed_error, metadata_of
from octokube.runtime.channels import open_channel
from octokube.runtime.errors import UserError
from octokube.v1 import admin_service_pb2 as pb
from octokube.v1 import admin_service_pb2_grpc
from octokube_hub.policy import PolicyError, PolicySet
from octokube_hub.policy.loading import build_policy
from octokube_hub.policy.places import Place
from octokube_hub.policy.sources import Sources

T = TypeVar("T")
ANSWER_SECONDS = 30.0
PAGE = 1_000
"""Records asked for at once: the most that a hub gives."""


@dataclass(frozen=True, slots=True)
class HubAccess:
    """Where a hub is, and as whom to ask it."""

    target: str
    token: str
    ca_file: str | None

    def ask(self, work: Callable[["HubAccess"], Coroutine[Any, Any, T]]) -> T:
        """Runs one piece of work to its end. Raises UserError for every refusal, with exit code 2."""
        try:
            return asyncio.run(work(self))
        except UserError as error:
            raise UserError(str(error)) from error


def OPTIONS(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command ``--hub``, ``--token`` and ``--ca-file``, as one argument ``hub`` (None: offline)."""

    @click.option("--hub", "hub_target", metavar="ADDRESS", help="Ask this hub (host:port) about the policy in force.")
    @click.option(
        "--token", envvar="OCTOKUBE_TOKEN", default="", metavar="TOKEN", help="For --hub. Better: OCTOKUBE_TOKEN."
    )
    @click.option(
        "--ca-file",
        envvar="OCTOKUBE_HUB_CA_FILE",
        metavar="FILE",
        help="For --hub: the CA that signed its certificate. Or OCTOKUBE_HUB_CA_FILE.",
    )
    @functools.wraps(command)
    def collected(*arguments: Any, hub_target: str | None, token: str, ca_file: str | None, **others: Any) -> None:
        hub = (
            HubAccess(hub_target, checked_token(token) if token else token_for(hub_target), ca_file or None)
            if hub_target
            else None
        )
        command(*arguments, hub=hub, **others)

    return collected


async def fetch_policy(hub: HubAccess) -> PolicySet:
    """The policy in force, made of the hub's files by the code that the hub has. Raises UserError."""
    async with _admin(hub) as (admin, metadata):
        answer = await admin.GetPolicy(pb.GetPolicyRequest(), metadata=metadata, timeout=ANSWER_SECONDS)
    try:
        policy = build_policy(
            Sources({file.name: file.content for file in answer.files}, ()), commit=answer.commit or None
        )
    except PolicyError as error:
        raise UserError(
            f"the hub at {hub.target} has a policy that this program does not understand ({error.problems[0]}); "
            "use a program of the hub's version"
        ) from error
    if policy.revision != answer.revision:
        raise UserError(
            f"the hub at {hub.target} calls its policy {answer.revision}, and this program {policy.revision}; "
            "use a program of the hub's version"
        )
    return policy


async def fetch_records(hub: HubAccess, since: datetime) -> list[pb.AuditRecord]:
    """Every record of the audit log from an instant on, newest first. Raises UserError."""
    found: list[pb.AuditRecord] = []
    async with _admin(hub) as (admin, metadata):
        while True:
            request = pb.ListAuditRecordsRequest(limit=PAGE, before_id=found[-1].id if found else 0)
            request.since.FromDatetime(since)
            page = await admin.ListAuditRecords(request, metadata=metadata, timeout=ANSWER_SECONDS)
            found.extend(page.records)
            if len(page.records) < PAGE:
                return found


async def fetch_objects(hub: HubAccess) -> tuple[Place, ...]:
    """Every object that the token may see. Raises UserError."""
    async with connected(hub.target, hub.token, hub.ca_file) as connection:
        view = connection.client.view("*", has_bodies=False)
        try:
            await view.synced(ANSWER_SECONDS)
        except TimeoutError as error:
            raise UserError(
                f"the hub at {hub.target} sent no complete list of objects within {ANSWER_SECONDS:.0f} s; "
                "are its agents connected? give --inventory to do without"
            ) from error
        return tuple(sorted(Place(name, o.key.namespace, o.key.type, o.key.name) for name, o in view.items()))


@asynccontextmanager
async def _admin(hub: HubAccess) -> AsyncIterator[tuple[Any, grpc.aio.Metadata]]:
    """A stub, and what to send along. Raises UserError for every refusal inside."""
    async with open_channel(hub.target, ca_file=hub.ca_file) as channel:
        try:
            stub = admin_service_pb2_grpc.AdminServiceStub(channel)  # type: ignore[no-untyped-call]
            yield stub, metadata_of(hub.token)
        except grpc.aio.AioRpcError as error:
            raise explained(feed_error(error), hub.target) from error
