"""The types that every Kubernetes server has, to catch misspelt ones."""

import difflib

_NAMESPACED = {
    "": "bindings configmaps endpoints events limitranges persistentvolumeclaims pods podtemplates"
    " replicationcontrollers resourcequotas secrets serviceaccounts services",
    "apps": "controllerrevisions daemonsets deployments replicasets statefulsets",
    "autoscaling": "horizontalpodautoscalers",
    "batch": "cronjobs jobs",
    "coordination.k8s.io": "leases",
    "discovery.k8s.io": "endpointslices",
    "networking.k8s.io": "ingresses networkpolicies",
    "policy": "poddisruptionbudgets",
    "rbac.authorization.k8s.io": "rolebindings roles",
}
_CLUSTER_SCOPED = {
    "": "componentstatuses namespaces nodes persistentvolumes",
    "admissionregistration.k8s.io": "mutatingwebhookconfigurations validatingwebhookconfigurations",
    "apiextensions.k8s.io": "customresourcedefinitions",
    "certificates.k8s.io": "certificatesigningrequests",
    "networking.k8s.io": "ingressclasses",
    "rbac.authorization.k8s.io": "clusterrolebindings clusterroles",
    "scheduling.k8s.io": "priorityclasses",
    "storage.k8s.io": "csidrivers csinodes storageclasses volumeattachments",
}


def _names(groups: dict[str, str]) -> frozenset[str]:
    return frozenset(f"{plural}.{group}".rstrip(".") for group, text in groups.items() for plural in text.split())


NAMESPACED = _names(_NAMESPACED)
CLUSTER_SCOPED = _names(_CLUSTER_SCOPED)
_KNOWN = sorted(NAMESPACED | CLUSTER_SCOPED)


def find_fault(type_name: str) -> str | None:
    """Says why a type without a group cannot exist, or None.

    Types with a group are taken as they are: custom resources may have any name. The group "" is frozen, so that a name
    without a group that is not on the list is a mistake on every server.
    """
    if "." in type_name or type_name in NAMESPACED or type_name in CLUSTER_SCOPED:
        return None
    for known in _KNOWN:
        if known.startswith(f"{type_name}."):
            return f"{type_name!r} needs its group; write {known}"
    near = difflib.get_close_matches(type_name, _KNOWN, n=1, cutoff=0.7)
    hint = f"did you mean {near[0]}?" if near else "custom types need their group, such as widgets.example.com"
    return f"there is no type {type_name!r} without a group; {hint}"
