"""Tells whether a peer is on this machine."""

import urllib.parse

from octokube.runtime.channels import is_loopback


def is_local_peer(peer: str) -> bool:
    """Whether a peer, as gRPC or a gateway in this process names it, can only be on this machine.

    "" is this process itself. gRPC writes ``ipv4:127.0.0.1:50000``, ``ipv6:%5B::1%5D:50000`` and ``unix:…``. What is
    not understood is not local.
    """
    if peer == "" or peer.startswith("unix:"):
        return True
    kind, separator, rest = peer.partition(":")
    is_grpc = bool(separator) and kind in ("ipv4", "ipv6")
    host = urllib.parse.unquote(rest).rpartition(":")[0] if is_grpc else peer
    return is_loopback(host.removeprefix("[").removesuffix("]"))
