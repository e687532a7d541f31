"""With exactly the rules that the table yields, each operation works on a real API server; without them none does."""

import asyncio
import dataclasses
import itertools
import pathlib
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from octokube.v1 import operation_pb2 as pb
from octokube_agent.operations.ceiling import ALL
from octokube_agent.operations.kubernetes_rights import Rule, rules_for
from tests.agent.fake_hub import FakeHub
from tests.agent.operation_desk import Operation
from tests.agent.operations.conftest import Desk, Space, serving
from tests.agent.operations.kubelets import PORT, Pod, kubelet_of, make_node, make_pod
from tests.agent.operations.test_rollouts import revision, workload
from tests.agent.suite.conftest import real
from tests.conftest import require_assets
from tests.support.real_cluster import RealCluster
from tests.support.waiting import POLL_SECONDS

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]

ROLE = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
REVIEW = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
ACCOUNT = "narrow-agent"
_numbers = itertools.count(1)


@dataclasses.dataclass
class Narrow:
    """An agent with a service account of its own, whose role the tests choose."""

    pod: Pod
    user: str

    async def allow(self, rules: list[Rule]) -> None:
        """Gives the agent exactly these rules, and waits until the API server goes by them."""
        marker = f"marker-{next(_numbers)}"
        mark = {"apiGroups": ["octokube.test"], "resources": [marker], "verbs": ["get"]}
        await self.pod.desk.admin.patch(f"{ROLE}/{self.user.replace(':', '-')}", {"rules": [*rules, mark]})
        asked = {"verb": "get", "group": "octokube.test", "resource": marker}
        review = {"spec": {"user": self.user, "resourceAttributes": asked}}
        while not (await self.pod.desk.admin.create(REVIEW, review))["status"]["allowed"]:  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)


@pytest.fixture
async def narrow(real_cluster: RealCluster, hub: FakeHub, tmp_path: pathlib.Path) -> AsyncIterator[Narrow]:
    require_assets("rights on a real cluster", "etcd", "kube-apiserver")
    async with real(real_cluster) as cluster:
        desk = Desk(cluster, hub)
        space = await desk.space()
        admin, user = desk.admin, f"system:serviceaccount:{space.name}:{ACCOUNT}"
        role = user.replace(":", "-")
        await admin.create(f"{space.path}/serviceaccounts", {"metadata": {"name": ACCOUNT}})
        await admin.create(ROLE, {"metadata": {"name": role}, "rules": []})
        binding = {
            "metadata": {"name": role},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": space.name}],
        }
        await admin.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding)
        request = await admin.create(f"{space.path}/serviceaccounts/{ACCOUNT}/token", {"spec": {}})
        kubeconfig = real_cluster.kubeconfig(tmp_path / "narrow", token=request["status"]["token"])
        async with (
            kubelet_of(desk) as kubelet,
            serving(dataclasses.replace(cluster, kubeconfig=kubeconfig), hub, operations=("all",)) as served,
        ):
            node = f"node-{space.name}"
            await make_node(desk, node, kubelet)
            await make_pod(desk, space.name, "web", node)
            yield Narrow(Pod(served, kubelet, space.name, "web", "web", node), user)
            await admin.delete(f"/api/v1/nodes/{node}")


NEEDING_NO_RULES = {"schema"}
"""What Kubernetes lets everybody ask who is signed in."""


