"""Builds the objects of an application: what people write, with the defaults already in."""

from __future__ import annotations

import zlib
from typing import Any

import orjson

from octokube_demo.objects import Object
from octokube_demo.workload.catalog import App, Behaviour, Kind

_WHO = "kubectl-client-side-apply"


def managed_by(manager: str, api_version: str, time: str, *fields: str) -> list[Object]:
    """A believable `managedFields`: big enough to matter when it travels, and never read here."""
    names: Object = {f"f:{field}": {".": {}} for field in fields}
    return [
        {
            "manager": manager,
            "operation": "Update",
            "apiVersion": api_version,
            "time": time,
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:app": {}, "f:team": {}}}, "f:spec": names},
        }
    ]


def labels(app: App) -> dict[str, str]:
    """The labels of everything that belongs to an application."""
    return {
        "app": app.name,
        "app.kubernetes.io/name": app.name,
        "app.kubernetes.io/part-of": app.namespace,
        "team": app.team,
    }


def version_of(image: str) -> str:
    """The tag, as a label value."""
    return image.rpartition(":")[2] if ":" in image.rpartition("/")[2] else "latest"


def template_hash(template: Object) -> str:
    """Ten digits that name a pod template: the same for the same meaning, whatever the order of its fields.

    The label that carries the hash itself, nulls and empty parts do not count, so an undone rollout finds its old name.
    """
    meta = template.get("metadata") or {}
    labels = {key: text for key, text in (meta.get("labels") or {}).items() if key != "pod-template-hash"}
    essence = _without_empty({"labels": labels, "annotations": meta.get("annotations"), "spec": template["spec"]})
    return f"{zlib.crc32(orjson.dumps(essence, option=orjson.OPT_SORT_KEYS)):010d}"


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        found = {key: _without_empty(part) for key, part in value.items()}
        return {key: part for key, part in found.items() if part not in (None, {}, [])}
    return [_without_empty(item) for item in value] if isinstance(value, list) else value


def pod_template(app: App) -> Object:
    """The template of an application's pods."""
    requests = {"cpu": "100m", "memory": "256Mi"}
    limits = {"cpu": "1", "memory": "512Mi"}
    if app.behaviour is Behaviour.TOO_BIG:
        requests = {"cpu": "64", "memory": "512Gi", "nvidia.com/gpu": "8"}
        limits = dict(requests)
    env: list[Object] = [
        {"name": "APP_ENV", "value": "production"},
        {"name": "LOG_LEVEL", "value": "info"},
        {"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": f"{app.name}-credentials", "key": "url"}}},
    ]
    container: Object = {
        "name": app.name,
        "image": app.image,
        "env": env,
        "resources": {"limits": limits, "requests": requests},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
        "volumeMounts": [{"name": "config", "mountPath": f"/etc/{app.name}", "readOnly": True}],
    }
    if app.port:
        container["ports"] = [{"name": "main", "containerPort": app.port, "protocol": "TCP"}]
        container["readinessProbe"] = {
            "httpGet": {"path": "/healthz", "port": "main", "scheme": "HTTP"},
            "timeoutSeconds": 1,
            "periodSeconds": 10,
            "successThreshold": 1,
            "failureThreshold": 3,
        }
    containers = [container]
    if app.is_public:
        containers.append(_proxy_container())
    return {
        "metadata": {
            "labels": labels(app) | {"version": version_of(app.image)},
            "annotations": {"prometheus.io/scrape": "true"},
        },
        "spec": {
            "volumes": [{"name": "config", "configMap": {"name": f"{app.name}-config", "defaultMode": 420}}],
            "containers": containers,
            "restartPolicy": "Never" if app.kind is Kind.CRON else "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "serviceAccountName": app.name,
            "serviceAccount": app.name,
            "securityContext": {},
            "schedulerName": "default-scheduler",
        },
    }


def _proxy_container() -> Object:
    return {
        "name": "proxy",
        "image": "envoyproxy/envoy:v1.34.1",
        "ports": [{"name": "proxy", "containerPort": 15001, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    }


def controller(app: App, time: str) -> tuple[str, Object]:
    """(type, object) of the Deployment, StatefulSet, DaemonSet or CronJob that runs an application."""
    template = pod_template(app)
    selector = {"matchLabels": {"app": app.name}}
    spec: Object
    if app.kind is Kind.CRON:
        return "cronjobs.batch", _object(app, "batch/v1", "CronJob", time, _cron_spec(app, template))
    if app.kind is Kind.DAEMON:
        spec = {
            "selector": selector,
            "template": template,
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
            "revisionHistoryLimit": 10,
        }
        return "daemonsets.apps", _object(app, "apps/v1", "DaemonSet", time, spec)
    if app.kind is Kind.STATEFUL:
        spec = {
            "replicas": app.replicas,
            "selector": selector,
            "serviceName": app.name,
            "template": template,
            "podManagementPolicy": "OrderedReady",
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
            "revisionHistoryLimit": 10,
        }
        return "statefulsets.apps", _object(app, "apps/v1", "StatefulSet", time, spec)
    spec = {
        "replicas": app.replicas,
        "selector": selector,
        "template": template,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
    }
    value = _object(app, "apps/v1", "Deployment", time, spec)
    value["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "1"}
    return "deployments.apps", value


def _cron_spec(app: App, template: Object) -> Object:
    return {
        "schedule": app.schedule,
        "concurrencyPolicy": "Forbid",
        "suspend": False,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
        "jobTemplate": {"metadata": {"labels": labels(app)}, "spec": {"backoffLimit": 2, "template": template}},
    }


def _object(app: App, api_version: str, kind: str, time: str, spec: Object) -> Object:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {
            "name": app.name,
            "namespace": app.namespace,
            "generation": 1,
            "creationTimestamp": time,
            "labels": labels(app),
            "managedFields": managed_by(_WHO, api_version, time, *spec),
        },
        "spec": spec,
        "status": {},
    }


def plain(api_version: str, kind: str, namespace: str, name: str, time: str, **parts: Any) -> Object:
    """Any other object: `parts` are its top-level fields, `labels` goes to the metadata."""
    meta: Object = {"name": name, "creationTimestamp": time}
    if namespace:
        meta["namespace"] = namespace
    if found := parts.pop("labels", None):
        meta["labels"] = found
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, **parts}
