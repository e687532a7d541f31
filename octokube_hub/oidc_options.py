"""The options of ``octokube-hub serve`` that name an OpenID provider."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from octokube.runtime.errors import UserError
from octokube_hub.identity.oidcsettings import DEFAULT_SCOPES, OidcSettings

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--oidc-issuer",
        envvar="OCTOKUBE_OIDC_ISSUER",
        metavar="URL",
        default="",
        help="The OpenID provider at which people sign in, as its tokens name it. Left out: people come with tokens.",
    ),
    click.option("--oidc-client-id", envvar="OCTOKUBE_OIDC_CLIENT_ID", default="", help="This hub's name there."),
    click.option(
        "--oidc-client-secret-file",
        envvar="OCTOKUBE_OIDC_CLIENT_SECRET_FILE",
        type=click.Path(path_type=Path),
        help="A file with the client's secret. Left out: a public client, which PKCE protects.",
    ),
    click.option(
        "--oidc-redirect-uri",
        "oidc_redirect_uris",
        envvar="OCTOKUBE_OIDC_REDIRECT_URIS",
        metavar="URL",
        multiple=True,
        help="A gateway's callback, https://HOST/api/v1/signin/callback. Can be repeated; in the variable, by spaces.",
    ),
    click.option(
        "--oidc-name",
        envvar="OCTOKUBE_OIDC_NAME",
        default="OpenID Connect",
        show_default=True,
        help="What the button to sign in calls it.",
    ),
    click.option(
        "--oidc-scope",
        "oidc_scopes",
        envvar="OCTOKUBE_OIDC_SCOPES",
        multiple=True,
        help="What is asked for; default openid, profile, email and offline_access. Can be repeated.",
    ),
    click.option(
        "--oidc-subject-claim",
        envvar="OCTOKUBE_OIDC_SUBJECT_CLAIM",
        default="sub",
        show_default=True,
        help="The claim that becomes user:NAME in the policy; email counts only when it is verified.",
    ),
    click.option(
        "--oidc-groups-claim",
        envvar="OCTOKUBE_OIDC_GROUPS_CLAIM",
        default="groups",
        show_default=True,
        help="The claim whose groups become team:NAME in the policy.",
    ),
    click.option(
        "--oidc-group-prefix",
        envvar="OCTOKUBE_OIDC_GROUP_PREFIX",
        default="",
        help="Only groups that begin with it count, and become teams without it.",
    ),
    click.option(
        "--oidc-ca-file",
        envvar="OCTOKUBE_OIDC_CA_FILE",
        type=click.Path(path_type=Path),
        help="The CA of the provider's certificate, as PEM, where the system does not know it.",
    ),
)


def oidc_options(command: Command) -> Command:
    """Adds the options to a command, which passes them to ``read_oidc``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_oidc(
    *,
    oidc_issuer: str,
    oidc_client_id: str,
    oidc_client_secret_file: Path | None,
    oidc_redirect_uris: tuple[str, ...],
    oidc_name: str,
    oidc_scopes: tuple[str, ...],
    oidc_subject_claim: str,
    oidc_groups_claim: str,
    oidc_group_prefix: str,
    oidc_ca_file: Path | None,
) -> OidcSettings | None:
    """The provider that the options name; None when they name none. Raises UserError."""
    if not oidc_issuer:
        if oidc_client_id or oidc_redirect_uris or oidc_client_secret_file:
            raise UserError("settings of an OpenID provider are given, but not which: give --oidc-issuer, too")
        return None
    secret = ""
    if oidc_client_secret_file is not None:
        try:
            secret = oidc_client_secret_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"--oidc-client-secret-file {oidc_client_secret_file} can't be read: {error}") from error
        if not secret:
            raise UserError(
                f"--oidc-client-secret-file {oidc_client_secret_file} is empty; leave it out if there is none"
            )
    if oidc_ca_file is not None and not oidc_ca_file.is_file():
        raise UserError(f"--oidc-ca-file {oidc_ca_file} is no file")
    settings = OidcSettings(
        issuer=oidc_issuer,
        client_id=oidc_client_id,
        client_secret=secret,
        redirect_uris=oidc_redirect_uris,
        name=oidc_name,
        scopes=oidc_scopes or DEFAULT_SCOPES,
        subject_claim=oidc_subject_claim,
        groups_claim=oidc_groups_claim,
        group_prefix=oidc_group_prefix,
        ca_file=oidc_ca_file,
    )
    settings.check()
    return settings
