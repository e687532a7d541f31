"""``octokube agent``: lets agents enrol, and ends them."""

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
from octokube.client.agents import AgentsClient, connect_agents
from octokube.v1 import enrolment_service_pb2 as pb

T = TypeVar("T")


@click.group()
def agent() -> None:
    """Agents: enrolled with a one-time token, known by certificates that they renew, and revoked.

    The policy says who may (create, list and delete on agents.octokube.io of the cluster octokube).
    """


@agent.command()
@click.option("--cluster", required=True, help="The cluster's name, as the policy uses it.")
@click.option("--expires", default="1h", show_default=True, metavar="AGE", help="How long the token can be used.")
@click.option("--hub-address", default="", help="The hub as that cluster reaches it. Default: OCTOKUBE_HUB.")
@OUTPUT
def enroll(cluster: str, expires: str, hub_address: str, output: str) -> None:
    """Make a one-time token for the agent of a cluster, and say how to install the agent with it.

    Standard output holds the token alone, so that it can go into a file; the rest is on standard error.
    """
    seconds = int(read_age(expires).total_seconds())
    made = _ask(lambda agents: agents.permit(cluster, seconds))
    if output == "json":
        print_json(made)
        return
    sys.stdout.write(f"{made.token}\n")
    sys.stderr.write(
        f"agent {made.agent_id} of {cluster} can enrol with this token once, until {time_of(made.expires_at)}. There:\n"
        "\n"
        "  helm install octokube-agent octokube-agent --namespace octokube --create-namespace \\\n"
        f"    --set cluster={cluster} --set hub.address={hub_address or _target()} \\\n"
        f"    --set enrolment.token={made.token}\n"
        "\n"
        f"It keeps to the hub whose authority has the fingerprint {made.authority_fingerprint}.\n"
    )


@agent.command("list")
@OUTPUT
def list_agents(output: str) -> None:
    """List agents, newest first: those that have enrolled, and those that may."""
    found = _ask(lambda agents: agents.agents())
    if output == "json":
        print_json_list(found)
        return
    rows = [(one.agent_id, one.cluster, _state(one), "yes" if one.is_connected else "no") for one in found]
    print_table(("ID", "CLUSTER", "STATE", "CONNECTED"), rows)


@agent.command()
@click.argument("agent_id")
def revoke(agent_id: str) -> None:
    """End an agent's identity. Its session ends within a second; enrol it again to let it back in."""
    _ask(lambda agents: agents.revoke(agent_id))
    sys.stdout.write(f"agent {agent_id} is revoked\n")


def _state(one: pb.EnrolledAgent) -> str:
    if one.HasField("revoked_at"):
        return f"revoked {time_of(one.revoked_at)}"
    if one.HasField("certificate_expires_at"):
        return f"certificate until {time_of(one.certificate_expires_at)}"
    return f"may enrol until {time_of(one.token_expires_at)}"


def _ask(work: Callable[[AgentsClient], Awaitable[T]]) -> T:
    target = _target()

    async def run() -> T:
        ca_file = os.environ.get("OCTOKUBE_HUB_CA_FILE") or None
        async with connect_agents(target, token_for(target), ca_file=ca_file) as client:
            return await work(client)

    try:
        return asyncio.run(run())
    except FeedError as error:
        raise explained(error, target) from error


def _target() -> str:
    return os.environ.get("OCTOKUBE_HUB") or DEFAULT_HUB
