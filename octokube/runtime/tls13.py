"""Has gRPC speak TLS 1.3 and nothing older. To be done before gRPC is imported: it reads its settings then, once."""

import os
import sys

CIPHERS_VARIABLE = "GRPC_SSL_CIPHER_SUITES"
NO_OLDER_CIPHER = "ECDHE-PSK-AES128-CBC-SHA"
"""gRPC has no setting for the version. This is its list of ciphers for TLS 1.2 and older, with one in it that needs a
key which nobody here has: for those versions there is nothing to agree on. TLS 1.3's ciphers are not of this list."""

_came_in_time: list[bool] = []


def keep_to_tls13() -> None:
    """For the first line of a program. Whoever sets the variable themselves is let have older versions."""
    if not _came_in_time:
        _came_in_time.append("grpc" not in sys.modules)
        os.environ.setdefault(CIPHERS_VARIABLE, NO_OLDER_CIPHER)


def is_in_force() -> bool:
    """Whether older versions are out of the question in this process."""
    return _came_in_time == [True] and os.environ.get(CIPHERS_VARIABLE) == NO_OLDER_CIPHER
