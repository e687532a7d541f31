"""`octokube up`: the whole chain in one process, on a real cluster."""

import datetime
import os
import re
import shlex
from pathlib import Path
from typing import Any

import click
import yaml
from rich.console import Console

from octokube.cli.connecting import DEFAULT_HUB
from octokube.cli.stack import RunningStack, StackSettings, run_stack
from octokube.cli.starting import local_subject, write_starter_policy
from octokube.runtime.errors import UserError
from octokube.runtime.logging import configure_logging
from octokube.runtime.running import run_program

TOKEN_DAYS = 7
"""Each start makes a token for the person at this machine; a week outlives a working session and little more."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--kubeconfig",
    type=click.Path(),
    help="The kubeconfig; without it: KUBECONFIG, ~/.kube/config, or the ServiceAccount inside a cluster.",
)
@click.option("--context", help="The kubeconfig's context; without it: its current one.")
@click.option("--cluster", help="The cluster's name in Octokube; without it: the context's name.")
@click.option(
    "--policies",
    type=click.Path(path_type=Path),
    help="The policy directory; without it: a starter set that gives you everything and nobody else anything.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Where the hub keeps its database; without it: ~/.local/share/octokube.",
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
@click.option(
    "--operations",
    default="read-only",
    show_default=True,
    help="What may be done to the cluster at all: none, read-only, read-write or all, or names of operations, "
    "separated by commas. Who may do what of it, the policy says.",
)
@click.option("--log-level", default="info", show_default=True, help="debug, info, warning or error.")
def up(
    kubeconfig: str | None,
    context: str | None,
    cluster: str | None,
    policies: Path | None,
    data: Path | None,
    port: int,
    hub_port: int,
    operations: str,
    log_level: str,
) -> int:
    """Run agent, hub and Web IDE for the cluster that a kubeconfig names. Stop with Ctrl+C.

    Everything listens on this machine only.
    """
    try:
        configure_logging(level=log_level)
    except ValueError as error:
        raise UserError(str(error)) from error
    directory = data or Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "octokube"
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UserError(
            f"the data directory {directory} can't be made ({error.strerror}); give one with --data"
        ) from error
    if policies is not None and not policies.is_dir():
        raise UserError(f"--policies {policies} is not a directory; give one with a policy.csv in it, or leave it out")
    subject = local_subject()
    policy_directory = policies or directory / "policies"
    is_new = policies is None and write_starter_policy(policy_directory, subject)
    settings = StackSettings(
        cluster=cluster or cluster_name(kubeconfig, context),
        kubeconfig=kubeconfig,
        context=context,
        policies=policy_directory,
        data=directory,
        web_port=port,
        hub_port=hub_port,
        operations=tuple(word.strip() for word in operations.split(",") if word.strip()),
    )

    async def on_running(stack: RunningStack) -> None:
        expires_at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=TOKEN_DAYS)
        token = await stack.hub.create_token(subject, description="octokube up", expires_at=expires_at)
        _introduce(stack, settings, subject, token, is_new=is_new, is_starter=policies is None)

    return run_program(lambda stopping: run_stack(settings, stopping, on_running))


def cluster_name(kubeconfig: str | None, context: str | None) -> str:
    """A usable cluster name from the context that will be used; ``cluster`` when nothing better is to be had.

    What can't be read here is left to the agent, which says what is wrong with it.
    """
    name = context
    if name is None:
        path = Path(kubeconfig or os.environ.get("KUBECONFIG", "").split(os.pathsep)[0] or Path.home() / ".kube/config")
        try:
            document: Any = yaml.safe_load(path.expanduser().read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            document = None
        current = document.get("current-context") if isinstance(document, dict) else None
        name = current if isinstance(current, str) else None
    cleaned = re.sub(r"[^a-z0-9]+", "-", (name or "").lower()).strip("-")[:63].strip("-")
    return cleaned or "cluster"


def _introduce(
    stack: RunningStack, settings: StackSettings, subject: str, token: str, *, is_new: bool, is_starter: bool
) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"\n[bold]Octokube is running[/bold] for cluster {settings.cluster} ({stack.objects:,} objects)   {stack.url}\n"
    )
    if not stack.is_complete:
        console.print("The cluster's first complete state is still on its way; the page fills as it comes.")
    if is_starter:
        wrote = "was just written" if is_new else "is the starter set of a former start, with your edits"
        console.print(f"The policy in {settings.policies} {wrote}:")
        console.print(f"it gives {subject} everything and nobody else anything. Edit it and open pages follow.")
    else:
        console.print(f"The policy is in {settings.policies}; what {subject} sees is what it says.")
    console.print(
        f"\nSign in with this token, which is {subject} for {TOKEN_DAYS} days and is not shown again:\n\n    {token}\n"
    )
    hub = "" if stack.hub_address == DEFAULT_HUB else f"OCTOKUBE_HUB={stack.hub_address} "
    console.print(f"In another terminal: {hub}OCTOKUBE_TOKEN={shlex.quote(token)} octokube get pods")
    console.print("Ctrl+C stops it.\n")
