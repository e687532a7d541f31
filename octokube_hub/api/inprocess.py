"""Serves the feed to a gateway in the same process: the same sessions, without a network in between."""

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable

import structlog

from octokube.client.feed import CatalogStream, FeedError, OperationStream, WatchStream
from octokube.runtime.tasks import Tasks
from octokube.v1.cluster_service_pb2 import WhoAmIResponse
from octokube_hub.api.feed_service import FeedService
from octokube_hub.api.operation_service import OperationService
from octokube_hub.errors import Refused
from octokube_hub.fanout.stream import WatchSession

log = structlog.get_logger(__name__)

MAX_UNREAD_REQUESTS = 256
Write = Callable[[bytes], Awaitable[None]]


class InProcessFeed:
    """A Feed whose streams end with the hub. A message is made when the receiver asks for it, and not before."""

    def __init__(self, service: FeedService, operations: OperationService, tasks: Tasks) -> None:
        self._service = service
        self._operations = operations
        self._tasks = tasks
        self._watches: dict[_InProcessWatchStream, None] = {}
        self._is_stopped = False

    def stop(self) -> None:
        """Ends every Watch stream, and each that is opened later."""
        self._is_stopped = True
        for stream in list(self._watches):
            stream.stop()

    async def who_am_i(self, token: str) -> WhoAmIResponse:
        """Who the hub takes the caller for. Raises FeedError."""
        try:
            return await self._service.who_am_i(token, "")
        except Refused as refused:
            raise _feed_error(refused) from refused

    async def get_object(self, token: str, request: bytes) -> bytes:
        """An encoded GetObjectResponse. Raises FeedError."""
        try:
            return await self._service.get_object(token, "", request)
        except Refused as refused:
            raise _feed_error(refused) from refused

    async def explain_access(self, token: str, request: bytes) -> bytes:
        """An encoded ExplainAccessResponse. Raises FeedError."""
        try:
            return await self._service.explain_access(token, "", request)
        except Refused as refused:
            raise _feed_error(refused) from refused

    async def search(self, token: str, request: bytes) -> bytes:
        """An encoded SearchResponse. Raises FeedError."""
        try:
            return await self._service.search(token, "", request)
        except Refused as refused:
            raise _feed_error(refused) from refused

    def watch(self, token: str, *, peer: str) -> WatchStream:
        """Opens a Watch stream."""
        stream = _InProcessWatchStream(lambda: self._service.watching(token, peer), self._watches)
        if self._is_stopped:
            stream.stop()
        return stream

    def watch_catalog(self, token: str, *, peer: str) -> CatalogStream:
        """Opens a catalog stream."""
        stream = _InProcessCatalogStream()

        async def serve() -> None:
            async with self._service.watching_catalog(token, peer) as session:
                await session.run(stream.pipe.put)

        stream.task = self._tasks.start_guarded(_serving(stream.pipe, serve), name="catalog")
        return stream

    def operate(self, token: str, *, peer: str) -> OperationStream:
        """Opens the stream of an operation."""
        stream = _InProcessOperationStream()
        serve = functools.partial(self._operations.serve, token, peer, stream)
        stream.task = self._tasks.start_guarded(_serving(stream.pipe, serve), name="operation")
        return stream


