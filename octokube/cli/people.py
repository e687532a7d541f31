"""``octokube token``, ``people`` and ``service-account``: who gets in, and with what."""

import asyncio
import datetime
import os
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from octokube.cli.connecting import DEFAULT_HUB, explained, token_for
from octokube.cli.listing import print_json, print_json_list, print_table, read_age, time_of
from octokube.cli.plain import plain
from octokube.client import FeedError
from octokube.client.people import PeopleClient, connect_people
from octokube.runtime.errors import UserError
from octokube.runtime.passwords import hash_password
from octokube.v1 import identity_service_pb2 as pb

T = TypeVar("T")

MIN_PASSWORD = 12

OUTPUT = click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to print. Default: text."
)


@click.group()
def token() -> None:
    """Your own access tokens: for scripts, and for programs that show live views.

    A token can do what you can do, or less. It ends when it is revoked, and when you are shut out.
    """


@token.command("create")
@click.option("--description", default="", help="What it is for.")
@click.option(
    "--expires", default="90d", show_default=True, metavar="AGE", help="How long it lasts, such as 12h or 90d."
)
@click.option("--read-only", is_flag=True, help="It can look, list, watch and read logs, and nothing else.")
@click.option("--cluster", "clusters", multiple=True, help="Only in this cluster. Can be repeated.")
@click.option(
    "--subject", default="", help="Somebody else's, such as service:ci, if the policy lets you. Default: you."
)
@OUTPUT
def create_token(
    description: str, expires: str, read_only: bool, clusters: tuple[str, ...], subject: str, output: str
) -> None:
    """Make a token and print it. It is not shown again.

    Standard output holds the token alone, so that it can go into a file or a variable.
    """
    expires_at = datetime.datetime.now(datetime.UTC) + read_age(expires)
    made = _ask(
        lambda people: people.create_token(
            subject=subject, description=description, expires_at=expires_at, is_read_only=read_only, clusters=clusters
        )
    )
    if output == "json":
        print_json(made)
        return
    sys.stdout.write(f"{made.token}\n")
    told = made.description
    sys.stderr.write(f"token {told.token_id} of {plain(told.subject)}, until {time_of(told.expires_at)}{_left(told)}\n")


@token.command("list")
@click.option("--all", "is_of_all", is_flag=True, help="Everybody's, if the policy lets you.")
@OUTPUT
def list_tokens(is_of_all: bool, output: str) -> None:
    """List tokens, newest first; never the secrets."""
    found = _ask(lambda people: people.tokens(is_of_all=is_of_all))
    if output == "json":
        print_json_list(found)
        return
    rows = [
        (one.token_id, one.subject, time_of(one.created_at), _end(one), one.description + _left(one)) for one in found
    ]
    print_table(("ID", "WHOSE", "MADE", "ENDS", "WHAT FOR"), rows)


@token.command("revoke")
@click.argument("token_id")
def revoke_token(token_id: str) -> None:
    """End a token. What is open with it ends within a second."""
    _ask(lambda people: people.revoke_token(token_id))
    sys.stdout.write(f"token {token_id} is revoked\n")


@click.group()
def people() -> None:
    """Who has been here, in which teams, and who is shut out."""


@people.command("list")
@OUTPUT
def list_people(output: str) -> None:
    """List people and service accounts, with the teams that the identity provider or an administrator gave them."""
    found = _ask(lambda people: people.people())
    if output == "json":
        print_json_list(found)
        return
    rows = [
        (
            one.subject,
            f"shut out {time_of(one.disabled_at)}" if one.HasField("disabled_at") else "may sign in",
            ", ".join(one.teams),
            time_of(one.teams_at) if one.HasField("teams_at") else "",
        )
        for one in found
    ]
    print_table(("WHO", "STATE", "TEAMS", "SINCE"), rows)


@people.command("disable")
@click.argument("subject")
def disable(subject: str) -> None:
    """Shut SUBJECT (user:NAME or service:NAME) out. What they have open ends within a second."""
    _ask(lambda people: people.set_disabled(subject, is_disabled=True))
    sys.stdout.write(f"{subject} is shut out\n")


@people.command("enable")
@click.argument("subject")
def enable(subject: str) -> None:
    """Let SUBJECT in again."""
    _ask(lambda people: people.set_disabled(subject, is_disabled=False))
    sys.stdout.write(f"{subject} may sign in again\n")


@people.command("hash-password")
@click.argument("name")
def hash_line(name: str) -> None:
    """Make the line of a local account, for the file of octokube-hub serve --local-accounts."""
    password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    if len(password) < MIN_PASSWORD:
        raise UserError(f"the password has {len(password)} characters; use at least {MIN_PASSWORD}")
    sys.stdout.write(f"{name} {hash_password(password)}\n")


@click.group("service-account")
def service_account() -> None:
    """Programs that have a name, teams and tokens of their own."""


@service_account.command("put")
@click.argument("name")
@click.option("--team", "teams", multiple=True, help="A team of it, such as team:payments. Can be repeated.")
def put_service_account(name: str, teams: tuple[str, ...]) -> None:
    """Make the service account NAME, or give it these teams and no others."""
    subject = name if name.startswith("service:") else f"service:{name}"
    full = [team if team.startswith("team:") else f"team:{team}" for team in teams]
    _ask(lambda people: people.put_service_account(subject, full))
    sys.stdout.write(f"{subject} is in {', '.join(full) or 'no team'}\n")


def _ask(work: Callable[[PeopleClient], Awaitable[T]]) -> T:
    target = os.environ.get("OCTOKUBE_HUB") or DEFAULT_HUB

    async def run() -> T:
        secret = token_for(target)
        async with connect_people(target, secret, ca_file=os.environ.get("OCTOKUBE_HUB_CA_FILE") or None) as client:
            return await work(client)

    try:
        return asyncio.run(run())
    except FeedError as error:
        raise explained(error, target) from error


def _left(one: pb.PersonalToken) -> str:
    """What the token leaves of the permissions, in brackets."""
    limits = ["read-only"] if one.ceiling.is_read_only else []
    if one.ceiling.clusters:
        limits.append(f"only {', '.join(one.ceiling.clusters)}")
    return f" ({'; '.join(limits)})" if limits else ""


def _end(one: pb.PersonalToken) -> str:
    return f"revoked {time_of(one.revoked_at)}" if one.HasField("revoked_at") else time_of(one.expires_at)
