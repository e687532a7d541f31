"""`octokube get`: lists and follows what the policy lets the caller see."""

import asyncio
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase

import click

from octokube.cli.connecting import HubConnection, connected, explained
from octokube.cli.printing import JsonPrinter, NamePrinter, Printer, TablePrinter, YamlPrinter
from octokube.cli.typenames import find_type
from octokube.client.feed import FeedError
from octokube.client.following import follow
from octokube.client.receiver import Receiver
from octokube.client.viewed import ViewedObject
from octokube.runtime.errors import UserError
from octokube.runtime.logging import configure_logging
from octokube.runtime.running import run_program
from octokube.state import Key
from octokube.v1 import cluster_service_pb2, resource_pb2

FIRST_ANSWER_SECONDS = 30
"""How long to wait for the first complete answer before saying that none came."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for on the command line."""

    type_word: str
    name: str
    namespace: str
    cluster: str
    output: str
    is_watch: bool


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("type_word", metavar="TYPE", required=False)
@click.argument("name", required=False, default="")
@click.option("-n", "--namespace", default="", help="A namespace or a glob. Without it: all that you may see.")
@click.option("--cluster", default="*", show_default=True, help="A cluster or a glob.")
@click.option(
    "-o", "--output", type=click.Choice(["table", "wide", "json", "yaml", "name"]), default="table", show_default=True
)
@click.option("-w", "--watch", "is_watch", is_flag=True, help="Go on: write each change as it happens.")
@click.option("--types", "is_types", is_flag=True, help="List the types that you can see, instead of objects.")
def get(
    type_word: str | None, name: str, namespace: str, cluster: str, output: str, is_watch: bool, is_types: bool
) -> int:
    """Show objects of TYPE (pods, po, deployments.apps …), as the policy lets you see them.

    Reads OCTOKUBE_HUB (default 127.0.0.1:7443), OCTOKUBE_TOKEN and, for a private CA, OCTOKUBE_HUB_CA_FILE.
    """
    configure_logging(level="warning")
    if not type_word and not is_types:
        raise UserError("say what to get, for example: octokube get pods -n payments (or: octokube get --types)")
    request = Request(type_word or "", name, namespace, cluster, output, is_watch)

    async def main(stopping: asyncio.Event) -> None:
        async with connected() as hub:
            work = asyncio.ensure_future(_types(hub) if is_types else _get(hub, request))
            stop = asyncio.ensure_future(stopping.wait())
            try:
                await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                stop.cancel()
                if not work.done():
                    work.cancel()
                await asyncio.wait({work, stop})
            if not work.cancelled():
                work.result()

    return run_program(main)


async def _types(hub: HubConnection) -> None:
    catalog = await _catalog(hub)
    lines = sorted(
        {(type.type, ",".join(type.short_names), type.kind) for cluster in catalog.clusters for type in cluster.types}
    )
    lines.insert(0, ("TYPE", "SHORT", "KIND"))
    widths = [max(len(line[index]) for line in lines) for index in range(2)]
    for type, short, kind in lines:
        _write(f"{type.ljust(widths[0])}   {short.ljust(widths[1])}   {kind}\n")


async def _get(hub: HubConnection, request: Request) -> None:
    catalog = await _catalog(hub)
    type = find_type(request.type_word, (type for cluster in catalog.clusters for type in cluster.types))
    printer = _printer(request, type, has_many_clusters=len(catalog.clusters) > 1)
    if request.name and not request.is_watch:
        await _print_one(hub, request, type, printer, catalog)
        return
    subscription = cluster_service_pb2.Subscription(
        clusters=[request.cluster],
        types=[type.type],
        namespaces=[request.namespace if request.namespace and type.namespaced else "**"],
        names=[request.name] if request.name else [],
        detail=cluster_service_pb2.DETAIL_OBJECTS
        if request.output in ("json", "yaml")
        else cluster_service_pb2.DETAIL_ROWS,
    )
    expected = _selected_clusters(request.cluster, catalog)
    receiver = Receiver()
    has_begun = False
    progress_stream = follow(hub.feed, hub.token, subscription, receiver)
    try:
        while True:
            async with asyncio.timeout(None if has_begun else FIRST_ANSWER_SECONDS):
                progress = await anext(progress_stream)
            if has_begun:
                if progress.is_interrupted:
                    sys.stderr.write(f"interrupted ({progress.message}); trying again\n")
                for change in progress.changes:
                    printer.change(change)
            elif progress.is_interrupted:
                raise explained(FeedError("UNAVAILABLE", progress.message, None), hub.target)
            elif all(name in receiver.clusters and receiver.clusters[name].is_synced for name in expected):
                has_begun = True
                _print_all(receiver, request, type, printer)
                if not request.is_watch:
                    return
    except TimeoutError as error:
        waiting = ", ".join(sorted(expected))
        raise UserError(
            f"the hub at {hub.target} sent no complete answer about cluster {waiting} within {FIRST_ANSWER_SECONDS} s; "
            "is its agent connected? try again, or ask for another --cluster",
            exit_code=1,
        ) from error
    finally:
        await progress_stream.aclose()


