"""Composes the gateway: routes, sign-in, sockets, the page."""

import asyncio
import contextlib
import errno
import ssl
from typing import Any

import orjson
import structlog
from aiohttp import web

import octokube
from octokube.client.feed import Feed, FeedError
from octokube.runtime.channels import host_of, is_loopback
from octokube.runtime.clock import Clock
from octokube.runtime.errors import UserError
from octokube.v1 import cluster_service_pb2
from octokube_web.assets import Assets
from octokube_web.encoding import JSON, PROTO, encoding_of
from octokube_web.headers import add_headers
from octokube_web.origins import Origins
from octokube_web.sessions import Session, Sessions
from octokube_web.settings import WebSettings
from octokube_web.socket import SIGN_IN_AGAIN, Socket

log = structlog.get_logger(__name__)

SHUTDOWN_SECONDS = 3.0
SIGN_IN_LIMIT_BYTES = 8 * 1024


class Gateway:
    """One gateway in front of one hub. The feed stays its owner's to close."""

    def __init__(
        self, settings: WebSettings, feed: Feed, *, assets: Assets | None = None, clock: Clock | None = None
    ) -> None:
        settings.check()
        self._settings = settings
        self._feed = feed
        self._assets = assets or Assets()
        self._sessions = Sessions(lifetime_seconds=settings.session_seconds, limit=settings.session_limit, clock=clock)
        self._host = host_of(settings.listen)
        self._origins = Origins(
            settings.origins, is_tls=settings.is_tls, is_listening_on_loopback=is_loopback(self._host)
        )
        self._cookie = "__Host-octokube" if settings.is_tls else "octokube"
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
        app.router.add_get("/api/v1/socket", self._socket)
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
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self._settings.tls_cert_file, self._settings.tls_key_file)
        except (OSError, ssl.SSLError) as error:
            raise UserError(
                f"the TLS certificate {self._settings.tls_cert_file} and its key can't be used ({error}); "
                "give PEM files that belong together"
            ) from error
        return context

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if not self._origins.is_host_allowed(request.headers.get("Host")):
            return _refusal(421, "MISDIRECTED", "this gateway is not known by that host name; see the setting --origin")
        is_unsafe = request.method not in ("GET", "HEAD", "OPTIONS")
        if (is_unsafe or request.path == "/api/v1/socket") and not self._may_come_from(request):
            return _refusal(403, "FORBIDDEN_ORIGIN", "requests from other pages are refused; see the setting --origin")
        answer: web.StreamResponse = await handler(request)
        return answer

    def _may_come_from(self, request: web.Request) -> bool:
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
        return _json({"version": self._version, "demo_people": people})

    async def _who(self, request: web.Request) -> web.Response:
        session = self._session(request)
        token = _bearer(request) or (session.token if session is not None else None)
        if token is None:
            return _refusal(401, "UNAUTHENTICATED", "nobody is signed in")
        try:
            return _json(_person(await self._feed.who_am_i(token)))
        except FeedError as error:
            if session is not None and error.code == "UNAUTHENTICATED":
                self._sessions.end(session.id)
            return _feed_refusal(error)

    async def _sign_in(self, request: web.Request) -> web.Response:
        token = await _token_of(request)
        if token is None:
            return _refusal(400, "INVALID_ARGUMENT", 'send JSON: {"token": "…"}, of one line and ASCII characters')
        try:
            who = await self._feed.who_am_i(token)
        except FeedError as error:
            log.info("session.refused", peer=request.remote, code=error.code)
            return _feed_refusal(error)
        former = self._session(request)
        if former is not None:
            self._sessions.end(former.id)
        session = self._sessions.begin(token)
        log.info("session.begun", subject=who.subject, peer=request.remote)
        response = _json(_person(who))
        response.set_cookie(
            self._cookie,
            session.id,
            max_age=int(self._settings.session_seconds),
            path="/",
            httponly=True,
            samesite="Strict",
            secure=self._settings.is_tls,
        )
        return response

    async def _sign_out(self, request: web.Request) -> web.Response:
        session = self._session(request)
        if session is not None:
            self._sessions.end(session.id)
        response = web.Response(status=204)
        # Browsers heed what is said about a __Host- cookie only if it has the attributes of one.
        response.del_cookie(self._cookie, path="/", secure=self._settings.is_tls, httponly=True, samesite="Strict")
        return response

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        session = self._session(request)
        token = _bearer(request) or (session.token if session is not None else None)
        ws = web.WebSocketResponse(
            protocols=(PROTO, JSON), compress=False, heartbeat=20, max_msg_size=self._settings.message_limit_bytes
        )
        if not ws.can_prepare(request):
            return _refusal(426, "UPGRADE_REQUIRED", "this is a websocket")
        await ws.prepare(request)
        codec = encoding_of(ws.ws_protocol)
        if codec is None:
            await ws.close(code=1002, message=f"offer subprotocol {PROTO} or {JSON}".encode())
            return ws
        if token is None:
            await ws.close(code=SIGN_IN_AGAIN, message=b"sign in again")
            return ws
        socket = Socket(
            ws,
            self._feed,
            token,
            codec,
            peer=request.remote or "",
            channel_limit=self._settings.channel_limit,
            transport=request.transport,
        )
        self._sockets.add(socket)
        try:
            if session is None or _bearer(request) is not None:
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
                await socket.close(SIGN_IN_AGAIN, "sign in again")
            else:
                serving.result()
        finally:
            ended.cancel()
            serving.cancel()
            await asyncio.gather(ended, serving, return_exceptions=True)

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


def _feed_refusal(error: FeedError) -> web.Response:
    status = {"UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403}.get(error.code, 503)
    return _refusal(status, error.code, error.message)


def _refusal(status: int, code: str, message: str) -> web.Response:
    return _json({"error": {"code": code, "message": message}}, status=status)


def _json(document: Any, *, status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(document), content_type="application/json")
