"""Holds what the agent is told at its start."""

import logging
import math
import re
from dataclasses import dataclass

from octokube.runtime.channels import host_of, read_ca
from octokube.runtime.errors import UserError
from octokube.runtime.logging import LogFormat
from octokube_agent.operations.ceiling import Ceiling
from octokube_agent.reflector.selecting import DEFAULT_EXCLUDED

_CLUSTER_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """Every setting; each is a flag of ``octokube-agent`` and an environment variable ``OCTOKUBE_…`` of the same name.

    ``state_dir`` (a directory) or ``identity_secret`` (NAMESPACE/NAME in the agent's cluster) is where an agent that
    enrols keeps its identity; with neither, it shows a credential. ``excluded_types`` are added to the default ones.
    ``secret_words`` are added to the words by which redaction knows names of secrets. ``operations`` (names and
    profiles), ``operation_types`` and ``operation_namespaces`` (patterns; none means all) are the ceiling of what the
    hub can have done here. With ``is_impersonating`` each operation is asked for in the name of the person it is for,
    so that Kubernetes decides, too. ``initial_sync_seconds`` bounds how long a new agent process gathers its first
    complete state before it offers it to the hub: a hub that holds the former state should not be told that most of it
    has gone. ``is_waiting_for_cluster`` makes an agent that can't reach its API server at the start wait for it,
    instead of ending with a sentence that says why.
    """

    cluster: str
    hub: str
    credential: str | None = None
    credential_file: str | None = None
    enrolment_token_file: str | None = None
    state_dir: str | None = None
    identity_secret: str | None = None
    hub_ca_file: str | None = None
    is_insecure_hub_allowed: bool = False
    kubeconfig: str | None = None
    context: str | None = None
    is_waiting_for_cluster: bool = False
    excluded_types: tuple[str, ...] = ()
    secret_words: tuple[str, ...] = ()
    operations: tuple[str, ...] = ("read-only",)
    operation_types: tuple[str, ...] = ()
    operation_namespaces: tuple[str, ...] = ()
    is_impersonating: bool = False
    initial_sync_seconds: float = 30.0
    rediscovery_seconds: float = 300.0
    log_format: LogFormat = "auto"
    log_level: str = "info"

    @property
    def all_excluded_types(self) -> frozenset[str]:
        """The types that are not followed."""
        return frozenset((*DEFAULT_EXCLUDED, *self.excluded_types))

    @property
    def has_identity(self) -> bool:
        """Whether the agent connects with a certificate, for which it enrols."""
        return bool(self.state_dir or self.identity_secret)

    def ceiling(self) -> Ceiling:
        """The limit of operations. Raises UserError for a word that is none."""
        return Ceiling.of(self.operations, self.operation_types, self.operation_namespaces)

    def check(self) -> None:
        """Raises UserError, one sentence, for the first setting that can't work."""
        if not _CLUSTER_NAME.fullmatch(self.cluster):
            raise UserError(
                f"the cluster name {self.cluster!r} is not usable; "
                "write lower-case letters, digits, dots and hyphens, such as prod-eu"
            )
        host_of(self.hub)
        self.ceiling()
        if self.credential and self.credential_file:
            raise UserError("both a credential and a credential file are given; give one of them")
        if self.state_dir and self.identity_secret:
            raise UserError("both a state directory and an identity Secret are given; give one of them")
        if self.has_identity and (self.credential or self.credential_file):
            raise UserError("an agent that enrols needs no credential; leave the credential or the identity out")
        if self.enrolment_token_file and not self.has_identity:
            raise UserError(
                "an enrolment token works once, so its outcome has to be kept: give --state-dir or --identity-secret"
            )
        if self.identity_secret and (self.identity_secret.count("/") != 1 or not all(self.identity_secret.split("/"))):
            raise UserError(
                f"{self.identity_secret!r} is no Secret's place; write NAMESPACE/NAME, such as octokube/agent-identity"
            )
        if self.log_level.upper() not in logging.getLevelNamesMapping():
            raise UserError(f"unknown log level {self.log_level!r}; use debug, info, warning or error")
        durations = (self.initial_sync_seconds, self.rediscovery_seconds)
        if not all(map(math.isfinite, durations)) or self.initial_sync_seconds < 0 or self.rediscovery_seconds <= 0:
            raise UserError("durations are positive numbers of seconds")
        if self.hub_ca_file is not None:
            read_ca(self.hub_ca_file)
