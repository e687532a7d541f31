"""Publishes what the fields of the served types are, as OpenAPI 3, one document per group and version."""

from __future__ import annotations

from functools import cache
from typing import Any

from octokube_demo.objects import Object
from octokube_demo.resources import Registry, ResourceType

ROOT = "/openapi/v3"
_SCHEMAS = "#/components/schemas/"
METRICS = "metrics.k8s.io"
KINDS = "x-kubernetes-group-version-kind"


def index(registry: Registry) -> Object:
    """`/openapi/v3`: where each document is."""
    places = [_place(group, version) for group, versions in registry.groups().items() for version in versions]
    return {"paths": {place: {"serverRelativeURL": f"{ROOT}/{place}"} for place in places}}


def document(registry: Registry, place: str) -> Object | None:
    """The document of `apis/<group>/<version>` or `api/<version>`, None when nothing is served there."""
    parts = place.split("/")
    if len(parts) == 2 and parts[0] == "api":
        group, version = "", parts[1]
    elif len(parts) == 3 and parts[0] == "apis":
        group, version = parts[1], parts[2]
    else:
        return None
    found = registry.in_version(group, version)
    if not found:
        return None
    schemas: Object = {}
    for resource in found:
        name, own = _schemas_of(resource, group, version)
        schemas.update(own)
        schemas[name] = {**own[name], KINDS: [{"group": group, "version": version, "kind": resource.kind}]}
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "unversioned"},
        "paths": {},
        "components": {"schemas": schemas},
    }


def _place(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def _schemas_of(resource: ResourceType, group: str, version: str) -> tuple[str, Object]:
    """The name of a type's schema, and it with all that it refers to."""
    if resource.is_custom:
        name = ".".join([*reversed(group.split(".")), version, resource.kind])
        schema = {"type": "object", **resource.schemas.get(version, {})}
        meta_name, meta = _known("V1ObjectMeta")
        properties = {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            **(schema.get("properties") or {}),
            "metadata": {"$ref": f"{_SCHEMAS}{meta_name}"},
        }
        return name, {**meta, name: {**schema, "properties": properties}}
    if group == METRICS:
        usage = {"type": "object", "additionalProperties": {"type": "string"}}
        name, meta = _known("V1ObjectMeta")
        text = {"type": "string"}
        properties = {"apiVersion": text, "kind": text, "metadata": {"$ref": f"{_SCHEMAS}{name}"}, "usage": usage}
        return resource.kind, {**meta, resource.kind: {"type": "object", "properties": properties}}
    model = f"{version[0].upper()}{version[1:]}{resource.kind}"
    for candidate in (model, f"Core{model}" if not group else f"{group.partition('.')[0].capitalize()}{model}"):
        name, schemas = _known(candidate)
        if schemas:
            return name, dict(schemas)
    return model, {model: {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}


@cache
def _known(model: str) -> tuple[str, Object]:
    """A type as the official client's models describe it. They are imported when somebody asks: that takes a while."""
    from kubernetes.client import models

    found = getattr(models, model, None)
    if found is None:
        return model, {}
    schema = found.model_json_schema(by_alias=True, ref_template=_SCHEMAS + "{model}")
    beside = schema.pop("$defs", {})
    return model, {name: _as_published(one) for name, one in {**beside, model: schema}.items()}


def _as_published(node: Any) -> Any:
    """A schema as an API server writes it: what may be left out is not said to be null."""
    if isinstance(node, list):
        return [_as_published(one) for one in node]
    if not isinstance(node, dict):
        return node
    choices = [one for one in node.get("anyOf", ()) if one != {"type": "null"}]
    written: Object = {}
    for key, value in node.items():
        if key == "properties":
            written[key] = {name: _as_published(one) for name, one in value.items()}
        elif key not in ("anyOf", "title", "default"):
            written[key] = _as_published(value)
    if len(choices) == 1:
        written.update(_as_published(choices[0]))
    elif choices:
        written["anyOf"] = _as_published(choices)
    return written
