"""Fills in the fields a client may leave out, in place."""

from __future__ import annotations

import base64
from random import Random
from typing import Any

from octokube_demo.objects import Object

_EVERYWHERE_TOLERATED = [
    {"key": f"node.kubernetes.io/{why}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    for why in ("not-ready", "unreachable")
]


def fill_defaults(type_name: str, value: Object, random: Random) -> None:
    """Fills in what the real server fills in and somebody could notice. Types not named here get nothing."""
    spec = value.get("spec")
    if type_name == "pods" and isinstance(spec, dict):
        _pod_spec(spec)
        spec.setdefault("tolerations", [dict(one) for one in _EVERYWHERE_TOLERATED])
        spec.setdefault("priority", 0)
        spec.setdefault("enableServiceLinks", True)
        spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
        value.setdefault("status", {})
        value["status"].setdefault("phase", "Pending")
        value["status"].setdefault("qosClass", _qos_class(spec))
    elif type_name == "namespaces":
        value.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
        value.setdefault("status", {}).setdefault("phase", "Active")
        # Since 1.21 every namespace carries its name as a label, for selectors.
        labels = value["metadata"].setdefault("labels", {})
        labels.setdefault("kubernetes.io/metadata.name", value["metadata"].get("name", ""))
    elif type_name == "services" and isinstance(spec, dict):
        _service_spec(spec, random)
        value.setdefault("status", {"loadBalancer": {}})
    elif type_name == "secrets":
        value.setdefault("type", "Opaque")
        _encode_string_data(value)
    elif type_name == "customresourcedefinitions.apiextensions.k8s.io" and isinstance(spec, dict):
        _definition(spec)
    elif type_name == "persistentvolumeclaims" and isinstance(spec, dict):
        spec.setdefault("volumeMode", "Filesystem")
        value.setdefault("status", {}).setdefault("phase", "Pending")
    elif type_name == "horizontalpodautoscalers.autoscaling" and isinstance(spec, dict):
        spec.setdefault("minReplicas", 1)
    elif isinstance(spec, dict):
        _workload(type_name, spec, value)


def _workload(type_name: str, spec: Object, value: Object) -> None:
    if type_name == "deployments.apps":
        spec.setdefault("replicas", 1)
        spec.setdefault("strategy", {}).setdefault("type", "RollingUpdate")
        if spec["strategy"]["type"] == "RollingUpdate":
            rolling = spec["strategy"].setdefault("rollingUpdate", {})
            rolling.setdefault("maxUnavailable", "25%")
            rolling.setdefault("maxSurge", "25%")
        spec.setdefault("revisionHistoryLimit", 10)
        spec.setdefault("progressDeadlineSeconds", 600)
    elif type_name in ("replicasets.apps", "replicationcontrollers"):
        spec.setdefault("replicas", 1)
    elif type_name == "statefulsets.apps":
        spec.setdefault("replicas", 1)
        spec.setdefault("podManagementPolicy", "OrderedReady")
        spec.setdefault("updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}})
        spec.setdefault("revisionHistoryLimit", 10)
    elif type_name == "daemonsets.apps":
        spec.setdefault(
            "updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}
        )
        spec.setdefault("revisionHistoryLimit", 10)
    elif type_name == "jobs.batch":
        spec.setdefault("parallelism", 1)
        spec.setdefault("completions", 1)
        spec.setdefault("backoffLimit", 6)
        spec.setdefault("suspend", False)
    elif type_name == "cronjobs.batch":
        spec.setdefault("concurrencyPolicy", "Allow")
        spec.setdefault("suspend", False)
        spec.setdefault("successfulJobsHistoryLimit", 3)
        spec.setdefault("failedJobsHistoryLimit", 1)
        template = (spec.get("jobTemplate") or {}).get("spec") or {}
        _template(template)
    else:
        return
    value.setdefault("status", {})
    _template(spec)


def _template(spec: Object) -> None:
    template = spec.get("template")
    if isinstance(template, dict) and isinstance(template.get("spec"), dict):
        _pod_spec(template["spec"])


def _pod_spec(spec: Object) -> None:
    for name in ("initContainers", "containers"):
        for container in spec.get(name) or ():
            if isinstance(container, dict):
                _container(container)
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")


def _container(container: Object) -> None:
    for port in container.get("ports") or ():
        if isinstance(port, dict):
            port.setdefault("protocol", "TCP")
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    image = str(container.get("image", ""))
    is_floating = ":" not in image.rpartition("/")[2] or image.endswith(":latest")
    container.setdefault("imagePullPolicy", "Always" if is_floating else "IfNotPresent")


def _qos_class(spec: Object) -> str:
    resources: list[Any] = [
        (one.get("resources") or {}) for one in spec.get("containers") or () if isinstance(one, dict)
    ]
    if not any(one.get("requests") or one.get("limits") for one in resources):
        return "BestEffort"
    if resources and all(
        one.get("limits")
        and {"cpu", "memory"} <= one["limits"].keys()
        and one.get("requests", one["limits"]) == one["limits"]
        for one in resources
    ):
        return "Guaranteed"
    return "Burstable"


def _service_spec(spec: Object, random: Random) -> None:
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    if spec["type"] != "ExternalName" and "clusterIP" not in spec:
        spec["clusterIP"] = f"10.96.{random.randrange(256)}.{random.randrange(1, 255)}"
        spec["clusterIPs"] = [spec["clusterIP"]]
    for port in spec.get("ports") or ():
        if isinstance(port, dict):
            port.setdefault("protocol", "TCP")
            port.setdefault("targetPort", port.get("port"))


def _encode_string_data(value: Object) -> None:
    plain = value.pop("stringData", None)
    if isinstance(plain, dict):
        data = value.setdefault("data", {})
        for key, text in plain.items():
            data[key] = base64.b64encode(str(text).encode()).decode()


def _definition(spec: Object) -> None:
    names = spec.get("names")
    if isinstance(names, dict) and "kind" in names:
        names.setdefault("singular", str(names["kind"]).lower())
        names.setdefault("listKind", f"{names['kind']}List")
    spec.setdefault("conversion", {"strategy": "None"})
