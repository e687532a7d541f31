"""``octokube audit``: reads a hub's audit log where its database lies."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click
import orjson

from octokube.runtime.errors import UserError
from octokube_hub.policy.windowtext import read_instant
from octokube_hub.store import AuditLog, Database
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
@click.option("--limit", default=100, type=click.IntRange(1, 1000), show_default=True, help="How many at most.")
@_OUTPUT
def list_records(data: Path, subject: str, verb: str, since_text: str | None, limit: int, output: str) -> None:
    """List records, newest first.

    Exit code 0: done. 2: the question is malformed, or there is no audit log.
    """
    try:
        since = read_instant(since_text, None, "since") if since_text else None
    except ValueError as error:
        raise UserError(f"--since {error}") from error
    entries = _with_log(data, lambda log: log.list(subject=subject, verb=verb, since=since, limit=limit))
    if output == "json":
        click.echo(orjson.dumps(entries, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
        return
    for entry in entries:
        window = f" while {entry.window}" if entry.window not in ("", "always") else ""
        by = f" by {entry.rule}{window}" if entry.rule else ""
        at = entry.at.isoformat(timespec="seconds").replace("+00:00", "Z")
        click.echo(f"{at} {entry.subject} {entry.action} {entry.target}: {entry.outcome}{by} {entry.message}".rstrip())


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
