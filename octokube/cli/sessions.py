"""``octokube sessions``: lists recorded terminal sessions of a hub, replays and exports them."""

import asyncio
import datetime
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

import click
import orjson

from octokube.cli.connecting import DEFAULT_HUB, explained, token_for
from octokube.cli.plain import plain
from octokube.cli.replaying import replay
from octokube.client import FeedError
from octokube.client.admin import AdminClient, connect_admin
from octokube.runtime.errors import UserError
from octokube.v1 import admin_service_pb2 as pb

T = TypeVar("T")

IN_MEMORY_BYTES = 8 * 1024 * 1024
_STATES = {
    pb.SESSION_STATE_RUNNING: "running",
    pb.SESSION_STATE_COMPLETE: "complete",
    pb.SESSION_STATE_CUT_OFF: "cut off",
}


@click.group()
def sessions() -> None:
    """Recorded terminal sessions: who had one, and what it showed.

    What was typed is not recorded, but what the terminal echoed is. The policy says who may list them (list on
    recordings.octokube.io of the cluster octokube) and who may look at one (get).
    """


@sessions.command("list")
@click.option("--user", "subject", default="", help="Whose, such as user:alice.")
@click.option("--since", "since_text", help="From when on, such as 2026-11-23T08:00+01:00.")
@click.option("--limit", default=100, type=click.IntRange(1), show_default=True, help="How many at most.")
@click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to print. Default: text."
)
def list_sessions(subject: str, since_text: str | None, limit: int, output: str) -> None:
    """List recorded sessions, newest first. Where there are more than --limit, that is said on the error output."""
    since = _instant(since_text) if since_text else None

    async def find(admin: AdminClient) -> list[pb.RecordedSession]:
        # One more than is wanted tells that there are more.
        return [session async for session in admin.sessions(subject=subject, since=since, limit=limit + 1)]

    found = _ask(find)
    if len(found) > limit:
        found = found[:limit]
        click.echo(f"only the newest {limit}: there are more; raise --limit, or narrow the question", err=True)
    if output == "json":
        click.echo(orjson.dumps([_described(session) for session in found], option=orjson.OPT_INDENT_2).decode())
        return
    for session in found:
        click.echo(plain(_line(session)))


@sessions.command()
@click.argument("session_id")
@click.option("--speed", default=1.0, type=click.FloatRange(0, 1000, min_open=True), help="How many times as fast.")
@click.option(
    "--idle-limit", type=click.FloatRange(0), metavar="SECONDS", help="Wait at most so long where nothing happened."
)
def play(session_id: str, speed: float, idle_limit: float | None) -> int:
    """Replay a session in this terminal, as fast as it was; ctrl-c ends it.

    It can only draw: what would query the terminal, set its title or its clipboard is left out.
    """
    with _fetched(session_id) as file:
        try:
            is_whole = replay(file, speed=speed, idle_limit_seconds=idle_limit)
        except KeyboardInterrupt:
            return 130
    if not is_whole:
        click.echo("the recording ends in the middle: the hub was killed, or could not write on", err=True)
    return 0


@sessions.command()
@click.argument("session_id")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), default="-")
def export(session_id: str, file: Path) -> None:
    """Write a session as asciicast v2, which asciinema plays, to a new FILE, or to standard output.

    Unlike play, this leaves nothing out: another player passes on whatever the session sent to its terminal.
    """
    with _fetched(session_id) as fetched:
        if str(file) == "-":
            if sys.stdout.isatty():
                raise UserError("standard output is a terminal; name a FILE, or use octokube sessions play")
            _copy(fetched, sys.stdout.buffer)
            return
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as made:
                _copy(fetched, made)
        except OSError as error:
            raise UserError(f"{file} can't be written ({error.strerror}); name a file that does not exist") from error


def _fetched(session_id: str) -> BinaryIO:
    """The whole recording, in memory or in a file that has no name: replaying slowly holds no stream of the hub."""
    file = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 - the caller closes it

    async def fetch(admin: AdminClient) -> None:
        async for part in admin.recording(session_id):
            file.write(part)

    try:
        _ask(fetch)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file  # type: ignore[return-value]


def _copy(source: BinaryIO, target: BinaryIO) -> None:
    while part := source.read(65_536):
        target.write(part)
    target.flush()


def _ask(work: Callable[[AdminClient], Awaitable[T]]) -> T:
    async def run() -> T:
        async with _connected() as admin:
            return await work(admin)

    return asyncio.run(run())


@asynccontextmanager
async def _connected() -> AsyncIterator[AdminClient]:
    target = os.environ.get("OCTOKUBE_HUB") or DEFAULT_HUB
    token = token_for(target)
    async with connect_admin(target, token, ca_file=os.environ.get("OCTOKUBE_HUB_CA_FILE") or None) as admin:
        try:
            yield admin
        except FeedError as error:
            raise explained(error, target) from error


def _instant(text: str) -> datetime.datetime:
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise UserError(f"--since {text!r} is no time; write it like 2026-11-23T08:00+01:00") from error
    if found.tzinfo is None:
        raise UserError(f"--since {text!r} has no zone; add one, like +01:00 or Z")
    return found


def _line(session: pb.RecordedSession) -> str:
    key = session.key
    place = f"{session.cluster}/{key.namespace}/{key.name}"
    what = f"{session.operation} {place}{f': {session.command}' if session.command else ''}"
    return f"{session.session_id}  {_time(session.started_at)}  {_length(session):>8}  {session.subject}  {what}"


def _length(session: pb.RecordedSession) -> str:
    if not session.HasField("ended_at") or session.state == pb.SESSION_STATE_CUT_OFF:
        return _STATES.get(session.state, "")
    seconds = session.ended_at.ToMilliseconds() - session.started_at.ToMilliseconds()
    return str(datetime.timedelta(seconds=max(0, seconds // 1000)))


def _described(session: pb.RecordedSession) -> dict[str, object]:
    return {
        "session_id": session.session_id,
        "subject": session.subject,
        "operation": session.operation,
        "cluster": session.cluster,
        "namespace": session.key.namespace,
        "pod": session.key.name,
        "command": session.command,
        "started_at": _time(session.started_at),
        "ended_at": _time(session.ended_at) if session.HasField("ended_at") else None,
        "state": _STATES.get(session.state, "unknown"),
        "bytes": session.bytes,
    }


def _time(at: "datetime.datetime | object") -> str:
    found: datetime.datetime = at.ToDatetime(datetime.UTC)  # type: ignore[union-attr]
    return found.isoformat(timespec="seconds").replace("+00:00", "Z")
