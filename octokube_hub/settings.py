"""Holds what the hub is told at its start."""

from dataclasses import dataclass, field
from pathlib import Path

from octokube.runtime.channels import host_of
from octokube.runtime.errors import UserError
from octokube_hub.identity.enrolment import CERTIFICATE_LIFE
from octokube_hub.identity.oidcsettings import OidcSettings
from octokube_hub.limits import HubLimits
from octokube_hub.recording import RecordingMode
from octokube_hub.recording.retention import Retention

DEFAULT_LISTEN = "127.0.0.1:7443"
MIN_CERTIFICATE_SECONDS = 2
MAX_CERTIFICATE_SECONDS = 366 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """Every setting; each is a flag of ``octokube-hub serve`` and an environment variable ``OCTOKUBE_…``.

    ``data`` is the directory of the database, made when it is missing. ``is_demo`` lets demo people in from this
    machine (``demo:alice``), and nobody should set it anywhere else. ``public_url`` is where people open the page, for
    programs that send them there; ``local_accounts`` is a file of names and hashes of passwords that let people in.
    ``mtls_listen`` is where agents come that have a certificate of this hub's authority, and ``mtls_address`` what they
    are told of where that is, as seen from outside; empty: nowhere, and the host at which they enrolled.
    ``is_agent_credential_allowed`` lets agents on other machines show a bearer credential instead, and
    ``is_uncertified_gateway_allowed`` lets gateways on other machines sign people in without a certificate.
    ``metrics_listen`` is where Prometheus and probes come, in plain text; empty: nowhere. ``recording`` is about
    terminal sessions; recordings are in the folder ``recordings`` of ``data``, as long as ``retention`` says.
    """

    data: Path
    policies: Path
    listen: str = DEFAULT_LISTEN
    tls_cert: Path | None = None
    tls_key: Path | None = None
    is_plaintext_allowed: bool = False
    mtls_listen: str = ""
    mtls_address: str = ""
    agent_certificate_seconds: float = CERTIFICATE_LIFE.total_seconds()
    is_agent_credential_allowed: bool = False
    is_uncertified_gateway_allowed: bool = False
    is_demo: bool = False
    oidc: OidcSettings | None = None
    public_url: str = ""
    local_accounts: Path | None = None
    metrics_listen: str = ""
    recording: RecordingMode = RecordingMode.ON
    recording_places: tuple[str, ...] = ()
    retention: Retention = field(default_factory=Retention)
    limits: HubLimits = field(default_factory=HubLimits)

    def check(self) -> None:
        """Raises UserError, one sentence, for the first setting that can't work."""
        self.limits.check()
        host_of(self.listen)
        if self.metrics_listen:
            host_of(self.metrics_listen)
        if self.mtls_listen:
            host_of(self.mtls_listen)
        if self.mtls_address:
            host_of(self.mtls_address)
        if not MIN_CERTIFICATE_SECONDS <= self.agent_certificate_seconds <= MAX_CERTIFICATE_SECONDS:
            raise UserError(
                f"agents' certificates last between {MIN_CERTIFICATE_SECONDS} s and {MAX_CERTIFICATE_SECONDS} s; "
                "give --agent-certificate-seconds in between"
            )
        if (self.tls_cert is None) != (self.tls_key is None):
            raise UserError("TLS needs a certificate and its key; give both --tls-cert and --tls-key")
        for place in self.recording_places:
            if place.count("/") != 1 or not all(place.split("/")):
                raise UserError(f"the place {place!r} to record is no CLUSTER/NAMESPACE; write it like prod-*/payments")
        if not self.policies.is_dir():
            raise UserError(f"the policy directory {self.policies} does not exist; give one with a policy.csv in it")
        if self.oidc is not None:
            self.oidc.check()
