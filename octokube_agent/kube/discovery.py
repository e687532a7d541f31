"""Asks a server which types it has."""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog

from octokube_agent.kube import errors
from octokube_agent.kube.client import KubeClient

log = structlog.get_logger(__name__)

AGGREGATED = ",".join(
    (
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
        "application/json",
    )
)
PARALLEL_REQUESTS = 8


@dataclass(frozen=True, slots=True)
class ServerVersion:
    """What /version says."""

    git_version: str
    major: int
    minor: int

    def is_at_least(self, major: int, minor: int) -> bool:
        """Whether the server is of this release or a later one."""
        return (self.major, self.minor) >= (major, minor)


@dataclass(frozen=True, slots=True)
class ApiType:
    """One type as the server offers it, in the version that it prefers among those that have the type."""

    plural: str
    group: str
    version: str
    kind: str
    namespaced: bool
    verbs: frozenset[str]
    short_names: tuple[str, ...] = ()
    singular: str = ""

    @property
    def name(self) -> str:
        """``pods``, ``deployments.apps``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def path(self) -> str:
        """The path of the collection over all namespaces."""
        return (
            f"/apis/{self.group}/{self.version}/{self.plural}" if self.group else f"/api/{self.version}/{self.plural}"
        )

    @property
    def is_watchable(self) -> bool:
        """Whether it can be listed and watched, which is what a reflector needs."""
        return {"list", "watch"} <= self.verbs


@dataclass(frozen=True, slots=True)
class Discovery:
    """The server's types, one per name, and the groups about which it could not say anything just now.

    A type of a failed group that was known before has not gone: nobody knows.
    """

    types: tuple[ApiType, ...]
    failed_groups: frozenset[str]


async def read_version(client: KubeClient) -> ServerVersion:
    """The server's version. 0.0 where it can't be told from the answer."""
    document = await client.get_json("/version")
    if not isinstance(document, dict) or "gitVersion" not in document:
        raise errors.Malformed("the answer to GET /version names no gitVersion")
    return ServerVersion(str(document["gitVersion"]), _number(document.get("major")), _number(document.get("minor")))


async def discover(client: KubeClient) -> Discovery:
    """All types. Aggregated discovery takes two requests where the server has it (1.30 and later, 1.26 as beta), and
    one request per group and version elsewhere. A group that fails is named in the result and is not fatal; when the
    roots themselves fail, that error is raised.
    """
    core, groups = await asyncio.gather(
        client.get_json("/api", accept=AGGREGATED), client.get_json("/apis", accept=AGGREGATED)
    )
    types: list[ApiType] = []
    failed: set[str] = set()
    for document, prefix in ((core, "/api"), (groups, "/apis")):
        if _kind(document) == "APIGroupDiscoveryList":
            found, stale = types_of_aggregated(document)
            types += found
            failed |= stale
        else:
            found, broken = await _ask_each(client, _versions_of(document, prefix))
            types += found
            failed |= broken
    return Discovery(tuple(_first_of_each(types)), frozenset(failed))


def types_of_aggregated(document: Any) -> tuple[list[ApiType], set[str]]:
    """The types of an APIGroupDiscoveryList in the server's order of preference, and the groups that are stale."""
    types: list[ApiType] = []
    stale: set[str] = set()
    for item in _list(document, "items"):
        group = str(_dict(item, "metadata").get("name", ""))
        for version in _list(item, "versions"):
            if version.get("freshness") == "Stale":
                stale.add(group)
            for resource in _list(version, "resources"):
                response = _dict(resource, "responseKind")
                types.append(
                    ApiType(
                        plural=str(resource.get("resource", "")),
                        group=group,
                        version=str(version.get("version", "")),
                        kind=str(response.get("kind", "")),
                        namespaced=resource.get("scope") == "Namespaced",
                        verbs=frozenset(map(str, _list(resource, "verbs"))),
                        short_names=tuple(map(str, _list(resource, "shortNames"))),
                        singular=str(resource.get("singularResource", "")),
                    )
                )
    return types, stale


def types_of_resource_list(document: Any, group: str, version: str) -> list[ApiType]:
    """The types of an APIResourceList, without subresources."""
    return [
        ApiType(
            plural=str(resource["name"]),
            group=group,
            version=version,
            kind=str(resource.get("kind", "")),
            namespaced=bool(resource.get("namespaced")),
            verbs=frozenset(map(str, _list(resource, "verbs"))),
            short_names=tuple(map(str, _list(resource, "shortNames"))),
            singular=str(resource.get("singularName", "")),
        )
        for resource in _list(document, "resources")
        if "/" not in str(resource.get("name", "/"))
    ]


def _versions_of(document: Any, prefix: str) -> list[tuple[str, str, str]]:
    """(path, group, version) in order of preference: a group's preferred version first."""
    if prefix == "/api":
        return [(f"/api/{version}", "", str(version)) for version in _list(document, "versions")]
    found = []
    for group in _list(document, "groups"):
        name = str(group.get("name", ""))
        versions = [str(item.get("version", "")) for item in _list(group, "versions")]
        preferred = str(_dict(group, "preferredVersion").get("version", ""))
        for version in sorted(versions, key=lambda item: item != preferred):
            found.append((f"/apis/{name}/{version}", name, version))
    return found


async def _ask_each(client: KubeClient, versions: list[tuple[str, str, str]]) -> tuple[list[ApiType], set[str]]:
    slots = asyncio.Semaphore(PARALLEL_REQUESTS)

    async def ask(path: str, group: str, version: str) -> list[ApiType] | None:
        async with slots:
            try:
                return types_of_resource_list(await client.get_json(path), group, version)
            except errors.NotFound:
                return []  # it went between the two requests
            except errors.KubeError as error:
                log.warning("discovery.group_failed", group=group, version=version, error=str(error))
                return None

    answers = await asyncio.gather(*(ask(*version) for version in versions))
    types: list[ApiType] = []
    failed: set[str] = set()
    for (_, group, _), found in zip(versions, answers, strict=True):
        if found is None:
            failed.add(group)
        else:
            types += found
    return types, failed


def _first_of_each(types: Iterable[ApiType]) -> list[ApiType]:
    chosen: dict[str, ApiType] = {}
    for item in types:
        if item.plural and item.version:
            chosen.setdefault(item.name, item)
    return sorted(chosen.values(), key=lambda item: item.name)


def _kind(document: Any) -> str:
    return str(document.get("kind", "")) if isinstance(document, dict) else ""


def _list(document: Any, key: str) -> list[Any]:
    value = document.get(key) if isinstance(document, dict) else None
    return value if isinstance(value, list) else []


def _dict(document: Any, key: str) -> dict[str, Any]:
    value = document.get(key) if isinstance(document, dict) else None
    return value if isinstance(value, dict) else {}


def _number(text: object) -> int:
    match = re.match(r"\d+", str(text))
    return int(match.group()) if match else 0
