"""``octokube login`` and ``logout``: a token for this machine, confirmed in a browser."""

import asyncio
import datetime
import getpass
import os
import socket
import sys

import click

from octokube.cli import stored
from octokube.cli.connecting import DEFAULT_HUB, explained
from octokube.cli.plain import plain
from octokube.client import FeedError
from octokube.client.identity import GrpcIdentity
from octokube.client.people import connect_people
from octokube.runtime.channels import open_channel
from octokube.runtime.errors import UserError
from octokube.v1 import identity_service_pb2 as pb

MAX_NAME = 100


@click.command()
def login() -> int:
    """Sign in at the hub that OCTOKUBE_HUB names, by confirming a code in a browser.

    The token lasts 12 hours and is kept in a file that only you can read. Commands use it where
    OCTOKUBE_TOKEN is not set.
    """
    target = _target()
    try:
        done = asyncio.run(_sign_in(target))
    except FeedError as error:
        if error.code in ("PERMISSION_DENIED", "NOT_FOUND"):
            raise UserError(f"not signed in: {plain(error.message)}", exit_code=1) from error
        raise explained(error, target) from error
    expires_at = done.expires_at.ToDatetime(datetime.UTC)
    stored.keep(target, stored.SignIn(done.token, done.token_id, done.subject, expires_at.isoformat()))
    until = expires_at.astimezone().strftime("%H:%M %Z")
    sys.stdout.write(f"You are signed in at {target} as {plain(done.subject)}, until {until}.\n")
    return 0


@click.command()
def logout() -> int:
    """Revoke the token of octokube login, and forget it."""
    target = _target()
    former = stored.forget(target)
    if former is None:
        raise UserError(f"you are not signed in at {target}", exit_code=1)
    try:
        asyncio.run(_revoke(target, former))
    except FeedError as error:
        if error.code != "UNAUTHENTICATED":  # which is a token that has ended already
            raise UserError(
                f"the token is forgotten here, but could not be revoked ({plain(error.message)}); "
                f"it ends by itself: {former.expires_at}",
                exit_code=1,
            ) from error
    sys.stdout.write(f"You are signed out at {target}.\n")
    return 0


async def _sign_in(target: str) -> pb.CompleteDeviceSignInResponse:
    async with open_channel(target, ca_file=os.environ.get("OCTOKUBE_HUB_CA_FILE") or None) as channel:
        identity = GrpcIdentity(channel)
        begun = await identity.begin_device(f"octokube on {socket.gethostname()} ({getpass.getuser()})"[:MAX_NAME])
        if begun.verification_uri:
            where = f"{begun.verification_uri}?code={begun.user_code}"
            sys.stdout.write(f"Open {where}\nand let this program in. It shows the code {begun.user_code}.\n")
        else:
            sys.stdout.write(f"Open the page /device of your Octokube and give the code {begun.user_code}.\n")
        sys.stdout.flush()
        seconds = float(begun.interval_seconds)
        while True:
            await asyncio.sleep(seconds)
            try:
                return await identity.complete_device(begun.device_code)
            except FeedError as error:
                match error.code:
                    case "FAILED_PRECONDITION" | "UNAVAILABLE":
                        continue  # nobody has decided yet, or the hub is away for a moment
                    case "RESOURCE_EXHAUSTED":
                        seconds += 1.0
                    case _:
                        raise


async def _revoke(target: str, former: stored.SignIn) -> None:
    ca_file = os.environ.get("OCTOKUBE_HUB_CA_FILE") or None
    async with connect_people(target, former.token, ca_file=ca_file) as people:
        await people.revoke_token(former.token_id)


def _target() -> str:
    return os.environ.get("OCTOKUBE_HUB") or DEFAULT_HUB
