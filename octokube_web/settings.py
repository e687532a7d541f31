"""Holds what the gateway is told at its start."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from octokube.runtime.channels import host_of
from octokube.runtime.errors import UserError
from octokube_web.limits import WebLimits


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody whom the sign-in page offers in a demo. ``token`` is public by nature and works in a demo only."""

    token: str
    name: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Every setting of the gateway itself; where the hub is, is the feed's business.

    ``origins`` are further addresses under which people open the page (``https://octokube.example.com``), beside the
    one the request names. ``is_behind_tls`` says that a proxy in front speaks HTTPS with browsers. Sizes in bytes.
    """

    listen: str = "127.0.0.1:7080"
    origins: tuple[str, ...] = ()
    is_behind_tls: bool = False
    tls_cert_file: str | None = None
    tls_key_file: str | None = None
    demo_people: tuple[DemoPerson, ...] = ()
    session_seconds: float = 12 * 3600.0
    session_limit: int = 10_000
    channel_limit: int = 64
    message_limit_bytes: int = 9 * 512 * 1024
    limits: WebLimits = field(default_factory=WebLimits)

    def check(self) -> None:
        """Raises UserError, one sentence, for the first setting that can't work."""
        host_of(self.listen, what="address to listen on", example="127.0.0.1:7080")
        for origin in self.origins:
            if not _is_origin(origin):
                raise UserError(f"{origin!r} is no origin; write scheme and host, such as https://octokube.example.com")
        if (self.tls_cert_file is None) != (self.tls_key_file is None):
            raise UserError("a TLS certificate and its key go together; give both files or neither")
        if self.session_seconds <= 0 or self.session_limit <= 0 or self.channel_limit <= 0:
            raise UserError("durations and limits are positive numbers")
        self.limits.check()

    @property
    def is_tls(self) -> bool:
        """Whether browsers reach the gateway over HTTPS."""
        return self.is_behind_tls or self.tls_cert_file is not None


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    is_bare = text.lower() == f"{parts.scheme}://{parts.netloc}".lower() and "@" not in parts.netloc
    return is_bare and parts.scheme in ("http", "https") and bool(parts.hostname)
