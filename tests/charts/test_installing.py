"""A real API server admits what the charts render, and the agent's role is as large as it must be and no larger."""

import asyncio
import contextlib
import json
import pathlib
import shlex
import subprocess
import uuid
from collections.abc import AsyncIterator

import pytest

import octokube_hub.cli
from octokube_agent.settings import AgentSettings
from tests.agent.fake_hub import FakeHub
from tests.charts.rendering import CHARTS, OLDEST, Values, helm, of_kind, parse, render, template
from tests.charts.value_sets import AGENT_ENROLLING, ALL_SETS, HUB_ALL, HUB_ALONE, HUB_LEAST, HUB_PLAINTEXT
from tests.conftest import require_assets
from tests.hub.enrolment.helpers import hub_for_agents, permit
from tests.support.assets import find_asset
from tests.support.kube_admin import KubeAdmin
from tests.support.real_cluster import ADMIN_TOKEN, RealCluster
from tests.support.running import running_agent
from tests.support.waiting import eventually

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]

AGENT_ACCOUNT = "demo-octokube-agent"


@pytest.fixture(scope="module")
def cluster(request: pytest.FixtureRequest) -> RealCluster:
    require_assets("charts on a real cluster", "helm", "kubectl", "etcd", "kube-apiserver")
    real: RealCluster = request.getfixturevalue("real_cluster")
    return real


@pytest.fixture
async def admin(cluster: RealCluster) -> AsyncIterator[KubeAdmin]:
    async with KubeAdmin(cluster.url, ADMIN_TOKEN) as admin:
        yield admin


def kubectl(cluster: RealCluster, *arguments: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
    program = find_asset("kubectl")
    assert program is not None
    return subprocess.run(
        [str(program), "--kubeconfig", str(cluster.kubeconfig()), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@contextlib.asynccontextmanager
async def own_namespace(admin: KubeAdmin) -> AsyncIterator[str]:
    name = f"charts-{uuid.uuid4().hex[:8]}"
    await admin.namespace(name)
    yield name


@pytest.mark.parametrize(("chart", "values"), ALL_SETS.values(), ids=ALL_SETS)
async def test_the_server_admits_every_manifest(
    cluster: RealCluster, admin: KubeAdmin, chart: str, values: Values
) -> None:
    async with own_namespace(admin) as namespace:
        manifests = template(chart, values, namespace=namespace, kubernetes=OLDEST)
        result = kubectl(cluster, "apply", "--dry-run=server", "--validate=strict", "-f", "-", stdin=manifests)
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == len(render(chart, values, kubernetes=OLDEST))
    assert all("created (server dry run)" in line for line in result.stdout.splitlines())
    assert "Warning" not in result.stderr


@pytest.mark.parametrize(("chart", "values"), ALL_SETS.values(), ids=ALL_SETS)
async def test_helm_installs_it_in_a_dry_run_on_the_server(
    cluster: RealCluster, admin: KubeAdmin, chart: str, values: Values
) -> None:
    async with own_namespace(admin) as namespace:
        result = install(cluster, namespace, chart, values)
    assert result.returncode == 0, result.stderr
    assert "NOTES:" in result.stdout


def install(cluster: RealCluster, namespace: str, chart: str, values: Values) -> "subprocess.CompletedProcess[str]":
    return helm(
        "install",
        "demo",
        str(CHARTS / chart),
        "--dry-run=server",
        "--namespace",
        namespace,
        "--kubeconfig",
        str(cluster.kubeconfig()),
        values=values,
    )


@pytest.mark.parametrize("values", [HUB_LEAST, HUB_PLAINTEXT, HUB_ALONE, HUB_ALL])
async def test_the_commands_in_the_notes_are_commands_of_the_hub(
    cluster: RealCluster, admin: KubeAdmin, values: Values
) -> None:
    async with own_namespace(admin) as namespace:
        notes = install(cluster, namespace, "octokube", values).stdout.partition("NOTES:\n")[2]
    commands = [line.strip() for line in notes.splitlines() if "-- octokube-hub " in line]
    assert len(commands) == 1
    assert "octokube agent enroll --cluster CLUSTER --hub-address HOST:" in notes
    hub = of_kind(render("octokube", values), "StatefulSet")["metadata"]["name"]
    for command in commands:
        assert f"--namespace {namespace} exec statefulset/{hub} " in command
        words = shlex.split(command.partition("-- octokube-hub ")[2])
        assert str(parse(octokube_hub.cli.cli, words)["data"]) == "/var/lib/octokube"


APPLIED = ("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "Secret")


@pytest.fixture
async def agent_namespace(cluster: RealCluster, admin: KubeAdmin) -> AsyncIterator[str]:
    """A namespace with the chart's ServiceAccount, Secrets, roles and bindings, really applied."""
    async with own_namespace(admin) as namespace:
        manifests = [
            manifest
            for manifest in render("octokube-agent", AGENT_ENROLLING, namespace=namespace, kubernetes=OLDEST)
            if manifest["kind"] in APPLIED
        ]
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})
        applied = kubectl(cluster, "apply", "-f", "-", stdin=text)
        assert applied.returncode == 0, applied.stderr
        async with asyncio.timeout(20):
            # The server takes new rules up after a moment, and tells nobody when.
            while not await is_allowed(admin, namespace, "list", "pods"):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        yield namespace
        kubectl(cluster, "delete", "-f", "-", stdin=text)


async def test_the_agent_reads_every_type_with_the_role_of_its_chart(
    cluster: RealCluster, admin: KubeAdmin, agent_namespace: str, tmp_path: pathlib.Path
) -> None:
    """With the chart's ClusterRole and no other right, no type of a real server is forbidden to the agent."""
    answer = await admin.create(
        f"/api/v1/namespaces/{agent_namespace}/serviceaccounts/{AGENT_ACCOUNT}/token",
        {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}},
    )
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig", token=answer["status"]["token"])
    async with FakeHub() as hub:
        settings = AgentSettings(cluster="real", hub=hub.address, credential="oka_test", kubeconfig=str(kubeconfig))
        async with running_agent(settings) as agent:
            types = agent.hot_state.types()
            assert len(types) > 30
            assert not {type.type: type.reason for type in types if type.reason}


async def test_an_agent_enrols_and_keeps_its_identity_with_the_role_of_its_chart(
    cluster: RealCluster, admin: KubeAdmin, agent_namespace: str, tmp_path: pathlib.Path
) -> None:
    """The identity is in the Secret that the chart made, and a second start goes on with it: the token is used up."""
    answer = await admin.create(
        f"/api/v1/namespaces/{agent_namespace}/serviceaccounts/{AGENT_ACCOUNT}/token",
        {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}},
    )
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig", token=answer["status"]["token"])
    async with hub_for_agents(tmp_path) as hub:
        made = await permit(hub, "real")
        (tmp_path / "token").write_text(str(made))
        identity = "demo-octokube-agent-identity"
        settings = AgentSettings(
            cluster="real",
            hub=hub.address,
            enrolment_token_file=str(tmp_path / "token"),
            identity_secret=f"{agent_namespace}/{identity}",
            kubeconfig=str(kubeconfig),
        )
        for _ in range(2):
            async with running_agent(settings):
                await eventually(lambda: (replica := hub.registry.get("real")) is not None and replica.store.all())
            secret = await admin.get(f"/api/v1/namespaces/{agent_namespace}/secrets/{identity}")
            assert list(secret["data"]) == ["identity.json"]


