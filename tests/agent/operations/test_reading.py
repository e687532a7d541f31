"""Reads: the whole object, redacted, and what belongs to it."""

import asyncio
import base64
import json
import uuid
from typing import Any

import pytest

from octokube.v1 import operation_pb2 as pb
from octokube_agent.operations.schemas import closure
from octokube_agent.projection.redaction import Redactor
from tests.agent.operations.conftest import Desk

CANARY = "canary-7c1f3e"


async def test_get_gives_the_whole_object_and_its_version(desk: Desk) -> None:
    space = await desk.space()
    made = await desk.admin.create(
        f"{space.path}/configmaps", {"metadata": {"name": "one"}, "data": {"colour": "blue"}}
    )
    operation = desk.order("configmaps", space.name, "one", get={})
    result = await operation.succeeded()
    shown = operation.document(pb.DOCUMENT_ROLE_OBJECT)
    assert (shown["kind"], shown["data"]) == ("ConfigMap", {"colour": "blue"})
    assert result.key.uid == made["metadata"]["uid"]
    assert result.resource_version == made["metadata"]["resourceVersion"]
    assert "managedFields" not in shown["metadata"]


async def test_a_secrets_values_never_leave_with_get_or_describe(desk: Desk) -> None:
    space = await desk.space()
    value = base64.b64encode(CANARY.encode()).decode()
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": f'{{"data":{{"password":"{value}"}}}}'}
    secret = {"metadata": {"name": "login", "annotations": annotations}, "data": {"password": value}}
    await desk.admin.create(f"{space.path}/secrets", secret)
    for member in ({"get": {}}, {"describe": {}}):
        operation = desk.order("secrets", space.name, "login", **member)
        await operation.succeeded()
        assert operation.document(pb.DOCUMENT_ROLE_OBJECT)["data"] == {"password": "(redacted)"}
        assert CANARY.encode() not in operation.raw
        assert value.encode() not in operation.raw


async def test_describe_adds_owners_dependants_and_events(desk: Desk) -> None:
    space = await desk.space()
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    selector = {"matchLabels": {"app": "web"}}
    owner = await desk.admin.create(
        f"{space.apps}/deployments",
        {"metadata": {"name": "web"}, "spec": {"replicas": 0, "selector": selector, "template": template}},
    )
    reference = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "web",
        "uid": owner["metadata"]["uid"],
        "controller": True,
    }
    owned = await desk.admin.create(
        f"{space.apps}/replicasets",
        {
            "metadata": {"name": "web-1", "ownerReferences": [reference]},
            "spec": {"replicas": 0, "selector": selector, "template": template},
        },
    )
    await desk.admin.create(
        f"{space.path}/events",
        {
            "metadata": {"name": "web-1.1"},
            "involvedObject": {
                "kind": "ReplicaSet",
                "namespace": space.name,
                "name": "web-1",
                "uid": owned["metadata"]["uid"],
            },
            "message": "token=" + CANARY,
            "reason": "Seen",
        },
    )
    below = desk.order("replicasets.apps", space.name, "web-1", describe={})
    await below.succeeded()
    assert below.document(pb.DOCUMENT_ROLE_OWNER)["metadata"]["name"] == "web"
    assert [one.obj["reason"] for one in below.documents if one.role == pb.DOCUMENT_ROLE_EVENT] == ["Seen"]
    assert CANARY.encode() not in below.raw

    above = desk.order("deployments.apps", space.name, "web", describe={})
    await above.succeeded()
    names = [one.obj["metadata"]["name"] for one in above.documents if one.role == pb.DOCUMENT_ROLE_DEPENDANT]
    assert "web-1" in names
    assert {one.type for one in above.documents if one.role == pb.DOCUMENT_ROLE_DEPENDANT} == {"replicasets.apps"}


@pytest.mark.parametrize("name", ["web", ""])
async def test_a_schema_says_what_the_fields_are_and_of_what_type(desk: Desk, name: str) -> None:
    space = await desk.space()
    operation = desk.order("deployments.apps", space.name, name, schema={})
    await operation.succeeded()
    (document,) = operation.documents
    assert (document.role, document.type) == (pb.DOCUMENT_ROLE_SCHEMA, "deployments.apps")
    deployment = resolved(document.obj, document.obj)
    spec = resolved(document.obj, deployment["properties"]["spec"])
    assert spec["properties"]["replicas"]["type"] == "integer"
    assert {"selector", "template"} <= set(spec["required"])
    template = resolved(document.obj, spec["properties"]["template"])
    pod = resolved(document.obj, template["properties"]["spec"])
    container = resolved(document.obj, pod["properties"]["containers"]["items"])
    assert container["properties"]["image"]["description"]
    assert "#/components" not in json.dumps(document.obj)


def resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """What a node of a schema refers to. API servers write a reference beside other words as allOf."""
    reference = node.get("$ref") or node["allOf"][0]["$ref"]
    found: dict[str, Any] = schema["definitions"][reference.removeprefix("#/definitions/")]
    return found


async def test_a_schema_of_a_custom_type_holds_no_secret_that_its_author_wrote(desk: Desk) -> None:
    group = f"{uuid.uuid4().hex[:8]}.example.com"
    fields = {
        "password": {"type": "string", "default": CANARY},
        "size": {"type": "integer", "default": 3},
        "more": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    }
    spec = {"type": "object", "properties": {"spec": {"type": "object", "properties": fields}}}
    definition = {
        "metadata": {"name": f"vaults.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "vaults", "kind": "Vault", "singular": "vault", "listKind": "VaultList"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": spec}}],
        },
    }
    await desk.admin.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
    space = await desk.space()

    # The agent follows a new type a moment after it is served, and the server publishes it a moment later.
    async with asyncio.timeout(30):
        while True:
            operation = desk.order(f"vaults.{group}", space.name, "", schema={})
            if (await operation.result()).outcome == pb.OPERATION_OUTCOME_SUCCEEDED:
                break
            await asyncio.sleep(0.1)
    (document,) = operation.documents
    shown = resolved(document.obj, document.obj)["properties"]["spec"]["properties"]
    assert "default" not in shown["password"]
    assert shown["size"]["type"] == "integer"
    assert shown["more"]["x-kubernetes-preserve-unknown-fields"] is True
    assert CANARY.encode() not in operation.raw
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    of_itself = desk.order("customresourcedefinitions.apiextensions.k8s.io", "", f"vaults.{group}", get={})
    await of_itself.succeeded()
    assert CANARY.encode() not in of_itself.raw
    await desk.admin.delete(f"{definitions}/vaults.{group}")


def test_a_schema_takes_along_what_it_refers_to_and_hides_examples_of_secrets_alone() -> None:
    reference = {"$ref": "#/components/schemas/Part"}
    whole = {
        "properties": {
            "$ref": {"type": "string", "default": "a field of this name"},
            "clientSecret": {"type": "string", "enum": [CANARY], "description": "a word"},
            "parts": {"type": "array", "items": reference, "x-kubernetes-list-type": "atomic"},
            "next": {"$ref": "#/definitions/Whole"},
        }
    }
    schemas = {"Whole": whole, "Part": {"default": {"note": "password=" + CANARY}, "type": "object"}, "Other": {}}
    found = closure("Whole", schemas, Redactor())
    assert set(found) == {"Whole", "Part"}
    assert found["Whole"]["properties"] == {
        "$ref": {"type": "string", "default": "a field of this name"},
        "clientSecret": {"type": "string", "description": "a word"},
        "parts": {"type": "array", "items": {"$ref": "#/definitions/Part"}},
        "next": {"$ref": "#/definitions/Whole"},
    }
    assert CANARY not in json.dumps(found)
    assert whole["properties"]["parts"]["items"] is reference, "what the server sent is not changed"


async def test_an_object_that_was_made_anew_is_not_the_one_asked_for(desk: Desk) -> None:
    space = await desk.space()
    await desk.admin.create(f"{space.path}/configmaps", {"metadata": {"name": "one"}})
    operation = desk.order("configmaps", space.name, "one", uid="another", get={})
    assert "made anew" in await operation.failed()
    assert operation.documents == []


async def test_what_is_not_there_is_told_in_one_sentence(desk: Desk) -> None:
    operation = desk.order("configmaps", "default", "missing", get={})
    assert "404" in await operation.failed()
    operation = desk.order("nonsense.example.com", "default", "missing", get={})
    assert "serves no" in await operation.failed()


async def test_a_large_object_comes_in_parts(desk: Desk) -> None:
    space = await desk.space()
    text = "x" * 500_000
    await desk.admin.create(f"{space.path}/configmaps", {"metadata": {"name": "large"}, "data": {"text": text}})
    operation = desk.order("configmaps", space.name, "large", get={})
    await operation.succeeded()
    assert operation.document(pb.DOCUMENT_ROLE_OBJECT)["data"]["text"] == text
