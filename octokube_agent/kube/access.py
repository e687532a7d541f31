"""Says where the API server is and with which credential to speak to it, and keeps both fresh."""

import asyncio
import binascii
import os
import pathlib
import ssl
import time
import urllib.parse
from dataclasses import dataclass
from typing import Any

import structlog
import yaml
from kubernetes.aio import config as kube_config
from kubernetes.aio.client import Configuration

from octokube.runtime.errors import UserError

log = structlog.get_logger(__name__)

REFRESH_SECONDS = 60.0
"""How old a credential read from a file may get: kubelets rotate projected tokens with at least minutes to spare."""
MIN_RELOAD_SECONDS = 2.0
"""A crowd of requests refused at one instant leads to one reload."""
MAX_CONNECTIONS = 0
"""No limit in the pool: each reflected type holds one connection for its watch, and reflectors bound the rest."""


@dataclass(frozen=True, slots=True)
class Source:
    """Which configuration to read: a kubeconfig with a context, or, when both are None, what the surroundings offer."""

    kubeconfig: str | None = None
    context: str | None = None

    @property
    def is_in_cluster(self) -> bool:
        """Whether the service account of the agent's own pod is to be used."""
        return (
            self.kubeconfig is None
            and self.context is None
            and not os.environ.get("KUBECONFIG")
            and bool(os.environ.get("KUBERNETES_SERVICE_HOST"))
        )

    @property
    def files(self) -> str:
        """The kubeconfig path or paths, as kubectl would choose them."""
        return self.kubeconfig or os.environ.get("KUBECONFIG") or str(pathlib.Path.home() / ".kube" / "config")


class Access:
    """A cluster's address, trust and credential, as one ``kubernetes`` configuration.

    ``fresh`` re-reads files and expired exec credentials at most every 60 seconds; ``reload`` does so at once, after
    the server refused a credential. A reload that fails keeps what worked last and is logged.
    """

    def __init__(self, source: Source, configuration: Any, loader: Any) -> None:
        self._source = source
        self._loader = loader
        self._lock = asyncio.Lock()
        self._loaded_at = time.monotonic()
        self.configuration = configuration

    @classmethod
    async def load(cls, source: Source) -> "Access":
        """Reads the configuration. Raises UserError, one sentence with a next step, when it can't be used."""
        configuration, loader = await _load(source)
        return cls(source, configuration, loader)

    @property
    def host(self) -> str:
        """The API server's base URL, without a final slash."""
        return str(self.configuration.host).rstrip("/")

    @property
    def trust(self) -> tuple[object, ...]:
        """What the transport is built from: when it differs, a new one is needed."""
        configuration = self.configuration
        files = (configuration.ssl_ca_cert, configuration.cert_file, configuration.key_file)
        return (
            self.host,
            configuration.verify_ssl,
            configuration.tls_server_name,
            configuration.proxy,
            *files,
            *(_modified_at(file) for file in files),
        )

    async def authorization(self) -> str | None:
        """The Authorization header to send now, or None when TLS alone identifies the agent."""
        if time.monotonic() - self._loaded_at > REFRESH_SECONDS and not self._is_exec_still_valid():
            await self.reload()
        return self._authorization()

    async def reload(self, refused: str | None = None) -> bool:
        """Reads everything again, unless that was done a moment ago. True when the credential is now another one than
        the ``refused`` one, so that it makes sense to ask again.
        """
        async with self._lock:
            if time.monotonic() - self._loaded_at >= MIN_RELOAD_SECONDS:
                self._loaded_at = time.monotonic()
                try:
                    self.configuration, self._loader = await _load(self._source)
                except UserError as error:
                    log.warning("kube.credential_reload_failed", error=str(error))
            return self._authorization() != refused

    def _authorization(self) -> str | None:
        value = self.configuration.api_key.get("BearerToken")
        return str(value).strip() if value else None

    def _is_exec_still_valid(self) -> bool:
        """An exec plugin may be slow or ask a person: it runs again only when its credential ends or is refused."""
        if self._loader is None or not _has_exec(self._loader):
            return False
        expiry = getattr(self._loader, "exec_plugin_expiry", None)
        return expiry is None or expiry.timestamp() - time.time() > REFRESH_SECONDS


