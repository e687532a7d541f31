"""Says which OpenID provider the hub trusts, and what it takes from its claims."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from octokube.runtime.channels import is_loopback
from octokube.runtime.errors import UserError

DEFAULT_SCOPES = ("openid", "profile", "email", "offline_access")


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """One provider and this hub's place there.

    ``redirect_uris`` are the gateways' callbacks, ``https://…/api/v1/signin/callback``. ``subject_claim`` becomes
    user:NAME: ``sub`` never changes and is never given to somebody else; ``email`` counts only when it is verified.
    Groups with ``group_prefix`` become team:NAME without it; the others are left out.
    """

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    redirect_uris: tuple[str, ...]
    name: str = "OpenID Connect"
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    subject_claim: str = "sub"
    groups_claim: str = "groups"
    group_prefix: str = ""
    ca_file: Path | None = None

    def check(self) -> None:
        """Raises UserError, one sentence, for the first setting that can't work."""
        for what, url in (("issuer", self.issuer), *(("redirect URI", uri) for uri in self.redirect_uris)):
            if not is_safe_url(url):
                raise UserError(f"the {what} {url!r} is no https address; plain http is for this machine alone")
        if not self.client_id:
            raise UserError("OpenID Connect needs the client's id; give --oidc-client-id")
        if not self.redirect_uris:
            raise UserError("OpenID Connect needs the gateway's callback; give --oidc-redirect-uri")
        if "openid" not in self.scopes:
            raise UserError("OpenID Connect needs the scope openid; add it to --oidc-scope")


def is_safe_url(url: str) -> bool:
    """Whether tokens may travel there: https, or this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    return (
        bool(host)
        and not parts.fragment
        and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))
    )
