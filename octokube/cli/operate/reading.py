"""``octokube describe``, ``logs``, ``rollout`` and ``reveal``: operations that change nothing."""

import sys
from datetime import UTC, datetime, timedelta

import click
import orjson
import yaml

from octokube.cli.operate.running import CLUSTER, NAMESPACE, Session, operate, report, split_target
from octokube.cli.plain import plain, plain_json
from octokube.runtime.errors import UserError
from octokube.v1 import operation_pb2 as pb

_TITLES = {
    pb.DOCUMENT_ROLE_OBJECT: "object",
    pb.DOCUMENT_ROLE_EVENT: "event",
    pb.DOCUMENT_ROLE_OWNER: "owner",
    pb.DOCUMENT_ROLE_DEPENDANT: "owns",
}


def get_full(type_word: str, name: str, namespace: str, cluster: str, output: str) -> int:
    """Writes an object as the cluster itself has it now, whole but for what is redacted, as json or yaml."""

    async def work(session: Session) -> int:
        target = await session.target(type_word, name, namespace, cluster)
        async with session.run(target, get=pb.GetOperation()) as operation:
            documents = await operation.documents()
            if operation.result.outcome != pb.OPERATION_OUTCOME_SUCCEEDED:
                return report(operation.result, "")
        found = orjson.loads(documents[0].content)
        if output == "json":
            sys.stdout.write(plain_json(found))
        else:
            sys.stdout.write(yaml.safe_dump(found, sort_keys=False, allow_unicode=True, default_flow_style=False))
        return 0

    return operate(work)


@click.command()
@click.argument("type_word", metavar="TYPE")
@click.argument("name")
@NAMESPACE
@CLUSTER
@click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to print. Default: text."
)
def describe(type_word: str, name: str, namespace: str, cluster: str, output: str) -> int:
    """Show an object as it is now, with its events, its owners and what it owns."""

    async def work(session: Session) -> int:
        target = await session.target(type_word, name, namespace, cluster)
        async with session.run(target, describe=pb.DescribeOperation()) as operation:
            documents = await operation.documents()
            if operation.result.outcome != pb.OPERATION_OUTCOME_SUCCEEDED:
                return report(operation.result, "")
        for sentence in operation.told:
            sys.stderr.write(f"{plain(sentence)}\n")
        found = [(_TITLES.get(one.role, "other"), orjson.loads(one.content)) for one in documents]
        if output == "json":
            listed = [{"role": role, "object": value} for role, value in found]
            sys.stdout.write(plain_json(listed))
            return 0
        for role, value in found:
            if role == "object":
                sys.stdout.write(plain_json(value))
            elif role == "event":
                told = f"{value.get('type', '')} {value.get('reason', '')}: {value.get('message', '')}"
                sys.stdout.write(f"event: {plain(told)}\n")
            else:
                told = f"{value.get('kind', '')} {value.get('metadata', {}).get('name', '')}"
                sys.stdout.write(f"{role}: {plain(told)}\n")
        return 0

    return operate(work)


@click.command()
@click.argument("type_word", metavar="TYPE")
@click.argument("name", default="")
@NAMESPACE
@CLUSTER
def schema(type_word: str, name: str, namespace: str, cluster: str) -> int:
    """Print what the fields of a type are, as the cluster publishes it: JSON Schema.

    With a NAME the policy is asked about that object, for those who may get some objects and not all.
    """

    async def work(session: Session) -> int:
        target = await session.target(type_word, name, namespace, cluster)
        async with session.run(target, schema=pb.SchemaOperation()) as operation:
            documents = await operation.documents()
            if operation.result.outcome != pb.OPERATION_OUTCOME_SUCCEEDED:
                return report(operation.result, "")
        sys.stdout.write(plain_json(orjson.loads(documents[0].content)))
        return 0

    return operate(work)


