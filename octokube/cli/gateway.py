"""``octokube gateway``: lets gateways enrol, and ends them."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from octokube.cli.connecting import DEFAULT_HUB, explained, token_for
from octokube.cli.listing import print_json, print_json_list, print_table, read_age, time_of
from octokube.cli.people import OUTPUT
from octokube.client import FeedError
from octokube.client.gateways import GatewaysClient, connect_gateways
from octokube.v1 import gateway_service_pb2 as pb

T = TypeVar("T")


@click.group()
def gateway() -> None:
    """Gateways: enrolled with a one-time token, known by certificates that they renew, and revoked.

    The policy says who may (create, list and delete on gateways.octokube.io of the cluster octokube).
    """


@gateway.command()
@click.argument("name")
@click.option("--expires", default="1h", show_default=True, metavar="AGE", help="How long the token can be used.")
@OUTPUT
def enroll(name: str, expires: str, output: str) -> None:
    """Make a one-time token for the gateway that people call NAME, and say what to do with it.

    Standard output holds the token alone, so that it can go into a file; the rest is on standard error.
    """
    seconds = int(read_age(expires).total_seconds())
    made = _ask(lambda gateways: gateways.permit(name, seconds))
    if output == "json":
        print_json(made)
        return
    sys.stdout.write(f"{made.token}\n")
    sys.stderr.write(
        f"gateway {made.gateway_id} can enrol with this token once, until {time_of(made.expires_at)}. In the chart:\n"
        "\n"
        f"  kubectl create secret generic octokube-web-enrolment --from-literal=token={made.token}\n"
        "  helm upgrade octokube octokube --reuse-values --set web.enrolment.existingSecret=octokube-web-enrolment\n"
        "\n"
        "Elsewhere: octokube-web --enrolment-token-file FILE --state-dir FOLDER.\n"
        f"It keeps to the hub whose authority has the fingerprint {made.authority_fingerprint}.\n"
    )


@gateway.command("list")
@OUTPUT
def list_gateways(output: str) -> None:
    """List gateways, newest first: those that have enrolled, and those that may."""
    found = _ask(lambda gateways: gateways.gateways())
    if output == "json":
        print_json_list(found)
        return
    rows = [(one.gateway_id, one.name, _state(one), "yes" if one.is_connected else "no") for one in found]
    print_table(("ID", "NAME", "STATE", "CONNECTED"), rows)


@gateway.command()
@click.argument("gateway_id")
def revoke(gateway_id: str) -> None:
    """End a gateway's identity. What is open through it ends within a second; enrol it again to let it back in."""
    _ask(lambda gateways: gateways.revoke(gateway_id))
    sys.stdout.write(f"gateway {gateway_id} is revoked\n")


def _state(one: pb.EnrolledGateway) -> str:
    if one.HasField("revoked_at"):
        return f"revoked {time_of(one.revoked_at)}"
    if one.HasField("certificate_expires_at"):
        return f"certificate until {time_of(one.certificate_expires_at)}"
    return f"may enrol until {time_of(one.token_expires_at)}"


def _ask(work: Callable[[GatewaysClient], Awaitable[T]]) -> T:
    target = os.environ.get("OCTOKUBE_HUB") or DEFAULT_HUB

    async def run() -> T:
        ca_file = os.environ.get("OCTOKUBE_HUB_CA_FILE") or None
        async with connect_gateways(target, token_for(target), ca_file=ca_file) as client:
            return await work(client)

    try:
        return asyncio.run(run())
    except FeedError as error:
        raise explained(error, target) from error
