"""Seals a position into a token that only the hub can read, and reads it back."""

import hashlib
import secrets
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_NONCE_BYTES = 12
_FORMAT = 1
_LAYOUT = struct.Struct(">B16s16sQ16s16s")
"""Format, cluster, epoch, version, scope, subscription: 73 bytes in every token, so that its size tells nothing."""
_TAG_BYTES = 16
TOKEN_BYTES = _NONCE_BYTES + _LAYOUT.size + _TAG_BYTES


def worthless_token() -> bytes:
    """A token that no hub can read: it takes the place of one that has become wrong with the frames it comes with."""
    return secrets.token_bytes(TOKEN_BYTES)


class Unreadable(Exception):
    """The token was not sealed by this hub's key for this cluster, or is damaged."""


@dataclass(frozen=True, slots=True)
class ResumeState:
    """What a receiver holds of one cluster: everything up to a position, as one scope and one subscription show it."""

    epoch: bytes
    version: int
    scope: bytes
    subscription: bytes


class Sealer:
    """Authenticated encryption (AES-256-GCM) with a key that all replicas of a hub share and that survives restarts.

    Guarantees: a token tells its holder nothing, not even whether two tokens stand for one position; it cannot be made
    or altered without the key. It proves nothing about who holds it: whoever resumes is asked for their own token, and
    gets what their own scope allows.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a sealing key has {KEY_BYTES} bytes, not {len(key)}")
        self._cipher = AESGCM(key)

    def seal(self, cluster: str, state: ResumeState) -> bytes:
        """A token of TOKEN_BYTES."""
        plain = _LAYOUT.pack(_FORMAT, _hash(cluster), state.epoch, state.version, state.scope, state.subscription)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, None)

    def open(self, cluster: str, token: bytes) -> ResumeState:
        """What a token says. Raises Unreadable."""
        if len(token) != TOKEN_BYTES:
            raise Unreadable("a token of another size")
        try:
            plain = self._cipher.decrypt(token[:_NONCE_BYTES], token[_NONCE_BYTES:], None)
        except InvalidTag as error:
            raise Unreadable("a token that was not sealed with this hub's key") from error
        format, cluster_hash, epoch, version, scope, subscription = _LAYOUT.unpack(plain)
        if format != _FORMAT or cluster_hash != _hash(cluster):
            raise Unreadable("a token of another format or cluster")
        return ResumeState(epoch, version, scope, subscription)


def _hash(cluster: str) -> bytes:
    return hashlib.blake2b(cluster.encode(), digest_size=16).digest()
