"""Speaks with an OpenID provider: discovery, keys, codes, refreshes."""

import asyncio
import base64
import hashlib
import secrets
import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import orjson
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from octokube.runtime.clock import Clock
from octokube_hub.errors import Refused
from octokube_hub.identity import idtoken
from octokube_hub.identity.oidcsettings import OidcSettings, is_safe_url
from octokube_hub.policy import Subject

log = structlog.get_logger(__name__)

REQUEST_SECONDS = 10.0
MAX_ANSWER_BYTES = 1024 * 1024
METADATA_SECONDS = 3600.0
KEYS_AGAIN_SECONDS = 5.0
"""A token with an unknown key has the keys fetched again, but not more often than this: anybody can make one."""
MAX_GROUPS = 500
DISCOVERY = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Started:
    """A sign-in that is under way: where to go, and what to remember."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Verified:
    """Somebody whom the provider vouches for. ``provider_subject`` is its own name for them, which never changes."""

    subject: str
    teams: frozenset[str]
    provider_subject: str
    refresh_token: str = field(repr=False)
    id_token: str = field(repr=False)


class Gone(Exception):
    """The provider does not vouch for this person any more."""


class Provider:
    """One provider. Guarantee: what ``complete`` and ``refresh`` return was verified as ``idtoken`` says.

    Raises Refused: UNAVAILABLE when the provider can't be reached, UNAUTHENTICATED with a sentence when what it says,
    or what came back from the browser, proves nothing.
    """

    def __init__(self, settings: OidcSettings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._http: aiohttp.ClientSession | None = None
        self._metadata: dict[str, Any] = {}
        self._metadata_until = 0.0
        self._keys: KeySet | None = None
        self._keys_at = float("-inf")
        self._lock = asyncio.Lock()

    async def close(self) -> None:
        """Closes connections."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def begin(self, redirect_uri: str) -> Started:
        """A new sign-in with state, nonce and PKCE (S256)."""
        if redirect_uri not in self.settings.redirect_uris:
            raise Refused("INVALID_ARGUMENT", f"{redirect_uri!r} is no callback of this hub; see --oidc-redirect-uri")
        metadata = await self._discover()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        parameters = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self.settings.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        if "offline_access" in self.settings.scopes:
            parameters["prompt"] = "consent"  # what providers ask for before they give a refresh token
        return Started(_with(metadata["authorization_endpoint"], parameters), state, nonce, verifier)

    async def complete(self, code: str, *, redirect_uri: str, nonce: str, verifier: str, issuer: str) -> Verified:
        """Exchanges the code that the browser brought, and verifies what it is worth."""
        metadata = await self._discover()
        must_name_issuer = metadata.get("authorization_response_iss_parameter_supported") is True
        if (issuer or must_name_issuer) and issuer != self.settings.issuer:
            raise _refused("the answer came from another identity provider than the one that was asked")
        try:
            answer = await self._token_request(
                {
                    "grant_type": "authorization_code",
                    "code": code,
                    "redirect_uri": redirect_uri,
                    "code_verifier": verifier,
                }
            )
        except Gone as gone:
            raise _refused("the identity provider does not accept this code; sign in again") from gone
        id_token = answer.get("id_token")
        if not isinstance(id_token, str):
            raise _refused("the identity provider gave no ID token")
        claims = await self._verify(id_token, nonce=nonce, access_token=answer.get("access_token"))
        return await self._told(claims, answer, id_token, former_refresh_token="")

    async def refresh(self, refresh_token: str, *, provider_subject: str, id_token: str) -> Verified:
        """Asks whether somebody is still who they were. Raises Gone when not."""
        answer = await self._token_request({"grant_type": "refresh_token", "refresh_token": refresh_token})
        fresh = answer.get("id_token")
        if isinstance(fresh, str):
            claims = await self._verify(fresh, nonce=None, access_token=answer.get("access_token"))
        else:
            fresh, claims = id_token, {"sub": provider_subject}
        if claims["sub"] != provider_subject:
            raise _refused("the identity provider's answer is about somebody else")
        return await self._told(claims, answer, fresh, former_refresh_token=refresh_token)

    async def sign_out_url(self, id_token: str, post_logout_redirect_uri: str) -> str:
        """Where the browser goes to sign out of the provider, too; "" when it has no such place."""
        try:
            endpoint = (await self._discover()).get("end_session_endpoint")
        except Refused:
            return ""  # signing out of the hub must not depend on the provider
        if not isinstance(endpoint, str) or not is_safe_url(endpoint):
            return ""
        parameters = {"client_id": self.settings.client_id}
        if id_token:
            parameters["id_token_hint"] = id_token
        if post_logout_redirect_uri:
            parameters["post_logout_redirect_uri"] = post_logout_redirect_uri
        return _with(endpoint, parameters)

    async def _told(
        self, claims: dict[str, Any], answer: dict[str, Any], id_token: str, *, former_refresh_token: str
    ) -> Verified:
        settings = self.settings
        provider_subject = str(claims["sub"])
        wanted = (settings.subject_claim, settings.groups_claim)
        access_token = answer.get("access_token")
        if any(claim not in claims for claim in wanted) and isinstance(access_token, str):
            claims = {**await self._user_info(access_token, provider_subject), **claims}
        refresh_token = answer.get("refresh_token")
        return Verified(
            _subject_of(claims, settings.subject_claim),
            teams_of(claims.get(settings.groups_claim), settings.group_prefix),
            provider_subject,
            refresh_token if isinstance(refresh_token, str) else former_refresh_token,
            id_token,
        )

    async def _user_info(self, access_token: str, provider_subject: str) -> dict[str, Any]:
        endpoint = (await self._discover()).get("userinfo_endpoint")
        if not isinstance(endpoint, str):
            return {}
        status, told = await self._fetch("GET", endpoint, headers={"Authorization": f"Bearer {access_token}"})
        if status != 200 or told.get("sub") != provider_subject:
            raise _refused("the identity provider's user info is not about who has signed in")
        return told

    async def _verify(self, id_token: str, *, nonce: str | None, access_token: Any) -> dict[str, Any]:
        for is_again in (False, True):
            try:
                return idtoken.verify(
                    id_token,
                    await self._get_keys(is_again=is_again),
                    issuer=self.settings.issuer,
                    client_id=self.settings.client_id,
                    now_seconds=self._clock.now().timestamp(),
                    nonce=nonce,
                    access_token=access_token if isinstance(access_token, str) else None,
                )
            except idtoken.UnknownKey as error:
                if is_again:
                    raise _refused(str(error)) from error
            except idtoken.BadIdToken as error:
                raise _refused(str(error)) from error
        raise AssertionError("unreachable")

    async def _get_keys(self, *, is_again: bool) -> KeySet:
        async with self._lock:
            now = self._clock.monotonic()
            if self._keys is None or (is_again and now - self._keys_at >= KEYS_AGAIN_SECONDS):
                metadata = await self._discover()
                status, document = await self._fetch("GET", metadata["jwks_uri"])
                try:
                    if status != 200:
                        raise ValueError(f"status {status}")
                    published = [key for key in document["keys"] if key.get("use", "sig") == "sig"]
                    self._keys = KeySet.import_key_set({"keys": published})
                except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
                    raise _unavailable("its keys can't be read") from error
                self._keys_at = now
                log.info("oidc.keys", count=len(self._keys.keys))
            return self._keys

    async def _token_request(self, form: dict[str, str]) -> dict[str, Any]:
        """Raises Gone when the provider refuses the grant."""
        metadata = await self._discover()
        settings = self.settings
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        headers = {}
        if not settings.client_secret:
            form = {**form, "client_id": settings.client_id}
        elif "client_secret_basic" in methods:
            pair = f"{quote(settings.client_id, safe='')}:{quote(settings.client_secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form = {**form, "client_id": settings.client_id, "client_secret": settings.client_secret}
        status, answer = await self._fetch("POST", metadata["token_endpoint"], headers=headers, data=form)
        if status == 200:
            return answer
        log.warning("oidc.refused", status=status, error=str(answer.get("error"))[:100])
        if answer.get("error") == "invalid_grant":
            raise Gone
        raise _unavailable(f"it answers {status} {str(answer.get('error', ''))[:50]}".strip())

    async def _discover(self) -> dict[str, Any]:
        now = self._clock.monotonic()
        if self._metadata and now < self._metadata_until:
            return self._metadata
        status, document = await self._fetch("GET", self.settings.issuer.rstrip("/") + DISCOVERY)
        if status != 200:
            raise _unavailable(f"its discovery document answers {status}")
        if document.get("issuer") != self.settings.issuer:
            raise _unavailable("its discovery document is another issuer's; check --oidc-issuer to the letter")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(document.get(name), str) or not is_safe_url(document[name]):
                raise _unavailable(f"its discovery document has no safe {name}")
        self._metadata, self._metadata_until = document, now + METADATA_SECONDS
        return document

    async def _fetch(self, method: str, url: str, **options: Any) -> tuple[int, dict[str, Any]]:
        try:
            async with self._session().request(method, url, allow_redirects=False, **options) as response:
                body = b""
                async for part in response.content.iter_any():
                    body += part
                    if len(body) > MAX_ANSWER_BYTES:
                        raise _unavailable("its answer is too long")
                try:
                    document = _parse(body)
                except ValueError:
                    document = {}
                return response.status, document
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("oidc.unreachable", url=url, reason=f"{type(error).__name__}: {error}")
            raise _unavailable("it can't be reached") from error

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            context = ssl.create_default_context(cafile=self.settings.ca_file)
            self._http = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
                connector=aiohttp.TCPConnector(ssl=context, limit=20),
            )
        return self._http


