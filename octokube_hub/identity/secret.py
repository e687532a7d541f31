"""Draws bearer secrets and hashes them."""

import hashlib
import secrets

TOKEN_PREFIX = "okt_"  # noqa: S105 - a prefix, by which a leaked secret is recognised
SESSION_PREFIX = "oks_"
AGENT_PREFIX = "oka_"
SECRET_BYTES = 32
MAX_SECRET_LENGTH = 256
MAX_BEARER_LENGTH = 1024
"""Session tokens say something, and are longer than drawn secrets."""


def draw_secret(prefix: str) -> str:
    """A fresh secret of 256 random bits, such as ``okt_…``."""
    return prefix + secrets.token_urlsafe(SECRET_BYTES)


def draw_id() -> str:
    """A fresh id to name a secret by, without any relation to it."""
    return secrets.token_hex(6)


def hash_secret(secret: str) -> str:
    """What is stored in a secret's place. Unsalted and fast on purpose: 256 random bits can't be guessed or tabled."""
    return hashlib.sha256(secret.encode()).hexdigest()


def read_bearer(header: str | None) -> str:
    """The secret in an ``authorization`` value, "" when there is none of a plausible shape."""
    if header is None:
        return ""
    scheme, _, secret = header.partition(" ")
    secret = secret.strip()
    longest = MAX_BEARER_LENGTH if secret.startswith(SESSION_PREFIX) else MAX_SECRET_LENGTH
    return secret if scheme.lower() == "bearer" and len(secret) <= longest else ""
