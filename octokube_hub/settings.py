"""Holds what the hub is told at its start."""

from dataclasses import dataclass
from pathlib import Path

from octokube.runtime.channels import host_of
from octokube.runtime.errors import UserError

DEFAULT_LISTEN = "127.0.0.1:7443"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """Every setting; each is a flag of ``octokube-hub serve`` and an environment variable ``OCTOKUBE_…``.

    ``data`` is the directory of the database, made when it is missing. ``is_demo`` lets demo people in from this
    machine (``demo:alice``), and nobody should set it anywhere else.
    """

    data: Path
    policies: Path
    listen: str = DEFAULT_LISTEN
    tls_cert: Path | None = None
    tls_key: Path | None = None
    is_plaintext_allowed: bool = False
    is_demo: bool = False

    def check(self) -> None:
        """Raises UserError, one sentence, for the first setting that can't work."""
        host_of(self.listen)
        if (self.tls_cert is None) != (self.tls_key is None):
            raise UserError("TLS needs a certificate and its key; give both --tls-cert and --tls-key")
        if not self.policies.is_dir():
            raise UserError(f"the policy directory {self.policies} does not exist; give one with a policy.csv in it")
