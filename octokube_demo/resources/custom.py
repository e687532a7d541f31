"""Turns a CustomResourceDefinition into the type it defines."""

from __future__ import annotations

from octokube_demo.objects import Object
from octokube_demo.resources.kinds import ResourceType, Subresource

_READ_WRITE = ("get", "patch", "update")


def custom_type(definition: Object) -> ResourceType | None:
    """The type a CRD defines, None when it serves no version. Raises KeyError when the CRD was never validated."""
    spec = definition["spec"]
    names = spec["names"]
    served = [version for version in spec["versions"] if version.get("served")]
    if not served:
        return None
    storage = next((version for version in spec["versions"] if version.get("storage")), served[0])
    subresources: list[Subresource] = []
    if any("status" in (version.get("subresources") or {}) for version in served):
        subresources.append(Subresource("status", names["kind"], _READ_WRITE))
    if any("scale" in (version.get("subresources") or {}) for version in served):
        subresources.append(Subresource("scale", "Scale", _READ_WRITE, group="autoscaling", version="v1"))
    return ResourceType(
        group=spec["group"],
        versions=tuple(version["name"] for version in sorted(served, key=_preference)),
        plural=names["plural"],
        kind=names["kind"],
        namespaced=spec.get("scope") == "Namespaced",
        singular=names.get("singular") or names["kind"].lower(),
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        subresources=tuple(subresources),
        storage_version=storage["name"],
        has_generation=True,
        is_custom=True,
        schemas={version["name"]: (version.get("schema") or {}).get("openAPIV3Schema") or {} for version in served},
    )


def _preference(version: Object) -> tuple[int, int, int, str]:
    """Kubernetes version priority: v2 > v1 > v1beta2 > v1beta1 > v1alpha1 > anything else by name."""
    name = str(version["name"])
    rest = name.removeprefix("v")
    for rank, word in ((0, ""), (1, "beta"), (2, "alpha")):
        major, _, minor = rest.partition(word) if word else (rest, "", "0")
        if major.isdigit() and minor.isdigit() and name.startswith("v"):
            return rank, -int(major), -int(minor), name
    return 3, 0, 0, name


def definition_problems(definition: Object) -> list[tuple[str, str, str]]:
    """What makes a CRD unusable, as (reason, field, sentence): empty when it is fine."""
    spec = definition.get("spec") or {}
    names = spec.get("names") or {}
    problems: list[tuple[str, str, str]] = []
    for field, value in (
        ("spec.group", spec.get("group")),
        ("spec.scope", spec.get("scope")),
        ("spec.versions", spec.get("versions")),
        ("spec.names.plural", names.get("plural")),
        ("spec.names.kind", names.get("kind")),
    ):
        if not value:
            problems.append(("FieldValueRequired", field, "Required value"))
    if problems:
        return problems
    name = definition["metadata"].get("name")
    wanted = f"{names['plural']}.{spec['group']}"
    if name != wanted:
        problems.append(
            (
                "FieldValueInvalid",
                "metadata.name",
                f'Invalid value: "{name}": must be spec.names.plural+"."+spec.group',
            )
        )
    if sum(bool(version.get("storage")) for version in spec["versions"]) != 1:
        problems.append(
            (
                "FieldValueInvalid",
                "spec.versions",
                "Invalid value: must have exactly one version marked as storage version",
            )
        )
    return problems
