"""Builds what stands around an application: its service, configuration, secrets, limits and doors."""

from __future__ import annotations

from collections.abc import Iterator

from octokube_demo.objects import Object
from octokube_demo.workload import secrets
from octokube_demo.workload.catalog import App, Kind
from octokube_demo.workload.templates import labels, plain
from octokube_demo.workload.world import World

HPAS = "horizontalpodautoscalers.autoscaling"


def around_app(world: World, app: App, time: str) -> Iterator[tuple[str, Object]]:
    """(type, object) of everything that belongs to one application."""
    namespace, name, random = app.namespace, app.name, world.random
    own = labels(app)
    yield "serviceaccounts", plain("v1", "ServiceAccount", namespace, name, time, labels=own)
    configuration = {
        "config.yaml": f"app: {name}\nlog: info\nport: {app.port}\nfeatures:\n  new-ledger: {random.random() < 0.5}\n",
        "revision": "1",
    }
    yield "configmaps", plain("v1", "ConfigMap", namespace, f"{name}-config", time, labels=own, data=configuration)
    yield "secrets", secrets.credentials(app, random, time)
    if app.port:
        yield "services", _service(world, app, time)
        yield "endpoints", plain("v1", "Endpoints", namespace, name, time, labels=own, subsets=[])
    if app.is_scaled:
        yield HPAS, _autoscaler(app, time)
    if app.is_public:
        yield "ingresses.networking.k8s.io", _ingress(app, time)
        yield "secrets", secrets.certificate(namespace, f"{name}-tls", random, time)
        yield "secrets", secrets.helm_release(app, random.randrange(2, 30), random, time)
    if app.replicas > 1 and app.kind is not Kind.CRON:
        yield "poddisruptionbudgets.policy", _budget(app, time)
    if app.kind is Kind.STATEFUL:
        for ordinal in range(app.replicas):
            yield from _volume(app, ordinal, time)


def _service(world: World, app: App, time: str) -> Object:
    address = (
        "None" if app.kind is Kind.STATEFUL else f"10.96.{world.random.randrange(250)}.{world.random.randrange(2, 250)}"
    )
    return plain(
        "v1",
        "Service",
        app.namespace,
        app.name,
        time,
        labels=labels(app),
        spec={
            "type": "LoadBalancer" if app.name == "ingress-nginx" else "ClusterIP",
            "clusterIP": address,
            "clusterIPs": [address],
            "selector": {"app": app.name},
            "ports": [{"name": "main", "port": app.port, "targetPort": "main", "protocol": "TCP"}],
            "sessionAffinity": "None",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster",
        },
        status={"loadBalancer": {"ingress": [{"ip": "203.0.113.10"}]} if app.name == "ingress-nginx" else {}},
    )


def _autoscaler(app: App, time: str) -> Object:
    return plain(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        app.namespace,
        app.name,
        time,
        labels=labels(app),
        spec={
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": app.name},
            "minReplicas": max(1, app.replicas - 1),
            "maxReplicas": app.replicas + 3,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
                }
            ],
        },
        status={"currentReplicas": app.replicas, "desiredReplicas": app.replicas, "currentMetrics": []},
    )


