"""Says which types are served, in the two forms clients ask for: one document per group, or one aggregated document."""

from __future__ import annotations

from octokube_demo.objects import Object
from octokube_demo.resources import Registry, ResourceType

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"


def api_versions() -> Object:
    """`/api`."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"}],
    }


def group_list(registry: Registry) -> Object:
    """`/apis`."""
    groups = [_group(name, versions) for name, versions in registry.groups().items() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def one_group(registry: Registry, group: str) -> Object | None:
    """`/apis/<group>`, None when no type of it is served."""
    versions = registry.groups().get(group)
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(group, versions)} if versions and group else None


def _group(name: str, versions: list[str]) -> Object:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def resource_list(registry: Registry, group: str, version: str) -> Object | None:
    """`/api/v1` or `/apis/<group>/<version>`, None when nothing is served there."""
    found = registry.in_version(group, version)
    if not found:
        return None
    resources: list[Object] = []
    for resource in sorted(found, key=lambda one: one.plural):
        resources.append(_resource(resource))
        resources.extend(_subresources(resource))
    answer: Object = {"kind": "APIResourceList", "apiVersion": "v1"}
    if not group:
        del answer["apiVersion"]  # the core group's document has none, on the real server too
    answer["groupVersion"] = f"{group}/{version}" if group else version
    answer["resources"] = resources
    return answer


def _resource(resource: ResourceType) -> Object:
    entry: Object = {
        "name": resource.plural,
        "singularName": resource.singular or resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    return entry


def _subresources(resource: ResourceType) -> list[Object]:
    entries = []
    for sub in resource.subresources:
        entry: Object = {
            "name": f"{resource.plural}/{sub.name}",
            "singularName": "",
            "namespaced": resource.namespaced,
        }
        if sub.group:
            entry |= {"group": sub.group, "version": sub.version}
        entry |= {"kind": sub.kind, "verbs": list(sub.verbs)}
        entries.append(entry)
    return entries


def aggregated(registry: Registry, *, is_core: bool, version: str) -> Object:
    """`/api` or `/apis` as one APIGroupDiscoveryList, as servers from 1.26 (v2beta1) and 1.30 (v2) give it."""
    items = []
    for group, versions in registry.groups().items():
        if is_core is bool(group):
            continue
        items.append(
            {
                "metadata": {"name": group, "creationTimestamp": None} if group else {"creationTimestamp": None},
                "versions": [
                    {
                        "version": one,
                        "resources": [
                            _aggregated_resource(resource, one)
                            for resource in sorted(registry.in_version(group, one), key=lambda found: found.plural)
                        ],
                        "freshness": "Current",
                    }
                    for one in versions
                ],
            }
        )
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": items,
    }


def _aggregated_resource(resource: ResourceType, version: str) -> Object:
    entry: Object = {
        "resource": resource.plural,
        "responseKind": {"group": resource.group, "version": version, "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular or resource.kind.lower(),
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.subresources:
        entry["subresources"] = [
            {
                "subresource": sub.name,
                "responseKind": {
                    "group": sub.group or resource.group,
                    "version": sub.version or version,
                    "kind": sub.kind,
                },
                "verbs": list(sub.verbs),
            }
            for sub in resource.subresources
        ]
    return entry
