"""Keeps the agent's identity in a Secret of its own cluster."""

import base64
import binascii
import urllib.parse

import orjson

from octokube.client.enrolled import FILE_NAME
from octokube.runtime.errors import UserError
from octokube_agent.kube import errors
from octokube_agent.kube.client import KubeClient, Request


class SecretStorage:
    """A Secret of the agent's own cluster. It has to be there: the agent may read and patch this one, and no other."""

    def __init__(self, client: KubeClient, place: str) -> None:
        namespace, _, name = place.partition("/")
        self._place = place
        self._path = f"/api/v1/namespaces/{urllib.parse.quote(namespace)}/secrets/{urllib.parse.quote(name)}"
        self._client = client

    async def read(self) -> bytes | None:
        try:
            secret = await self._client.get_json(self._path)
            encoded = (secret.get("data") or {}).get(FILE_NAME)
            return base64.b64decode(encoded) if encoded else None
        except (errors.KubeError, binascii.Error, AttributeError, TypeError) as error:
            raise self._unusable(error) from error

    async def write(self, content: bytes) -> None:
        patch = orjson.dumps({"data": {FILE_NAME: base64.b64encode(content).decode()}})
        request = Request("PATCH", self._path, body=patch, content_type="application/merge-patch+json")
        try:
            await self._client.send(request)
        except errors.KubeError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> UserError:
        return UserError(
            f"the agent's identity can't be kept in the Secret {self._place} ({error}); "
            "make it, and let the agent get and patch it, as its chart does"
        )