def _ingress(app: App, time: str) -> Object:
    host = f"{app.name}.demo.internal"
    backend = {"service": {"name": app.name, "port": {"name": "main"}}}
    return plain(
        "networking.k8s.io/v1",
        "Ingress",
        app.namespace,
        app.name,
        time,
        labels=labels(app),
        spec={
            "ingressClassName": "nginx",
            "tls": [{"hosts": [host], "secretName": f"{app.name}-tls"}],
            "rules": [{"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}],
        },
        status={"loadBalancer": {"ingress": [{"ip": "203.0.113.10"}]}},
    )


def _budget(app: App, time: str) -> Object:
    return plain(
        "policy/v1",
        "PodDisruptionBudget",
        app.namespace,
        app.name,
        time,
        labels=labels(app),
        spec={"minAvailable": app.replicas - 1, "selector": {"matchLabels": {"app": app.name}}},
        status={
            "currentHealthy": app.replicas,
            "desiredHealthy": app.replicas - 1,
            "disruptionsAllowed": 1,
            "expectedPods": app.replicas,
            "observedGeneration": 1,
        },
    )


def _volume(app: App, ordinal: int, time: str) -> Iterator[tuple[str, Object]]:
    claim = f"data-{app.name}-{ordinal}"
    volume = f"pv-{app.namespace}-{app.name}-{ordinal}"
    size = {"storage": "50Gi"}
    yield (
        "persistentvolumeclaims",
        plain(
            "v1",
            "PersistentVolumeClaim",
            app.namespace,
            claim,
            time,
            labels=labels(app),
            spec={
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": size},
                "storageClassName": "fast-ssd",
                "volumeMode": "Filesystem",
                "volumeName": volume,
            },
            status={"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": size},
        ),
    )
    yield (
        "persistentvolumes",
        plain(
            "v1",
            "PersistentVolume",
            "",
            volume,
            time,
            spec={
                "accessModes": ["ReadWriteOnce"],
                "capacity": size,
                "claimRef": {"kind": "PersistentVolumeClaim", "namespace": app.namespace, "name": claim},
                "csi": {"driver": "csi.demo.internal", "volumeHandle": volume},
                "persistentVolumeReclaimPolicy": "Delete",
                "storageClassName": "fast-ssd",
                "volumeMode": "Filesystem",
            },
            status={"phase": "Bound"},
        ),
    )


def of_cluster(time: str) -> Iterator[tuple[str, Object]]:
    """(type, object) of what belongs to no application."""
    yield (
        "storageclasses.storage.k8s.io",
        plain(
            "storage.k8s.io/v1",
            "StorageClass",
            "",
            "fast-ssd",
            time,
            provisioner="csi.demo.internal",
            reclaimPolicy="Delete",
            volumeBindingMode="WaitForFirstConsumer",
        ),
    )
    yield (
        "ingressclasses.networking.k8s.io",
        plain("networking.k8s.io/v1", "IngressClass", "", "nginx", time, spec={"controller": "k8s.io/ingress-nginx"}),
    )
    group = "rbac.authorization.k8s.io"
    for name, verbs in (("view", ["get", "list", "watch"]), ("cluster-admin", ["*"])):
        rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": verbs}]
        yield f"clusterroles.{group}", plain(f"{group}/v1", "ClusterRole", "", name, time, rules=rules)
    yield (
        f"clusterrolebindings.{group}",
        plain(
            f"{group}/v1",
            "ClusterRoleBinding",
            "",
            "cluster-admin",
            time,
            roleRef={"apiGroup": group, "kind": "ClusterRole", "name": "cluster-admin"},
            subjects=[{"apiGroup": group, "kind": "Group", "name": "system:masters"}],
        ),
    )


def of_namespace(world: World, namespace: str, time: str) -> Iterator[tuple[str, Object]]:
    """(type, object) of what every namespace of a team has."""
    group = "rbac.authorization.k8s.io"
    yield "secrets", secrets.pull_secret(namespace, world.random, time)
    yield (
        "networkpolicies.networking.k8s.io",
        plain(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            namespace,
            "same-namespace-only",
            time,
            spec={"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}], "policyTypes": ["Ingress"]},
        ),
    )
    hard = {"pods": "200", "requests.cpu": "100", "requests.memory": "400Gi"}
    yield (
        "resourcequotas",
        plain(
            "v1",
            "ResourceQuota",
            namespace,
            "team-quota",
            time,
            spec={"hard": hard},
            status={"hard": hard, "used": {"pods": "12", "requests.cpu": "4", "requests.memory": "9Gi"}},
        ),
    )
    limit = {"type": "Container", "default": {"memory": "512Mi"}, "defaultRequest": {"cpu": "50m", "memory": "128Mi"}}
    yield "limitranges", plain("v1", "LimitRange", namespace, "defaults", time, spec={"limits": [limit]})
    rules = [{"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list", "watch"]}]
    yield f"roles.{group}", plain(f"{group}/v1", "Role", namespace, "pod-reader", time, rules=rules)
    yield (
        f"rolebindings.{group}",
        plain(
            f"{group}/v1",
            "RoleBinding",
            namespace,
            "pod-readers",
            time,
            roleRef={"apiGroup": group, "kind": "Role", "name": "pod-reader"},
            subjects=[{"apiGroup": group, "kind": "Group", "name": f"team:{namespace}"}],
        ),
    )
