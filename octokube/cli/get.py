"""`octokube get`: lists and follows what the policy lets the caller see."""

import asyncio
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase

import click

from octokube.cli.connecting import HubConnection, connected, explained
from octokube.cli.operate.reading import get_full
from octokube.cli.printing import JsonPrinter, NamePrinter, Printer, TablePrinter, YamlPrinter
from octokube.cli.typenames import find_type
from octokube.client import ClusterView, FeedError
from octokube.runtime.errors import UserError
from octokube.runtime.logging import configure_logging
from octokube.runtime.running import run_program
from octokube.v1 import cluster_service_pb2, resource_pb2

FIRST_ANSWER_SECONDS = 30
"""How long to wait for the first complete answer before saying that none came."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for on the command line."""

    type_word: str
    name: str
    namespace: str
    labels: str
    cluster: str
    output: str
    is_watch: bool


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("type_word", metavar="TYPE", required=False)
@click.argument("name", required=False, default="")
@click.option("-n", "--namespace", default="", help="A namespace or a glob. Without it: all that you may see.")
@click.option("-l", "--selector", "labels", default="", help="A label selector, such as app=web,tier!=cache.")
@click.option("--cluster", default="*", show_default=True, help="A cluster or a glob.")
@click.option(
    "-o", "--output", type=click.Choice(["table", "wide", "json", "yaml", "name"]), default="table", show_default=True
)
@click.option("-w", "--watch", "is_watch", is_flag=True, help="Go on: write each change as it happens.")
@click.option(
    "--full",
    "is_full",
    is_flag=True,
    help="Ask the cluster itself for one object, whole (still redacted), instead of showing the hub's copy.",
)
@click.option("--types", "is_types", is_flag=True, help="List the types that you can see, instead of objects.")
def get(
    type_word: str | None,
    name: str,
    namespace: str,
    labels: str,
    cluster: str,
    output: str,
    is_watch: bool,
    is_full: bool,
    is_types: bool,
) -> int:
    """Show objects of TYPE (pods, po, deployments.apps …), as the policy lets you see them.

    Reads OCTOKUBE_HUB (default 127.0.0.1:7443), OCTOKUBE_TOKEN and, for a private CA, OCTOKUBE_HUB_CA_FILE.
    """
    configure_logging(level="warning")
    if not type_word and not is_types:
        raise UserError("say what to get, for example: octokube get pods -n payments (or: octokube get --types)")
    if is_full:
        if not type_word or not name or is_watch or output not in ("json", "yaml"):
            raise UserError("--full shows one object: name it, with -o json or -o yaml and without --watch")
        return get_full(type_word, name, namespace, "" if cluster == "*" else cluster, output)
    request = Request(type_word or "", name, namespace, labels, cluster, output, is_watch)

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
    selected = _selected_clusters(request.cluster, catalog)
    if request.name and not request.is_watch and not request.labels:
        await _print_one(hub, request, type, printer, selected)
        return
    view = hub.client.view(
        type.type,
        cluster=request.cluster,
        namespace=request.namespace if request.namespace and type.namespaced else "**",
        name=request.name or (),
        labels=request.labels,
        has_bodies=request.output in ("json", "yaml"),
        on_interrupted=_tell_interruption,
    )
    try:
        await view.synced(FIRST_ANSWER_SECONDS)
    except TimeoutError as error:
        raise UserError(
            f"the hub at {hub.target} sent no complete answer about cluster {', '.join(sorted(selected))} within "
            f"{FIRST_ANSWER_SECONDS} s; is its agent connected? try again, or ask for another --cluster",
            exit_code=1,
        ) from error
    _print_all(view, request, type, printer)
    if request.is_watch:
        # Nothing is awaited between the two, so that no change falls in between.
        async for change in view.changes():
            printer.change(change)


def _print_all(view: ClusterView, request: Request, type: resource_pb2.ResourceType, printer: Printer) -> None:
    objects = view.items()
    if not objects:
        where = f" in namespace {request.namespace}" if request.namespace else ""
        sys.stderr.write(f"No {type.type} visible to you{where}.\n")
    if objects or request.output == "json":
        printer.objects(objects)
    for name, copy in sorted(view.clusters.items()):
        if copy.state.condition != resource_pb2.CLUSTER_CONDITION_LIVE:
            sys.stderr.write(f"cluster {name} is not live: {copy.state.reason or 'no agent is connected'}\n")


async def _print_one(
    hub: HubConnection, request: Request, type: resource_pb2.ResourceType, printer: Printer, clusters: set[str]
) -> None:
    if len(clusters) != 1:
        raise UserError(f"one object needs one cluster; say --cluster with one of: {', '.join(sorted(clusters))}")
    if type.namespaced and not request.namespace:
        raise UserError(f"{type.type} live in namespaces; say which with -n")
    (cluster,) = clusters
    namespace = request.namespace if type.namespaced else ""
    viewed = await hub.client.get(cluster, type.type, request.name, namespace=namespace)
    if viewed is None:
        where = f" in namespace {request.namespace}" if type.namespaced else ""
        raise UserError(
            f"{type.type} {request.name!r}{where} is not visible to you: "
            "either it does not exist or the policy excludes it",
            exit_code=1,
        )
    printer.objects([(cluster, viewed)])


async def _catalog(hub: HubConnection) -> cluster_service_pb2.WatchCatalogResponse:
    try:
        async with asyncio.timeout(FIRST_ANSWER_SECONDS):
            return await hub.client.catalog()
    except TimeoutError as error:
        raise explained(FeedError("DEADLINE_EXCEEDED", "no answer", None), hub.target) from error


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


def _tell_interruption(reason: str) -> None:
    sys.stderr.write(f"interrupted ({reason}); trying again\n")


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
