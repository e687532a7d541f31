"""`octokube search`: finds objects by what their names, labels, annotations and images say."""

import asyncio
import sys

import click

from octokube.cli.connecting import connected, explained
from octokube.client import FeedError
from octokube.runtime.errors import UserError
from octokube.runtime.logging import configure_logging
from octokube.runtime.running import run_program
from octokube.v1 import cluster_service_pb2 as pb

_FIELDS = {
    pb.SEARCH_FIELD_LABEL: "label",
    pb.SEARCH_FIELD_ANNOTATION: "annotation",
    pb.SEARCH_FIELD_IMAGE: "image",
}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("words", nargs=-1, required=True)
@click.option("-n", "--namespace", default="**", help="A namespace or a glob. Without it: all that you may see.")
@click.option("-l", "--selector", "labels", default="", help="A label selector, such as app=web,tier!=cache.")
@click.option("-t", "--type", "types", multiple=True, help="A type's full name, such as deployments.apps; repeatable.")
@click.option("--cluster", default="*", show_default=True, help="A cluster or a glob.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=500, show_default=True, help="Stop after so many.")
def search(
    words: tuple[str, ...], namespace: str, labels: str, types: tuple[str, ...], cluster: str, limit: int
) -> int:
    """Find objects that hold all WORDS in their name, labels, annotations or images, among what you may see.

    Reads OCTOKUBE_HUB (default 127.0.0.1:7443), OCTOKUBE_TOKEN and, for a private CA, OCTOKUBE_HUB_CA_FILE. Exits with
    1 when nothing was found.
    """
    configure_logging(level="warning")
    found = 0

    async def main(stopping: asyncio.Event) -> None:
        nonlocal found
        async with connected() as hub:
            hits = hub.client.search(
                " ".join(words), types=types or ("*",), namespace=namespace, cluster=cluster, labels=labels
            )
            try:
                async for hit in hits:
                    found += 1
                    _write(hit)
                    if found >= limit or stopping.is_set():
                        break
            except FeedError as error:
                raise explained(error, hub.target) from error
        if found >= limit:
            sys.stderr.write(f"stopped after {found}; --limit allows more\n")

    code = run_program(main)
    if not code and not found:
        raise UserError("nothing that you may see holds these words", exit_code=1)
    return code


def _write(hit: pb.SearchHit) -> None:
    where = f"{hit.key.namespace}/" if hit.key.namespace else ""
    part = f"   {_FIELDS[hit.field]} {hit.text}" if hit.field in _FIELDS else ""
    sys.stdout.write(f"{hit.cluster}   {hit.key.type}   {where}{hit.key.name}{part}\n")
    sys.stdout.flush()
