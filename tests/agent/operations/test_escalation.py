"""What raises privileges is found, by whatever way it is written, and what does not is left in peace."""

import asyncio
import copy
import pathlib
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octokube.v1 import operation_pb2 as pb
from octokube_agent.operations.escalation import POWERFUL_TYPES, escalations
from tests.agent.fake_hub import FakeHub
from tests.agent.operations.conftest import Desk, serving
from tests.agent.operations.kubelets import Pod, pod
from tests.agent.operations.test_writing import MAY, apply, deployment, patch, seen
from tests.agent.suite.conftest import simulated_cluster
from tests.support.waiting import POLL_SECONDS

__all__ = ["pod"]

SAFE_CONTEXT = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
POD_RAISES: dict[str, dict[str, Any]] = {
    "host network": {"hostNetwork": True},
    "host processes": {"hostPID": True},
    "host memory": {"hostIPC": True},
    "host users": {"hostUsers": True},
    "host path": {"volumes": [{"name": "node", "hostPath": {"path": "/"}}]},
    "service account": {"serviceAccountName": "cluster-admin"},
    "old service account": {"serviceAccount": "cluster-admin"},
    "its token": {"automountServiceAccountToken": True},
    "a token for others": {
        "volumes": [{"name": "t", "projected": {"sources": [{"serviceAccountToken": {"audience": "vault"}}]}}]
    },
    "secret volume": {"volumes": [{"name": "s", "secret": {"secretName": "root-keys"}}]},
    "projected secret": {"volumes": [{"name": "s", "projected": {"sources": [{"secret": {"name": "root-keys"}}]}}]},
    "driver's secret": {"volumes": [{"name": "s", "csi": {"nodePublishSecretRef": {"name": "root-keys"}}}]},
    "kernel setting": {"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}},
    "root for all": {"securityContext": {"runAsUser": 0}},
    "root's group": {"securityContext": {"supplementalGroups": [0]}},
    "root's files": {"securityContext": {"fsGroup": 0}},
    "runtime": {"runtimeClassName": None},
    "priority": {"priorityClassName": "system-node-critical"},
}
CONTAINER_RAISES: dict[str, dict[str, Any]] = {
    "privileged": {"privileged": True},
    "capability": {"capabilities": {"add": ["SYS_ADMIN"], "drop": ["ALL"]}},
    "usual capabilities": {"capabilities": {"drop": []}},
    "gaining": {"allowPrivilegeEscalation": True},
    "gaining by default": {"allowPrivilegeEscalation": None},
    "root": {"runAsUser": 0},
    "perhaps root": {"runAsUser": None, "runAsNonRoot": None},
    "root's group": {"runAsGroup": 0},
    "proc": {"procMount": "Unmasked"},
    "system calls": {"seccompProfile": {"type": "Unconfined"}},
    "profile": {"appArmorProfile": {"type": "Unconfined"}},
    "label": {"seLinuxOptions": {"type": "spc_t"}},
    "windows": {"windowsOptions": {"hostProcess": True}},
}
PLAIN_RAISES: dict[str, dict[str, Any]] = {
    "secret variable": {"env": [{"name": "K", "valueFrom": {"secretKeyRef": {"name": "root-keys", "key": "k"}}}]},
    "secret variables": {"envFrom": [{"secretRef": {"name": "root-keys"}}]},
    "node's port": {"ports": [{"containerPort": 80, "hostPort": 80}]},
}
HARMLESS: dict[str, dict[str, Any]] = {
    "image": {"image": "web:2"},
    "variable": {"env": [{"name": "K", "value": "v"}]},
    "port": {"ports": [{"containerPort": 80}]},
    "probe": {"livenessProbe": {"httpGet": {"path": "/", "port": 80}}},
    "read-only root": {"securityContext": {**SAFE_CONTEXT, "readOnlyRootFilesystem": True}},
}


def safe(*containers: str) -> dict[str, Any]:
    made = [{"name": name, "image": "web:1", "securityContext": copy.deepcopy(SAFE_CONTEXT)} for name in containers]
    return {
        "automountServiceAccountToken": False,
        "serviceAccountName": "default",
        "runtimeClassName": "sandboxed",
        "containers": made,
    }


def merged(into: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    for name, value in more.items():
        if value is None:
            into.pop(name, None)
        elif isinstance(value, dict):
            into[name] = merged(into.get(name, {}), value)
        elif value and isinstance(value, list):
            into[name] = [*into.get(name, []), *value]
        else:
            into[name] = value
    return into


def wrapped(spec: dict[str, Any], depth: int) -> tuple[str, dict[str, Any]]:
    """The pod's specification where a pod, a workload, a cron job and a custom resource have it."""
    if depth == 0:
        return "pods", {"spec": spec}
    if depth == 1:
        return "deployments.apps", {"spec": {"template": {"spec": spec}}}
    if depth == 2:
        return "cronjobs.batch", {"spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}}
    return "clusters.example.com", {"spec": {"pools": [{"template": {"spec": spec}}]}}


picks = st.tuples(
    st.sets(st.sampled_from(sorted(POD_RAISES)), max_size=3),
    st.sets(st.sampled_from(sorted(CONTAINER_RAISES)), max_size=2),
    st.sets(st.sampled_from(sorted(PLAIN_RAISES)), max_size=2),
    st.sets(st.sampled_from(sorted(HARMLESS.keys() - {"read-only root"})), max_size=3),
)


@settings(deadline=None, max_examples=300)
@given(picks, st.sampled_from(["containers", "initContainers", "ephemeralContainers"]), st.integers(0, 3))
def test_any_mixture_is_found_exactly_when_one_of_its_parts_raises(picked: Any, group: str, depth: int) -> None:
    of_pod, of_context, of_container, harmless = picked
    before = safe("main", "side")
    before[group] = before["containers"] if group == "containers" else [safe("more")["containers"][0]]
    after = copy.deepcopy(before)
    for name in sorted(of_pod):
        merged(after, copy.deepcopy(POD_RAISES[name]))
    container = after[group][0]
    for name in sorted(of_container | harmless):
        merged(container, copy.deepcopy((PLAIN_RAISES | HARMLESS)[name]))
    # One after the other would undo what the former one set: each is put on its own container's context.
    for position, name in enumerate(sorted(of_context)):
        merged(after["containers"][position]["securityContext"], copy.deepcopy(CONTAINER_RAISES[name]))
    type, old = wrapped(before, depth)
    _, new = wrapped(after, depth)
    raised = escalations(type, old, new)
    # Containers name their user themselves here, so that of the pod moves none of them but by its own sentence.
    is_expected = bool((of_pod - {"root for all"}) or of_context or of_container)
    assert bool(raised) is is_expected, (picked, raised)
    assert escalations(type, new, new) == []
    # Nobody knows which of two runtimes is the stricter one, and which of two accounts may more.
    if not of_pod & {"runtime", "service account", "old service account"}:
        assert escalations(type, new, old) == []


@pytest.mark.parametrize("name", POD_RAISES)
def test_each_raise_of_a_pod_is_found_in_an_edit(name: str) -> None:
    before = safe("main")
    if name == "root for all":
        del before["containers"][0]["securityContext"]["runAsUser"]
    assert escalations("pods", {"spec": before}, {"spec": merged(copy.deepcopy(before), POD_RAISES[name])})


@pytest.mark.parametrize("name", [*CONTAINER_RAISES, *PLAIN_RAISES])
def test_each_raise_of_a_container_is_found_in_an_edit(name: str) -> None:
    before = safe("main")
    after = copy.deepcopy(before)
    container = after["containers"][0]
    if name in PLAIN_RAISES:
        merged(container, PLAIN_RAISES[name])
    else:
        merged(container["securityContext"], CONTAINER_RAISES[name])
    assert escalations("pods", {"spec": before}, {"spec": after})


@pytest.mark.parametrize("name", HARMLESS)
def test_what_raises_nothing_is_left_in_peace(name: str) -> None:
    before = safe("main")
    after = copy.deepcopy(before)
    merged(after["containers"][0], HARMLESS[name])
    assert escalations("pods", {"spec": before}, {"spec": after}) == []


def test_a_folder_of_the_node_that_was_only_read_becomes_writable() -> None:
    before = safe("main") | {"volumes": [{"name": "logs", "hostPath": {"path": "/var/log"}}]}
    before["containers"][0]["volumeMounts"] = [{"name": "logs", "mountPath": "/logs", "readOnly": True}]
    after = copy.deepcopy(before)
    after["containers"][0]["volumeMounts"][0]["readOnly"] = False
    assert "may change /var/log of the node" in escalations("pods", {"spec": before}, {"spec": after})[0]


@pytest.mark.parametrize("type", POWERFUL_TYPES)
def test_what_changes_who_may_what_always_raises(type: str) -> None:
    assert escalations(type, {"rules": []}, {"rules": []})


def test_other_objects_that_carry_power() -> None:
    token = {"type": "kubernetes.io/service-account-token"}
    assert escalations("secrets", None, token)
    for source in ({"hostPath": {"path": "/"}}, {"local": {"path": "/disk"}}):
        assert escalations("persistentvolumes", None, {"spec": source})
    labels = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    assert escalations("namespaces", labels, {"metadata": {"labels": {}}})
    assert escalations("configmaps", None, {"data": {"a": "b"}}) == []


@pytest.mark.parametrize("shape", [5, "text", None, [1], {"a": 1}])
def test_shapes_that_no_pod_has_break_nothing(shape: Any) -> None:
    spec = {"containers": [{"name": "x", "securityContext": shape, "ports": shape, "volumeMounts": shape}]}
    spec |= {"volumes": shape, "securityContext": {"supplementalGroups": shape, "sysctls": shape}}
    escalations("clusters.example.com", {"spec": spec}, {"spec": spec})
    escalations("clusters.example.com", {"spec": {"containers": shape}}, {"spec": {"containers": shape}})


WAYS = [
    (pb.PATCH_TYPE_MERGE, {"spec": {"template": {"spec": {"hostNetwork": True}}}}),
    (
        pb.PATCH_TYPE_STRATEGIC,
        {"spec": {"template": {"spec": {"volumes": [{"name": "n", "hostPath": {"path": "/"}}]}}}},
    ),
    (pb.PATCH_TYPE_JSON, [{"op": "add", "path": "/spec/template/spec/serviceAccountName", "value": "admin"}]),
]


async def at_rest(desk: Desk, path: str) -> dict[str, Any]:
    """The object, once the simulated cluster's controller has taken it up. The real one has no controllers."""
    while True:
        found: dict[str, Any] = await desk.admin.get(path)
        taken_up = (found.get("status") or {}).get("observedGeneration") == found["metadata"]["generation"]
        if taken_up or desk.cluster.simulated is None:
            return found
        await asyncio.sleep(POLL_SECONDS)


@pytest.mark.parametrize(("type", "body"), WAYS)
async def test_each_kind_of_patch_is_held_and_nothing_is_changed(desk: Desk, type: "pb.PatchType", body: Any) -> None:
    space = await desk.space()
    path = f"{space.apps}/deployments"
    await desk.admin.create(path, deployment() | {"spec": deployment()["spec"] | {"paused": True}})
    made = await at_rest(desk, f"{path}/web")
    refused = desk.order("deployments.apps", space.name, "web", **seen(made), **patch(type, body))
    assert "verb escalate" in await refused.denied()
    assert refused.requests[-1].result.escalations
    assert (await desk.admin.get(f"{path}/web"))["spec"]["template"] == made["spec"]["template"]


@pytest.mark.parametrize("spec", [{"hostPID": True}, {"serviceAccountName": "admin"}])
async def test_creating_and_applying_are_held_like_an_edit(desk: Desk, spec: dict[str, Any]) -> None:
    space = await desk.space()
    obj = deployment("new", **spec)
    body = {"body": orjson.dumps(obj), "field_manager": "alice"}
    for told in ({"create": body}, {**apply(obj), "decided": MAY}):
        assert "verb escalate" in await desk.order("deployments.apps", space.name, "new", **told).denied()
    await desk.admin.create(f"{space.apps}/deployments", deployment("new"))
    assert (
        "verb escalate" in await desk.order("deployments.apps", space.name, "new", **apply(obj), decided=MAY).denied()
    )


async def test_what_a_hub_claims_of_a_role_is_held_against_the_object(desk: Desk) -> None:
    space = await desk.space()
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "all"},
        "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
    }
    body = {"body": orjson.dumps(role), "field_manager": "alice"}
    type = "roles.rbac.authorization.k8s.io"
    assert "verb escalate" in await desk.order(type, space.name, "all", create=body).denied()
    # The same object under the name of a type that is let through.
    assert await desk.order("configmaps", space.name, "all", create=body, decided={"escalate_allowed": True}).denied()


async def test_a_hub_that_allows_everything_raises_no_privileges_unless_the_agent_was_told_so(
    hub: FakeHub, tmp_path: pathlib.Path
) -> None:
    claims = {"escalate_allowed": True, "create_allowed": True, "patch_allowed": True}
    async with simulated_cluster(tmp_path) as cluster, serving(cluster, hub, operations=("read-write",)) as desk:
        space = await desk.space()
        path = f"{space.apps}/deployments"
        await desk.admin.create(path, deployment())
        made = await at_rest(desk, f"{path}/web")
        raising = deployment(hostPID=True)
        body = {"body": orjson.dumps(raising), "field_manager": "alice"}
        new = {"body": orjson.dumps(deployment("new", hostPID=True)), "field_manager": "alice"}
        orders = [("web", apply(raising)), ("new", {"create": new}), ("new", {"apply": new})]
        orders += [("web", {**patch(type, body), **seen(made)}) for type, body in WAYS]
        for name, told in orders:
            operation = desk.order("deployments.apps", space.name, name, decided=claims, **told)
            assert "leaves escalate out" in await operation.denied(), told
        tried = desk.order("deployments.apps", space.name, "web", apply={**body, "dry_run": True}, decided=claims)
        assert (await tried.succeeded()).escalations
        left = (await desk.admin.get(path))["items"]
        assert [one["spec"]["template"]["spec"].get("hostPID") for one in left] == [None]
        revealed = desk.order("secrets", space.name, "any", decided=claims, reveal={"key": "a"})
        assert "does not allow reveal" in await revealed.denied()


async def test_a_debug_container_brings_no_privileges(pod: Pod) -> None:
    if pod.is_real:
        pytest.skip("Kubernetes 1.20 has no debug containers")
    operation = pod.order(debug={"image": "busybox:1", "command": ["true"]})
    await operation.succeeded()
    (added,) = (await pod.read())["spec"]["ephemeralContainers"]
    assert not {"securityContext", "volumeMounts", "env", "envFrom"} & added.keys()


LONE = {"image": "busybox:1", "command": ["true"]}


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"serviceAccountName": "cluster-admin"}, "it runs as service account cluster-admin (spec)"),
        ({"hostNetwork": True}, "it uses the node's network (spec)"),
        ({"volumes": [{"name": "v", "hostPath": {"path": "/etc"}}]}, "it mounts /etc of the node by hostPath (spec)"),
        ({"securityContext": {"fsGroup": 0}}, "it runs in root's group (spec)"),
        (
            {"templates": [{"container": {**LONE, "securityContext": {"privileged": True}}}]},
            "it is privileged (spec.templates[0].container)",
        ),
        (
            {"script": {**LONE, "env": [{"name": "a", "valueFrom": {"secretKeyRef": {"name": "root", "key": "k"}}}]}},
            "it reads secret root (spec.script)",
        ),
    ],
)
def test_custom_resources_that_name_parts_of_pods_raise_privileges(spec: dict[str, Any], told: str) -> None:
    for before in (None, {"spec": {}}, {"spec": {"script": LONE, "templates": [{"container": LONE}]}}):
        assert told in escalations("prometheuses.example.com", before, {"spec": {"replicas": 1, **spec}})
    assert escalations("prometheuses.example.com", {"spec": spec}, {"spec": spec}) == []


def test_a_schema_that_describes_parts_of_pods_raises_nothing() -> None:
    schema = {
        "serviceAccountName": {"type": "string"},
        "hostNetwork": {"type": "boolean"},
        "image": {"type": "string"},
        "volumes": {"type": "array"},
        "securityContext": {"type": "object", "properties": {"runAsUser": {"type": "integer"}}},
    }
    definition = {"spec": {"versions": [{"schema": {"openAPIV3Schema": {"properties": schema}}}]}}
    assert escalations("customresourcedefinitions.apiextensions.k8s.io", None, definition) == []
