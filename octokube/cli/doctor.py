"""``octokube doctor``: finds what keeps a hub from working, and says what to do about it."""

import asyncio
import dataclasses
import os
from collections.abc import Iterable
from pathlib import Path

import click

from octokube.cli import examining
from octokube.cli.examining import Finding
from octokube.cli.plain import plain, plain_json
from octokube.runtime.errors import UserError

_PATH = click.Path(path_type=Path)


@click.command()
@click.option("--data", envvar="OCTOKUBE_DATA", type=_PATH, help="The directory of the hub's database.")
@click.option("--policies", envvar="OCTOKUBE_POLICIES", type=_PATH, help="The policy directory.")
@click.option("--tls-cert", envvar="OCTOKUBE_TLS_CERT", type=_PATH, help="The hub's certificate, as PEM.")
@click.option("--tls-key", envvar="OCTOKUBE_TLS_KEY", type=_PATH, help="Its private key, as PEM.")
@click.option("--oidc-issuer", envvar="OCTOKUBE_OIDC_ISSUER", help="The address of the OpenID provider.")
@click.option("--oidc-ca-file", envvar="OCTOKUBE_OIDC_CA_FILE", type=_PATH, help="The CA of its certificate, as PEM.")
@click.option("--hub", envvar="OCTOKUBE_HUB", metavar="HOST:PORT", help="A running hub, asked with OCTOKUBE_TOKEN.")
@click.option("--hub-ca-file", envvar="OCTOKUBE_HUB_CA_FILE", help="The CA that signed the hub's certificate, as PEM.")
@click.option("--kubeconfig", envvar="OCTOKUBE_KUBECONFIG", help="An agent's kubeconfig: its cluster and its rights.")
@click.option("--context", envvar="OCTOKUBE_CONTEXT", help="The context in it; default its current one.")
@click.option(
    "--operations",
    envvar="OCTOKUBE_OPERATIONS",
    default="read-only",
    show_default=True,
    metavar="LIST",
    help="What the agent may be asked for there, as octokube-agent takes it.",
)
@click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to print. Default: text."
)
def doctor(
    data: Path | None,
    policies: Path | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    oidc_issuer: str | None,
    oidc_ca_file: Path | None,
    hub: str | None,
    hub_ca_file: str | None,
    kubeconfig: str | None,
    context: str | None,
    operations: str,
    output: str,
) -> int:
    """Check what is named, by flags or by the hub's environment variables: one line each, with what to do.

    It changes nothing. Exit code 0: nothing is wrong. 1: something is. 2: nothing was named.
    """
    found: list[Finding] = []
    if data is not None:
        found += [examining.data_directory(data), examining.disk_space(data), examining.database(data)]
    if policies is not None:
        found.append(examining.policy(policies))
    if tls_cert is not None or tls_key is not None:
        found += examining.certificate(tls_cert, tls_key)
    if oidc_issuer:
        found += asyncio.run(examining.provider(oidc_issuer, oidc_ca_file))
    if hub:
        found += asyncio.run(examining.running_hub(hub, os.environ.get("OCTOKUBE_TOKEN"), hub_ca_file))
    if kubeconfig or context:
        found += _cluster(kubeconfig, context, operations)
    if not found:
        raise click.UsageError("nothing to check; name at least one of --data, --hub, --kubeconfig")
    if output == "json":
        click.echo(plain_json([dataclasses.asdict(finding) for finding in found]), nl=False)
    else:
        for line in lines(found):
            click.echo(line)
    return 1 if any(finding.advice for finding in found) else 0


def _cluster(kubeconfig: str | None, context: str | None, operations: str) -> list[Finding]:
    try:
        from octokube.cli import examining_cluster
        from octokube_agent.operations.ceiling import Ceiling
    except ModuleNotFoundError as error:  # where only the hub is installed
        raise UserError(
            f"checking a cluster needs the package {error.name}; run: pip install 'octokube[agent,hub]'"
        ) from error
    ceiling = Ceiling.of([word.strip() for word in operations.split(",") if word.strip()])
    return asyncio.run(examining_cluster.cluster(kubeconfig, context, ceiling))


def lines(found: Iterable[Finding]) -> list[str]:
    """One for each check."""
    return [
        plain(
            f"{'wrong' if one.advice else 'ok':<6}{one.check}: {one.told}" + (f"; {one.advice}" if one.advice else "")
        )
        for one in found
    ]