async def orders(narrow: Narrow) -> dict[str, Any]:
    """For each operation how to order it: a type, a name, and what to say."""
    pod = narrow.pod
    desk, path = pod.desk, f"/api/v1/namespaces/{pod.namespace}"
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new"}, "data": {"a": "b"}}
    body = {"body": orjson.dumps(config), "field_manager": "alice"}
    made = await desk.admin.create(f"{path}/configmaps", {"metadata": {"name": "one"}})
    seen = {"uid": made["metadata"]["uid"], "resource_version": made["metadata"]["resourceVersion"]}
    await desk.admin.create(f"{path}/secrets", {"metadata": {"name": "keys"}, "data": {"a": "eA=="}})
    await desk.admin.create(f"{path}/configmaps", {"metadata": {"name": "two"}})
    space = Space(pod.namespace, path)
    web = await workload(desk, space, "deployments.apps")
    for number in (1, 2):
        await revision(desk, space, web, "deployments.apps", number, f"web:{number}")
    change = {"type": pb.PATCH_TYPE_MERGE, "body": b'{"data":{"c":"d"}}', "field_manager": "alice"}
    rollout = ("deployments.apps", "web")
    may = {"decided": {"create_allowed": True, "patch_allowed": True}}
    return {
        "get": ("configmaps", "one", {"get": {}}),
        "describe": ("pods", "web", {"describe": {}}),
        "schema": ("configmaps", "one", {"schema": {}}),
        "logs": ("pods", "web", {"logs": {"tail_lines": 1}}),
        "create": ("configmaps", "new", {"create": body}),
        "apply": ("configmaps", "new", {"apply": {**body, "force": True}, **may}),
        "patch": ("configmaps", "one", {"patch": change, **seen}),
        "delete": ("configmaps", "two", {"delete": {}}),
        "scale": (*rollout, {"scale": {"replicas": 0}}),
        "restart": (*rollout, {"restart": {}}),
        "rollback": (*rollout, {"rollback": {}}),
        "rollout_status": (*rollout, {"rollout_status": {}}),
        "reveal": ("secrets", "keys", {"reveal": {"key": "a"}}),
        "exec": ("pods", "web", {"exec": {"command": ["true"]}}),
        "attach": ("pods", "web", {"attach": {}}),
        "copy_from": ("pods", "web", {"copy_from": {"path": "/etc/hostname"}}),
        "port_forward": ("pods", "web", {"port_forward": {"ports": [PORT]}}),
        "debug": ("pods", "web", {"debug": {"image": "busybox:1"}}),
        "cordon": ("nodes", pod.node, {"cordon": {}}),
        "drain": ("nodes", pod.node, {"drain": {"force": True, "grace": {"seconds": 0}}}),
    }


def order(narrow: Narrow, type: str, name: str, told: dict[str, Any]) -> Operation:
    namespace = "" if type == "nodes" else narrow.pod.namespace
    return narrow.pod.desk.order(type, namespace, name, **told)


async def worked(operation: Operation, name: str) -> str:
    """Nothing when Kubernetes let the operation do all that it does; its sentence otherwise."""
    if name == "attach":
        await operation.until(lambda it: it.stdout or (it.requests and it.requests[-1].HasField("result")))
        operation.send(cancel="enough")
        result = await operation.result()
        return "" if operation.stdout else result.message
    if name == "port_forward":
        frame = pb.ForwardFrame(connection_id=1, open=PORT)
        operation.send(input=pb.OperationInput(forward=frame))
        frame = pb.ForwardFrame(connection_id=1, data=b"GET / HTTP/1.0\r\n\r\n")
        operation.send(input=pb.OperationInput(forward=frame))
        await operation.until(
            lambda it: (
                it.requests
                and (it.requests[-1].HasField("result") or any(one.forward.WhichOneof("event") for one in it.outputs))
            )
        )
        forwards = [one.forward for one in operation.outputs if one.HasField("forward")]
        operation.send(input=pb.OperationInput(stdin_closed=True))
        result = await operation.result()
        return str(forwards[0].failed if forwards else result.message)
    result = await operation.result()
    if result.outcome == pb.OPERATION_OUTCOME_SUCCEEDED:
        return "; ".join(one for one in operation.progress if "left out" in one)
    return str(result.message)


async def test_each_operation_works_with_its_rules_and_not_without(narrow: Narrow) -> None:
    told = await orders(narrow)
    assert set(told) == set(ALL)
    await narrow.allow([])
    for name, (type, target, start) in told.items():
        said = await worked(order(narrow, type, target, start), name)
        assert ("403" in said) == (name not in NEEDING_NO_RULES), (name, said)
    await narrow.pod.desk.admin.patch(
        f"/apis/apps/v1/namespaces/{narrow.pod.namespace}/deployments/web/status",
        {"status": {"observedGeneration": 9}},
    )
    for name, (type, target, start) in told.items():
        await narrow.allow(rules_for([name], [type]))
        said = await worked(order(narrow, type, target, start), name)
        # Debug containers are younger than the API server of these tests, which says so once it lets the request pass.
        assert said == "" or (name == "debug" and "too old" in said), (name, said)
