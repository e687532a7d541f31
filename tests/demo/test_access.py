"""Tokens, the authorizer, impersonation, reviews."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator

import aiohttp
import pytest
import yaml

from octokube_demo import DEFAULT_TOKEN, DemoCluster, DemoServer, DemoSettings, User
from octokube_demo.tokens import Attempt
from tests.demo.conftest import CONFIGMAPS, Client


def _authorizer(attempt: Attempt) -> bool:
    if attempt.user.name != "reader" or attempt.resource == "selfsubjectaccessreviews":
        return True
    return attempt.verb in ("get", "list", "watch") and attempt.resource != "secrets"


@pytest.fixture
def cluster(settings: DemoSettings) -> DemoCluster:
    """A cluster in which the reader may read everything but secrets."""
    cluster = DemoCluster(settings, authorizer=_authorizer)
    cluster.tokens.issue("reader-token", User("reader"))
    return cluster


@pytest.fixture
async def reader(server: DemoServer) -> AsyncIterator[Client]:
    """The reader's client."""
    async with aiohttp.ClientSession(server.url, headers={"Authorization": "Bearer reader-token"}) as session:
        yield Client(session)


async def test_the_authorizer_decides_and_the_message_says_what_was_missing(reader: Client) -> None:
    assert (await reader.get(CONFIGMAPS))[0] == 200
    status, answer = await reader.post(CONFIGMAPS, {"metadata": {"name": "a"}})
    assert status == 403
    assert answer["message"] == (
        'configmaps is forbidden: User "reader" cannot create resource "configmaps" in API group "" '
        'in the namespace "default"'
    )
    _, answer = await reader.get("/api/v1/namespaces/default/secrets/x")
    assert answer["message"].startswith('secrets "x" is forbidden: User "reader" cannot get resource "secrets"')


async def test_a_rotated_token_counts_from_the_next_request_on(reader: Client, cluster: DemoCluster) -> None:
    cluster.tokens.rotate("reader-token", "newer")
    assert (await reader.get(CONFIGMAPS))[0] == 401
    reader.session.headers["Authorization"] = "Bearer newer"
    assert (await reader.get(CONFIGMAPS))[0] == 200
    cluster.tokens.revoke("newer")
    assert (await reader.get(CONFIGMAPS))[0] == 401


async def test_who_may_impersonate_is_judged_as_the_other(client: Client, reader: Client) -> None:
    headers = {"Impersonate-User": "reader"}
    assert (await client.post(CONFIGMAPS, {"metadata": {"name": "a"}}, headers=headers))[0] == 403
    assert (await client.get(CONFIGMAPS, headers=headers))[0] == 200
    status, answer = await reader.get(CONFIGMAPS, headers={"Impersonate-User": "admin"})
    assert status == 403
    assert 'cannot impersonate resource "users"' in answer["message"]


async def test_reviews_answer_what_the_authorizer_says(reader: Client, client: Client) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    for verb, is_allowed in (("list", True), ("create", False)):
        body = {"spec": {"resourceAttributes": {"verb": verb, "resource": "pods"}}}
        status, answer = await reader.post(path, body)
        assert (status, answer["status"]) == (201, {"allowed": is_allowed})
    review = {"spec": {"token": "reader-token"}}
    _, answer = await client.post("/apis/authentication.k8s.io/v1/tokenreviews", review)
    assert answer["status"]["user"]["username"] == "reader"
    _, answer = await client.post("/apis/authentication.k8s.io/v1/tokenreviews", {"spec": {"token": "nobody's"}})
    assert answer["status"]["authenticated"] is False


async def test_the_kubeconfig_is_for_its_owner_alone_and_works_with_tls(
    cluster: DemoCluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with cluster.serving(has_tls=True) as server:
        path = server.kubeconfig(tmp_path_factory.mktemp("kube") / "config")
        assert path.stat().st_mode & 0o077 == 0
        found = yaml.safe_load(path.read_text())
        context = ssl.create_default_context(cadata=server.certificate_pem.decode())
        connector = aiohttp.TCPConnector(ssl=context)
        headers = {"Authorization": f"Bearer {found['users'][0]['user']['token']}"}
        async with aiohttp.ClientSession(server.url, connector=connector, headers=headers) as session:
            assert server.url.startswith("https://")
            assert (await Client(session).get(CONFIGMAPS))[0] == 200
    assert DEFAULT_TOKEN in path.read_text()
