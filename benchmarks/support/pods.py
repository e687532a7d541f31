"""Makes pods of the size that they have in life."""

from typing import Any

from tests.support.kube_admin import KubeAdmin


def pod(name: str) -> dict[str, Any]:
    """About 4 KB as the apiserver sends it, of which half is what the server adds."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": {"app": "app", "team": "payments", "pod-template-hash": "7c9d8b6f5"},
            "annotations": {"example.com/revision": "42", "example.com/commit": "0" * 40},
        },
        "spec": {
            "nodeName": "node-1",
            "automountServiceAccountToken": False,
            "containers": [
                {
                    "name": "app",
                    "image": "registry.example.com/team/app:1.2.3",
                    "args": ["--listen=0.0.0.0:8080", "--log-format=json"],
                    "env": [{"name": f"SETTING_{index}", "value": f"value-{index}"} for index in range(8)],
                    "ports": [{"containerPort": 8080, "name": "http"}],
                    "readinessProbe": {"httpGet": {"path": "/readyz", "port": 8080}, "periodSeconds": 5},
                    "livenessProbe": {"httpGet": {"path": "/livez", "port": 8080}, "periodSeconds": 10},
                    "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
                    "volumeMounts": [{"name": "config", "mountPath": "/etc/app"}],
                }
            ],
            "volumes": [{"name": "config", "configMap": {"name": "app-config"}}],
        },
    }


async def fill(admin: KubeAdmin, namespace: str, count: int) -> str:
    """Creates a namespace with pods; its path for them."""
    path = f"{await admin.namespace(namespace)}/pods"
    for index in range(count):
        await admin.create(path, pod(f"pod-{index}"))
    return path
