"""How an agent finds its cluster, and what it says when it can't."""

import pathlib
import sys
from typing import Any

import pytest
import yaml
from aiohttp import web

from octokube.runtime.errors import UserError
from octokube_agent.kube import errors
from octokube_agent.kube.access import Access, Source
from octokube_agent.kube.client import KubeClient
from octokube_agent.kube.describing import describe
from octokube_agent.kube.discovery import read_version
from octokube_demo import DemoCluster, DemoSettings


def kubeconfig(path: pathlib.Path, *, server: str = "http://127.0.0.1:1", user: dict[str, Any] | None = None) -> Source:
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "here",
                "clusters": [{"name": "c", "cluster": {"server": server}}],
                "users": [{"name": "u", "user": user or {}}],
                "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
            }
        )
    )
    return Source(str(path))


async def test_a_missing_kubeconfig_is_one_clear_sentence(tmp_path: pathlib.Path) -> None:
    with pytest.raises(UserError, match=r"there is no kubeconfig at .*; give --kubeconfig FILE or set KUBECONFIG"):
        await Access.load(Source(str(tmp_path / "none")))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is empty"),
        ("{", "no valid YAML"),
        ("text", "can't be used"),
        ("a: 1", "has no current context"),
        ("current-context: x\ncontexts: []\nclusters: []\nusers: []", "can't be used"),
    ],
)
async def test_a_wrong_kubeconfig_is_one_clear_sentence(tmp_path: pathlib.Path, content: str, sentence: str) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(content)
    with pytest.raises(UserError, match=sentence) as failure:
        await Access.load(Source(str(file)))
    assert "\n" not in str(failure.value)


async def test_an_unknown_context_is_named(tmp_path: pathlib.Path) -> None:
    source = kubeconfig(tmp_path / "kubeconfig")
    with pytest.raises(UserError, match="has no context 'other'; list them with"):
        await Access.load(Source(source.kubeconfig, "other"))


@pytest.mark.parametrize(
    ("server", "sentence"),
    [
        ("127.0.0.1:6443", "is no address; write a URL such as"),
        ("ftp://127.0.0.1", "is no address"),
        ("https://127.0.0.1:999999", "is no address"),
        ("https://[x", "is no address"),
        ("https://user:canary-pw@127.0.0.1:6443", "holds a user name or password"),
    ],
)
async def test_a_wrong_server_address_is_one_clear_sentence(tmp_path: pathlib.Path, server: str, sentence: str) -> None:
    """They used to be taken for clusters that are down, and the last one ended the agent with a traceback."""
    with pytest.raises(UserError, match=sentence) as failure:
        await Access.load(kubeconfig(tmp_path / "kubeconfig", server=server))
    assert "canary-pw" not in str(failure.value)


JUNK = "aGVsbG8="


@pytest.mark.parametrize(
    ("cluster", "user", "sentence"),
    [
        ({"certificate-authority-data": JUNK}, {}, "the certificate-authority in .* is no PEM certificate"),
        ({"certificate-authority-data": "a"}, {}, "it holds data that is no base64"),
        ({}, {"client-certificate-data": JUNK, "client-key-data": JUNK}, "the client certificate and key in .* can't"),
        ({}, {"tokenFile": "/nowhere/token"}, "/nowhere/token: No such file"),
    ],
)
async def test_what_is_wrong_in_a_kubeconfig_is_named(
    tmp_path: pathlib.Path, cluster: dict[str, str], user: dict[str, str], sentence: str
) -> None:
    """Broken certificates used to be blamed on the server's address."""
    source = kubeconfig(tmp_path / "kubeconfig", server="https://127.0.0.1:1", user=user)
    document = yaml.safe_load((tmp_path / "kubeconfig").read_text())
    document["clusters"][0]["cluster"] |= cluster
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(document))
    with pytest.raises(UserError, match=sentence):
        await Access.load(source)


