"""Reads what the fields of a type are, as the API server publishes it."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from octokube.v1 import operation_pb2 as pb
from octokube_agent.kube import errors
from octokube_agent.operations.cluster import Cluster
from octokube_agent.operations.failures import Failed
from octokube_agent.operations.reference import Reference
from octokube_agent.operations.work import Work
from octokube_agent.projection.redaction import Redactor

Schemas = Mapping[str, Mapping[str, Any]]

MAX_DEFINITIONS = 2000
KINDS = "x-kubernetes-group-version-kind"
_REFERENCES = ("#/components/schemas/", "#/definitions/")
"""Where OpenAPI 3 and 2 keep what others refer to."""
KEPT = frozenset(
    ("x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string", "x-kubernetes-embedded-resource")
)
"""Of Kubernetes' own words those that say what is valid."""
EXAMPLES = frozenset(("default", "example", "examples", "enum"))
"""Values that somebody has written into a schema."""


async def schema(work: Work) -> pb.OperationResult:
    """The schema of the type, with all that it refers to."""
    name, schemas = await _published(work.cluster, work.reference)
    document = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$ref": f"#/definitions/{name}",
        "definitions": closure(name, schemas, work.redactor),
    }
    part = pb.DocumentPart(role=pb.DOCUMENT_ROLE_SCHEMA, key=work.reference.key)
    await work.stream.send_document(part, orjson.dumps(document, option=orjson.OPT_SORT_KEYS))
    return work.done()


async def _published(cluster: Cluster, reference: Reference) -> tuple[str, Schemas]:
    """The name of the type's schema, and all those beside it. Raises Failed when there is none."""
    place = f"apis/{reference.group}/{reference.version}" if reference.group else f"api/{reference.version}"
    try:
        found = await cluster.get(f"/openapi/v3/{place}")
        schemas = _mapping(_mapping(found).get("components")).get("schemas")
    except errors.NotFound:
        # Kubernetes before 1.23, or with OpenAPI 3 switched off: one document for all types.
        found = await cluster.get("/openapi/v2")
        schemas = _mapping(found).get("definitions")
    named = _mapping(schemas)
    for name, one in named.items():
        if any(_is_kind(kind, reference) for kind in _mapping(one).get(KINDS) or ()):
            return name, named
    raise Failed(f"the cluster says nothing about the fields of {reference.type}")


def closure(name: str, schemas: Schemas, redactor: Redactor) -> dict[str, Any]:
    """A schema and all that it refers to, by name, each with references into ``definitions``.

    It is redacted, since people write schemas, too: examples under a name that looks like a secret's are left out.
    """
    found: dict[str, Any] = {}
    waiting = [name]
    while waiting and len(found) < MAX_DEFINITIONS:
        following = waiting.pop()
        if following in found or following not in schemas:
            continue
        found[following] = _rewritten(schemas[following], redactor)
        waiting.extend(_referred(found[following]))
    return found


def _rewritten(node: Any, redactor: Redactor, *, is_secret: bool = False) -> Any:
    if isinstance(node, list):
        return [_rewritten(one, redactor, is_secret=is_secret) for one in node]
    if isinstance(node, str):
        return redactor.redact_text(node)
    if not isinstance(node, dict):
        return node
    written: dict[str, Any] = {}
    for key, value in node.items():
        if key == "$ref" and isinstance(value, str):
            written[key] = f"#/definitions/{_target(value)}"
        elif key == "properties" and isinstance(value, dict):
            written[key] = {
                name: _rewritten(one, redactor, is_secret=redactor.is_secret_name(name)) for name, one in value.items()
            }
        elif (not key.startswith("x-") or key in KEPT) and not (is_secret and key in EXAMPLES):
            written[key] = _rewritten(value, redactor, is_secret=is_secret)
    return written


def _referred(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                yield _target(value)
            else:
                yield from _referred(value)
    elif isinstance(node, list):
        for one in node:
            yield from _referred(one)


def _target(reference: str) -> str:
    for prefix in _REFERENCES:
        if reference.startswith(prefix):
            return reference.removeprefix(prefix)
    return reference


def _is_kind(kind: Any, reference: Reference) -> bool:
    told = _mapping(kind)
    return (told.get("group"), told.get("version"), told.get("kind")) == (
        reference.group,
        reference.version,
        reference.kind,
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