async def _load(source: Source) -> tuple[Any, Any]:
    configuration = Configuration()
    configuration.connection_pool_maxsize = MAX_CONNECTIONS
    # kubectl and every Go client accept cluster CAs without the extensions that Python 3.13's strict mode demands.
    configuration.disable_strict_ssl_verification = True
    if source.is_in_cluster:
        try:
            kube_config.load_incluster_config(configuration, try_refresh_token=False)
        except (kube_config.ConfigException, OSError) as error:
            raise UserError(
                f"the pod's service account can't be used ({_first_line(error)}); "
                "set automountServiceAccountToken: true, or give --kubeconfig"
            ) from error
        return configuration, None
    _check_files(source)
    try:
        loader = await kube_config.load_kube_config(
            config_file=source.files, context=source.context, client_configuration=configuration, persist_config=False
        )
    except kube_config.ConfigException as error:
        raise _explain(source, error) from error
    except yaml.YAMLError as error:
        raise UserError(f"the kubeconfig {source.files} is no valid YAML; mend it or give another file") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"the kubeconfig {source.files} can't be used ({_reason(error)}); check it with 'kubectl config view'"
        ) from error
    if _has_exec(loader) and not configuration.api_key.get("BearerToken") and not configuration.cert_file:
        raise UserError(
            f"the credential plugin named in {source.files} gave no credential; "
            "run 'kubectl get --raw /version' to see why"
        )
    _check_server(source, str(configuration.host))
    _check_certificates(source, configuration)
    return configuration, loader


def _check_server(source: Source, host: str) -> None:
    try:
        parts = urllib.parse.urlsplit(host)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        has_person = "@" in parts.netloc
    except ValueError:
        is_url = has_person = False
    if has_person:
        # It would stand in logs, and beside a token it would not even be sent.
        raise UserError(
            f"the server address in the kubeconfig {source.files} holds a user name or password; "
            "take it out and name a user with a token or a certificate"
        )
    if not is_url:
        raise UserError(
            f"the server in the kubeconfig {source.files} is no address; "
            "write a URL such as https://cluster.example.com:6443"
        )


def _check_certificates(source: Source, configuration: Any) -> None:
    """Says at the start, and about the right file, what the first connection would only hint at."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if configuration.ssl_ca_cert:
        try:
            context.load_verify_locations(cafile=configuration.ssl_ca_cert)
        except (OSError, ssl.SSLError) as error:
            raise UserError(
                f"the certificate-authority in the kubeconfig {source.files} is no PEM certificate; "
                "copy it anew from the cluster"
            ) from error
    if configuration.cert_file:
        try:
            # A password, though empty, keeps OpenSSL from asking for one on a terminal.
            context.load_cert_chain(configuration.cert_file, configuration.key_file, password="")
        except (OSError, ssl.SSLError) as error:
            raise UserError(
                f"the client certificate and key in the kubeconfig {source.files} can't be used; "
                "give PEM files that belong together, the key without a password"
            ) from error


def _reason(error: Exception) -> str:
    """What is wrong with a kubeconfig, without any of its content."""
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or type(error).__name__)
    if isinstance(error, UnicodeDecodeError):
        return "it is no text"
    if isinstance(error, binascii.Error):
        return "it holds data that is no base64"
    return "its clusters, users and contexts are incomplete or name what is not there"


def _check_files(source: Source) -> None:
    paths = [pathlib.Path(path).expanduser() for path in source.files.split(os.pathsep) if path]
    if not any(path.exists() for path in paths):
        hint = "give --kubeconfig FILE or set KUBECONFIG"
        raise UserError(f"there is no kubeconfig at {source.files}; {hint}")
    for path in paths:
        if path.is_dir():
            raise UserError(f"the kubeconfig {path} is a directory; give --kubeconfig a file")
        if path.exists() and not os.access(path, os.R_OK):
            raise UserError(f"the kubeconfig {path} can't be read; check its permissions")
        if path.exists() and path.stat().st_size == 0:
            raise UserError(f"the kubeconfig {path} is empty; give --kubeconfig a file that names a cluster")


def _explain(source: Source, error: Exception) -> UserError:
    text = _first_line(error)
    if source.context is not None and f"name {source.context} in" in text:
        return UserError(
            f"the kubeconfig {source.files} has no context {source.context!r}; "
            "list them with 'kubectl config get-contexts'"
        )
    if "current-context" in text or "name  in" in text:
        return UserError(f"the kubeconfig {source.files} has no current context; give --context NAME")
    return UserError(f"the kubeconfig {source.files} can't be used ({text}); check it with 'kubectl config view'")


def _has_exec(loader: Any) -> bool:
    user = getattr(loader, "_user", None)
    return user is not None and "exec" in user


def _modified_at(file: str | None) -> float | None:
    try:
        return os.stat(file).st_mtime if file else None
    except OSError:
        return None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
