"""The rows of the other types."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octokube_agent.projection.columns import _BUILT_IN, printer_for
from octokube_agent.projection.columns.reading import labels, seconds
from octokube_agent.projection.columns.workloads import duration
from octokube_agent.projection.encoding import encode_row
from octokube_agent.served_type import ColumnKind

CREATED = "2026-11-23T01:02:03Z"
CREATED_SECONDS = 1795395723


def row(type: str, obj: dict[str, Any]) -> dict[str, Any]:
    printer = printer_for(type)
    obj = {**obj, "metadata": {"creationTimestamp": CREATED, **obj.get("metadata", {})}}
    return dict(zip([column.name for column in printer.columns], printer.cells(obj), strict=True))


CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "deployments.apps",
        {
            "spec": {
                "replicas": 3,
                "selector": {"matchLabels": {"app": "api"}},
                "template": {"spec": {"containers": [{"name": "c", "image": "i:1"}]}},
            },
            "status": {"readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 2},
        },
        {
            "Ready": "2/3",
            "Up-to-date": 3,
            "Available": 2,
            "Age": CREATED_SECONDS,
            "Containers": "c",
            "Images": "i:1",
            "Selector": "app=api",
        },
    ),
    ("deployments.apps", {"spec": {"replicas": 0}}, {"Ready": "0/0", "Available": 0}),
    (
        "replicasets.apps",
        {"spec": {"replicas": 2}, "status": {"replicas": 2, "readyReplicas": 1}},
        {"Desired": 2, "Current": 2, "Ready": 1},
    ),
    ("statefulsets.apps", {"spec": {"replicas": 3}, "status": {"readyReplicas": 3}}, {"Ready": "3/3"}),
    (
        "daemonsets.apps",
        {
            "spec": {"template": {"spec": {"nodeSelector": {"disk": "ssd"}}}},
            "status": {"desiredNumberScheduled": 5, "numberReady": 4},
        },
        {"Desired": 5, "Ready": 4, "Node Selector": "disk=ssd"},
    ),
    (
        "jobs.batch",
        {
            "spec": {"completions": 1, "parallelism": 1},
            "status": {
                "succeeded": 1,
                "startTime": CREATED,
                "completionTime": "2026-11-23T01:02:45Z",
                "conditions": [{"type": "Complete", "status": "True"}],
            },
        },
        {"Status": "Complete", "Completions": "1/1", "Duration": "42s"},
    ),
    ("jobs.batch", {"spec": {"parallelism": 4}}, {"Status": "Running", "Completions": "0/1 of 4", "Duration": None}),
    (
        "cronjobs.batch",
        {
            "spec": {"schedule": "*/5 * * * *", "suspend": False},
            "status": {"active": [{}], "lastScheduleTime": CREATED},
        },
        {
            "Schedule": "*/5 * * * *",
            "Suspend": False,
            "Active": 1,
            "Last Schedule": CREATED_SECONDS,
            "Timezone": "<none>",
        },
    ),
    (
        "services",
        {
            "spec": {
                "type": "NodePort",
                "clusterIP": "10.0.0.1",
                "ports": [{"port": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}],
                "selector": {"app": "x"},
            }
        },
        {
            "Type": "NodePort",
            "Cluster-IP": "10.0.0.1",
            "External-IP": "<none>",
            "Port(s)": "80:30080/TCP,53/UDP",
            "Selector": "app=x",
        },
    ),
    ("services", {"spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1"}}, {"External-IP": "<pending>"}),
    (
        "services",
        {"spec": {"type": "ExternalName", "externalName": "db.example.com"}},
        {"External-IP": "db.example.com", "Cluster-IP": "<none>"},
    ),
    (
        "nodes",
        {
            "metadata": {"labels": {"node-role.kubernetes.io/control-plane": ""}},
            "spec": {"unschedulable": True},
            "status": {
                "conditions": [{"type": "Ready", "status": "True"}],
                "nodeInfo": {"kubeletVersion": "v1.33.2"},
                "addresses": [{"type": "InternalIP", "address": "10.0.0.2"}],
            },
        },
        {
            "Status": "Ready,SchedulingDisabled",
            "Roles": "control-plane",
            "Version": "v1.33.2",
            "Internal-IP": "10.0.0.2",
        },
    ),
    ("nodes", {}, {"Status": "Unknown", "Roles": "<none>"}),
    (
        "events",
        {
            "involvedObject": {"kind": "Pod", "name": "api"},
            "type": "Warning",
            "reason": "BackOff",
            "message": " Back-off ",
            "count": 4,
            "lastTimestamp": CREATED,
        },
        {"Last Seen": CREATED_SECONDS, "Type": "Warning", "Object": "pod/api", "Message": "Back-off", "Count": 4},
    ),
    ("secrets", {"type": "Opaque", "data": {"a": "", "b": ""}}, {"Type": "Opaque", "Data": 2}),
    ("configmaps", {"data": {"a": ""}, "binaryData": {"b": ""}}, {"Data": 2}),
    ("serviceaccounts", {"secrets": [{}]}, {"Secrets": 1}),
    ("namespaces", {"status": {"phase": "Active"}}, {"Status": "Active"}),
    (
        "persistentvolumeclaims",
        {
            "spec": {"volumeName": "pv", "storageClassName": "fast"},
            "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]},
        },
        {"Status": "Bound", "Volume": "pv", "Capacity": "1Gi", "Access Modes": "RWO", "StorageClass": "fast"},
    ),
    (
        "persistentvolumes",
        {
            "spec": {
                "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteMany"],
                "persistentVolumeReclaimPolicy": "Retain",
                "claimRef": {"namespace": "n", "name": "c"},
            },
            "status": {"phase": "Bound"},
        },
        {"Capacity": "1Gi", "Access Modes": "RWX", "Reclaim Policy": "Retain", "Status": "Bound", "Claim": "n/c"},
    ),
    (
        "storageclasses.storage.k8s.io",
        {"provisioner": "p", "metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}},
        {"Provisioner": "p", "ReclaimPolicy": "Delete", "Default": True},
    ),
    (
        "ingresses.networking.k8s.io",
        {
            "spec": {
                "ingressClassName": "nginx",
                "rules": [{"host": "a"}, {"host": "b"}, {"host": "c"}, {"host": "d"}],
                "tls": [{}],
            },
            "status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}},
        },
        {"Class": "nginx", "Hosts": "a,b,c + 1 more...", "Address": "1.2.3.4", "Ports": "80, 443"},
    ),
    ("networkpolicies.networking.k8s.io", {"spec": {"podSelector": {}}}, {"Pod-Selector": "<none>"}),
    (
        "horizontalpodautoscalers.autoscaling",
        {
            "spec": {
                "scaleTargetRef": {"kind": "Deployment", "name": "api"},
                "maxReplicas": 5,
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}},
                    }
                ],
            },
            "status": {
                "currentReplicas": 2,
                "currentMetrics": [
                    {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 41}}}
                ],
            },
        },
        {"Reference": "Deployment/api", "Targets": "cpu: 41%/80%", "MinPods": 1, "MaxPods": 5, "Replicas": 2},
    ),
    (
        "poddisruptionbudgets.policy",
        {"spec": {"minAvailable": 1}, "status": {"disruptionsAllowed": 2}},
        {"Min Available": "1", "Max Unavailable": "N/A", "Allowed Disruptions": 2},
    ),
    (
        "endpoints",
        {"subsets": [{"addresses": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}], "ports": [{"port": 80}]}]},
        {"Endpoints": "10.0.0.1:80,10.0.0.2:80"},
    ),
    ("leases.coordination.k8s.io", {"spec": {"holderIdentity": "node-1"}}, {"Holder": "node-1"}),
    (
        "rolebindings.rbac.authorization.k8s.io",
        {
            "roleRef": {"kind": "Role", "name": "r"},
            "subjects": [{"kind": "User", "name": "alice"}, {"kind": "ServiceAccount", "namespace": "n", "name": "s"}],
        },
        {"Role": "Role/r", "Users": "alice", "Groups": "", "ServiceAccounts": "n/s"},
    ),
    (
        "customresourcedefinitions.apiextensions.k8s.io",
        {
            "spec": {
                "group": "example.com",
                "scope": "Namespaced",
                "names": {"kind": "Widget"},
                "versions": [{"name": "v1", "served": True}],
            },
            "status": {"conditions": [{"type": "Established", "status": "True"}]},
        },
        {"Group": "example.com", "Kind": "Widget", "Versions": "v1", "Status": "Established"},
    ),
    ("unknown.example.com", {}, {"Age": CREATED_SECONDS}),
]


@pytest.mark.parametrize(
    ("type", "obj", "expected"), CASES, ids=[f"{index}-{case[0]}" for index, case in enumerate(CASES)]
)
def test_a_row_shows_what_kubectl_prints(type: str, obj: dict[str, Any], expected: dict[str, Any]) -> None:
    found = row(type, obj)
    assert {name: found[name] for name in expected} == expected


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["spec", "status", "a"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("type", sorted(_BUILT_IN))
def test_an_object_without_anything_prints_and_its_cells_fit_the_columns(type: str) -> None:
    printer = printer_for(type)
    names = [column.name for column in printer.columns]
    assert len(set(names)) == len(names)
    cells = printer.cells({"metadata": {"name": "x"}})
    assert len(cells) == len(printer.columns)
    for column, cell in zip(printer.columns, cells, strict=True):
        expected = {ColumnKind.NUMBER: int, ColumnKind.TIME: int, ColumnKind.BOOLEAN: bool}.get(column.kind, str)
        assert cell is None or type_of(cell) is expected, column.name
    encode_row([column.kind for column in printer.columns], cells)


def type_of(cell: object) -> type:
    return type(cell)


def test_custom_columns_are_typed_and_an_unreadable_one_is_left_out() -> None:
    printer = printer_for(
        "widgets.example.com",
        [
            {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
            {"name": "Phase", "type": "string", "jsonPath": ".status.phase", "description": "How it is."},
            {"name": "Broken", "type": "string", "jsonPath": ".a["},
            {"name": "Fast", "type": "boolean", "jsonPath": ".spec.fast", "priority": 1},
            {"name": "Since", "type": "date", "jsonPath": ".status.since"},
            {"name": "Ratio", "type": "number", "jsonPath": ".spec.ratio"},
            {"name": "Hosts", "type": "string", "jsonPath": ".spec.hosts"},
        ],
    )
    assert [(column.name, column.kind, column.priority) for column in printer.columns] == [
        ("Size", ColumnKind.NUMBER, 0),
        ("Phase", ColumnKind.STATUS, 0),
        ("Fast", ColumnKind.BOOLEAN, 1),
        ("Since", ColumnKind.TIME, 0),
        ("Ratio", ColumnKind.TEXT, 0),
        ("Hosts", ColumnKind.TEXT, 0),
    ]
    obj = {
        "spec": {"size": 3, "fast": True, "ratio": 0.5, "hosts": ["a", "b"]},
        "status": {"phase": "Ready", "since": CREATED},
    }
    assert printer.cells(obj) == [3, "Ready", True, CREATED_SECONDS, "0.5", "[a b]"]
    assert printer.cells({"spec": {"size": "three", "fast": "yes"}}) == [None] * 6


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_none(text: str) -> None:
    assert seconds(text) is None or isinstance(seconds(text), int)


def test_times_with_fractions_and_zones_are_read() -> None:
    assert seconds("2026-11-23T01:02:03.123456Z") == CREATED_SECONDS
    assert seconds("2026-11-23T02:02:03+01:00") == CREATED_SECONDS
    assert seconds("2026-11-23T01:02:03") is None
    assert seconds(None) is None


@pytest.mark.parametrize(
    ("total", "text"),
    [
        (0, "0s"),
        (119, "119s"),
        (125, "2m5s"),
        (660, "11m"),
        (3 * 3600 + 60, "3h1m"),
        (10 * 3600, "10h"),
        (3 * 86400 + 7200, "3d2h"),
        (20 * 86400, "20d"),
    ],
)
def test_durations_have_two_units_as_kubectl_writes_them(total: int, text: str) -> None:
    assert duration(total) == text


def test_selectors_are_written_as_kubectl_writes_them() -> None:
    selector = {
        "matchLabels": {"b": "2", "a": "1"},
        "matchExpressions": [{"key": "c", "operator": "In", "values": ["x", "y"]}, {"key": "d", "operator": "Exists"}],
    }
    assert labels(selector) == "a=1,b=2,c in (x,y),d"
