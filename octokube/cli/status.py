"""``octokube status``: how the hub and its clusters are, and whether something is wrong."""

import asyncio
import os
import time

import click
from google.protobuf.json_format import MessageToDict

from octokube.cli.ages import human_age
from octokube.cli.connecting import DEFAULT_HUB, explained, token_for
from octokube.cli.plain import plain, plain_json
from octokube.client import FeedError
from octokube.client.admin import connect_admin
from octokube.v1 import admin_service_pb2 as pb
from octokube.v1 import resource_pb2

_CONDITIONS = {
    resource_pb2.CLUSTER_CONDITION_LIVE: "live",
    resource_pb2.CLUSTER_CONDITION_STALE: "stale",
    resource_pb2.CLUSTER_CONDITION_OFFLINE: "offline",
}
_TITLES = ("CLUSTER", "CONDITION", "AS OF", "OBJECTS", "AGENT", "KUBERNETES")


@click.command()
@click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to print. Default: text."
)
def status(output: str) -> int:
    """Tell how the hub is: its version, policy, clusters, streams, operations and audit log.

    The policy says who may ask (get on hub.octokube.io of the cluster octokube). Exit code 0: all is well. 1: the
    policy files are not in force, or a cluster is not live. 2: the hub can't be asked.
    """
    found = asyncio.run(_ask())
    wrong = problems(found)
    if output == "json":
        described = MessageToDict(found, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
        click.echo(plain_json({**described, "problems": wrong}), nl=False)
    else:
        for line in lines(found, time.time()):
            click.echo(line)
    return 1 if wrong else 0


def problems(found: pb.GetHubStatusResponse) -> list[str]:
    """One sentence for each thing that is wrong."""
    wrong = [f"the policy files are not in force: {alarm}" for alarm in found.policy_alarms]
    for cluster in found.clusters:
        if cluster.state.condition != resource_pb2.CLUSTER_CONDITION_LIVE:
            reason = f": {cluster.state.reason}" if cluster.state.reason else ""
            wrong.append(f"the cluster {cluster.name} is {_condition(cluster)}{reason}")
    return wrong


def lines(found: pb.GetHubStatusResponse, now: float) -> list[str]:
    """What a person reads."""
    wrong = problems(found)
    head = f"record {found.audit_records}, head {found.audit_head}" if found.audit_records else "empty"
    told = [
        ("Hub", found.version),
        ("Policy", f"{found.policy_revision}" + (", files refused" if found.policy_alarms else ", in force")),
        ("Streams", f"{found.watch_streams}, of {found.audiences} audiences"),
        ("Operations", f"{found.operations} running"),
        ("Audit", head),
    ]
    shown = [f"{name + ':':<12}{plain(value)}" for name, value in told]
    rows = [_TITLES, *(_row(cluster, now) for cluster in sorted(found.clusters, key=lambda one: one.name))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_TITLES))]
    shown.append("")
    if found.clusters:
        shown += [
            "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        ]
    else:
        shown.append("No cluster has an agent yet.")
    if wrong:
        shown += ["", *(f"wrong: {plain(sentence)}" for sentence in wrong)]
    return shown


def _row(cluster: pb.ClusterStatus, now: float) -> tuple[str, ...]:
    as_of = f"{human_age(now - cluster.as_of.ToNanoseconds() / 1e9)} ago" if cluster.HasField("as_of") else "never"
    return (
        plain(cluster.name),
        _condition(cluster),
        as_of,
        str(cluster.objects),
        plain(cluster.agent_version) or "-",
        plain(cluster.server_version) or "-",
    )


def _condition(cluster: pb.ClusterStatus) -> str:
    return _CONDITIONS.get(cluster.state.condition, "offline")


async def _ask() -> pb.GetHubStatusResponse:
    target = os.environ.get("OCTOKUBE_HUB") or DEFAULT_HUB
    async with connect_admin(
        target, token_for(target), ca_file=os.environ.get("OCTOKUBE_HUB_CA_FILE") or None
    ) as admin:
        try:
            return await admin.status()
        except FeedError as error:
            raise explained(error, target) from error
