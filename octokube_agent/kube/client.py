"""Sends requests to the API server and returns raw bytes."""

import asyncio
import random
import urllib.parse
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import aiohttp
import orjson
import structlog
import yarl

from octokube_agent.collecting import paused_collection
from octokube_agent.kube import errors
from octokube_agent.kube.access import Access
from octokube_agent.kube.connections import Rest, cut_when_called_off
from octokube_agent.kube.lines import LineSplitter

log = structlog.get_logger(__name__)

MAX_ANSWER_BYTES = 256 * 1024 * 1024
"""One page of a list. 500 objects of half a megabyte; beyond it the reader asks for smaller pages."""
MAX_ERROR_BYTES = 64 * 1024
CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
"""How long the server may pause inside an answer, and how long it may take to begin one."""

MAX_SOCKET_MESSAGE_BYTES = 4 * 1024 * 1024

Query = Mapping[str, str] | Sequence[tuple[str, str]]

Socket: TypeAlias = aiohttp.ClientWebSocketResponse


@dataclass(frozen=True, slots=True)
class Request:
    """One request. ``query`` may repeat names; ``headers`` are added to the client's own and never replace them."""

    method: str
    path: str
    query: Query = ()
    body: bytes | None = None
    content_type: str = "application/json"
    accept: str = "application/json"
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = field(default_factory=dict)
    read_seconds: float = READ_SECONDS

    @property
    def what(self) -> str:
        """What is asked, for error texts."""
        return f"{self.method} {self.path}"


class KubeClient:
    """Requests to one API server, with the credential of ``access``, reloaded once when it is refused.

    Errors are those of ``octokube_agent.kube.errors``, with the cause chained. Nothing is retried here except a 401
    whose credential turned out to have been rotated: when and how to repeat is the caller's decision.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._rest: Any = None
        self._trust: tuple[object, ...] | None = None
        self._retired: list[Any] = []

    @property
    def host(self) -> str:
        """The API server's base URL."""
        return self._access.host

    async def get(
        self,
        path: str,
        query: Query | None = None,
        *,
        accept: str = "application/json",
        read_seconds: float = READ_SECONDS,
    ) -> bytes:
        """The whole body of a 200 answer. Raises TooLarge beyond MAX_ANSWER_BYTES."""
        return await self.send(Request("GET", path, query or (), accept=accept, read_seconds=read_seconds))

    async def send(self, request: Request) -> bytes:
        """The whole body of an answer that says success. Raises TooLarge beyond MAX_ANSWER_BYTES."""
        async with self._answer(request) as response:
            parts: list[bytes] = []
            size_bytes = 0
            try:
                async for part in response.content.iter_any():
                    size_bytes += len(part)
                    if size_bytes > MAX_ANSWER_BYTES:
                        raise errors.TooLarge(f"the answer to {request.what} is larger than {MAX_ANSWER_BYTES} bytes")
                    parts.append(part)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                raise errors.Unavailable(f"the answer to {request.what} broke off ({_name(error)})") from error
            return b"".join(parts)

    async def get_json(self, path: str, query: Query | None = None, *, accept: str = "application/json") -> Any:
        """The parsed body of a 200 answer. Raises Malformed when it is no JSON."""
        return parse_json(await self.get(path, query, accept=accept), f"GET {path}")

    @asynccontextmanager
    async def lines(
        self, path: str, query: Query, *, silence_seconds: float
    ) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        """Opens a stream and gives its lines, in the batches in which they arrived.

        The iteration ends when the server ends the stream cleanly. A break, a line that is cut off by the end and a
        silence of more than ``silence_seconds`` raise Unavailable.
        """
        async with self._answer(Request("GET", path, query, read_seconds=silence_seconds)) as response:
            yield _batches(response, path)

    @asynccontextmanager
    async def chunks(self, request: Request) -> AsyncIterator[AsyncIterator[bytes]]:
        """Opens a stream and gives its bytes as they arrive. Leaving the context cuts it off at once."""
        async with self._answer(request) as response:
            yield _chunks(response, request.what)

    @asynccontextmanager
    async def socket(self, request: Request, protocols: Sequence[str]) -> AsyncIterator[Socket]:
        """Opens a websocket in the first of the protocols that the server speaks. Leaving the context cuts it off."""
        authorization = await self._access.authorization()
        try:
            socket = await self._connect(request, protocols, authorization)
        except errors.Unauthorized:
            if not await self._access.reload(refused=authorization):
                raise
            log.info("kube.credential_reloaded")
            socket = await self._connect(request, protocols, await self._access.authorization())
        try:
            yield socket
        finally:
            _abandon(socket._response)  # a closing handshake would wait for the other end
            await socket.close()

    async def close(self) -> None:
        """Closes every connection. Streams that are still open break."""
        for rest in [*self._retired, self._rest]:
            if rest is not None:
                await rest.close()
        self._rest = None
        self._retired.clear()
        await asyncio.sleep(0)  # abandoned connections close in the loop's next turn, which may be its last

    @asynccontextmanager
    async def _answer(self, request: Request) -> AsyncIterator[aiohttp.ClientResponse]:
        authorization = await self._access.authorization()
        response = await self._request(request, authorization)
        if response.status == 401:
            error = await _error_of(response, request.what)
            if not await self._access.reload(refused=authorization):
                raise error
            log.info("kube.credential_reloaded")
            response = await self._request(request, await self._access.authorization())
        if response.status not in (200, 201, 202):
            raise await _error_of(response, request.what)
        try:
            yield response
        finally:
            _abandon(response)

    async def _request(self, request: Request, authorization: str | None) -> aiohttp.ClientResponse:
        headers = self._headers(request, authorization)
        if request.body is not None:
            headers.append(("Content-Type", request.content_type))
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=request.read_seconds)
        try:
            with cut_when_called_off():
                return await self._session().request(
                    request.method,
                    self._url(request),
                    headers=headers,
                    data=request.body,
                    timeout=timeout,
                    **self._route(),
                )
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self._no_answer(request, error) from error

    async def _connect(self, request: Request, protocols: Sequence[str], authorization: str | None) -> Socket:
        try:
            async with asyncio.timeout(request.read_seconds):
                with cut_when_called_off():
                    socket: Socket = await self._session().ws_connect(
                        self._url(request),
                        method=request.method,
                        protocols=protocols,
                        headers=self._headers(request, authorization),
                        max_msg_size=MAX_SOCKET_MESSAGE_BYTES,
                        autoclose=False,
                        **self._route(),
                    )
                    return socket
        except aiohttp.WSServerHandshakeError as error:
            raise errors.from_status(error.status, request.what) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self._no_answer(request, error) from error

    def _no_answer(self, request: Request, error: BaseException) -> errors.Unavailable:
        return errors.Unavailable(f"{request.what} got no answer from {self._access.host} ({_name(error)})")

    def _url(self, request: Request) -> yarl.URL:
        query = "?" + urllib.parse.urlencode(request.query) if request.query else ""
        return yarl.URL(self._access.host + request.path + query, encoded=True)

    def _headers(self, request: Request, authorization: str | None) -> list[tuple[str, str]]:
        own = {"Accept": request.accept, "User-Agent": "octokube-agent"}
        if authorization is not None:
            own["Authorization"] = authorization
        added = request.headers.items() if isinstance(request.headers, Mapping) else request.headers
        return [*own.items(), *((name, value) for name, value in added if name not in own)]

    def _route(self) -> dict[str, Any]:
        """What each request has to be told about the way to the server."""
        configuration = self._access.configuration
        told = {
            "server_hostname": configuration.tls_server_name,
            "proxy": configuration.proxy,
            "proxy_headers": configuration.proxy_headers,
        }
        return {name: value for name, value in told.items() if value}

    def _session(self) -> aiohttp.ClientSession:
        trust = self._access.trust
        if self._rest is None or trust != self._trust:
            if self._rest is not None:
                # Watches still run on it; they end by their own time limit, and idle connections close by themselves.
                self._retired.append(self._rest)
            self._rest = Rest(self._access.configuration)
            # Its own request method rewrites bodies and speaks no websocket: it is here for the trust it sets up.
            self._rest.pool_manager = self._rest._create_pool_manager()
            self._trust = trust
        session: aiohttp.ClientSession = self._rest.pool_manager
        return session


