"""octokube doctor tells what an agent's identity may not do in its cluster, by name."""

import json
import pathlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from octokube.cli.examining import Finding
from octokube.cli.examining_cluster import cluster
from octokube_agent.operations.ceiling import Ceiling


class ApiServer:
    """Answers as an API server does to what the doctor asks; ``denied`` holds "verb type/subresource"."""

    def __init__(self) -> None:
        self.denied: set[str] = set()
        self.status = 200

    async def version(self, request: web.Request) -> web.Response:
        return web.json_response({"gitVersion": "v1.33.1", "major": "1", "minor": "33"}, status=self.status)

    async def review(self, request: web.Request) -> web.Response:
        asked = (await request.json())["spec"]["resourceAttributes"]
        type = asked["resource"] + (f".{asked['group']}" if asked["group"] else "")
        name = f"{asked['verb']} {type}" + (f"/{asked['subresource']}" if asked["subresource"] else "")
        return web.json_response({"status": {"allowed": name not in self.denied}}, status=201)


@pytest.fixture
def apiserver() -> ApiServer:
    """One that allows everything."""
    return ApiServer()


@pytest.fixture
async def kubeconfig(apiserver: ApiServer, tmp_path: pathlib.Path) -> AsyncIterator[str]:
    """The path of a kubeconfig that leads there."""
    app = web.Application()
    app.router.add_get("/version", apiserver.version)
    app.router.add_post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", apiserver.review)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": f"http://{host}:{port}"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    yield str(tmp_path / "kubeconfig")
    await runner.cleanup()


def wrong(found: list[Finding]) -> dict[str, str]:
    return {one.check: one.told for one in found if one.advice}


async def test_an_identity_that_may_do_all_is_in_order(kubeconfig: str) -> None:
    found = await cluster(kubeconfig, None, Ceiling.of(["all"]))
    assert wrong(found) == {}
    assert {one.check for one in found} == {"api-server", "rbac-follow", "rbac-operations"}


async def test_a_type_that_can_not_be_watched_is_named(kubeconfig: str, apiserver: ApiServer) -> None:
    apiserver.denied = {"watch pods"}
    found = wrong(await cluster(kubeconfig, None, Ceiling.of(["none"])))
    assert found == {"rbac-follow": "the identity may not watch pods"}


async def test_what_an_allowed_operation_lacks_is_named(kubeconfig: str, apiserver: ApiServer) -> None:
    apiserver.denied = {"create pods/exec", "create pods/eviction"}
    found = wrong(await cluster(kubeconfig, None, Ceiling.of(["exec"])))
    assert found == {"rbac-operations": "the identity may not create pods/exec"}


async def test_an_api_server_that_refuses_the_credential_is_told(kubeconfig: str, apiserver: ApiServer) -> None:
    apiserver.status = 401
    assert set(wrong(await cluster(kubeconfig, None, Ceiling.of()))) == {"api-server"}


async def test_a_context_that_is_not_in_the_file_is_told(kubeconfig: str) -> None:
    assert set(wrong(await cluster(kubeconfig, "other", Ceiling.of()))) == {"kubeconfig"}
