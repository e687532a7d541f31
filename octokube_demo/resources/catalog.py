"""Lists the built-in types, as a recent kube-apiserver serves them."""

from __future__ import annotations

from octokube_demo.resources.kinds import CREATE_ONLY, ResourceType, Subresource

READ = ("get", "list")
_READ_WRITE = ("get", "patch", "update")


def _status(kind: str) -> Subresource:
    return Subresource("status", kind, _READ_WRITE)


_SCALE = Subresource("scale", "Scale", _READ_WRITE, group="autoscaling", version="v1")

_POD_SUBRESOURCES = (
    Subresource("attach", "PodAttachOptions", ("create", "get")),
    Subresource("binding", "Binding", CREATE_ONLY),
    Subresource("ephemeralcontainers", "Pod", _READ_WRITE),
    Subresource("eviction", "Eviction", CREATE_ONLY, group="policy", version="v1"),
    Subresource("exec", "PodExecOptions", ("create", "get")),
    Subresource("log", "Pod", ("get",)),
    Subresource("portforward", "PodPortForwardOptions", ("create", "get")),
    _status("Pod"),
)


def _core() -> list[ResourceType]:
    v1 = ("v1",)
    return [
        ResourceType("", v1, "bindings", "Binding", verbs=CREATE_ONLY),
        ResourceType("", v1, "configmaps", "ConfigMap", short_names=("cm",)),
        ResourceType("", v1, "endpoints", "Endpoints", short_names=("ep",)),
        ResourceType("", v1, "events", "Event", short_names=("ev",)),
        ResourceType("", v1, "limitranges", "LimitRange", short_names=("limits",)),
        ResourceType(
            "",
            v1,
            "namespaces",
            "Namespace",
            namespaced=False,
            short_names=("ns",),
            # The real server offers no deletecollection here, so that nobody empties a cluster by one call.
            verbs=("create", "delete", "get", "list", "patch", "update", "watch"),
            subresources=(Subresource("finalize", "Namespace", ("update",)), _status("Namespace")),
        ),
        ResourceType("", v1, "nodes", "Node", namespaced=False, short_names=("no",), subresources=(_status("Node"),)),
        ResourceType(
            "",
            v1,
            "persistentvolumeclaims",
            "PersistentVolumeClaim",
            short_names=("pvc",),
            subresources=(_status("PersistentVolumeClaim"),),
        ),
        ResourceType(
            "",
            v1,
            "persistentvolumes",
            "PersistentVolume",
            namespaced=False,
            short_names=("pv",),
            subresources=(_status("PersistentVolume"),),
        ),
        ResourceType("", v1, "pods", "Pod", short_names=("po",), categories=("all",), subresources=_POD_SUBRESOURCES),
        ResourceType(
            "",
            v1,
            "replicationcontrollers",
            "ReplicationController",
            short_names=("rc",),
            categories=("all",),
            subresources=(_SCALE, _status("ReplicationController")),
            has_generation=True,
        ),
        ResourceType(
            "", v1, "resourcequotas", "ResourceQuota", short_names=("quota",), subresources=(_status("ResourceQuota"),)
        ),
        ResourceType("", v1, "secrets", "Secret"),
        ResourceType("", v1, "serviceaccounts", "ServiceAccount", short_names=("sa",)),
        ResourceType(
            "",
            v1,
            "services",
            "Service",
            short_names=("svc",),
            categories=("all",),
            subresources=(_status("Service"),),
        ),
    ]


def _apps() -> list[ResourceType]:
    def workload(plural: str, kind: str, short: str, *, has_scale: bool = True) -> ResourceType:
        subresources = (_SCALE, _status(kind)) if has_scale else (_status(kind),)
        return ResourceType(
            "apps",
            ("v1",),
            plural,
            kind,
            short_names=(short,),
            categories=("all",),
            subresources=subresources,
            has_generation=True,
        )

    return [
        ResourceType("apps", ("v1",), "controllerrevisions", "ControllerRevision"),
        workload("daemonsets", "DaemonSet", "ds", has_scale=False),
        workload("deployments", "Deployment", "deploy"),
        workload("replicasets", "ReplicaSet", "rs"),
        workload("statefulsets", "StatefulSet", "sts"),
    ]


