"""Signs the short-lived tokens of sessions, and seals what others keep for the hub."""

import base64
import binascii
import datetime
import secrets
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from octokube_hub.identity.secret import SESSION_PREFIX

KEY_BYTES = 32
ALGORITHM = "HS256"
ISSUER = "octokube-hub"
_NONCE_BYTES = 12


class SessionTokens:
    """Tokens that only the hub can make (HS256 with a key that never leaves it) and that name a session.

    Guarantee: ``read`` returns the session of a token that was signed here and has not expired. Not guaranteed: that
    the session is still open; whoever reads asks the store.
    """

    def __init__(self, key: bytes) -> None:
        self._key = OctKey.import_key(key)

    def sign(self, session_id: str, subject: str, *, now: datetime.datetime, until: datetime.datetime) -> str:
        """A token of a session."""
        claims = {"iss": ISSUER, "sub": subject, "sid": session_id, "iat": _seconds(now), "exp": _seconds(until)}
        return SESSION_PREFIX + jwt.encode({"alg": ALGORITHM}, claims, self._key, algorithms=[ALGORITHM])

    def read(self, token: str, now: datetime.datetime) -> tuple[str, str] | None:
        """The session's id and its subject; None for a token that is no valid one."""
        try:
            claims = jwt.decode(token.removeprefix(SESSION_PREFIX), self._key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError):
            return None
        session_id, subject, until = claims.get("sid"), claims.get("sub"), claims.get("exp")
        if claims.get("iss") != ISSUER or not isinstance(until, int) or _seconds(now) >= until:
            return None
        return (session_id, subject) if isinstance(session_id, str) and isinstance(subject, str) else None


class Unsealable(Exception):
    """What should be opened was not sealed by this hub for this purpose, or is damaged."""


class Seal:
    """Authenticated encryption (AES-256-GCM) of small documents that others keep: they can't read or alter them."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, purpose: str, document: dict[str, Any]) -> str:
        """The sealed document, of characters that any header can carry."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, orjson.dumps(document), purpose.encode())
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, purpose: str, sealed: str) -> dict[str, Any]:
        """The document. Raises Unsealable."""
        try:
            raw = base64.urlsafe_b64decode(sealed.encode("ascii") + b"=" * (-len(sealed) % 4))
            plain = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError, binascii.Error) as error:
            raise Unsealable from error
        document: dict[str, Any] = orjson.loads(plain)
        return document


def _seconds(at: datetime.datetime) -> int:
    return int(at.timestamp())