@click.command()
@click.argument("target", metavar="POD|TYPE/NAME", default="")
@NAMESPACE
@CLUSTER
@click.option("-c", "--container", default="", help="The container; not needed when there is one.")
@click.option("--all-containers", is_flag=True, help="Every container, init and ephemeral ones included.")
@click.option("-l", "--selector", default="", help="Pods with these labels, such as app=web, instead of POD.")
@click.option("-f", "--follow", is_flag=True, help="Go on as lines are written, also with pods that come later.")
@click.option("-p", "--previous", is_flag=True, help="The instance before the last restart.")
@click.option("--tail", type=click.IntRange(0), help="Lines from the end, of each container.")
@click.option("--since", help="How far back, such as 90s, 15m or 2h.")
@click.option("--timestamps", is_flag=True, help="Start each line with its time.")
def logs(
    target: str,
    namespace: str,
    cluster: str,
    container: str,
    all_containers: bool,
    selector: str,
    follow: bool,
    previous: bool,
    tail: int | None,
    since: str | None,
    timestamps: bool,
) -> int:
    """Show the logs of a POD, of all pods of a workload (deployments/web), or of those that -l selects."""
    if bool(target) == bool(selector):
        raise UserError("name one pod or workload, such as deployments/web, or select pods with -l")
    asked = pb.LogsOperation(
        container=container,
        all_containers=all_containers,
        label_selector=selector,
        follow=follow,
        previous=previous,
        timestamps=timestamps,
        tail_lines=tail,
    )
    if since is not None:
        asked.since.FromDatetime(datetime.now(UTC) - _read_age(since))
    type_word, name = split_target(target) if target else ("pods", "")
    has_prefix = type_word != "pods" or not name or all_containers

    async def work(session: Session) -> int:
        found = await session.target(type_word, name, namespace, cluster)
        async with session.run(found, logs=asked) as operation:
            async for output in operation:
                if output.WhichOneof("output") == "stdout":
                    prefix = f"[{output.source.pod}/{output.source.container}] ".encode() if has_prefix else b""
                    for line in output.stdout.splitlines(keepends=True):
                        sys.stdout.buffer.write(prefix + line)
                    sys.stdout.flush()
                elif output.WhichOneof("output") == "progress":
                    sys.stderr.write(f"{plain(output.progress)}\n")
            if operation.result.outcome == pb.OPERATION_OUTCOME_SUCCEEDED:
                return 0
            return report(operation.result, "")

    return operate(work)


@click.command()
@click.argument("target", metavar="TYPE/NAME")
@NAMESPACE
@CLUSTER
@click.option("--wait", is_flag=True, help="Go on until the rollout is complete or can't get on.")
def rollout(target: str, namespace: str, cluster: str, wait: bool) -> int:
    """Show how far the rollout of a workload is. Exit code 0: complete."""

    async def work(session: Session) -> int:
        found = await session.target(*split_target(target), namespace, cluster)
        async with session.run(found, rollout_status=pb.RolloutStatusOperation(wait=wait)) as operation:
            async for output in operation:
                if output.WhichOneof("output") == "progress":
                    sys.stdout.write(f"{plain(output.progress)}\n")
                    sys.stdout.flush()
            return report(operation.result, "the rollout is complete")

    return operate(work)


@click.command()
@click.argument("name", metavar="SECRET")
@click.argument("key")
@NAMESPACE
@CLUSTER
def reveal(name: str, key: str, namespace: str, cluster: str) -> int:
    """Write the value of one KEY of a SECRET to standard output. It is recorded that you did."""

    async def work(session: Session) -> int:
        found = await session.target("secrets", name, namespace, cluster)
        async with session.run(found, reveal=pb.RevealOperation(key=key)) as operation:
            async for output in operation:
                sys.stdout.buffer.write(output.stdout)
            sys.stdout.flush()
            if operation.result.outcome == pb.OPERATION_OUTCOME_SUCCEEDED:
                return 0
            return report(operation.result, "")

    return operate(work)


def _read_age(text: str) -> timedelta:
    units = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
    number, unit = text[:-1], text[-1:]
    if unit not in units or not number.isdecimal():
        raise UserError(f"--since {text} is no span of time; write a number with s, m, h or d, such as 15m")
    return timedelta(seconds=int(number) * units[unit])
