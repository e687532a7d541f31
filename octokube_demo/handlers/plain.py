"""Answers paths that are no resource: version, health, discovery."""

from __future__ import annotations

from aiohttp import web

from octokube_demo import discovery, errors, openapi
from octokube_demo.handlers.context import Parts, answer
from octokube_demo.objects import Object

# Everybody may ask for these, also without a token, as system:public-info-viewer lets them.
PUBLIC_PATHS = frozenset({"/version", "/version/", "/livez", "/readyz", "/healthz"})


def answer_plain(parts: Parts, request: web.Request, path: str) -> web.Response:
    """The answer to a path without a resource; a plain 404 for nonsense, as the real server's."""
    if request.method not in ("GET", "HEAD"):
        raise errors.method_not_allowed()
    path = path.rstrip("/")
    if path in ("/livez", "/readyz", "/healthz"):
        return web.Response(text="ok")
    if path == "/version":
        return answer(_version(parts.settings.server_version))
    document = _discovery(parts, request, path)
    if document is None:
        return web.Response(text="404 page not found\n", status=404)
    return document


def _version(text: str) -> Object:
    major, minor = text.lstrip("v").split(".")[:2]
    return {
        "major": major,
        "minor": minor,
        "gitVersion": text,
        "gitCommit": "0000000000000000000000000000000000000000",
        "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z",
        "goVersion": "none",
        "compiler": "octokube-demo",
        "platform": "linux/amd64",
    }


def _discovery(parts: Parts, request: web.Request, path: str) -> web.Response | None:
    registry = parts.registry
    if path in ("/api", "/apis"):
        accept = request.headers.get("Accept", "")
        if parts.settings.aggregated_discovery and "as=APIGroupDiscoveryList" in accept:
            # A client lists what it understands, best first; every one that knows v2 names it before v2beta1.
            version = "v2" if "v=v2;" in accept else "v2beta1"
            document = discovery.aggregated(registry, is_core=path == "/api", version=version)
            response = answer(document)
            response.headers["Content-Type"] = discovery.AGGREGATED.format(version=version)
            return response
        return answer(discovery.api_versions() if path == "/api" else discovery.group_list(registry))
    if path == openapi.ROOT:
        return answer(openapi.index(registry))
    parts_of_path = path.strip("/").split("/")
    found: Object | None = None
    if path.startswith(f"{openapi.ROOT}/"):
        found = openapi.document(registry, path.removeprefix(f"{openapi.ROOT}/"))
    elif parts_of_path[0] == "api" and len(parts_of_path) == 2:
        found = discovery.resource_list(registry, "", parts_of_path[1])
    elif parts_of_path[0] == "apis" and len(parts_of_path) == 2:
        found = discovery.one_group(registry, parts_of_path[1])
    elif parts_of_path[0] == "apis" and len(parts_of_path) == 3:
        found = discovery.resource_list(registry, parts_of_path[1], parts_of_path[2])
    return None if found is None else answer(found)
