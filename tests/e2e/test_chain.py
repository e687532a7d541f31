"""The whole chain as separate processes, on a simulated and on a real kube-apiserver."""

import asyncio
import contextlib
import itertools
import pathlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from kubernetes.aio import config as kube_config
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.dynamic import DynamicClient

from octokube.client.viewed import ChangeKind
from octokube_agent.reflector.polling import POLLED
from tests.agent.suite.conftest import KubeCluster, real, simulated_cluster
from tests.conftest import require_assets
from tests.support.browsing import BrowserView, browsing
from tests.support.processes import Chain, running_chain
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

POLICY = """\
p, user:ops,      *, **,       **, *, *,    always, allow
p, team:payments, *, payments, *,  *, read, always, allow
p, team:payments, *, *,        secrets, *, *, always, deny
p, user:bob,      *, platform, *,  *, read, always, allow
"""
TEAMS = "g, user:alice, team:payments\n"
COMING_AND_GOING = frozenset({"events", "leases.coordination.k8s.io"})
CANARY = "canary-7f3a91"

_numbers = itertools.count(1)


@dataclass
class Stand:
    """A cluster, the chain on it, and the tokens of its people."""

    cluster: KubeCluster
    chain: Chain
    tokens: dict[str, str] = field(default_factory=dict)

    def browse(self, person: str, *types: str) -> "contextlib.AbstractAsyncContextManager[BrowserView]":
        return browsing(self.chain.web_url, self.tokens[person], types=types or ("*",))

    async def truth(self) -> dict[tuple[str, str, str], str]:
        """What a stock client lists: (type, namespace, name) → resource version."""
        configuration = Configuration()
        await kube_config.load_kube_config(str(self.cluster.kubeconfig), client_configuration=configuration)
        found: dict[tuple[str, str, str], str] = {}
        async with ApiClient(configuration) as api:
            client = await DynamicClient(api)
            groups = await self.cluster.admin.get("/apis")
            versions = ["v1"] + [group["preferredVersion"]["groupVersion"] for group in groups["groups"]]
            for version in versions:
                listing = await self.cluster.admin.get(f"/apis/{version}" if "/" in version else f"/api/{version}")
                for resource in listing["resources"]:
                    if "/" in resource["name"] or not {"list", "watch"} <= set(resource["verbs"]):
                        continue
                    group = version.partition("/")[0] if "/" in version else ""
                    type = f"{resource['name']}.{group}" if group else resource["name"]
                    if type in COMING_AND_GOING or type == "events.events.k8s.io":
                        continue
                    kind = await client.resources.get(api_version=version, kind=resource["kind"])
                    for item in (await client.get(kind)).to_dict()["items"]:
                        metadata = item["metadata"]
                        key = (type, metadata.get("namespace") or "", metadata["name"])
                        found[key] = metadata["resourceVersion"]
        return found

    async def converge(self, view: BrowserView, *, seconds: float = 60.0) -> dict[tuple[str, str, str], str]:
        """Waits until a full-access view equals what a stock client lists; that."""

        def held() -> dict[tuple[str, str, str], str]:
            return {
                key: body["metadata"]["resourceVersion"]
                for key, body in view.objects().items()
                if key[0] not in COMING_AND_GOING | POLLED
            }

        truth: dict[tuple[str, str, str], str] = {}
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            truth = await self.truth()
            with contextlib.suppress(TimeoutError):
                await view.until(lambda: view.is_live and held() == truth, seconds=2)  # noqa: B023 - awaited here
                return truth
        different = {key for key in truth.keys() | held().keys() if truth.get(key) != held().get(key)}
        raise AssertionError(f"live: {view.is_live}; differing after {seconds} s: {sorted(different)[:20]}")


