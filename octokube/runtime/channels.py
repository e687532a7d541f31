"""Opens gRPC channels: TLS everywhere, plain text only to this machine."""

import ipaddress
import pathlib
from collections.abc import Sequence

import grpc
import grpc.aio

from octokube.runtime.enrolling import SERVER_NAME
from octokube.runtime.errors import UserError

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
"""One object may be a few MB and a frame holds at least one; far above both, so that it only stops nonsense."""

CHANNEL_OPTIONS: Sequence[tuple[str, int]] = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    # A path that dies without a word (a laptop's lid, a NAT that forgets) is noticed within half a minute.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    # Reconnecting is decided above, with jitter and the hub's retry-after; the channel itself should just try.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
)

SERVER_OPTIONS: Sequence[tuple[str, int]] = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 5_000),
    ("grpc.so_reuseport", 0),
)


def open_channel(target: str, *, ca_file: str | None = None, is_insecure_allowed: bool = False) -> grpc.aio.Channel:
    """A channel to ``host:port``. Without a CA file, plain text to loopback and the system's CAs elsewhere.

    ``is_insecure_allowed`` permits plain text beyond loopback and is meant for a flag that says so loudly. Raises
    UserError for a target that is not ``host:port`` or a CA file that cannot be read.
    """
    host = host_of(target)
    if ca_file is None and (is_insecure_allowed or is_loopback(host)):
        return grpc.aio.insecure_channel(target, options=CHANNEL_OPTIONS)
    root = read_ca(ca_file) if ca_file is not None else None
    return grpc.aio.secure_channel(target, grpc.ssl_channel_credentials(root), options=CHANNEL_OPTIONS)


def open_mtls_channel(target: str, *, key: bytes, certificate: bytes, authority: bytes) -> grpc.aio.Channel:
    """A channel to a hub's port for agents, with a certificate (PEM) of its authority, which alone is believed.

    Where the hub is does not matter: the certificate it shows is for a name that only the authority gives.
    """
    host_of(target)
    options = (*CHANNEL_OPTIONS, ("grpc.ssl_target_name_override", SERVER_NAME))
    credentials = grpc.ssl_channel_credentials(authority, key, certificate)
    return grpc.aio.secure_channel(target, credentials, options=options)


def read_ca(ca_file: str) -> bytes:
    """The certificates in a CA file. Raises UserError when it can't be read or holds none."""
    try:
        root = pathlib.Path(ca_file).read_bytes()
    except OSError as error:
        raise UserError(
            f"the CA file {ca_file} can't be read ({error.strerror}); give a PEM file that is readable"
        ) from error
    if b"-----BEGIN CERTIFICATE-----" not in root:
        raise UserError(f"the CA file {ca_file} holds no certificate; give a PEM file")
    return root


def host_of(target: str, *, what: str = "hub address", example: str = "127.0.0.1:7443") -> str:
    """The host of ``host:port`` or ``[v6]:port``. Raises UserError, about a ``what``, when it is neither."""
    host, separator, port = target.rpartition(":")
    if not separator or not port.isascii() or not port.isdigit() or not host or int(port) > 65_535:
        raise UserError(f"{target!r} is no {what}; write host:port, such as {example}")
    return host.removeprefix("[").removesuffix("]")


def is_loopback(host: str) -> bool:
    """Whether a host can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
