"""Holds one request after it was read once: who asks, for what, with which options."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson
import yaml
from aiohttp import web

from octokube_demo import errors
from octokube_demo.faults import Faults
from octokube_demo.objects import Object
from octokube_demo.paths import Target
from octokube_demo.resources import Registry, ResourceType
from octokube_demo.selectors import Predicate, both, field_selector, label_selector
from octokube_demo.settings import DemoSettings
from octokube_demo.store import Store
from octokube_demo.tokens import Authorizer, Tokens, User
from octokube_demo.writing.api import Api
from octokube_demo.writing.versions import shown_in


@dataclass(slots=True)
class Parts:
    """What every handler may use; one set per cluster. `kubelet_url` is empty while nothing serves the kubelet."""

    settings: DemoSettings
    store: Store
    registry: Registry
    api: Api
    tokens: Tokens
    faults: Faults
    authorizer: Authorizer
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    kubelet_url: str = ""
    requests: Counter[str] = field(default_factory=Counter)
    open_watches: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Call:
    """One authenticated request for a served type."""

    parts: Parts
    request: web.Request
    user: User
    target: Target
    resource: ResourceType

    @property
    def query(self) -> Any:
        """The query parameters."""
        return self.request.query

    def flag(self, name: str) -> bool:
        """A boolean parameter in any of the spellings the real server takes."""
        text = self.query.get(name)
        return text is not None and text.lower() not in ("", "0", "false")

    def number(self, name: str) -> int | None:
        """A whole-number parameter. Raises ApiError 400."""
        text = self.query.get(name)
        if text is None or text == "":
            return None
        try:
            return int(text)
        except ValueError as error:
            raise errors.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error

    @property
    def is_dry_run(self) -> bool:
        """`dryRun=All`. Raises ApiError 422 for any other value."""
        values = self.query.getall("dryRun", [])
        if any(value != "All" for value in values):
            text = f'Unsupported value: "{values[0]}": supported values: "All"'
            causes = [("FieldValueNotSupported", "dryRun", text)]
            raise errors.invalid("CreateOptions", "meta.k8s.io", "", causes)
        return bool(values)

    @property
    def manager(self) -> str:
        """The field manager: the parameter, or the program's name in the User-Agent, as on the real server."""
        agent: str = self.request.headers.get("User-Agent", "unknown").partition("/")[0][:128]
        return self.query.get("fieldManager") or agent or "unknown"

    @property
    def namespace(self) -> str | None:
        """The namespace of the path; None means all namespaces (or a cluster-scoped type)."""
        return self.target.namespace or None

    def selector(self) -> Predicate | None:
        """The conjunction of labelSelector and fieldSelector, over stored objects. Raises ApiError 400."""
        labels = label_selector(self.query.get("labelSelector", ""))
        return both(labels, field_selector(self.query.get("fieldSelector", ""), self.resource.name))

    def shown(self, value: Object) -> Object:
        """A stored object in the version of the path."""
        convert = shown_in(self.resource, self.target.version)
        return value if convert is None else convert(value)

    async def body(self) -> Any:
        """The parsed body, JSON or YAML. Raises ApiError 400 or 415."""
        return parse_body(await self.request.read(), self.request.content_type)

    async def object_body(self) -> Object:
        """The body as an object of the path's type. Raises ApiError 400."""
        body = await self.body()
        if not isinstance(body, dict):
            raise errors.bad_request("the body must be an object")
        kind, version = body.get("kind") or self.resource.kind, body.get("apiVersion")
        expected = self.resource.api_version(self.target.version)
        if kind != self.resource.kind or (version and version != expected):
            raise errors.bad_request(
                f'{kind} in version "{version or expected}" cannot be handled as a {self.resource.kind}'
            )
        return body


def parse_body(raw: bytes, content_type: str) -> Any:
    """A JSON or YAML body. Raises ApiError 400 or 415."""
    if "protobuf" in content_type or "cbor" in content_type:
        raise errors.unsupported_media_type("application/json, application/yaml")
    if not raw:
        return None
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        if "yaml" not in content_type:
            text = f"the object provided is unrecognized: couldn't get version/kind; json parse error: {error}"
            raise errors.bad_request(text) from error
    try:
        return yaml.safe_load(raw)
    except yaml.YAMLError as error:
        raise errors.bad_request(f"error converting YAML to JSON: {error}") from error


def check_accept(request: web.Request) -> None:
    """Raises ApiError 406 when the client takes no JSON."""
    accept = request.headers.get("Accept", "")
    if accept and not any(part in accept for part in ("application/json", "*/*", "application/*", "yaml")):
        raise errors.not_acceptable()


def answer(value: Any, code: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(body=orjson.dumps(value), status=code, content_type="application/json")


def error_answer(error: errors.ApiError) -> web.Response:
    """The Status answer of a refusal."""
    response = answer(error.status(), error.code)
    if error.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response
