"""Reads and writes a cluster as its administrator, over plain HTTP requests that share nothing with the product."""

import io
import json
import ssl
from types import TracebackType
from typing import Any, Self

import aiohttp

Object = dict[str, Any]


class KubeAdmin:
    """A thin client: paths as the Kubernetes API has them, objects as dictionaries. Errors raise AssertionError with
    the server's message.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._context = ssl.create_default_context()
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE
        self._headers = {"Authorization": f"Bearer {token}"}
        self._session: aiohttp.ClientSession | None = None

    async def get(self, path: str) -> Any:
        """GET."""
        return await self._ask("GET", path)

    async def create(self, path: str, obj: Object) -> Object:
        """POST to a collection."""
        created: Object = await self._ask("POST", path, obj)
        return created

    async def patch(self, path: str, patch: Object) -> Object:
        """A JSON merge patch."""
        patched: Object = await self._ask("PATCH", path, patch, content_type="application/merge-patch+json")
        return patched

    async def delete(self, path: str) -> None:
        """DELETE, at once."""
        await self._ask("DELETE", path, {"gracePeriodSeconds": 0})

    async def namespace(self, name: str) -> str:
        """Creates a namespace; its path for collections inside it."""
        await self.create("/api/v1/namespaces", {"metadata": {"name": name}})
        return f"/api/v1/namespaces/{name}"

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self._context))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session is not None
        await self._session.close()

    async def _ask(
        self, method: str, path: str, body: Object | None = None, content_type: str = "application/json"
    ) -> Any:
        assert self._session is not None
        headers = self._headers | {"Content-Type": content_type}
        data = io.BytesIO(json.dumps(body).encode()) if body is not None else None
        async with self._session.request(method, self._url + path, data=data, headers=headers) as response:
            answer = await response.text()  # a path that is not served (yet) is answered in plain text
            assert response.status < 300, f"{method} {path}: {response.status} {answer}"
            return json.loads(answer)
