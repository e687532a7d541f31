"""Composes the gateway: routes, sign-in, sockets, the page."""

import asyncio
import contextlib
import errno
import ssl
from pathlib import Path
from typing import Any

import orjson
import structlog
from aiohttp import web

import octokube
from octokube.client.calls import Calls
from octokube.client.feed import Feed, FeedError
from octokube.client.identity import Grant, Identity
from octokube.runtime.admission import Attempts
from octokube.runtime.channels import host_of, is_loopback
from octokube.runtime.clock import Clock, SystemClock
from octokube.runtime.errors import UserError
from octokube.runtime.tls import CertificateFiles
from octokube.v1 import cluster_service_pb2
from octokube_web.administration import PATH, RECORDING, Administration
from octokube_web.answers import feed_refusal, json_answer, refusal
from octokube_web.assets import Assets
from octokube_web.crowd import Crowd
from octokube_web.devices import Devices
from octokube_web.encoding import JSON, PROTO, encoding_of
from octokube_web.headers import add_headers
from octokube_web.numbers import ChannelNumbers
from octokube_web.origins import Origins
from octokube_web.refreshing import Refresher
from octokube_web.sessions import Session, Sessions
from octokube_web.settings import WebSettings
from octokube_web.signin import CALLBACK, START, SignIn
from octokube_web.socket import SIGN_IN_AGAIN, Socket
from octokube_web.tickets import PREFIX, Tickets

log = structlog.get_logger(__name__)

SHUTDOWN_SECONDS = 3.0
PROBES = ("/livez", "/readyz")
SIGN_IN_LIMIT_BYTES = 8 * 1024
SIGN_INS_PER_SECOND = 0.5
SIGN_IN_BURST = 30
"""Attempts of one address: an office behind one gets in, and guessing is slow."""


