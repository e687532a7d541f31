"""Failure mode 7: secrets come out by side doors: diffs, errors, annotations, events, the audit log, recordings.

Values are planted wherever a cluster keeps secrets, and told to every command that can carry them. Then all that the
chain wrote is searched, byte by byte: what commands printed, what it logged at its most talkative, every file of the
hub. Agent and hub alone, with more kinds of canaries: tests/agent/operations (test_reading.py, test_writing.py,
test_refused_writes.py), tests/hub/recording/test_canaries.py. What browsers get: tests/e2e/test_chain.py.
"""

import base64
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import require_assets
from tests.support.demo import Finished
from tests.support.real_cluster import RealCluster
from tests.support.running_up import RunningUp, running_up

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.timeout(180)]

KINDS = ("data", "string", "applied", "variable", "helm", "event", "typed", "written", "wrong", "patched", "argument")
CANARY = {kind: f"canary-{kind}-9f27c1" for kind in KINDS}
REVEALED = "canary-revealed-9f27c1"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def forms(text: str) -> list[bytes]:
    """The text itself, and how it looks inside of base64, wherever it begins there."""
    shifted = [base64.b64encode(b"x" * shift + text.encode())[4 if shift else 0 : -4] for shift in range(3)]
    return [text.encode(), *shifted]


def last_applied(body: object) -> dict[str, str]:
    return {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(body)}


@pytest.fixture
async def up(real_cluster: RealCluster, tmp_path: Path) -> AsyncIterator[RunningUp]:
    require_assets("secrets by side doors", "etcd", "kube-apiserver")
    async with running_up(real_cluster, tmp_path) as running:
        yield running


async def plant(up: RunningUp) -> None:
    """Secrets, in all the places where people and tools leave them."""
    core = f"/api/v1/namespaces/{up.namespace}"
    applied = last_applied({"kind": "Secret", "stringData": {"password": CANARY["applied"]}})
    data = {"password": encoded(CANARY["data"]), "shown": encoded(REVEALED)}
    await up.admin.create(
        f"{core}/secrets",
        {"metadata": {"name": "keys", "annotations": applied}, "data": data, "stringData": {"other": CANARY["string"]}},
    )
    release = base64.b64encode(gzip.compress(CANARY["helm"].encode())).decode()
    plain = encoded(encoded(CANARY["helm"]))
    await up.admin.create(
        f"{core}/secrets",
        {
            "metadata": {"name": "sh.helm.release.v1.web.v1"},
            "type": "helm.sh/release.v1",
            "data": {"release": encoded(release), "plain": plain},
        },
    )
    container = {"name": "web", "image": "web:1", "env": [{"name": "DB_PASSWORD", "value": CANARY["variable"]}]}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    deployment = {"selector": {"matchLabels": {"app": "web"}}, "template": template}
    await up.admin.create(
        f"/apis/apps/v1/namespaces/{up.namespace}/deployments",
        {"metadata": {"name": "web", "annotations": last_applied({"spec": deployment})}, "spec": deployment},
    )
    involved = {"kind": "Secret", "name": "keys", "namespace": up.namespace, "apiVersion": "v1"}
    await up.admin.create(
        f"{core}/events",
        {
            "metadata": {"name": "told"},
            "involvedObject": involved,
            "reason": "Failed",
            "type": "Warning",
            "message": f"login failed: password={CANARY['event']}",
        },
    )


async def test_no_value_of_a_secret_comes_out_by_any_command_file_or_log(up: RunningUp, tmp_path: Path) -> None:
    await plant(up)
    printed: list[Finished] = []

    async def tried(*words: str) -> Finished:
        printed.append(await up.run(*words))
        return printed[-1]

    for type, name in (("secrets", "keys"), ("secrets", "sh.helm.release.v1.web.v1"), ("deployments", "web")):
        for how in (("-o", "yaml"), ("-o", "json"), ("-o", "yaml", "--full")):
            assert (await tried("get", type, name, *up.here, *how)).code == 0
        assert (await tried("describe", type, name, *up.here)).code == 0
    for type in ("secrets", "events", "deployments"):
        assert (await tried("get", type, *up.here, "-o", "json")).code == 0
        assert (await tried("get", type, *up.here, "-o", "wide")).code == 0
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys", "namespace": up.namespace}}
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(secret | {"stringData": {"password": CANARY["written"]}}))
    tries = ("apply", "-f", str(file), "--dry-run", "--force")
    assert "password" in (await tried(*tries)).out, "that it changes is told"
    assert (await tried("apply", "-f", str(file), "--force")).code == 0
    file.write_text(json.dumps(secret | {"data": {"password": CANARY["wrong"] + "!"}}))  # is no base64
    assert (await tried("apply", "-f", str(file), "--force")).code == 1
    wrong = json.dumps({"data": {"password": {CANARY["wrong"]: 1}}})
    assert (await tried("patch", "secrets/keys", *up.here, "-p", wrong)).code == 1
    right = json.dumps({"stringData": {"password": CANARY["patched"]}})
    assert (await tried("patch", "secrets/keys", *up.here, "-p", right)).code == 0
    variables = [{"name": "web", "env": [{"name": "DB_PASSWORD", "value": CANARY["patched"]}]}]
    patch = json.dumps({"spec": {"template": {"spec": {"containers": variables}}}})
    assert (await tried("patch", "deployments/web", *up.here, "--type", "strategic", "-p", patch)).code == 0
    assert (await tried("exec", "web", *up.here, "--", "true", CANARY["argument"])).code == 0
    assert (await tried("audit", "list", "--data", str(up.data), "-o", "json")).code == 0
    assert (await tried("sessions", "list", "-o", "json")).code == 0
    revealed = await up.run("reveal", "keys", "shown", *up.here)
    assert revealed.out.strip() == REVEALED, "the one way out, and the trial that canaries can be found"
    assert up.output
    places = {
        "what commands printed": "".join(one.out + one.err for one in printed).encode(),
        "what was logged": bytes(up.output),
        **{str(path): path.read_bytes() for path in up.data.rglob("*") if path.is_file()},
    }
    assert len(places) > 3, "the hub's files"
    found = [
        (kind, place)
        for kind, text in (*CANARY.items(), ("revealed", REVEALED))
        for form in forms(text)
        for place, content in places.items()
        if form in content
    ]
    assert found == []
