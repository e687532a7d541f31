"""Knows which types are served at this moment: the built-in ones, and those that CRDs add."""

from __future__ import annotations

from collections.abc import Iterator

from octokube_demo.resources.catalog import built_in
from octokube_demo.resources.kinds import ResourceType


class Registry:
    """Types by name and by path. `generation` grows whenever a type comes or goes, so that discovery can be cached."""

    def __init__(self) -> None:
        self._types: dict[str, ResourceType] = {}
        self._paths: dict[tuple[str, str, str], ResourceType] = {}
        self._kinds: dict[tuple[str, str], ResourceType] = {}
        self.generation = 0
        for resource in built_in():
            self.add(resource)

    def __iter__(self) -> Iterator[ResourceType]:
        return iter(self._types.values())

    def add(self, resource: ResourceType) -> None:
        """Serves a type, replacing an earlier form of it."""
        self.remove(resource.name)
        self._types[resource.name] = resource
        self._kinds[(resource.group, resource.kind)] = resource
        for version in resource.versions:
            self._paths[(resource.group, version, resource.plural)] = resource
        self.generation += 1

    def remove(self, name: str) -> ResourceType | None:
        """Stops serving a type; None when it was not served."""
        resource = self._types.pop(name, None)
        if resource is None:
            return None
        self._kinds.pop((resource.group, resource.kind), None)
        for version in resource.versions:
            self._paths.pop((resource.group, version, resource.plural), None)
        self.generation += 1
        return resource

    def get(self, name: str) -> ResourceType:
        """The type called `deployments.apps`. Raises KeyError when it is not served."""
        return self._types[name]

    def find(self, name: str) -> ResourceType | None:
        """The same, None when it is not served."""
        return self._types.get(name)

    def at(self, group: str, version: str, plural: str) -> ResourceType | None:
        """The type a request path names."""
        return self._paths.get((group, version, plural))

    def of_kind(self, api_version: str, kind: str) -> ResourceType | None:
        """The type that an owner reference or an object's apiVersion + kind names, whatever the version."""
        group = api_version.rpartition("/")[0]
        return self._kinds.get((group, kind))

    def groups(self) -> dict[str, list[str]]:
        """Group → its served versions, the preferred first; the core group (`""`) is in it."""
        found: dict[str, list[str]] = {}
        for resource in self._types.values():
            versions = found.setdefault(resource.group, [])
            for version in resource.versions:
                if version not in versions:
                    versions.append(version)
        return found

    def in_version(self, group: str, version: str) -> list[ResourceType]:
        """The types served in one group and version."""
        return [found for found in self._types.values() if found.group == group and version in found.versions]
