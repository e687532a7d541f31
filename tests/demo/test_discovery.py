"""Discovery says what is served, in both forms."""

from __future__ import annotations

import aiohttp

from octokube_demo import DemoCluster, DemoServer, DemoSettings
from tests.demo.conftest import CRD_PATH, Client, widget_definition

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


async def _names(client: Client, path: str) -> dict[str, list[str]]:
    _, answer = await client.get(path)
    return {one["name"]: one["verbs"] for one in answer["resources"]}


async def test_the_core_group_lists_pods_with_their_subresources(client: Client) -> None:
    names = await _names(client, "/api/v1")
    assert {"pods", "pods/log", "pods/exec", "pods/status", "pods/eviction", "secrets", "nodes"} <= names.keys()
    assert "watch" in names["pods"]


async def test_virtual_types_offer_neither_list_nor_watch(client: Client) -> None:
    assert (await _names(client, "/api/v1"))["bindings"] == ["create"]
    assert (await _names(client, "/apis/authentication.k8s.io/v1"))["tokenreviews"] == ["create"]
    status, answer = await client.get("/apis/authentication.k8s.io/v1/tokenreviews")
    assert (status, answer["reason"]) == (405, "MethodNotAllowed")


async def test_every_listable_type_can_be_listed(client: Client, cluster: DemoCluster) -> None:
    for resource in cluster.registry:
        if resource.can_be_listed:
            base = f"/apis/{resource.group}" if resource.group else "/api"
            status, answer = await client.get(f"{base}/{resource.versions[0]}/{resource.plural}")
            assert (status, answer["kind"]) == (200, f"{resource.kind}List"), resource.name


async def test_aggregated_discovery_holds_the_same_types_as_the_documents_per_group(client: Client) -> None:
    one_by_one = set()
    _, groups = await client.get("/apis")
    for group in groups["groups"]:
        for version in group["versions"]:
            _, answer = await client.get(f"/apis/{version['groupVersion']}")
            one_by_one |= {(group["name"], one["name"]) for one in answer["resources"] if "/" not in one["name"]}
    status, answer = await client.get("/apis", headers={"Accept": AGGREGATED})
    assert status == 200
    assert answer["apiVersion"] == "apidiscovery.k8s.io/v2"
    at_once = {
        (item["metadata"]["name"], one["resource"])
        for item in answer["items"]
        for version in item["versions"]
        for one in version["resources"]
    }
    assert at_once == one_by_one


async def test_an_older_server_answers_the_aggregated_request_with_the_plain_document() -> None:
    old = DemoCluster(DemoSettings(workload=False, aggregated_discovery=False))
    async with old.serving() as server, _session(server) as session:
        _, answer = await Client(session).get("/apis", headers={"Accept": AGGREGATED})
        assert answer["kind"] == "APIGroupList"


def _session(server: DemoServer) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(server.url, headers={"Authorization": "Bearer demo-cluster-admin"})


async def test_a_new_definition_appears_and_a_deleted_one_disappears(client: Client) -> None:
    assert (await client.get("/apis/example.com/v1"))[0] == 404
    await client.post(CRD_PATH, widget_definition())
    assert set(await _names(client, "/apis/example.com/v1")) == {"widgets", "widgets/status"}
    await client.delete(f"{CRD_PATH}/widgets.example.com")
    assert await client.get("/apis/example.com/v1") == (404, "404 page not found\n")


async def test_health_and_version_need_no_token_and_the_rest_does(server: DemoServer) -> None:
    async with aiohttp.ClientSession(server.url) as session:
        for path in ("/livez", "/readyz", "/healthz"):
            async with session.get(path) as response:
                assert (response.status, await response.text()) == (200, "ok")
        async with session.get("/version") as response:
            assert (await response.json())["gitVersion"] == "v1.33.2"
        async with session.get("/api/v1/pods") as response:
            assert response.status == 401
            assert (await response.json())["reason"] == "Unauthorized"


async def test_unknown_paths_and_types_answer_404(client: Client) -> None:
    assert (await client.get("/nonsense"))[0] == 404
    status, answer = await client.get("/api/v1/nonsenses")
    assert (status, answer["message"]) == (404, "the server could not find the requested resource")
    assert (await client.get("/api/v1/namespaces/default/pods/a%2Fb"))[0] == 404


async def test_the_fields_of_every_listed_type_are_published(client: Client, cluster: DemoCluster) -> None:
    _, index = await client.get("/openapi/v3")
    paths = index["paths"]
    assert {"api/v1", "apis/apps/v1", "apis/batch/v1"} <= set(paths)
    undescribed = set()
    for place in paths:
        _, found = await client.get(f"/openapi/v3/{place}")
        for schema in found["components"]["schemas"].values():
            for kind in schema.get("x-kubernetes-group-version-kind", ()):
                if not schema.get("properties"):
                    undescribed.add(kind["kind"])
    assert undescribed == set()