async def test_a_stolen_agent_token_can_list_and_watch_and_nothing_else(admin: KubeAdmin, agent_namespace: str) -> None:
    """Kubernetes itself decides: with ``get`` on everything, pods/exec over websocket would be granted."""
    granted = [("list", "pods"), ("watch", "secrets"), ("list", "widgets.example.com"), ("get", "/version")]
    refused = [
        ("get", "pods"),
        ("get", "pods/exec"),
        ("create", "pods/exec"),
        ("get", "pods/log"),
        ("get", "nodes/proxy"),
        ("create", "serviceaccounts/token"),
        ("delete", "pods"),
        ("patch", "deployments.apps"),
        ("impersonate", "users"),
        ("escalate", "clusterroles.rbac.authorization.k8s.io"),
        ("get", "/metrics"),
    ]
    wanted = dict.fromkeys(granted, True) | dict.fromkeys(refused, False)
    assert {asked: await is_allowed(admin, agent_namespace, *asked) for asked in wanted} == wanted


async def is_allowed(admin: KubeAdmin, namespace: str, verb: str, resource: str) -> bool:
    """What the server's own RBAC says of the agent's ServiceAccount."""
    if resource.startswith("/"):
        what: dict[str, object] = {"nonResourceAttributes": {"path": resource, "verb": verb}}
    else:
        name, _, subresource = resource.partition("/")
        plural, _, group = name.partition(".")
        attributes = {"verb": verb, "resource": plural, "group": group, "subresource": subresource}
        what = {"resourceAttributes": {**attributes, "namespace": "default"}}
    user = f"system:serviceaccount:{namespace}:{AGENT_ACCOUNT}"
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": user, "groups": ["system:serviceaccounts", "system:authenticated"], **what},
    }
    decided = await admin.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
    allowed: bool = decided["status"]["allowed"]
    return allowed
