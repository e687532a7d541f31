"""Verifies an identity provider's ID token: every claim that says for whom, from whom and until when it is."""

import base64
import hashlib
import hmac
import math
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a private key only. HS256 would make whoever knows the client's secret an identity provider."""
LEEWAY_SECONDS = 30
MAX_ID_TOKEN_BYTES = 64 * 1024
_HASHES = {"256": "sha256", "384": "sha384", "512": "sha512"}


class BadIdToken(Exception):
    """The ID token proves nothing. The text says why, in one sentence that may be shown to whoever signs in."""


class UnknownKey(BadIdToken):
    """It is signed with a key that is not among the known ones; perhaps the provider has a new one."""


def verify(
    token: str,
    keys: KeySet,
    *,
    issuer: str,
    client_id: str,
    now_seconds: float,
    nonce: str | None,
    access_token: str | None,
) -> dict[str, Any]:
    """The claims. Raises BadIdToken. ``nonce`` None: none was asked for (a refresh)."""
    claims = _signed_claims(token, keys)
    if claims.get("iss") != issuer:
        raise BadIdToken("the ID token is of another issuer than the one this hub trusts")
    _check_audience(claims, client_id)
    _check_times(claims, now_seconds)
    if nonce is not None and not _is_equal(claims.get("nonce"), nonce):
        raise BadIdToken("the ID token was not made for this sign-in (its nonce is another); sign in again")
    told = claims.get("at_hash")
    if told is not None and access_token is not None and not _is_equal(told, _hash_of(access_token, token)):
        raise BadIdToken("the ID token and the access token do not belong together")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise BadIdToken("the ID token names nobody")
    return claims


def _signed_claims(token: str, keys: KeySet) -> dict[str, Any]:
    if len(token) > MAX_ID_TOKEN_BYTES:
        raise BadIdToken("the ID token is too long")
    header = _header_of(token)
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise BadIdToken(f"the ID token is signed with {algorithm!r}, which is not accepted; use RS256 or ES256")
    try:
        return dict(jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims)
    except InvalidKeyIdError as error:
        raise UnknownKey("the ID token is signed with a key that the identity provider does not publish") from error
    except BadSignatureError as error:
        kind = BadIdToken if "kid" in header else UnknownKey
        raise kind("the ID token's signature is not the identity provider's") from error
    except (JoseError, ValueError, TypeError) as error:
        raise BadIdToken("the ID token's signature is not the identity provider's") from error


def _header_of(token: str) -> dict[str, Any]:
    try:
        return dict(jws.extract_compact(token.encode()).headers())
    except (JoseError, ValueError) as error:
        raise BadIdToken("the ID token is no signed token") from error


def _check_audience(claims: dict[str, Any], client_id: str) -> None:
    told = claims.get("aud")
    audience = told if isinstance(told, list) else [told]
    party = claims.get("azp")
    if client_id not in audience or (len(audience) > 1 and party is None) or party not in (None, client_id):
        raise BadIdToken("the ID token is for another application than this hub")


def _check_times(claims: dict[str, Any], now_seconds: float) -> None:
    expiry, issued = claims.get("exp"), claims.get("iat")
    if expiry is None or not _is_number(expiry) or now_seconds >= expiry + LEEWAY_SECONDS:
        raise BadIdToken("the ID token has expired; compare the clocks of the hub and the identity provider")
    for told in (issued, claims.get("nbf", issued)):
        if told is None or not _is_number(told) or told > now_seconds + LEEWAY_SECONDS:
            raise BadIdToken("the ID token is of the future; compare the clocks of the hub and the identity provider")


def _is_number(value: Any) -> bool:
    # A JSON parser takes NaN, which is before and after nothing.
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_equal(told: Any, wanted: str) -> bool:
    return isinstance(told, str) and hmac.compare_digest(told.encode(), wanted.encode())


def _hash_of(access_token: str, id_token: str) -> str:
    digest = hashlib.new(
        _HASHES.get(str(_header_of(id_token).get("alg"))[-3:], "sha512"), access_token.encode()
    ).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
