"""Finds how an object gives more privileges after a write than before."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]

POWERFUL_TYPES = {
    "roles.rbac.authorization.k8s.io": "it changes what Kubernetes lets people do",
    "clusterroles.rbac.authorization.k8s.io": "it changes what Kubernetes lets people do",
    "rolebindings.rbac.authorization.k8s.io": "it changes what Kubernetes lets people do",
    "clusterrolebindings.rbac.authorization.k8s.io": "it changes what Kubernetes lets people do",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": "it changes what happens to every write",
    "validatingwebhookconfigurations.admissionregistration.k8s.io": "it changes which writes the cluster refuses",
    "mutatingadmissionpolicies.admissionregistration.k8s.io": "it changes what happens to every write",
    "validatingadmissionpolicies.admissionregistration.k8s.io": "it changes which writes the cluster refuses",
    "validatingadmissionpolicybindings.admissionregistration.k8s.io": "it changes which writes the cluster refuses",
    "apiservices.apiregistration.k8s.io": "it changes who answers for a part of the API",
    "certificatesigningrequests.certificates.k8s.io": "it asks for a credential of the cluster",
}
_HOST_FLAGS = {
    "hostNetwork": "it uses the node's network",
    "hostPID": "it sees the node's processes",
    "hostIPC": "it shares the node's memory",
}
_POD_CONTEXT = frozenset(("runAsUser", "runAsGroup", "runAsNonRoot", "fsGroup"))
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_SECRET_FIELDS = frozenset(("nodePublishSecretRef", "secret", "secretKeyRef", "secretRef"))
_POD_SECURITY = "pod-security.kubernetes.io/"


@dataclass(slots=True)
class _Privileges:
    """Those of one object: ``extraordinary`` ones count wherever they come from; ``ordinary`` ones, which most objects
    have, count only when what has them now had been without. Each is a place and a sentence.
    """

    extraordinary: set[tuple[str, str]] = field(default_factory=set)
    ordinary: set[tuple[str, str]] = field(default_factory=set)
    places: set[str] = field(default_factory=set)


def escalations(type: str, before: Object | None, after: Object) -> list[str]:
    """How a write raises privileges, one sentence each; none when it does not. ``after`` is the object as the server
    would have it, with its defaults; ``before`` is None when there was none.
    """
    found = [POWERFUL_TYPES[type]] if type in POWERFUL_TYPES else []
    had, has = _privileges(type, before or {}), _privileges(type, after)
    raised = has.extraordinary - had.extraordinary
    raised |= {(place, what) for place, what in has.ordinary - had.ordinary if place in had.places}
    found += [f"{what} ({place})" if place else what for place, what in sorted(raised)]
    return found


def _privileges(type: str, obj: Object) -> _Privileges:
    found = _Privileges()
    for path, spec in _pod_specs(obj, ""):
        _of_pod(path, spec, found)
    for path, container in _lone_containers(obj, ""):
        _of_container(path, container, {}, found)
        for name in _secrets([container.get("env"), container.get("envFrom")]):
            found.extraordinary.add((path, f"it reads secret {name}"))
    if type == "persistentvolumes":
        for kind in ("hostPath", "local"):
            if source := _dict(_dict(obj.get("spec")).get(kind)).get("path"):
                found.extraordinary.add(("", f"it is {source} of a node"))
    if type == "secrets" and obj.get("type") == "kubernetes.io/service-account-token":
        annotations = (obj.get("metadata") or {}).get("annotations") or {}
        account = annotations.get("kubernetes.io/service-account.name", "")
        found.extraordinary.add(("", f"it holds a token of service account {account}"))
    if type == "serviceaccounts" and obj:
        found.places.add("")
        if obj.get("automountServiceAccountToken") is not False:
            found.ordinary.add(("", "its pods get its token"))
    if type == "namespaces":
        labels = (obj.get("metadata") or {}).get("labels") or {}
        found.places.update({""} if obj else ())
        for name, value in labels.items():
            if str(name).startswith(_POD_SECURITY):
                found.extraordinary.add(("", f"it sets {name} to {value}"))
        if obj and not any(str(name).startswith(f"{_POD_SECURITY}enforce") for name in labels):
            found.ordinary.add(("", "it enforces no pod security level"))
    return found


def _pod_specs(node: Any, path: str) -> Iterator[tuple[str, Object]]:
    """Everything in an object that is shaped like the specification of a pod, in custom resources, too."""
    if isinstance(node, dict):
        if any(isinstance(node.get(name), list) for name in _CONTAINERS) or _is_part_of_pod(node):
            yield path, node
        for name, value in node.items():
            if name not in _CONTAINERS:
                yield from _pod_specs(value, f"{path}.{name}" if path else str(name))
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from _pod_specs(value, f"{path}[{position}]")


def _is_part_of_pod(node: Object) -> bool:
    """Whether an operator makes a pod of it and of containers of its own. A schema that describes such parts is none:
    where they have values, it has objects.
    """
    volumes, context = node.get("volumes"), _dict(node.get("securityContext"))
    return (
        any(node.get(name) is True for name in _HOST_FLAGS)
        or any(isinstance(node.get(name), str) for name in ("serviceAccountName", "serviceAccount"))
        or (isinstance(volumes, list) and bool(_dicts(volumes)))
        or any(isinstance(value, bool | int | str) for name, value in context.items() if name in _POD_CONTEXT)
    )


def _lone_containers(node: Any, path: str) -> Iterator[tuple[str, Object]]:
    """What is shaped like a container and stands alone, as in the templates of workflows."""
    if isinstance(node, dict):
        if isinstance(node.get("image"), str):
            yield path, node
        for name, value in node.items():
            if name not in _CONTAINERS and (path or name != "status"):
                yield from _lone_containers(value, f"{path}.{name}" if path else str(name))
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from _lone_containers(value, f"{path}[{position}]")


def _of_pod(path: str, spec: Object, found: _Privileges) -> None:
    found.places.add(path)
    extraordinary, ordinary = found.extraordinary, found.ordinary
    extraordinary.update((path, what) for name, what in _HOST_FLAGS.items() if spec.get(name))
    if spec.get("hostUsers") is True:
        extraordinary.add((path, "it shares the node's users"))
    of_node: dict[str, object] = {}
    for volume in _dicts(spec.get("volumes")):
        if isinstance(volume.get("hostPath"), dict):
            of_node[str(volume.get("name"))] = volume["hostPath"].get("path")
            extraordinary.add((path, f"it mounts {volume['hostPath'].get('path')} of the node by hostPath"))
        for source in _dicts(_dict(volume.get("projected")).get("sources")):
            if audience := _dict(source.get("serviceAccountToken")).get("audience"):
                extraordinary.add((path, f"it gets a token for {audience}"))
    # Whoever may run something in the pod reads what it reads, as by the verb reveal.
    for name in _secrets([spec.get(part) for part in ("volumes", *_CONTAINERS)]):
        extraordinary.add((path, f"it reads secret {name}"))
    if str(spec.get("priorityClassName")).startswith("system-"):
        extraordinary.add((path, "it comes before all others"))
    ordinary.add((path, f"it runs in runtime class {spec.get('runtimeClassName') or 'default'}"))
    # The server keeps both names alike; what else reads a custom resource may go by either.
    named = {str(spec[name]) for name in ("serviceAccountName", "serviceAccount") if spec.get(name)}
    for account in named or {"default"}:
        kind = ordinary if account == "default" else extraordinary
        kind.add((path, f"it runs as service account {account}"))
    if spec.get("automountServiceAccountToken") is not False:
        ordinary.add((path, "it gets its service account's token"))
    context = _dict(spec.get("securityContext"))
    more = context.get("supplementalGroups")
    if 0 in (context.get("fsGroup"), context.get("runAsGroup")) or (isinstance(more, list) and 0 in more):
        extraordinary.add((path, "it runs in root's group"))
    for setting in _dicts(context.get("sysctls")):
        extraordinary.add((path, f"it sets the kernel's {setting.get('name')}"))
    for group in _CONTAINERS:
        for container in _dicts(spec.get(group)):
            place = f"{path}, container {container.get('name')}".removeprefix(", ")
            _of_container(place, container, context, found)
            for mount in _dicts(container.get("volumeMounts")):
                if (name := str(mount.get("name"))) in of_node:
                    may = "read" if mount.get("readOnly") is True else "change"
                    extraordinary.add((place, f"it may {may} {of_node[name]} of the node"))


def _of_container(place: str, container: Object, of_pod: Object, found: _Privileges) -> None:
    found.places.add(place)
    own = _dict(container.get("securityContext"))
    extraordinary, ordinary = found.extraordinary, found.ordinary
    if own.get("privileged"):
        extraordinary.add((place, "it is privileged"))
    for capability in _dict(own.get("capabilities")).get("add") or ():
        extraordinary.add((place, f"it gets the capability {capability}"))
    dropped = _dict(own.get("capabilities")).get("drop") or ()
    if "ALL" not in dropped:
        ordinary.add((place, "it keeps the usual capabilities"))
    if own.get("allowPrivilegeEscalation"):
        extraordinary.add((place, "its processes may gain privileges"))
    if own.get("allowPrivilegeEscalation") is not False:
        ordinary.add((place, "its processes are not kept from gaining privileges"))
    user = own.get("runAsUser", of_pod.get("runAsUser"))
    if user == 0:
        extraordinary.add((place, "it runs as root"))
    if user == 0 or (user is None and not own.get("runAsNonRoot", of_pod.get("runAsNonRoot"))):
        ordinary.add((place, "it is not kept from running as root"))
    if own.get("runAsGroup") == 0:
        extraordinary.add((place, "it runs in root's group"))
    if own.get("procMount") not in (None, "Default"):
        extraordinary.add((place, "it sees all of /proc"))
    for profile in ("seccompProfile", "appArmorProfile"):
        if _dict(own.get(profile, of_pod.get(profile))).get("type") == "Unconfined":
            extraordinary.add((place, f"its {profile} is Unconfined"))
    for port in _dicts(container.get("ports")):
        if port.get("hostPort"):
            extraordinary.add((place, f"it takes the node's port {port['hostPort']}"))
    for options in ("seLinuxOptions", "windowsOptions"):
        chosen = _dict(own.get(options, of_pod.get(options)))
        for name, value in chosen.items():
            extraordinary.add((place, f"it sets {options}.{name} to {value}"))


def _secrets(node: Any) -> Iterator[str]:
    """The names of Secrets that volumes, environments and drivers are told to read."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "secretName" and isinstance(value, str):
                yield value
            elif name in _SECRET_FIELDS and isinstance(value, dict) and value.get("name"):
                yield str(value["name"])
            yield from _secrets(value)
    elif isinstance(node, list):
        for one in node:
            yield from _secrets(one)


def _dict(value: Any) -> Object:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[Object]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
