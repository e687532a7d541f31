"""Cuts the connection of a request that is called off, instead of taking leave of the server."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import aiohttp
from kubernetes.aio.client.rest import RESTClientObject

_given: ContextVar[list[asyncio.BaseTransport] | None] = ContextVar("given", default=None)
"""The connections that the request of this context was given so far."""


class Rest(RESTClientObject):  # type: ignore[misc]
    """Connections with the trust that a Kubernetes configuration describes."""

    def _create_connector(self) -> aiohttp.TCPConnector:
        return _Connector(limit=self.maxsize, ssl=self.ssl_context)


class _Connector(aiohttp.TCPConnector):
    """Remembers for a request which connections it was given."""

    async def connect(self, *args: Any, **kwargs: Any) -> aiohttp.connector.Connection:
        connection = await super().connect(*args, **kwargs)
        given = _given.get()
        if given is not None and connection.transport is not None:
            given.append(connection.transport)
        return connection


@contextmanager
def cut_when_called_off() -> Iterator[None]:
    """Around a request: cancellation cuts its connection off.

    aiohttp itself says goodbye in TLS and waits for the server's: a connection that nobody holds any more then lives as
    long as the server is busy with something else, and longer than the client.
    """
    given: list[asyncio.BaseTransport] = []
    token = _given.set(given)
    try:
        yield
    except asyncio.CancelledError:
        for transport in given:
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()
        raise
    finally:
        _given.reset(token)
