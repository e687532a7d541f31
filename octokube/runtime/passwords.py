"""Hashes passwords of local accounts (scrypt), and checks them."""

import base64
import binascii
import hashlib
import hmac
import secrets

PREFIX = "scrypt-15-8-1"
"""The only parameters there are (log2 N, r, p), so that every check takes equally long."""
_N, _R, _P = 2**15, 8, 1
_SALT_BYTES = 16
_HASH_BYTES = 32
_MEMORY_BYTES = 64 * 2**20
"""Above the 32 MiB that these parameters need."""


def hash_password(password: str) -> str:
    """The hash to keep, with a salt of its own."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return "$".join((PREFIX, _encode(salt), _encode(_derive(password, salt))))


def is_hash(text: str) -> bool:
    """Whether ``hash_password`` can have made this."""
    return _parts(text) is not None


def is_password(password: str, kept: str) -> bool:
    """Whether this is the password. Takes as long for a wrong one. Raises ValueError for what is no hash."""
    parts = _parts(kept)
    if parts is None:
        raise ValueError("this is no hash of a password")
    salt, expected = parts
    return hmac.compare_digest(_derive(password, salt), expected)


def _derive(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_N, r=_R, p=_P, maxmem=_MEMORY_BYTES, dklen=_HASH_BYTES)


def _parts(kept: str) -> tuple[bytes, bytes] | None:
    prefix, _, rest = kept.partition("$")
    salt, _, digest = rest.partition("$")
    try:
        parts = base64.b64decode(salt, validate=True), base64.b64decode(digest, validate=True)
    except (binascii.Error, ValueError):
        return None
    is_whole = prefix == PREFIX and len(parts[0]) == _SALT_BYTES and len(parts[1]) == _HASH_BYTES
    return parts if is_whole else None


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
