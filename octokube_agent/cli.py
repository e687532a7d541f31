"""The command ``octokube-agent``."""

import os
import sys
from typing import cast

import click

import octokube
from octokube.runtime.errors import UserError
from octokube.runtime.logging import LogFormat, configure_logging
from octokube.runtime.running import run_program
from octokube_agent.app import run_agent
from octokube_agent.settings import AgentSettings


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(octokube.__version__, prog_name="octokube-agent")
@click.option("--cluster", envvar="OCTOKUBE_CLUSTER", required=True, help="The cluster's name, as policy uses it.")
@click.option("--hub", envvar="OCTOKUBE_HUB", required=True, metavar="HOST:PORT", help="The hub to connect to.")
@click.option(
    "--credential",
    envvar="OCTOKUBE_CREDENTIAL",
    help="The credential that the hub issued for this cluster. A file is safer: others see a command line.",
)
@click.option(
    "--credential-file", envvar="OCTOKUBE_CREDENTIAL_FILE", help="A file with it; read anew for each connection."
)
@click.option(
    "--enrolment-token-file",
    envvar="OCTOKUBE_ENROLMENT_TOKEN_FILE",
    help="A file with the one-time token of octokube agent enroll. Needed until the agent has its identity.",
)
@click.option(
    "--state-dir", envvar="OCTOKUBE_STATE_DIR", help="The directory where an enrolled agent keeps its identity."
)
@click.option(
    "--identity-secret",
    envvar="OCTOKUBE_IDENTITY_SECRET",
    metavar="NAMESPACE/NAME",
    help="The Secret in its own cluster where it keeps it instead. The Secret has to be there.",
)
@click.option("--hub-ca-file", envvar="OCTOKUBE_HUB_CA_FILE", help="The CA that signed the hub's certificate, as PEM.")
@click.option(
    "--allow-insecure-hub",
    envvar="OCTOKUBE_ALLOW_INSECURE_HUB",
    is_flag=True,
    help="Speak plain text to a hub on another machine. Everybody on the way can then read and change everything.",
)
@click.option("--kubeconfig", envvar="OCTOKUBE_KUBECONFIG", help="A kubeconfig; default as kubectl, or the own pod.")
@click.option("--context", envvar="OCTOKUBE_CONTEXT", help="The context in it; default its current one.")
@click.option(
    "--wait-for-cluster/--no-wait-for-cluster",
    envvar="OCTOKUBE_WAIT_FOR_CLUSTER",
    default=None,
    help="Wait for an API server that can't be reached at the start; default only inside a pod.",
)
@click.option(
    "--exclude-type",
    "excluded_types",
    envvar="OCTOKUBE_EXCLUDE_TYPES",
    multiple=True,
    metavar="TYPE",
    help="A type not to follow, such as leases.coordination.k8s.io. Can be repeated.",
)
@click.option(
    "--secret-word",
    "secret_words",
    envvar="OCTOKUBE_SECRET_WORDS",
    multiple=True,
    metavar="WORD",
    help="A further word by which names of secrets are known. Can be repeated; separated by spaces in the variable.",
)
@click.option(
    "--operations",
    envvar="OCTOKUBE_OPERATIONS",
    default="read-only",
    show_default=True,
    metavar="LIST",
    help=(
        "What the hub may have done here, separated by commas: none, read-only, read-write, all, or names of "
        "operations, such as read-only,exec,restart. Nothing else is done, whatever the hub asks; no write raises "
        "privileges without escalate, which is in all alone."
    ),
)
@click.option(
    "--operation-type",
    "operation_types",
    envvar="OCTOKUBE_OPERATION_TYPES",
    multiple=True,
    metavar="PATTERN",
    help="Types that operations may touch, such as pods or *.apps; default all. Can be repeated.",
)
@click.option(
    "--operation-namespace",
    "operation_namespaces",
    envvar="OCTOKUBE_OPERATION_NAMESPACES",
    multiple=True,
    metavar="PATTERN",
    help="Namespaces that operations may touch, cluster-scoped for objects in none; default all. Can be repeated.",
)
@click.option(
    "--impersonate",
    envvar="OCTOKUBE_IMPERSONATE",
    is_flag=True,
    help="Ask for each operation in the name of the person it is for, so that Kubernetes RBAC is a second wall.",
)
@click.option(
    "--initial-sync-seconds", envvar="OCTOKUBE_INITIAL_SYNC_SECONDS", type=float, default=30.0, show_default=True
)
@click.option(
    "--rediscovery-seconds", envvar="OCTOKUBE_REDISCOVERY_SECONDS", type=float, default=300.0, show_default=True
)
@click.option(
    "--log-format",
    envvar="OCTOKUBE_LOG_FORMAT",
    type=click.Choice(["auto", "console", "json"]),
    default="auto",
    show_default=True,
)
@click.option("--log-level", envvar="OCTOKUBE_LOG_LEVEL", default="info", show_default=True)
def main(
    cluster: str,
    hub: str,
    credential: str | None,
    credential_file: str | None,
    enrolment_token_file: str | None,
    state_dir: str | None,
    identity_secret: str | None,
    hub_ca_file: str | None,
    allow_insecure_hub: bool,
    kubeconfig: str | None,
    context: str | None,
    wait_for_cluster: bool | None,
    excluded_types: tuple[str, ...],
    secret_words: tuple[str, ...],
    operations: str,
    operation_types: tuple[str, ...],
    operation_namespaces: tuple[str, ...],
    impersonate: bool,
    initial_sync_seconds: float,
    rediscovery_seconds: float,
    log_format: str,
    log_level: str,
) -> None:
    """Keeps a hub equal to this cluster, over one outbound connection. Listens on nothing."""
    settings = AgentSettings(
        cluster=cluster,
        hub=hub,
        credential=credential,
        credential_file=credential_file,
        enrolment_token_file=enrolment_token_file,
        state_dir=state_dir,
        identity_secret=identity_secret,
        hub_ca_file=hub_ca_file,
        is_insecure_hub_allowed=allow_insecure_hub,
        kubeconfig=kubeconfig,
        context=context,
        is_waiting_for_cluster=(
            "KUBERNETES_SERVICE_HOST" in os.environ if wait_for_cluster is None else wait_for_cluster
        ),
        excluded_types=excluded_types,
        secret_words=secret_words,
        operations=tuple(word.strip() for word in operations.split(",") if word.strip()),
        operation_types=operation_types,
        operation_namespaces=operation_namespaces,
        is_impersonating=impersonate,
        initial_sync_seconds=initial_sync_seconds,
        rediscovery_seconds=rediscovery_seconds,
        log_format=cast(LogFormat, log_format),
        log_level=log_level,
    )
    try:
        settings.check()
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(error.exit_code)
    configure_logging(format=settings.log_format, level=settings.log_level)
    sys.exit(run_program(lambda stopping: run_agent(settings, stopping)))


if __name__ == "__main__":
    main()