def _rbac() -> list[ResourceType]:
    group, v1 = "rbac.authorization.k8s.io", ("v1",)
    return [
        ResourceType(group, v1, "clusterrolebindings", "ClusterRoleBinding", namespaced=False),
        ResourceType(group, v1, "clusterroles", "ClusterRole", namespaced=False),
        ResourceType(group, v1, "rolebindings", "RoleBinding"),
        ResourceType(group, v1, "roles", "Role"),
    ]


def _others() -> list[ResourceType]:
    v1 = ("v1",)
    return [
        ResourceType("authentication.k8s.io", v1, "tokenreviews", "TokenReview", namespaced=False, verbs=CREATE_ONLY),
        ResourceType(
            "authorization.k8s.io",
            v1,
            "selfsubjectaccessreviews",
            "SelfSubjectAccessReview",
            namespaced=False,
            verbs=CREATE_ONLY,
        ),
        ResourceType(
            "autoscaling",
            ("v2",),
            "horizontalpodautoscalers",
            "HorizontalPodAutoscaler",
            short_names=("hpa",),
            categories=("all",),
            subresources=(_status("HorizontalPodAutoscaler"),),
        ),
        ResourceType(
            "batch",
            v1,
            "cronjobs",
            "CronJob",
            short_names=("cj",),
            categories=("all",),
            subresources=(_status("CronJob"),),
            has_generation=True,
        ),
        ResourceType(
            "batch",
            v1,
            "jobs",
            "Job",
            categories=("all",),
            subresources=(_status("Job"),),
            has_generation=True,
        ),
        ResourceType("coordination.k8s.io", v1, "leases", "Lease"),
        ResourceType("events.k8s.io", v1, "events", "Event", short_names=("ev",), shows="events"),
        ResourceType("networking.k8s.io", v1, "ingressclasses", "IngressClass", namespaced=False, has_generation=True),
        ResourceType(
            "networking.k8s.io",
            v1,
            "ingresses",
            "Ingress",
            short_names=("ing",),
            subresources=(_status("Ingress"),),
            has_generation=True,
        ),
        ResourceType(
            "networking.k8s.io",
            v1,
            "networkpolicies",
            "NetworkPolicy",
            singular="networkpolicy",
            short_names=("netpol",),
            has_generation=True,
        ),
        ResourceType(
            "policy",
            v1,
            "poddisruptionbudgets",
            "PodDisruptionBudget",
            short_names=("pdb",),
            subresources=(_status("PodDisruptionBudget"),),
            has_generation=True,
        ),
        ResourceType("storage.k8s.io", v1, "storageclasses", "StorageClass", namespaced=False, short_names=("sc",)),
        ResourceType(
            "apiextensions.k8s.io",
            v1,
            "customresourcedefinitions",
            "CustomResourceDefinition",
            namespaced=False,
            short_names=("crd", "crds"),
            categories=("api-extensions",),
            subresources=(_status("CustomResourceDefinition"),),
            has_generation=True,
        ),
        ResourceType(
            "metrics.k8s.io", ("v1beta1",), "nodes", "NodeMetrics", namespaced=False, verbs=READ, shows="nodes"
        ),
        ResourceType("metrics.k8s.io", ("v1beta1",), "pods", "PodMetrics", verbs=READ, shows="pods"),
    ]


CRD_TYPE = "customresourcedefinitions.apiextensions.k8s.io"


def built_in() -> list[ResourceType]:
    """Every built-in type, core first."""
    return [*_core(), *_apps(), *_rbac(), *_others()]