def teams_of(groups: Any, prefix: str) -> frozenset[str]:
    """The teams that a groups claim stands for: those groups whose names can be one."""
    names = groups if isinstance(groups, list) else []
    found: set[str] = set()
    for name in names[:MAX_GROUPS]:
        if isinstance(name, str) and name.startswith(prefix) and _is_team(team := f"team:{name.removeprefix(prefix)}"):
            found.add(team)
    return frozenset(found)


def _is_team(team: str) -> bool:
    try:
        Subject("user:-", frozenset({team}))
    except ValueError:
        return False
    return True


def _subject_of(claims: dict[str, Any], claim: str) -> str:
    name = claims.get(claim)
    if not isinstance(name, str) or not name:
        raise _refused(f"the identity provider does not tell {claim!r}, by which this hub knows people")
    if claim == "email" and claims.get("email_verified") is not True:
        raise _refused("the identity provider has not verified this e-mail address")
    try:
        return Subject(f"user:{name}").name
    except ValueError as error:
        raise _refused(f"{name!r} can't be the name of a user here; see --oidc-subject-claim") from error


def _parse(body: bytes) -> dict[str, Any]:
    document = orjson.loads(body)
    if not isinstance(document, dict):
        raise ValueError("no object")
    return document


def _with(url: str, parameters: dict[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}"


def _refused(sentence: str) -> Refused:
    return Refused("UNAUTHENTICATED", sentence)


def _unavailable(reason: str) -> Refused:
    return Refused("UNAVAILABLE", f"the identity provider is of no use now: {reason}", retry_after_seconds=5)