def parse_json(body: bytes, what: str) -> Any:
    """Parsed JSON. Raises Malformed, without any of the content, when it is none."""
    try:
        with paused_collection():
            return orjson.loads(body)
    except orjson.JSONDecodeError:
        # The decoder's exception quotes the document, which may hold a secret: it must not be chained.
        raise errors.Malformed(f"the API server's answer to {what} is no JSON ({len(body)} bytes)") from None


def _abandon(response: aiohttp.ClientResponse) -> None:
    """Lets go of an answer. A finished one has gone back to the pool by itself; any other is cut off.

    A polite end would wait for the server's goodbye, behind all that a watch still sends, and outlive whoever closes.
    """
    connection = response.connection
    if connection is not None and connection.transport is not None:
        connection.transport.abort()
    response.close()


async def _batches(response: aiohttp.ClientResponse, path: str) -> AsyncIterator[list[bytes]]:
    splitter = LineSplitter()
    try:
        async for chunk in response.content.iter_any():
            lines = splitter.feed(chunk)
            if lines:
                yield lines
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise errors.Unavailable(f"the stream of GET {path} broke off ({_name(error)})") from error
    if splitter.has_unfinished:
        raise errors.Unavailable(f"the stream of GET {path} ended in the middle of a line")


async def _chunks(response: aiohttp.ClientResponse, what: str) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.content.iter_any():
            yield chunk
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise errors.Unavailable(f"the stream of {what} broke off ({_name(error)})") from error


async def _error_of(response: aiohttp.ClientResponse, what: str) -> errors.KubeError:
    message = ""
    status: Any = None
    try:
        async with asyncio.timeout(READ_SECONDS):
            body = await response.content.read(MAX_ERROR_BYTES)
        status = orjson.loads(body)
        if isinstance(status, dict) and status.get("kind") == "Status":
            message = str(status.get("message", ""))
        else:
            status = None
    except (aiohttp.ClientError, OSError, TimeoutError, orjson.JSONDecodeError):
        status = None  # the status code says enough
    finally:
        _abandon(response)
    return errors.from_status(
        response.status,
        what,
        message=message,
        retry_after_seconds=_retry_after(response.headers.get("Retry-After")),
        causes=errors.causes_of(status),
    )


def _retry_after(value: str | None) -> float | None:
    if value is None or not value.strip().isdigit():
        return None
    # The server tells everyone the same number: a little on top keeps the crowd apart.
    return min(float(value), 300.0) * random.uniform(1.0, 1.3)  # noqa: S311 - jitter is no secret


def _name(error: BaseException) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or type(error).__name__
    return type(error).__name__
