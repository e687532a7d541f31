"""``octokube audit``: reads a hub's audit log, where its database lies or of the hub itself."""

import asyncio
import dataclasses
import datetime
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click
import orjson

from octokube.cli.connecting import explained
from octokube.cli.plain import plain
from octokube.cli.policy import hubs
from octokube.client.admin import connect_admin
from octokube.client.feed import FeedError
from octokube.runtime.errors import UserError
from octokube.v1 import admin_service_pb2 as pb
from octokube_hub.policy.windowtext import read_instant
from octokube_hub.store import AuditEntry, AuditLog, AuditQuestion, Database
from octokube_hub.store.audit import MAX_LIST
from octokube_hub.store.database import FILE_NAME

T = TypeVar("T")

_DATA = click.option(
    "--data",
    envvar="OCTOKUBE_DATA",
    type=click.Path(path_type=Path),
    default=Path("octokube-data"),
    show_default=True,
    help="The directory of the hub's database. The hub may be running.",
)
_OUTPUT = click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to print. Default: text."
)


@click.group()
def audit() -> None:
    """Read the audit log of a hub: what was decided, by which row, and which policies came into force."""


@audit.command()
@_DATA
@click.option("--head", default="", metavar="HASH", help="A head that was noted earlier, and must still be in the log.")
@_OUTPUT
@click.pass_context
def verify(context: click.Context, data: Path, head: str, output: str) -> None:
    """Follow the chain of hashes, and print its head. Note that elsewhere, and give it as --head the next time.

    Without --head, records missing from the end are not noticed. Exit code 0: the chain holds. 1: it is broken.
    2: there is no audit log.
    """
    found = _with_log(data, lambda log: log.verify(head))
    if output == "json":
        click.echo(orjson.dumps({**dataclasses.asdict(found), "holds": not found.fault}).decode())
    elif found.fault:
        click.echo(f"broken after {found.records} records: {found.fault}")
    else:
        click.echo(f"{found.records} records, unchanged; head {found.head}")
    context.exit(1 if found.fault else 0)


@audit.command("list")
@_DATA
@click.option("--user", "subject", default="", help="Whose, such as user:alice.")
@click.option("--verb", default="", help="Which verb or action, such as get, or create for token.create.")
@click.option("--since", "since_text", help="From when on, such as 2026-11-23T08:00+01:00.")
@click.option("--limit", default=100, type=click.IntRange(1), show_default=True, help="How many at most.")
@_OUTPUT
@hubs.OPTIONS
def list_records(
    data: Path,
    subject: str,
    verb: str,
    since_text: str | None,
    limit: int,
    output: str,
    hub: hubs.HubAccess | None,
) -> None:
    """List records, newest first. Where there are more than --limit, that is said on the error output.

    With --hub the hub is asked, which needs list on auditrecords.octokube.io. Exit code 0: done. 2: the question is
    malformed, there is no audit log, or the hub refuses.
    """
    try:
        since = read_instant(since_text, None, "since") if since_text else None
    except ValueError as error:
        raise UserError(f"--since {error}") from error

    async def find(log: AuditLog) -> list[AuditEntry]:
        found: list[AuditEntry] = []
        while len(found) <= limit:  # one more than is wanted tells that there are more
            count = min(limit + 1 - len(found), MAX_LIST)
            before = found[-1].id if found else 0
            page = await log.list(subject=subject, verb=verb, since=since, limit=count, before_id=before)
            found.extend(page)
            if len(page) < count:
                break
        return found

    async def ask(at: hubs.HubAccess) -> list[AuditEntry]:
        async with connect_admin(at.target, at.token, ca_file=at.ca_file) as admin:
            records = admin.audit_records(subject=subject, verb=verb, since=since, limit=limit + 1)
            try:
                return [_entry(record) async for record in records]
            except FeedError as error:
                raise explained(error, at.target) from error

    entries = hub.ask(ask) if hub is not None else _with_log(data, find)
    if len(entries) > limit:
        entries = entries[:limit]
        click.echo(f"only the newest {limit}: there are more; raise --limit, or narrow the question", err=True)
    if output == "json":
        click.echo(orjson.dumps(entries, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
        return
    for entry in entries:
        window = f" while {entry.window}" if entry.window not in ("", "always") else ""
        by = f" by {entry.rule}{window}" if entry.rule else ""
        at = entry.at.isoformat(timespec="seconds").replace("+00:00", "Z")
        line = f"{at} {entry.subject} {entry.action} {entry.target}: {entry.outcome}{by} {entry.message}"
        click.echo(plain(line.rstrip()))


def _entry(record: pb.AuditRecord) -> AuditEntry:
    asked = record.question
    return AuditEntry(
        id=record.id,
        at=record.at.ToDatetime(datetime.UTC),
        subject=record.subject,
        action=record.action,
        target=record.target,
        outcome=record.outcome,
        rule=record.rule,
        policy_revision=record.policy_revision,
        message=record.message,
        window=record.window,
        question=AuditQuestion(
            cluster=asked.cluster,
            resource=asked.resource,
            namespace=asked.namespace,
            name=asked.name,
            verb=asked.verb,
            groups=tuple(asked.groups),
        )
        if record.HasField("question")
        else None,
        hash=record.hash,
    )


def _with_log(data: Path, work: Callable[[AuditLog], Awaitable[T]]) -> T:
    if not (data / FILE_NAME).is_file():
        raise UserError(f"there is no {FILE_NAME} in {data}; name the hub's directory with --data")

    async def run() -> T:
        database = Database(data)
        await database.open()
        try:
            return await work(AuditLog(database))
        finally:
            await database.close()

    return asyncio.run(run())
