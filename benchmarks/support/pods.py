"""Makes pods of the size that they have in life."""

import asyncio
from typing import Any

from tests.support.kube_admin import KubeAdmin

PARALLEL = 8


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


def running_status(restarts: int) -> dict[str, Any]:
    """A status as a kubelet writes it."""
    return {
        "phase": "Running",
        "podIP": "10.0.0.1",
        "conditions": [
            {"type": name, "status": "True", "lastProbeTime": None, "lastTransitionTime": "2026-01-01T00:00:00Z"}
            for name in ("Initialized", "Ready", "ContainersReady", "PodScheduled")
        ],
        "containerStatuses": [
            {
                "name": "app",
                "image": "registry.example.com/team/app:1.2.3",
                "imageID": "registry.example.com/team/app@sha256:" + "0" * 64,
                "ready": True,
                "started": True,
                "restartCount": restarts,
                "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
            }
        ],
    }


async def fill(admin: KubeAdmin, namespace: str, count: int) -> str:
    """Creates a namespace with pods; its path for them."""
    path = f"{await admin.namespace(namespace)}/pods"
    indices = iter(range(count))

    async def create() -> None:
        for index in indices:
            await admin.create(path, pod(f"pod-{index}"))

    await asyncio.gather(*(create() for _ in range(PARALLEL)))
    return path
