"""Asks the API server for one operation, as the agent or as the person it is for."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson

from octokube.v1 import operation_pb2 as pb
from octokube_agent.kube.client import KubeClient, Query, Request, Socket, parse_json
from octokube_agent.operations.failures import Failed, Refused
from octokube_agent.operations.reference import Reference

Object = dict[str, Any]

FOLLOW_SECONDS = 6 * 3600.0
"""How long a followed stream may be silent: a quiet log is no broken one. What has ended is noticed by TCP."""
SOCKET_PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")


class Cluster:
    """Requests of one operation. With impersonation each of them carries the person's name and groups."""

    def __init__(self, client: KubeClient, headers: Sequence[tuple[str, str]] = ()) -> None:
        self._client = client
        self._headers = tuple(headers)

    async def get(self, path: str, query: Query = ()) -> Any:
        """A parsed answer to GET."""
        request = Request("GET", path, query, headers=self._headers)
        return parse_json(await self._client.send(request), request.what)

    async def read(self, reference: Reference) -> Object:
        """The object, which has the uid that was asked for. Raises Failed when it is another one by now."""
        found = await self.get(reference.path)
        if not isinstance(found, dict):
            raise Failed(f"the API server's answer for {reference} is no object")
        check_identity(reference, found)
        return found

    async def write(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | Sequence[Any] | bytes,
        *,
        query: Query = (),
        content_type: str = "application/json",
    ) -> Object:
        """The parsed answer to a write."""
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        request = Request(method, path, query, data, content_type, headers=self._headers, read_seconds=65.0)
        answer = parse_json(await self._client.send(request), request.what)
        return answer if isinstance(answer, dict) else {}

    @asynccontextmanager
    async def chunks(self, path: str, query: Query, *, silence_seconds: float) -> AsyncIterator[AsyncIterator[bytes]]:
        """A stream of bytes, cut off when the context is left."""
        request = Request("GET", path, query, accept="*/*", headers=self._headers, read_seconds=silence_seconds)
        async with self._client.chunks(request) as chunks:
            yield chunks

    @asynccontextmanager
    async def socket(self, path: str, query: Query) -> AsyncIterator[Socket]:
        """A websocket of numbered channels, cut off when the context is left."""
        request = Request("GET", path, query, accept="*/*", headers=self._headers)
        async with self._client.socket(request, SOCKET_PROTOCOLS) as socket:
            yield socket


def check_identity(reference: Reference, found: Object) -> None:
    """Raises Failed unless the object is the one that the caller saw."""
    metadata = found.get("metadata") or {}
    if reference.uid and metadata.get("uid") != reference.uid:
        raise Failed(f"{reference} has been deleted and made anew since you saw it; look at the new one first")
    if reference.resource_version and metadata.get("resourceVersion") != reference.resource_version:
        raise Failed(f"{reference} has changed since you saw it; look at it again, then repeat")


def impersonation(start: pb.ExecuteStart) -> list[tuple[str, str]]:
    """The headers that make Kubernetes decide by the person's own roles, too. Raises Refused for names that Kubernetes
    keeps for itself: a hub must not be able to act as ``system:masters``.
    """
    for name in (start.subject, *start.groups):
        # A server takes the spaces around a header's value away: what begins behind them counts.
        is_plain = name.isprintable() and name.isascii() and name == name.strip()
        if not name or not is_plain or name.startswith("system:"):
            raise Refused("the hub named a person or group that the agent does not act for")
    return [("Impersonate-User", start.subject), *(("Impersonate-Group", group) for group in start.groups)]