class Gateway:
    """One gateway in front of one hub. The feed stays its owner's to close.

    ``identity`` is the hub's sign-in; without it people come with tokens alone. ``calls`` reaches what the hub tells of
    itself; without it the page has no pages about that.
    """

    def __init__(
        self,
        settings: WebSettings,
        feed: Feed,
        *,
        identity: Identity | None = None,
        calls: Calls | None = None,
        assets: Assets | None = None,
        clock: Clock | None = None,
    ) -> None:
        settings.check()
        clock = clock or SystemClock()
        self._settings = settings
        self._feed = feed
        self._assets = assets or Assets()
        self._sessions = Sessions(lifetime_seconds=settings.session_seconds, limit=settings.session_limit, clock=clock)
        self._host = host_of(settings.listen)
        self._origins = Origins(
            settings.origins, is_tls=settings.is_tls, is_listening_on_loopback=is_loopback(self._host)
        )
        self._cookie = "__Host-octokube" if settings.is_tls else "octokube"
        self._attempts = Attempts(clock, rate_per_second=SIGN_INS_PER_SECOND, burst=SIGN_IN_BURST)
        self._tickets = Tickets(clock)
        self._clock = clock
        self._sign_in_there: SignIn | None = None
        self._refresher: Refresher | None = None
        self._devices: Devices | None = None
        if identity is not None:
            self._refresher = Refresher(identity, self._sessions, clock)
            self._devices = Devices(identity, self._fresh_session)
            self._sign_in_there = SignIn(
                identity, clock, is_tls=settings.is_tls, open_session=self._open_session_of_provider
            )
        self._administration = Administration(calls, self._token) if calls is not None else None
        self._numbers = ChannelNumbers()
        limits = settings.limits
        self._crowd = Crowd(limits)
        self._strangers = Attempts(
            clock, rate_per_second=limits.stranger_requests_per_second, burst=limits.stranger_requests_burst
        )
        self._sockets: set[Socket] = set()
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._version = f"{octokube.__version__}+{self._assets.version()}".rstrip("+")

    @property
    def url(self) -> str:
        """Where the page is, once started."""
        scheme = "https" if self._settings.tls_cert_file else "http"
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{scheme}://{host}:{self._port}/"

    async def start(self) -> None:
        """Listens. Raises UserError when the address or the TLS files can't be used."""
        app = web.Application(middlewares=[self._guard], client_max_size=SIGN_IN_LIMIT_BYTES)
        app.on_response_prepare.append(add_headers)
        app.router.add_get("/livez", self._livez)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/api/v1/about", self._about)
        app.router.add_get("/api/v1/session", self._who)
        app.router.add_post("/api/v1/session", self._sign_in)
        app.router.add_delete("/api/v1/session", self._sign_out)
        app.router.add_post("/api/v1/tickets", self._ticket)
        app.router.add_get("/api/v1/socket", self._socket)
        if self._devices is not None:
            app.router.add_post("/api/v1/device", self._devices.find)
            app.router.add_post("/api/v1/device/decision", self._devices.decide)
        if self._administration is not None:
            app.router.add_post(PATH, self._administration.ask)
            app.router.add_get(RECORDING, self._administration.recording)
        app.router.add_get(START, self._sign_in_at_provider)
        app.router.add_get(CALLBACK, self._back_from_provider)
        app.router.add_get("/{path:.*}", self._assets.serve)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        port = int(self._settings.listen.rpartition(":")[2])
        try:
            site = web.TCPSite(runner, self._host, port, ssl_context=self._ssl_context())
            await site.start()
        except OSError as error:
            await runner.cleanup()
            raise UserError(
                f"the gateway can't listen on {self._settings.listen} ({error.strerror or error}); {_remedy(error)}"
            ) from error
        except UserError:
            await runner.cleanup()
            raise
        self._runner = runner
        self._port = runner.addresses[0][1]
        log.info("gateway.listening", url=self.url, is_page_built=self._assets.is_built)

    async def close(self) -> None:
        """Asks browsers to come back, closes their sockets, then stops listening. May be called more than once."""
        sockets = list(self._sockets)
        await asyncio.gather(*(socket.close(1012, "the gateway stops; reconnecting") for socket in sockets))
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()
            log.info("gateway.stopped")

    async def run(self, stopping: asyncio.Event) -> None:
        """Starts, waits for ``stopping``, closes."""
        await self.start()
        try:
            await stopping.wait()
        finally:
            await self.close()

    def _ssl_context(self) -> ssl.SSLContext | None:
        if self._settings.tls_cert_file is None:
            return None
        certificate, key = Path(self._settings.tls_cert_file), Path(self._settings.tls_key_file or "")
        return CertificateFiles(certificate, key).server_context()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if not self._origins.is_host_allowed(request.headers.get("Host")):
            return refusal(421, "MISDIRECTED", "this gateway is not known by that host name; see the setting --origin")
        if request.path not in PROBES and self._session(request) is None:
            wait_seconds = self._strangers.admit(request.remote or "")
            if wait_seconds is not None:
                text = "too many requests of your address that are nobody's; sign in, or wait a moment"
                return refusal(429, "RESOURCE_EXHAUSTED", text, wait_seconds=wait_seconds)
        is_unsafe = request.method not in ("GET", "HEAD", "OPTIONS")
        if (is_unsafe or request.path == "/api/v1/socket") and not self._may_come_from(request):
            return refusal(403, "FORBIDDEN_ORIGIN", "requests from other pages are refused; see the setting --origin")
        if request.path in (START, CALLBACK) or (request.method == "POST" and request.path == "/api/v1/session"):
            wait_seconds = self._attempts.admit(request.remote or "")
            if wait_seconds is not None:
                text = "too many attempts to sign in; wait a moment"
                return refusal(429, "RESOURCE_EXHAUSTED", text, wait_seconds=wait_seconds)
        answer: web.StreamResponse = await handler(request)
        return answer

    def _may_come_from(self, request: web.Request) -> bool:
        # Browsers say what kind of page asks, beside which one; both have to be right. Others say nothing.
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return False
        # A program that shows a token of its own proves by that who it is; what a browser adds by itself does not.
        origin = request.headers.get("Origin")
        if origin is None and _bearer(request) is not None:
            return True
        return self._origins.is_allowed(origin, request.headers.get("Host"))

    async def _livez(self, request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, request: web.Request) -> web.Response:
        # Any answer of the hub, a refusal included, proves that it can be reached.
        try:
            await asyncio.wait_for(self._feed.who_am_i("readiness-probe"), timeout=5)
        except FeedError as error:
            if error.code != "UNAUTHENTICATED":
                return web.Response(status=503, text=f"the hub can't be reached: {error.message}\n")
        except TimeoutError:
            return web.Response(status=503, text="the hub did not answer within 5 s\n")
        return web.Response(text="ok\n")

    async def _about(self, request: web.Request) -> web.Response:
        people = [
            {"token": person.token, "name": person.name, "description": person.description}
            for person in self._settings.demo_people
        ]
        about: dict[str, Any] = {"version": self._version, "demo_people": people, "provider": "", "notice": ""}
        about["has_passwords"] = False
        if self._sign_in_there is not None:
            options = await self._sign_in_there.options()
            about["provider"], about["has_passwords"] = options.provider_name, options.has_passwords
            about["notice"] = self._sign_in_there.take_notice(request)
        return json_answer(about)

    async def _who(self, request: web.Request) -> web.Response:
        session = await self._fresh_session(request)
        token = _bearer(request) or (session.token if session is not None else None)
        if token is None and self._cookie not in request.cookies and "Authorization" not in request.headers:
            return web.Response(status=204)  # nobody says that they are anybody: that is no failure
        if token is None:
            return refusal(401, "UNAUTHENTICATED", "nobody is signed in")
        try:
            return json_answer(_person(await self._feed.who_am_i(token)))
        except FeedError as error:
            if session is not None and error.code == "UNAUTHENTICATED":
                self._sessions.end(session.id)
            return feed_refusal(error)

    async def _sign_in(self, request: web.Request) -> web.Response:
        if (account := await _account_of(request)) is not None and self._sign_in_there is not None:
            response = web.Response(status=204)
            try:
                await self._sign_in_there.with_password(request, response, *account)
            except FeedError as error:
                log.info("session.refused", peer=request.remote, code=error.code)
                return feed_refusal(error)
            return response
        token = await _token_of(request)
        if token is None:
            return refusal(400, "INVALID_ARGUMENT", 'send JSON: {"token": "…"}, of one line and ASCII characters')
        try:
            who = await self._feed.who_am_i(token)
        except FeedError as error:
            log.info("session.refused", peer=request.remote, code=error.code)
            return feed_refusal(error)
        former = self._session(request)
        if former is not None:
            self._sessions.end(former.id)
        session = self._sessions.begin(token, subject=who.subject)
        log.info("session.begun", subject=who.subject, peer=request.remote)
        response = json_answer(_person(who))
        self._set_cookie(response, session)
        return response

    async def _sign_in_at_provider(self, request: web.Request) -> web.StreamResponse:
        if self._sign_in_there is None:
            return refusal(404, "NOT_FOUND", "this gateway has no identity provider; sign in with a token")
        return await self._sign_in_there.start(request)

    async def _back_from_provider(self, request: web.Request) -> web.StreamResponse:
        if self._sign_in_there is None:
            return refusal(404, "NOT_FOUND", "this gateway has no identity provider; sign in with a token")
        return await self._sign_in_there.callback(request)

    def _open_session_of_provider(self, request: web.Request, response: web.StreamResponse, grant: Grant) -> None:
        former = self._session(request)
        if former is not None:
            self._sessions.end(former.id)
        left_seconds = (grant.session_expires_at - self._clock.now()).total_seconds()
        session = self._sessions.begin(grant.token, subject=grant.subject, lifetime_seconds=max(1.0, left_seconds))
        if self._refresher is not None:
            self._refresher.adopt(session, grant)
        log.info("session.begun", subject=grant.subject, peer=request.remote)
        self._set_cookie(response, session)

    def _set_cookie(self, response: web.StreamResponse, session: Session) -> None:
        response.set_cookie(
            self._cookie,
            session.id,
            max_age=int(self._sessions.seconds_left(session)),
            path="/",
            httponly=True,
            samesite="Strict",
            secure=self._settings.is_tls,
        )

    async def _ticket(self, request: web.Request) -> web.Response:
        session = await self._fresh_session(request)
        if session is None:
            return refusal(401, "UNAUTHENTICATED", "nobody is signed in")
        return json_answer({"ticket": self._tickets.issue(session.id)})

    async def _sign_out(self, request: web.Request) -> web.Response:
        session = self._session(request)
        url = ""
        if session is not None:
            self._sessions.end(session.id)
            if session.refresh_token and self._sign_in_there is not None:
                url = await self._sign_in_there.end(request, session.refresh_token)
        response = json_answer({"sign_out_url": url}) if url else web.Response(status=204)
        # Browsers heed what is said about a __Host- cookie only if it has the attributes of one.
        response.del_cookie(self._cookie, path="/", secure=self._settings.is_tls, httponly=True, samesite="Strict")
        return response

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        bearer = _bearer(request)
        session = None if bearer is not None else await self._fresh_session(request)
        offered = [word.strip() for word in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        ticket = next((word.removeprefix(PREFIX) for word in offered if word.startswith(PREFIX)), "")
        if session is not None and not self._tickets.redeem(ticket, session.id):
            return refusal(403, "NO_TICKET", "a page opens its socket with a fresh ticket; ask for one and try again")
        ws = web.WebSocketResponse(
            protocols=(PROTO, JSON), compress=False, heartbeat=20, max_msg_size=self._settings.message_limit_bytes
        )
        if not ws.can_prepare(request):
            return refusal(426, "UPGRADE_REQUIRED", "this is a websocket")
        await ws.prepare(request)
        codec = encoding_of(ws.ws_protocol)
        if codec is None:
            await ws.close(code=1002, message=f"offer subprotocol {PROTO} or {JSON}".encode())
            return ws
        if session is None and bearer is None:
            await ws.close(code=SIGN_IN_AGAIN, message=b"sign in again")
            return ws
        socket = Socket(
            ws,
            self._feed,
            (lambda: session.token) if session is not None else (lambda: bearer or ""),
            codec,
            peer=request.remote or "",
            channel_limit=self._settings.channel_limit,
            crowd=self._crowd,
            numbers=self._numbers,
            transport=request.transport,
        )
        self._sockets.add(socket)
        try:
            if session is None:
                await socket.run(self._version)
            else:
                await self._run_while_signed_in(socket, session)
        finally:
            self._sockets.discard(socket)
        return ws

    async def _run_while_signed_in(self, socket: Socket, session: Session) -> None:
        """Serves a socket until its session ends, by signing out or by the clock."""
        serving = asyncio.create_task(socket.run(self._version), name="socket/serving")
        ended = asyncio.create_task(session.ended.wait(), name="socket/session")
        keeping = asyncio.create_task(self._keep_fresh(session), name="socket/refreshing")
        try:
            await asyncio.wait(
                (serving, ended),
                timeout=max(0.0, self._sessions.seconds_left(session)),
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not serving.done():
                # The streams end first: how soon a browser takes the news must not prolong them.
                serving.cancel()
                await asyncio.gather(serving, return_exceptions=True)
                await socket.close(SIGN_IN_AGAIN, session.end_reason)
            else:
                serving.result()
        finally:
            for task in (ended, keeping, serving):
                task.cancel()
            await asyncio.gather(ended, keeping, serving, return_exceptions=True)

    async def _keep_fresh(self, session: Session) -> None:
        if self._refresher is not None:
            await self._refresher.keep(session)

    async def _token(self, request: web.Request) -> str | None:
        """The caller's token, as they show it or as their session holds it; None when nobody is signed in."""
        session = await self._fresh_session(request)
        return _bearer(request) or (session.token if session is not None else None)

    async def _fresh_session(self, request: web.Request) -> Session | None:
        """The session of a request, refreshed if that is due; None when there is none, or none any more."""
        session = self._session(request)
        if session is not None and self._refresher is not None:
            await self._refresher.freshen(session)
        return None if session is None or session.ended.is_set() else session

    def _session(self, request: web.Request) -> Session | None:
        cookie = request.cookies.get(self._cookie)
        return self._sessions.find(cookie) if cookie else None


def _remedy(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "is another one running? choose another port, or 0 for a free one"
    if error.errno == errno.EACCES:
        return "ports below 1024 need a privilege; choose a higher one"
    return "choose an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them"


async def _token_of(request: web.Request) -> str | None:
    if request.content_type != "application/json":
        return None
    with contextlib.suppress(orjson.JSONDecodeError):
        body = orjson.loads(await request.read())
        token = body.get("token") if isinstance(body, dict) else None
        return _usable(token) if isinstance(token, str) else None
    return None


async def _account_of(request: web.Request) -> tuple[str, str] | None:
    """A local account's name and password; None for a sign-in of another kind."""
    if request.content_type != "application/json":
        return None
    with contextlib.suppress(orjson.JSONDecodeError):
        body = orjson.loads(await request.read())
        told = (body.get("name"), body.get("password")) if isinstance(body, dict) else (None, None)
        if isinstance(told[0], str) and isinstance(told[1], str):
            return told[0], told[1]
    return None


def _usable(token: str) -> str | None:
    """A token as it can be sent to the hub; None for an empty one and one that no header can carry."""
    token = token.strip()
    return token if token and token.isascii() and token.isprintable() else None


def _bearer(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return _usable(token) if scheme.lower() == "bearer" else None


def _person(who: cluster_service_pb2.WhoAmIResponse) -> dict[str, Any]:
    person: dict[str, Any] = {"subject": who.subject, "memberships": list(who.memberships)}
    if who.HasField("token_expires_at"):
        person["token_expires_at"] = who.token_expires_at.ToJsonString()
    return person