def _print_all(receiver: Receiver, request: Request, type: resource_pb2.ResourceType, printer: Printer) -> None:
    objects = sorted(
        ((name, viewed) for name, copy in receiver.clusters.items() for viewed in copy.objects.values()),
        key=lambda pair: (pair[0], pair[1].key),
    )
    if not objects:
        where = f" in namespace {request.namespace}" if request.namespace else ""
        sys.stderr.write(f"No {type.type} visible to you{where}.\n")
    if objects or request.output == "json":
        printer.objects(objects)
    for name, copy in sorted(receiver.clusters.items()):
        if copy.state.condition != resource_pb2.CLUSTER_CONDITION_LIVE:
            sys.stderr.write(f"cluster {name} is not live: {copy.state.reason or 'no agent is connected'}\n")


async def _print_one(
    hub: HubConnection,
    request: Request,
    type: resource_pb2.ResourceType,
    printer: Printer,
    catalog: cluster_service_pb2.WatchCatalogResponse,
) -> None:
    clusters = sorted(_selected_clusters(request.cluster, catalog))
    if len(clusters) != 1:
        names = ", ".join(cluster.name for cluster in catalog.clusters) or "none"
        raise UserError(f"one object needs one cluster; say --cluster with one of: {names}")
    if type.namespaced and not request.namespace:
        raise UserError(f"{type.type} live in namespaces; say which with -n")
    key = resource_pb2.Key(type=type.type, namespace=request.namespace if type.namespaced else "", name=request.name)
    message = cluster_service_pb2.GetObjectRequest(cluster=clusters[0], key=key)
    try:
        answer = await hub.feed.get_object(hub.token, message.SerializeToString())
    except FeedError as error:
        if error.code != "NOT_FOUND":
            raise
        where = f" in namespace {request.namespace}" if type.namespaced else ""
        raise UserError(
            f"{type.type} {request.name!r}{where} is not visible to you: "
            "either it does not exist or the policy excludes it",
            exit_code=1,
        ) from error
    entry = cluster_service_pb2.GetObjectResponse.FromString(answer).entry
    found = Key(entry.key.type, entry.key.namespace, entry.key.name, entry.key.uid)
    printer.objects([(clusters[0], ViewedObject(found, entry.resource_version, entry.row, entry.body))])


async def _catalog(hub: HubConnection) -> cluster_service_pb2.WatchCatalogResponse:
    stream = hub.feed.watch_catalog(hub.token, peer="")
    try:
        async with asyncio.timeout(FIRST_ANSWER_SECONDS):
            message = await stream.receive()
    except TimeoutError as error:
        raise explained(FeedError("DEADLINE_EXCEEDED", "no answer", None), hub.target) from error
    finally:
        await stream.close()
    if message is None:
        raise UserError(f"the hub at {hub.target} ended the catalog without an answer; try again", exit_code=1)
    return cluster_service_pb2.WatchCatalogResponse.FromString(message)


def _selected_clusters(pattern: str, catalog: cluster_service_pb2.WatchCatalogResponse) -> set[str]:
    selected = {cluster.name for cluster in catalog.clusters if fnmatchcase(cluster.name, pattern)}
    if not selected:
        raise UserError(
            f"no cluster {pattern!r} is visible to you: either it does not exist or the policy shows you nothing of it",
            exit_code=1,
        )
    return selected


def _printer(request: Request, type: resource_pb2.ResourceType, *, has_many_clusters: bool) -> Printer:
    match request.output:
        case "json":
            return JsonPrinter(_write, is_watch=request.is_watch, is_single=bool(request.name) and not request.is_watch)
        case "yaml":
            return YamlPrinter(_write)
        case "name":
            return NamePrinter(_write)
        case _:
            has_one_namespace = bool(request.namespace) and not any(mark in request.namespace for mark in "*?[")
            return TablePrinter(
                type,
                _write,
                has_cluster_column=has_many_clusters,
                has_namespace_column=type.namespaced and not has_one_namespace,
                is_wide=request.output == "wide",
            )


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
