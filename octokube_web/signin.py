"""Takes a browser to the identity provider and back, and makes a session of what it brings."""

import base64
import binascii
import re
import secrets
from collections.abc import Callable
from urllib.parse import quote

import structlog
from aiohttp import web

from octokube.client.feed import FeedError
from octokube.client.identity import Grant, Identity, SignInOptions
from octokube.runtime.clock import Clock

log = structlog.get_logger(__name__)

START = "/api/v1/signin"
CALLBACK = "/api/v1/signin/callback"
PENDING_SECONDS = 600
NOTICE_SECONDS = 120.0
MAX_NOTICES = 1_000
MAX_RETURN_LENGTH = 1_000
OPTIONS_SECONDS = 15.0
"""For how long the hub's answer about its provider is used again."""
_ERROR = re.compile(r"[a-z_]{1,40}")


class SignIn:
    """The two ends of a sign-in. What belongs to an attempt is sealed by the hub and kept in the browser that began it.

    ``open_session`` makes a session of a grant and sets its cookie.
    """

    def __init__(
        self,
        identity: Identity,
        clock: Clock,
        *,
        is_tls: bool,
        open_session: Callable[[web.Request, web.StreamResponse, Grant], None],
    ) -> None:
        self._identity = identity
        self._clock = clock
        self._is_tls = is_tls
        self._open_session = open_session
        self._cookie = "__Host-octokube-signin" if is_tls else "octokube-signin"
        self._notice_cookie = "__Host-octokube-notice" if is_tls else "octokube-notice"
        self._notices: dict[str, tuple[str, float]] = {}
        self._options = SignInOptions()
        self._asked_at = float("-inf")

    async def options(self) -> SignInOptions:
        """How people can sign in; as it was last known when the hub can't tell now."""
        if self._clock.monotonic() - self._asked_at >= OPTIONS_SECONDS:
            try:
                self._options = await self._identity.options()
            except FeedError as error:
                log.warning("signin.options_unknown", reason=error.message)
                return self._options
            self._asked_at = self._clock.monotonic()
        return self._options

    async def with_password(self, request: web.Request, response: web.StreamResponse, name: str, password: str) -> None:
        """Signs a local account in. Raises FeedError."""
        self._open_session(request, response, await self._identity.sign_in_with_password(name, password))

    def take_notice(self, request: web.Request) -> str:
        """Why the last attempt of this browser failed; told once."""
        sentence, until = self._notices.pop(request.cookies.get(self._notice_cookie, ""), ("", 0.0))
        return sentence if self._clock.monotonic() < until else ""

    async def start(self, request: web.Request) -> web.StreamResponse:
        """Sends the browser to the provider."""
        return_to = safe_path(request.query.get("return_to", "/"))
        try:
            url, pending = await self._identity.begin(self._here(request) + CALLBACK)
        except FeedError as error:
            return self._refused(error.message)
        response = _redirect(url)
        kept = f"{pending.decode()}~{base64.urlsafe_b64encode(return_to.encode()).decode().rstrip('=')}"
        # Lax: the provider's page sends the browser back here, and this cookie has to come along.
        response.set_cookie(
            self._cookie, kept, max_age=PENDING_SECONDS, path="/", httponly=True, samesite="Lax", secure=self._is_tls
        )
        return response

    async def callback(self, request: web.Request) -> web.StreamResponse:
        """Makes a session of what the provider sent along."""
        pending, _, encoded = request.cookies.get(self._cookie, "").partition("~")
        if not pending:
            return self._refused("this browser has begun no sign-in, or too long ago; begin anew")
        query = request.query
        if "error" in query:
            code = query["error"] if _ERROR.fullmatch(query["error"]) else "unknown error"
            return self._refused(f"the identity provider did not let you in ({code})")
        try:
            grant = await self._identity.complete(
                pending.encode(), state=query.get("state", ""), code=query.get("code", ""), issuer=query.get("iss", "")
            )
        except FeedError as error:
            log.info("signin.refused", peer=request.remote, code=error.code)
            return self._refused(error.message)
        response = _redirect(safe_path(_decoded(encoded)))
        self._forget(response)
        self._open_session(request, response, grant)
        return response

    async def end(self, request: web.Request, refresh_token: str) -> str:
        """Ends the hub's session; where to send the browser to sign out of the provider, too. "" for nowhere."""
        try:
            return await self._identity.end(refresh_token, self._here(request) + "/")
        except FeedError as error:
            log.warning("signin.not_ended", reason=error.message)
            return ""

    def _refused(self, sentence: str) -> web.StreamResponse:
        # Kept here, not put into the address: nobody can make this page say something by a link.
        response = _redirect("/")
        self._forget(response)
        if len(self._notices) >= MAX_NOTICES:
            del self._notices[next(iter(self._notices))]
        id = secrets.token_urlsafe(16)
        self._notices[id] = (sentence, self._clock.monotonic() + NOTICE_SECONDS)
        response.set_cookie(
            self._notice_cookie,
            id,
            max_age=int(NOTICE_SECONDS),
            path="/",
            httponly=True,
            samesite="Strict",
            secure=self._is_tls,
        )
        return response

    def _forget(self, response: web.StreamResponse) -> None:
        response.del_cookie(self._cookie, path="/", secure=self._is_tls, httponly=True, samesite="Lax")

    def _here(self, request: web.Request) -> str:
        # Any Host that got here; the hub has the list of callbacks that it accepts.
        return f"{'https' if self._is_tls else 'http'}://{request.host}"


def safe_path(path: str) -> str:
    """The path, when it leads to a view of this page; "/" for everything else, other sites above all."""
    is_plain = path.isprintable() and path.isascii() and "\\" not in path and len(path) <= MAX_RETURN_LENGTH
    is_local = path.startswith("/") and not path.startswith("//") and not path.startswith("/api/")
    return path if is_plain and is_local else "/"


def _decoded(encoded: str) -> str:
    try:
        return base64.urlsafe_b64decode(encoded.encode() + b"=" * (-len(encoded) % 4)).decode()
    except (ValueError, binascii.Error):
        return "/"


def _redirect(url: str) -> web.Response:
    return web.Response(status=303, headers={"Location": quote(url, safe=":/?#[]@!$&'()*+,;=%~-._")})
