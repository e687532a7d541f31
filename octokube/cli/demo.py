"""`octokube demo`: the whole chain in one process, on a simulated cluster that lives."""

import asyncio
import contextlib
import tempfile
import webbrowser
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from octokube.cli.connecting import DEFAULT_HUB
from octokube.cli.stack import RunningStack, StackSettings, run_stack
from octokube.runtime.errors import UserError
from octokube.runtime.logging import configure_logging
from octokube.runtime.running import run_program
from octokube_demo import DemoCluster, DemoSettings
from octokube_web.settings import DemoPerson

PEOPLE = (
    DemoPerson("demo:alice", "alice", "team payments: everything in namespace payments, except Secrets"),
    DemoPerson("demo:bob", "bob", "team platform: platform, observability, and the nodes"),
    DemoPerson("demo:carol", "carol", "on call: the whole cluster, for 15 minutes from each full and half hour (UTC)"),
    DemoPerson("demo:admin", "admin", "everything"),
)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--pods", type=click.IntRange(1, 100_000), default=120, show_default=True, help="About how many pods.")
@click.option(
    "--churn", type=click.FloatRange(0, 10_000), default=2.0, show_default=True, help="About how many changes a second."
)
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=7080, show_default=True, help="The page's port; 0: a free one."
)
@click.option(
    "--hub-port",
    type=click.IntRange(0, 65_535),
    default=int(DEFAULT_HUB.rpartition(":")[2]),
    show_default=True,
    help="The port for octokube get and other gRPC clients; 0: a free one.",
)
@click.option("--no-open", is_flag=True, help="Don't open the page in a browser.")
@click.option(
    "--policies",
    type=click.Path(path_type=Path),
    help="A policy directory to use in place of the example set; edit it while the demo runs.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Where the hub keeps its database; without it: a temporary directory.",
)
@click.option("--log-level", default="warning", show_default=True, help="debug, info, warning or error.")
def demo(
    pods: int,
    churn: float,
    port: int,
    hub_port: int,
    no_open: bool,
    policies: Path | None,
    data: Path | None,
    log_level: str,
) -> int:
    """Run agent, hub and Web IDE against a simulated cluster with a living workload. Stop with Ctrl+C.

    The demo people are alice, bob, carol and admin; the token of alice is demo:alice, here and nowhere else.
    """
    try:
        configure_logging(level=log_level)
    except ValueError as error:
        raise UserError(str(error)) from error

    async def main(stopping: asyncio.Event) -> None:
        with _directory(data) as directory, _example_policies(policies) as policy_directory:
            cluster = DemoCluster(DemoSettings(pods=pods, churn_per_second=churn))
            async with cluster.serving() as server:
                settings = StackSettings(
                    cluster="demo",
                    kubeconfig=str(server.kubeconfig(directory / "demo-kubeconfig")),
                    context=None,
                    policies=policy_directory,
                    data=directory,
                    web_port=port,
                    hub_port=hub_port,
                    is_demo=True,
                    operations=("all",),
                    demo_people=PEOPLE,
                )

                async def on_running(stack: RunningStack) -> None:
                    _introduce(stack, policy_directory)
                    if not no_open:
                        await asyncio.to_thread(webbrowser.open, stack.url)

                await run_stack(settings, stopping, on_running)

    return run_program(main)


@contextlib.contextmanager
def _directory(data: Path | None) -> Iterator[Path]:
    if data is None:
        with tempfile.TemporaryDirectory(prefix="octokube-demo-") as temporary:
            yield Path(temporary)
        return
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--data {data} can't be used ({error.strerror}); give a directory you may write to") from error
    yield data


@contextlib.contextmanager
def _example_policies(policies: Path | None) -> Iterator[Path]:
    """The directory given; else the checkout's policies/, so that edits there act at once; else the wheel's copy."""
    if policies is not None:
        if not policies.is_dir():
            raise UserError(f"--policies {policies} is not a directory; give one with a policy.csv in it")
        yield policies
        return
    with resources.as_file(resources.files("octokube_demo") / "policies") as shipped:
        yield shipped.resolve()


def _introduce(stack: RunningStack, policies: Path) -> None:
    console = Console(highlight=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("token", "sees"):
        table.add_column(title)
    for person in PEOPLE:
        table.add_row(person.token, person.description)
    console.print(f"\n[bold]Octokube demo is running[/bold] ({stack.objects:,} objects)   {stack.url}\n")
    console.print(table)
    console.print(f"\nThe rules are in {policies}: edit them and open pages follow.")
    hub = "" if stack.hub_address == DEFAULT_HUB else f"OCTOKUBE_HUB={stack.hub_address} "
    console.print(f"In another terminal: {hub}OCTOKUBE_TOKEN=demo:alice octokube get pods -n payments --watch")
    console.print("Ctrl+C stops it.\n")