@pytest.fixture(params=["simulated", pytest.param("real", marks=pytest.mark.real)])
async def stand(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> AsyncIterator[Stand]:
    """Each test of the chain runs on both clusters."""
    policies = tmp_path / "policies"
    policies.mkdir()
    (policies / "policy.csv").write_text(POLICY)
    (policies / "teams.csv").write_text(TEAMS)
    async with contextlib.AsyncExitStack() as stack:
        if request.param == "simulated":
            cluster = await stack.enter_async_context(simulated_cluster(tmp_path))
        else:
            require_assets("the chain on a real cluster", "etcd", "kube-apiserver")
            apiserver: RealCluster = request.getfixturevalue("real_cluster")
            cluster = await stack.enter_async_context(real(apiserver))
            for namespace in ("payments", "platform"):
                with contextlib.suppress(AssertionError):  # a former test of the session made it
                    await cluster.admin.namespace(namespace)
        chain = await stack.enter_async_context(running_chain(tmp_path, cluster.kubeconfig, policies))
        stand = Stand(cluster, chain)
        for person in ("ops", "alice", "bob"):
            stand.tokens[person] = await chain.make("token", "create", f"user:{person}")
        yield stand


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def unique(prefix: str) -> str:
    return f"{prefix}-{next(_numbers)}-{time.monotonic_ns() % 100_000}"


async def test_every_object_a_stock_client_lists_appears_projected_and_secrets_stay(stand: Stand) -> None:
    secret = {"metadata": {"name": unique("door")}, "stringData": {"key": CANARY}}
    await stand.cluster.admin.create("/api/v1/namespaces/payments/secrets", secret)
    async with stand.browse("ops") as view:
        truth = await stand.converge(view)
        assert len(truth) > 30
        for body in view.objects().values():
            assert "managedFields" not in body["metadata"]
        held = view.objects("secrets")["secrets", "payments", secret["metadata"]["name"]]
        assert set(held["data"]) == {"key"}
        assert CANARY.encode() not in view.bytes_received
        assert b"Y2FuYXJ5LTdmM2E5M" not in view.bytes_received  # the same in base64
    for program in (stand.chain.hub, stand.chain.agent, stand.chain.web):
        assert CANARY not in program.log_file.read_text()


async def test_create_patch_and_delete_reach_a_websocket(stand: Stand) -> None:
    name, path = unique("settings"), "/api/v1/namespaces/payments/configmaps"
    key = ("configmaps", "payments", name)
    async with stand.browse("alice", "configmaps") as view:
        await view.until(lambda: view.is_live)
        await stand.cluster.admin.create(path, config_map(name, colour="green"))
        await view.until(lambda: key in view.objects())
        await stand.cluster.admin.patch(f"{path}/{name}", {"data": {"colour": "blue"}})
        await view.until(lambda: view.objects()[key]["data"] == {"colour": "blue"})
        await stand.cluster.admin.delete(f"{path}/{name}")
        await view.until(lambda: key not in view.objects())
        assert ChangeKind.DELETED in [kind for kind, left in view.left if left.name == name]


async def test_a_custom_type_created_meanwhile_appears_with_its_objects(stand: Stand) -> None:
    group = f"{unique('late')}.example.com"
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"gadgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "gadgets", "singular": "gadget", "kind": "Gadget"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                }
            ],
        },
    }
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    async with stand.browse("ops", f"gadgets.{group}") as view:
        await view.until(lambda: view.is_live)
        await stand.cluster.admin.create(definitions, definition)
        gadget = {"apiVersion": f"{group}/v1", "kind": "Gadget", "metadata": {"name": "one"}, "spec": {"size": 1}}
        path = f"/apis/{group}/v1/namespaces/payments/gadgets"
        async with asyncio.timeout(30):
            while True:  # the server serves a new type a moment after it has taken its definition
                try:
                    await stand.cluster.admin.create(path, gadget)
                    break
                except AssertionError:
                    await asyncio.sleep(0.2)
        await view.until(lambda: view.objects(), seconds=40)
        assert list(view.objects()) == [(f"gadgets.{group}", "payments", "one")]
        await stand.cluster.admin.delete(f"{definitions}/gadgets.{group}")
        await view.until(lambda: not view.objects(), seconds=40)