class _InProcessWatchStream:
    """One person's session, run by whoever receives from it. Requests that come before the token is checked wait."""

    def __init__(
        self,
        opening: Callable[[], contextlib.AbstractAsyncContextManager[WatchSession]],
        open_streams: "dict[_InProcessWatchStream, None]",
    ) -> None:
        self._opening = opening
        self._open_streams = open_streams
        self._stack = contextlib.AsyncExitStack()
        self._session: WatchSession | None = None
        self._early: list[bytes] = []
        self._error: FeedError | None = None
        self._is_closed = False

    async def send(self, request: bytes) -> None:
        if self._session is not None:
            self._session.request(request)
        elif len(self._early) < MAX_UNREAD_REQUESTS:
            self._early.append(request)
        else:
            raise FeedError("RESOURCE_EXHAUSTED", f"more than {MAX_UNREAD_REQUESTS} requests before the first answer")

    async def receive(self) -> bytes | None:
        try:
            if self._session is None and not self._is_closed and self._error is None:
                await self._open()
            message = await self._session.next() if self._session is not None else None
        except Refused as refused:
            self._error = _feed_error(refused)
            message = None
        except Exception:
            # A defect concerns this stream alone; whoever receives has no use for its details.
            log.exception("watch.failed")
            self._error = FeedError("INTERNAL", "the hub failed on this stream; its log says why")
            message = None
        if message is None and self._error is not None and not self._is_closed:
            error, self._error = self._error, None
            await self.close()
            raise error
        return message

    async def close(self) -> None:
        self._is_closed = True
        self._early.clear()
        self._open_streams.pop(self, None)
        if self._session is not None:
            self._session.close()
        await self._stack.aclose()

    def stop(self) -> None:
        """Ends the stream from the hub's side."""
        self._error = FeedError("UNAVAILABLE", "the hub has stopped")
        if self._session is not None:
            self._session.close()

    async def _open(self) -> None:
        self._open_streams[self] = None
        # A receiver that gave up while the token was being checked may come again: with a context of its own.
        session = await self._stack.enter_async_context(self._opening())
        if self._is_closed or self._error is not None:
            await self._stack.aclose()  # closed, or stopped, while the token was being checked
            return
        self._session = session
        for request in self._early:
            session.request(request)
        self._early.clear()


class _Pipe:
    """Holds at most one message: the writer waits until the reader has taken it."""

    def __init__(self) -> None:
        self._message: bytes | None = None
        self._error: FeedError | None = None
        self._is_ended = False
        self._changed = asyncio.Event()
        self._taken = asyncio.Event()

    async def put(self, message: bytes) -> None:
        self._message = message
        self._taken.clear()
        self._changed.set()
        await self._taken.wait()

    def end(self, error: FeedError | None) -> None:
        """Ends the stream; only the first end counts."""
        if self._is_ended:
            return
        self._is_ended = True
        self._error = error
        self._changed.set()

    def drop(self) -> None:
        """Forgets a message that was not taken."""
        self._message = None

    async def take(self) -> bytes | None:
        while True:
            if self._message is not None:
                message, self._message = self._message, None
                self._taken.set()
                return message
            if self._is_ended:
                error, self._error = self._error, None
                if error is not None:
                    raise error
                return None
            self._changed.clear()
            await self._changed.wait()


class _InProcessCatalogStream:
    """The receiving half of a catalog stream."""

    def __init__(self) -> None:
        self.pipe = _Pipe()
        self.task: asyncio.Task[None] | None = None

    async def receive(self) -> bytes | None:
        return await self.pipe.take()

    async def close(self) -> None:
        self.pipe.drop()
        self.pipe.end(None)
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)


class _InProcessOperationStream(_InProcessCatalogStream):
    """Both halves of an operation's stream; to the hub, the wire to its caller."""

    def __init__(self) -> None:
        super().__init__()
        self._requests: asyncio.Queue[bytes] = asyncio.Queue(MAX_UNREAD_REQUESTS)

    async def send(self, request: bytes) -> None:
        if self.task is None:
            return
        putting = asyncio.ensure_future(self._requests.put(request))
        try:  # until the hub has room for it, or does not ask any more: then receive says how it ended
            await asyncio.wait((putting, self.task), return_when=asyncio.FIRST_COMPLETED)
        finally:
            putting.cancel()

    async def read(self) -> bytes | None:
        return await self._requests.get()

    async def write(self, message: bytes) -> None:
        await self.pipe.put(message)


async def _serving(pipe: _Pipe, serve: Callable[[], Awaitable[None]]) -> None:
    """Runs a stream's hub side, and tells its end through the pipe."""
    try:
        await serve()
    except Refused as refused:
        pipe.drop()
        pipe.end(_feed_error(refused))
    except asyncio.CancelledError:
        pipe.drop()
        pipe.end(FeedError("UNAVAILABLE", "the hub has stopped"))
        raise
    except Exception:
        pipe.drop()
        pipe.end(FeedError("INTERNAL", "the hub failed on this stream; its log says why"))
        raise
    else:
        pipe.end(None)


def _feed_error(refused: Refused) -> FeedError:
    return FeedError(refused.code, refused.message, refused.retry_after_seconds)
