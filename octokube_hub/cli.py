"""The command ``octokube-hub``."""

import asyncio
import datetime
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from octokube.runtime.errors import UserError
from octokube.runtime.limits import limit_options, read_limits
from octokube.runtime.logging import LogFormat, configure_logging
from octokube.runtime.running import run_program
from octokube_hub.app import Hub
from octokube_hub.identity import issue_agent_credential, issue_token
from octokube_hub.identity.enrolment import CERTIFICATE_LIFE
from octokube_hub.limits import HubLimits
from octokube_hub.oidc_options import oidc_options, read_oidc
from octokube_hub.recording import RecordingMode
from octokube_hub.recording.retention import Retention
from octokube_hub.settings import DEFAULT_LISTEN, HubSettings
from octokube_hub.store import AgentCredentials, AuditEntry, AuditLog, Database, Tokens

T = TypeVar("T")

data_option = click.option(
    "--data",
    envvar="OCTOKUBE_DATA",
    type=click.Path(path_type=Path),
    default=Path("octokube-data"),
    show_default=True,
    help="The directory of the hub's database; it is made when it is missing.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Keeps a replica of every cluster and serves each subscriber what policy allows."""


@cli.command()
@data_option
@click.option("--listen", envvar="OCTOKUBE_LISTEN", metavar="HOST:PORT", default=DEFAULT_LISTEN, show_default=True)
@click.option(
    "--recording",
    envvar="OCTOKUBE_RECORDING",
    type=click.Choice([mode.value for mode in RecordingMode]),
    default=RecordingMode.ON.value,
    show_default=True,
    help="Record what terminal sessions show. required: a session that can't be recorded is refused.",
)
@click.option(
    "--recording-place",
    "recording_places",
    envvar="OCTOKUBE_RECORDING_PLACES",
    metavar="CLUSTER/NAMESPACE",
    multiple=True,
    help="Record only there; may be given several times, with * and ?. In the variable, separated by spaces.",
)
@click.option(
    "--recording-days",
    envvar="OCTOKUBE_RECORDING_DAYS",
    type=click.FloatRange(min=0, min_open=True),
    default=Retention().days,
    show_default=True,
    help="How long recordings are kept.",
)
@click.option(
    "--recording-bytes",
    envvar="OCTOKUBE_RECORDING_BYTES",
    type=click.IntRange(min=1),
    default=Retention().size_bytes,
    show_default=True,
    help="How much of them is kept; the oldest go first.",
)
@click.option(
    "--metrics-listen",
    envvar="OCTOKUBE_METRICS_LISTEN",
    metavar="HOST:PORT",
    default="",
    help="Serve /metrics, /livez and /readyz there, in plain text. Left out: nowhere.",
)
@click.option(
    "--policies",
    envvar="OCTOKUBE_POLICIES",
    type=click.Path(path_type=Path),
    required=True,
    help="The policy directory; edits there apply within a second.",
)
@click.option(
    "--tls-cert", envvar="OCTOKUBE_TLS_CERT", type=click.Path(path_type=Path), help="The certificate, as PEM."
)
@click.option("--tls-key", envvar="OCTOKUBE_TLS_KEY", type=click.Path(path_type=Path), help="Its private key, as PEM.")
@click.option(
    "--insecure-plaintext",
    envvar="OCTOKUBE_INSECURE_PLAINTEXT",
    is_flag=True,
    help="Listen beyond this machine without TLS. Everybody on the way can then read tokens and content.",
)
@click.option(
    "--mtls-listen",
    envvar="OCTOKUBE_MTLS_LISTEN",
    metavar="HOST:PORT",
    default="",
    help="Where enrolled agents come with their certificates, such as 0.0.0.0:7444. Left out: nowhere.",
)
@click.option(
    "--mtls-address",
    envvar="OCTOKUBE_MTLS_ADDRESS",
    metavar="HOST:PORT",
    default="",
    help="What agents are told of where that is. Left out: the port, at the host where they enrolled.",
)
@click.option(
    "--agent-certificate-seconds",
    envvar="OCTOKUBE_AGENT_CERTIFICATE_SECONDS",
    type=float,
    default=CERTIFICATE_LIFE.total_seconds(),
    show_default=True,
    help="How long an agent's certificate lasts; it is renewed after two thirds of that.",
)
@click.option(
    "--allow-agent-credentials",
    envvar="OCTOKUBE_ALLOW_AGENT_CREDENTIALS",
    is_flag=True,
    help="Let agents on other machines in by bearer credentials, too. Whoever gets hold of one can be that agent.",
)
@click.option(
    "--allow-gateways-without-certificate",
    is_flag=True,
    envvar="OCTOKUBE_ALLOW_GATEWAYS_WITHOUT_CERTIFICATE",
    help="Let gateways on other machines sign people in without a certificate. Whoever reaches the hub can then do so.",
)
@click.option(
    "--public-url",
    envvar="OCTOKUBE_PUBLIC_URL",
    metavar="URL",
    default="",
    help="Where people open the page, for octokube login. Left out: where the first --oidc-redirect-uri is.",
)
@click.option(
    "--local-accounts",
    envvar="OCTOKUBE_LOCAL_ACCOUNTS",
    type=click.Path(path_type=Path),
    default=None,
    metavar="FILE",
    help="Let people in by password: lines of octokube people hash-password. Where there is no OpenID provider.",
)
@limit_options(HubLimits, prefix="OCTOKUBE_")
@oidc_options
@click.option(
    "--log-format",
    envvar="OCTOKUBE_LOG_FORMAT",
    type=click.Choice(["auto", "console", "json"]),
    default="auto",
    show_default=True,
)
@click.option("--log-level", envvar="OCTOKUBE_LOG_LEVEL", default="info", show_default=True)
def serve(
    data: Path,
    listen: str,
    recording: str,
    recording_places: tuple[str, ...],
    recording_days: float,
    recording_bytes: int,
    metrics_listen: str,
    policies: Path,
    tls_cert: Path | None,
    tls_key: Path | None,
    insecure_plaintext: bool,
    mtls_listen: str,
    mtls_address: str,
    agent_certificate_seconds: float,
    allow_agent_credentials: bool,
    allow_gateways_without_certificate: bool,
    public_url: str,
    local_accounts: Path | None,
    log_format: str,
    log_level: str,
    **others: Any,
) -> int:
    """Run a hub until SIGINT or SIGTERM."""
    try:
        configure_logging(format=cast(LogFormat, log_format), level=log_level)
    except ValueError as error:
        raise UserError(str(error)) from error
    settings = HubSettings(
        listen=listen,
        metrics_listen=metrics_listen,
        recording=RecordingMode(recording),
        recording_places=recording_places,
        retention=Retention(recording_days, recording_bytes),
        data=data,
        policies=policies,
        limits=read_limits(HubLimits, others),
        oidc=read_oidc(**others),
        public_url=public_url,
        local_accounts=local_accounts,
        tls_cert=tls_cert,
        tls_key=tls_key,
        is_plaintext_allowed=insecure_plaintext,
        mtls_listen=mtls_listen,
        mtls_address=mtls_address,
        agent_certificate_seconds=agent_certificate_seconds,
        is_agent_credential_allowed=allow_agent_credentials,
        is_uncertified_gateway_allowed=allow_gateways_without_certificate,
    )

    async def main(stopping: asyncio.Event) -> None:
        hub = Hub(settings)
        await hub.start()
        await hub.run(stopping)

    return run_program(main)


@cli.group()
def token() -> None:
    """Bearer tokens of people and services. Works on the database directly, also while the hub runs."""


@token.command("create")
@data_option
@click.argument("subject")
@click.option("--description", default="", help="What it is for.")
@click.option("--days", type=click.FloatRange(min=0, min_open=True), default=90, show_default=True, help="Its life.")
def create_token(data: Path, subject: str, description: str, days: float) -> None:
    """Make a token for SUBJECT (user:NAME or service:NAME) and print it; it is not shown again."""

    async def create(database: Database) -> str:
        now = _now()
        made, secret = await issue_token(
            Tokens(database),
            subject,
            now=now,
            description=description,
            expires_at=now + datetime.timedelta(days=min(days, 36_500)),
        )
        await _record(database, "token.create", made.id, f"for {subject}")
        return secret

    click.echo(_with_database(data, create))


@token.command("list")
@data_option
def list_tokens(data: Path) -> None:
    """List all tokens, without their secrets, newest first."""
    now = _now()
    for item in _with_database(data, lambda database: Tokens(database).list()):
        if item.revoked_at is not None:
            state = f"revoked {_date(item.revoked_at)}"
        else:
            state = f"{'until' if item.is_valid(now) else 'expired'} {_date(item.expires_at)}"
        click.echo(f"{item.id}  {item.subject:<24}  {state:<28}  {item.description}")


@token.command("revoke")
@data_option
@click.argument("subject_or_id")
def revoke_token(data: Path, subject_or_id: str) -> None:
    """End a token by its id, or all tokens of a SUBJECT; their streams end within a second."""

    async def revoke(database: Database) -> list[str]:
        tokens = Tokens(database)
        chosen = [
            item.id
            for item in await tokens.list()
            if item.revoked_at is None and subject_or_id in (item.id, item.subject)
        ]
        for id in chosen:
            await tokens.revoke(id, _now())
            await _record(database, "token.revoke", id, "")
        return chosen

    revoked = _with_database(data, revoke)
    if not revoked:
        raise UserError(f"no token in force has the id or subject {subject_or_id!r}; see: octokube-hub token list")
    for id in revoked:
        click.echo(f"revoked {id}")


@cli.group("agent-credential")
def agent_credential() -> None:
    """Credentials of agents. Works on the database directly, also while the hub runs."""


@agent_credential.command("create")
@data_option
@click.argument("cluster")
def create_agent_credential(data: Path, cluster: str) -> None:
    """Make a credential for the agent of CLUSTER and print it; it is not shown again."""

    async def create(database: Database) -> str:
        id, secret = await issue_agent_credential(AgentCredentials(database), cluster, now=_now())
        await _record(database, "agentcredential.create", id, f"for cluster {cluster}")
        return secret

    click.echo(_with_database(data, create))


@agent_credential.command("revoke")
@data_option
@click.argument("credential_id")
def revoke_agent_credential(data: Path, credential_id: str) -> None:
    """End an agent's credential; its session ends within a second."""

    async def revoke(database: Database) -> bool:
        is_known = await AgentCredentials(database).revoke(credential_id, _now())
        if is_known:
            await _record(database, "agentcredential.revoke", credential_id, "")
        return is_known

    if not _with_database(data, revoke):
        raise UserError(f"no agent credential has the id {credential_id!r}; the audit log tells the ids")


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits: 0 done, 2 bad input, with one sentence."""
    try:
        result = cli.main(args=arguments, prog_name="octokube-hub", standalone_mode=False)
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    sys.exit(result if isinstance(result, int) else 0)


def _with_database(data: Path, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        database = Database(data)
        await database.open()
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


async def _record(database: Database, action: str, target: str, message: str) -> None:
    entry = AuditEntry(at=_now(), subject="operator", action=action, target=target, outcome="done", message=message)
    await AuditLog(database).record(entry)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _date(at: datetime.datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%MZ")


if __name__ == "__main__":
    main()