async def test_a_token_file_is_read_anew_when_the_credential_is_refused(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("octokube_agent.kube.access.MIN_RELOAD_SECONDS", 0.0)
    token = tmp_path / "token"
    token.write_text("first")
    access = await Access.load(kubeconfig(tmp_path / "kubeconfig", user={"tokenFile": str(token)}))
    assert await access.authorization() == "Bearer first"
    token.write_text("second")
    assert await access.reload(refused="Bearer first")
    assert await access.authorization() == "Bearer second"
    assert not await access.reload(refused="Bearer second")


async def test_an_exec_plugin_gives_the_token(tmp_path: pathlib.Path) -> None:
    plugin = tmp_path / "plugin.py"
    plugin.write_text(
        'import json; print(json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", '
        '"status": {"token": "from-plugin"}}))'
    )
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": sys.executable,
            "args": [str(plugin)],
            "interactiveMode": "Never",
        }
    }
    access = await Access.load(kubeconfig(tmp_path / "kubeconfig", user=user))
    assert await access.authorization() == "Bearer from-plugin"


async def test_an_exec_plugin_that_fails_is_one_clear_sentence(tmp_path: pathlib.Path) -> None:
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/false"}}
    with pytest.raises(UserError, match=r"credential plugin .* gave no credential"):
        await Access.load(kubeconfig(tmp_path / "kubeconfig", user=user))


async def failure_at(source: Source) -> str:
    client = KubeClient(await Access.load(source))
    try:
        with pytest.raises(errors.KubeError) as failure:
            await read_version(client)
        return str(describe(failure.value, client.host))
    finally:
        await client.close()


async def test_an_unreachable_cluster_is_one_clear_sentence(tmp_path: pathlib.Path) -> None:
    sentence = await failure_at(kubeconfig(tmp_path / "kubeconfig"))
    assert "http://127.0.0.1:1 can't be reached" in sentence
    assert "check that the cluster runs" in sentence


async def test_an_unknown_host_is_one_clear_sentence(tmp_path: pathlib.Path) -> None:
    sentence = await failure_at(kubeconfig(tmp_path / "kubeconfig", server="http://nowhere.invalid:6443"))
    assert "can't be resolved" in sentence


async def test_a_certificate_that_is_not_trusted_is_one_clear_sentence(tmp_path: pathlib.Path) -> None:
    async with DemoCluster(DemoSettings(workload=False)).serving(has_tls=True) as server:
        sentence = await failure_at(kubeconfig(tmp_path / "kubeconfig", server=server.url))
    assert "is not trusted (self-signed certificate)" in sentence
    assert "certificate-authority" in sentence


async def test_a_trusted_certificate_works(tmp_path: pathlib.Path) -> None:
    async with DemoCluster(DemoSettings(workload=False)).serving(has_tls=True) as server:
        client = KubeClient(await Access.load(Source(str(server.kubeconfig(tmp_path / "kubeconfig")))))
        assert (await read_version(client)).git_version == "v1.33.2"
        await client.close()


async def test_a_refused_credential_is_one_clear_sentence(tmp_path: pathlib.Path) -> None:
    async with DemoCluster(DemoSettings(workload=False)).serving() as server:
        source = Source(str(server.kubeconfig(tmp_path / "kubeconfig", token="wrong")))
        client = KubeClient(await Access.load(source))
        with pytest.raises(errors.Unauthorized) as failure:
            await client.get("/api/v1/pods")
        await client.close()
    assert "refuses the credential (401); log in again" in str(describe(failure.value, "x"))


async def test_something_that_is_no_api_server_is_named(tmp_path: pathlib.Path) -> None:
    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="<html>canary-page</html>")

    application = web.Application()
    application.router.add_get("/{path:.*}", hello)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        sentence = await failure_at(
            kubeconfig(tmp_path / "kubeconfig", server=f"http://127.0.0.1:{runner.addresses[0][1]}")
        )
    finally:
        await runner.cleanup()
    assert "does not answer like a Kubernetes API server" in sentence
    assert "canary-page" not in sentence


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (401, errors.Unauthorized),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (410, errors.Gone),
        (422, errors.Invalid),
        (429, errors.Throttled),
        (500, errors.Unavailable),
        (504, errors.Unavailable),
    ],
)
def test_each_status_has_its_type_and_server_errors_quote_nothing(code: int, kind: type[errors.KubeError]) -> None:
    error = errors.from_status(code, "GET /x", message="canary")
    assert type(error) is kind
    assert ("canary" in str(error)) == (code < 500)
