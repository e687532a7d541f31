"""The command ``octokube-web``."""

import asyncio
import sys
from typing import Any

import click

import octokube
from octokube.client.calls import GrpcCalls
from octokube.client.grpc_feed import GrpcFeed
from octokube.client.identity import GrpcIdentity
from octokube.runtime.errors import UserError
from octokube.runtime.limits import limit_options, read_limits
from octokube.runtime.logging import configure_logging
from octokube.runtime.running import run_program
from octokube_web.app import Gateway
from octokube_web.limits import WebLimits
from octokube_web.link import HubAddress, hub_channel
from octokube_web.settings import WebSettings


@click.command(
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "OCTOKUBE"},
)
@click.version_option(octokube.__version__, prog_name="octokube-web")
@click.option("--hub", default="127.0.0.1:7443", show_default=True, envvar="OCTOKUBE_HUB", help="The hub, host:port.")
@click.option("--hub-ca-file", envvar="OCTOKUBE_HUB_CA_FILE", help="A PEM file with the CA of the hub's certificate.")
@click.option(
    "--allow-insecure-hub",
    is_flag=True,
    envvar="OCTOKUBE_ALLOW_INSECURE_HUB",
    help="Speak plain text to a hub on another machine. Tokens can then be read on the way.",
)
@click.option(
    "--enrolment-token-file",
    envvar="OCTOKUBE_WEB_ENROLMENT_TOKEN_FILE",
    help="The one-time token of octokube gateway enroll: with it the gateway gets its own certificate, and renews it.",
)
@click.option(
    "--state-dir",
    envvar="OCTOKUBE_WEB_STATE_DIR",
    help="A folder where the gateway keeps its key and certificate. Needed with --enrolment-token-file.",
)
@click.option(
    "--hub-mtls",
    default="",
    envvar="OCTOKUBE_WEB_HUB_MTLS",
    metavar="HOST:PORT",
    help="Where the hub takes certificates, if that is not at the host of --hub and the port that the hub says.",
)
@click.option(
    "--listen",
    default="127.0.0.1:7080",
    show_default=True,
    envvar="OCTOKUBE_WEB_LISTEN",
    help="host:port; port 0: a free one.",
)
@click.option(
    "--origin",
    "origins",
    multiple=True,
    envvar="OCTOKUBE_WEB_ORIGIN",
    help="Another address under which people open the page, such as https://octokube.example.com. May be repeated.",
)
@click.option(
    "--behind-tls", is_flag=True, envvar="OCTOKUBE_WEB_BEHIND_TLS", help="A proxy in front speaks HTTPS with browsers."
)
@click.option("--tls-cert", envvar="OCTOKUBE_WEB_TLS_CERT", help="A PEM certificate to speak HTTPS with.")
@click.option("--tls-key", envvar="OCTOKUBE_WEB_TLS_KEY", help="The key of --tls-cert.")
@limit_options(WebLimits, prefix="OCTOKUBE_WEB_")
@click.option("--log-level", default="info", show_default=True, envvar="OCTOKUBE_LOG_LEVEL")
@click.option(
    "--log-format",
    type=click.Choice(["auto", "console", "json"]),
    default="auto",
    show_default=True,
    envvar="OCTOKUBE_LOG_FORMAT",
)
def cli(
    hub: str,
    hub_ca_file: str | None,
    allow_insecure_hub: bool,
    enrolment_token_file: str | None,
    state_dir: str | None,
    hub_mtls: str,
    listen: str,
    origins: tuple[str, ...],
    behind_tls: bool,
    tls_cert: str | None,
    tls_key: str | None,
    log_level: str,
    log_format: str,
    **others: Any,
) -> int:
    """Serve the Web IDE and carry each person's streams between browser and hub."""
    try:
        configure_logging(level=log_level, format=log_format)  # type: ignore[arg-type]
    except ValueError as error:
        raise UserError(str(error)) from error
    settings = WebSettings(
        listen=listen,
        origins=origins,
        is_behind_tls=behind_tls,
        tls_cert_file=tls_cert,
        tls_key_file=tls_key,
        limits=read_limits(WebLimits, others),
    )

    if enrolment_token_file is not None and state_dir is None:
        raise UserError("an enrolled gateway keeps its certificate; give a folder of its own with --state-dir")
    address = HubAddress(
        hub=hub,
        ca_file=hub_ca_file,
        is_insecure_allowed=allow_insecure_hub,
        mtls=hub_mtls,
        enrolment_token_file=enrolment_token_file,
        state_dir=state_dir,
    )

    async def main(stopping: asyncio.Event) -> None:
        async with hub_channel(address, stopping) as channel:
            if channel is not None:
                identity, calls = GrpcIdentity(channel), GrpcCalls(channel)
                await Gateway(settings, GrpcFeed(channel), identity=identity, calls=calls).run(stopping)

    return run_program(main)


def main(arguments: list[str] | None = None) -> None:
    """Runs the command and exits: 0 done, 2 bad input with one sentence."""
    try:
        result = cli.main(args=arguments, prog_name="octokube-web", standalone_mode=False)
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        sys.exit(130)
    sys.exit(result if isinstance(result, int) else 0)


if __name__ == "__main__":
    main()