async def test_two_people_see_different_things_and_a_policy_edit_changes_open_streams(stand: Stand) -> None:
    mine, other = unique("mine"), unique("other")
    await stand.cluster.admin.create("/api/v1/namespaces/payments/configmaps", config_map(mine))
    await stand.cluster.admin.create("/api/v1/namespaces/platform/configmaps", config_map(other))
    async with stand.browse("alice") as alice, stand.browse("bob") as bob:
        await alice.until(lambda: ("configmaps", "payments", mine) in alice.objects())
        await bob.until(lambda: ("configmaps", "platform", other) in bob.objects())
        assert {key[1] for key in alice.objects()} == {"payments"}
        assert {key[1] for key in bob.objects()} == {"platform"}
        assert not alice.objects("secrets")
        assert other.encode() not in alice.bytes_received
        assert mine.encode() not in bob.bytes_received

        rules = stand.chain.policies / "policy.csv"
        rules.write_text(POLICY.replace("user:bob,      *, platform", "user:bob,      *, payments"))
        await bob.until(lambda: {key[1] for key in bob.objects()} == {"payments"}, seconds=10)
        assert (ChangeKind.WITHDRAWN, other) in [(kind, key.name) for kind, key in bob.left]
        assert bob.connects == 1

        rules.write_text("p, nonsense\n")  # the last good set stays in force
        await stand.cluster.admin.create("/api/v1/namespaces/payments/configmaps", config_map(mine + "-later"))
        await alice.until(lambda: ("configmaps", "payments", mine + "-later") in alice.objects())


async def test_a_revoked_token_ends_its_stream(stand: Stand) -> None:
    async with stand.browse("alice", "configmaps") as alice, stand.browse("bob", "configmaps") as bob:
        await alice.until(lambda: alice.is_live)
        await bob.until(lambda: bob.is_live)
        listing = (await stand.chain.ask("token", "list")).splitlines()
        token_id = next(line.split()[0] for line in listing if "user:alice" in line)
        await stand.chain.ask("token", "revoke", token_id)
        await stand.cluster.admin.create("/api/v1/namespaces/payments/configmaps", config_map(unique("before")))
        await asyncio.sleep(1.5)  # the promise is one second; what follows must not arrive
        name = unique("after")
        for namespace in ("payments", "platform"):
            await stand.cluster.admin.create(f"/api/v1/namespaces/{namespace}/configmaps", config_map(name))
        await bob.until(lambda: ("configmaps", "platform", name) in bob.objects())
        assert name.encode() not in alice.bytes_received


@pytest.mark.parametrize("victim", ["agent", "hub", "web", "apiserver"])
async def test_after_a_kill_and_a_restart_everybody_converges_to_the_truth(stand: Stand, victim: str) -> None:
    path = "/api/v1/namespaces/payments/configmaps"
    changed, deleted, created = unique("changed"), unique("deleted"), unique("created")
    for name in (changed, deleted):
        await stand.cluster.admin.create(path, config_map(name, step="before"))
    async with stand.browse("ops") as view, stand.browse("alice") as alice:
        await stand.converge(view)
        if victim == "apiserver":
            await stand.cluster.stop()
            await stand.cluster.start()
        else:
            await getattr(stand.chain, victim).kill()
        await stand.cluster.admin.patch(f"{path}/{changed}", {"data": {"step": "after"}})
        await stand.cluster.admin.delete(f"{path}/{deleted}")
        await stand.cluster.admin.create(path, config_map(created, step="new"))
        if victim == "agent":
            await stand.chain.agent.start()
        elif victim == "hub":
            await stand.chain.restart_hub()
        elif victim == "web":
            await stand.chain.web.start("--listen", stand.chain.web_url.removeprefix("http://").rstrip("/"))
        truth = await stand.converge(view)
        assert ("configmaps", "payments", created) in truth
        assert ("configmaps", "payments", deleted) not in truth
        await alice.until(lambda: alice.is_live and ("configmaps", "payments", created) in alice.objects(), seconds=30)
        assert alice.objects()["configmaps", "payments", changed]["data"] == {"step": "after"}
        assert {key[1] for key in alice.objects()} == {"payments"}
