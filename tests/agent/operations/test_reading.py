"""Reads: the whole object, redacted, and what belongs to it."""

import base64

from octokube.v1 import operation_pb2 as pb
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
