"""Serves TLS 1.3 and nothing older, from files that are read again whenever they change."""

import pathlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
import structlog

from octokube.runtime import tls13
from octokube.runtime.errors import UserError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate chain and its private key, as PEM."""

    key: bytes
    chain: bytes


class CertificateFiles:
    """A certificate and its key in two files.

    Guarantee: ``newest`` gives what the files hold now if it can work, and otherwise what worked last.
    """

    def __init__(
        self, certificate: pathlib.Path, key: pathlib.Path, *, flags: str = "--tls-cert and --tls-key"
    ) -> None:
        """Reads both. Raises UserError when they can't be read or don't belong together."""
        self._certificate = certificate
        self._key = key
        self._flags = flags
        self._state = self._look()
        self._pair, self._context = self._read()

    def newest(self) -> KeyPair:
        """The pair for the next connection."""
        state = self._look()
        if state != self._state:
            try:
                pair, context = self._read()
            except UserError as error:
                log.error("tls.reload_failed", reason=str(error), certificate=str(self._certificate))
            else:
                if pair != self._pair:
                    log.info("tls.reloaded", certificate=str(self._certificate))
                self._pair, self._context = pair, context
            # Also what can't work is looked at once only: the end of the exchange changes the files again.
            self._state = state
        return self._pair

    def server_context(self) -> ssl.SSLContext:
        """A context for a server of asyncio; each handshake takes the newest pair."""
        context = self._context

        def choose(connection: ssl.SSLSocket | ssl.SSLObject, _: str | None, __: ssl.SSLContext) -> None:
            self.newest()
            connection.context = self._context

        context.sni_callback = choose
        return context

    def _look(self) -> tuple[object, ...]:
        found: list[object] = []
        for path in (self._certificate, self._key):
            try:
                status = path.stat()
            except OSError:
                found.append(None)
            else:
                found.append((status.st_mtime_ns, status.st_ino, status.st_size))
        return tuple(found)

    def _read(self) -> tuple[KeyPair, ssl.SSLContext]:
        contents: list[bytes] = []
        for path in (self._key, self._certificate):
            try:
                contents.append(path.read_bytes())
            except OSError as error:
                raise UserError(f"the TLS file {path} can't be read ({error.strerror}); give a PEM file") from error
        try:
            # gRPC takes files that can't work and fails later, or says nothing: OpenSSL checks that they fit.
            context = _context(self._certificate, self._key)
        except (ssl.SSLError, OSError) as error:
            raise UserError(
                f"the TLS files {self._certificate} and {self._key} are not a PEM certificate and its private key; "
                f"check {self._flags}"
            ) from error
        return KeyPair(*contents), context


def server_credentials(
    newest: Callable[[], KeyPair], *, client_authority: bytes | None = None
) -> grpc.ServerCredentials:
    """What a gRPC port needs; ``newest`` is asked at each handshake. With a ``client_authority``, whoever shows no
    certificate that it has signed does not get further than the handshake.
    """
    if not tls13.is_in_force():
        log.warning("tls.older_allowed", variable=tls13.CIPHERS_VARIABLE, danger="TLS 1.2 can be agreed on")
    last: list[KeyPair] = []

    def configuration() -> grpc.ServerCertificateConfiguration:
        pair = newest()
        last[:] = [pair]
        return grpc.ssl_server_certificate_configuration([(pair.key, pair.chain)], root_certificates=client_authority)

    def changed() -> grpc.ServerCertificateConfiguration | None:
        return configuration() if [newest()] != last else None

    # The type stubs do not know of None, by which gRPC keeps what it has.
    changed_or_none: Any = changed
    return grpc.dynamic_ssl_server_credentials(
        configuration(), changed_or_none, require_client_authentication=client_authority is not None
    )


def _context(certificate: pathlib.Path, key: pathlib.Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(certificate, key)
    return context
