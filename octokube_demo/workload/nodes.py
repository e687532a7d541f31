"""Builds the nodes, and beats their hearts."""

from __future__ import annotations

from octokube_demo.objects import Object, micro_timestamp
from octokube_demo.workload.templates import plain
from octokube_demo.workload.world import World

_ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")


def node_count(pods: int) -> int:
    """About forty pods to a node, three nodes at least."""
    return max(3, min(1000, pods // 40 + 2))


def node_address(number: int) -> str:
    """The InternalIP of the n-th node."""
    return f"10.0.{number // 250}.{number % 250 + 2}"


def build_nodes(world: World, count: int, time: str) -> None:
    """Creates the nodes and their leases."""
    for number in range(count):
        name = f"node-{number + 1:02d}"
        world.nodes.append(name)
        world.store.insert("nodes", _node(name, number, time))
        lease = plain(
            "coordination.k8s.io/v1",
            "Lease",
            "kube-node-lease",
            name,
            time,
            spec={"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": micro_timestamp(world.now())},
        )
        world.store.insert("leases.coordination.k8s.io", lease)


def _node(name: str, number: int, time: str) -> Object:
    sizes = {"cpu": "16", "memory": "65790516Ki", "ephemeral-storage": "101430960Ki", "pods": "250"}
    conditions = [
        {
            "type": kind,
            "status": "True" if kind == "Ready" else "False",
            "lastHeartbeatTime": time,
            "lastTransitionTime": time,
            "reason": reason,
            "message": message,
        }
        for kind, reason, message in (
            ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            ("Ready", "KubeletReady", "kubelet is posting ready status"),
        )
    ]
    return plain(
        "v1",
        "Node",
        "",
        name,
        time,
        labels={
            "kubernetes.io/hostname": name,
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/os": "linux",
            "node.kubernetes.io/instance-type": "m7i.4xlarge",
            "topology.kubernetes.io/region": "eu-west-1",
            "topology.kubernetes.io/zone": _ZONES[number % len(_ZONES)],
        },
        spec={"podCIDR": f"10.{128 + number // 256}.{number % 256}.0/24", "providerID": f"demo:///{name}"},
        status={
            "capacity": sizes,
            "allocatable": sizes,
            "conditions": conditions,
            "addresses": [
                {"type": "InternalIP", "address": node_address(number)},
                {"type": "Hostname", "address": name},
            ],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "architecture": "amd64",
                "containerRuntimeVersion": "containerd://2.1.1",
                "kernelVersion": "6.12.30",
                "kubeletVersion": "v1.33.2",
                "operatingSystem": "linux",
                "osImage": "Debian GNU/Linux 12 (bookworm)",
            },
        },
    )


def renew_lease(world: World, node: str) -> None:
    """One heartbeat."""
    lease = world.store.peek("leases.coordination.k8s.io", "kube-node-lease", node)
    if lease is not None:
        spec = {**lease["spec"], "renewTime": micro_timestamp(world.now())}
        world.store.replace("leases.coordination.k8s.io", {**lease, "spec": spec})
