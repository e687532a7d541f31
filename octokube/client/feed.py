"""The feed as a subscriber uses it, whatever carries it: gRPC from another machine, or a call inside one process."""

from typing import Protocol

from octokube.v1.cluster_service_pb2 import WhoAmIResponse


class FeedError(Exception):
    """The hub refused, or could not be reached.

    ``code`` is the name of a gRPC status ("UNAUTHENTICATED", "NOT_FOUND", "UNAVAILABLE" …), ``message`` one sentence
    for a person, ``retry_after_seconds`` the least wait that the hub asked for, None when it asked for none.
    """

    def __init__(self, code: str, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after_seconds = retry_after_seconds


class WatchStream(Protocol):
    """One open Watch stream.

    Messages are encoded protobuf, unparsed in both directions. One task may send while another receives; neither
    method may be awaited by two tasks at once. Nothing is produced beyond what ``receive`` and the transport's own
    buffers take: a subscriber that stops receiving stops the hub.
    """

    async def send(self, request: bytes) -> None:
        """Sends an encoded WatchRequest. Raises FeedError when the hub has ended the stream with an error.

        After an end without an error it does nothing: ``receive`` tells of the end.
        """
        ...

    async def receive(self) -> bytes | None:
        """The next encoded WatchResponse; None at the end of the stream, and after ``close``. Raises FeedError."""
        ...

    async def close(self) -> None:
        """Ends the stream from this side. May be called at any time and more than once."""
        ...


class CatalogStream(Protocol):
    """One open WatchCatalog stream: complete catalogs, each replacing the former."""

    async def receive(self) -> bytes | None:
        """The next encoded WatchCatalogResponse; None at the end, and after ``close``. Raises FeedError."""
        ...

    async def close(self) -> None:
        """Ends the stream from this side. May be called at any time and more than once."""
        ...


class OperationStream(Protocol):
    """One operation on a cluster. Messages are encoded protobuf, unparsed in both directions.

    One task may send while another receives; neither method may be awaited by two tasks at once. What the operation
    puts out waits for ``receive``, within the credit that was sent.
    """

    async def send(self, request: bytes) -> None:
        """Sends an encoded RunRequest, the first of which holds the start. Raises FeedError when it has failed.

        After an end without an error it does nothing: ``receive`` tells of the end.
        """
        ...

    async def receive(self) -> bytes | None:
        """The next encoded RunResponse; None at the end of the stream, and after ``close``. Raises FeedError."""
        ...

    async def close(self) -> None:
        """Calls the operation off, if it has not ended. May be called at any time and more than once."""
        ...


class Feed(Protocol):
    """A way to a hub. ``token`` is the caller's bearer token; the hub decides with each call what it is worth.

    ``peer`` is the address of the one on whose behalf a stream is opened ("" for this very process). It matters only
    where no network connection tells it: over gRPC the hub sees for itself who has connected.
    """

    async def who_am_i(self, token: str) -> WhoAmIResponse:
        """Who the hub takes the caller for. Raises FeedError."""
        ...

    async def get_object(self, token: str, request: bytes) -> bytes:
        """An encoded GetObjectResponse for an encoded GetObjectRequest. Raises FeedError, NOT_FOUND among others."""
        ...

    async def explain_access(self, token: str, request: bytes) -> bytes:
        """An encoded ExplainAccessResponse for an encoded ExplainAccessRequest. Raises FeedError."""
        ...

    async def search(self, token: str, request: bytes) -> bytes:
        """An encoded SearchResponse, one part of a search, for an encoded SearchRequest. Raises FeedError."""
        ...

    def watch(self, token: str, *, peer: str) -> WatchStream:
        """Opens a Watch stream. Nothing is sent before the first ``send``; a refused token is told by ``receive``."""
        ...

    def watch_catalog(self, token: str, *, peer: str) -> CatalogStream:
        """Opens a catalog stream. A refused token is told by ``receive``."""
        ...

    def operate(self, token: str, *, peer: str) -> OperationStream:
        """Opens the stream of an operation. It begins with the first ``send``; ``receive`` tells of a refused token."""
        ...
