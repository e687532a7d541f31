"""Refuses objects that the real server would refuse, at the level a person with an editor meets."""

from __future__ import annotations

import re
from typing import Any

from octokube_demo import errors
from octokube_demo.objects import Object, labels_of, metadata
from octokube_demo.resources import ResourceType
from octokube_demo.resources.catalog import CRD_TYPE
from octokube_demo.resources.custom import definition_problems
from octokube_demo.writing import schema
from octokube_demo.writing.schema import Cause

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_DNS_LABEL = re.compile(_LABEL)
_LABEL_KEY = re.compile(r"([a-z0-9.-]+/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")

_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
# Names in this group may hold colons, as system:node does.
_FREE_NAMES = frozenset({"rbac.authorization.k8s.io"})
_DNS_LABEL_TYPES = frozenset({"namespaces", "services"})

_SELECTING = frozenset({"deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps"})
_TEMPLATED = _SELECTING | {"jobs.batch"}


def validate(resource: ResourceType, value: Object, old: Object | None = None) -> None:
    """Raises ApiError 422 with every problem at once. `old` is the state an update starts from."""
    causes = _metadata_causes(resource, value)
    if resource.is_custom:
        rules = resource.schemas.get(value.get("apiVersion", "").rpartition("/")[2]) or {}
        causes += [cause for cause in schema.violations(value, rules) if not cause[1].startswith("metadata")]
    elif resource.name == CRD_TYPE:
        causes += definition_problems(value)
    else:
        causes += _built_in_causes(resource.name, value, old)
    if causes:
        raise errors.invalid(resource.kind, resource.group, metadata(value).get("name", ""), causes)


def _metadata_causes(resource: ResourceType, value: Object) -> list[Cause]:
    meta = metadata(value)
    name = str(meta.get("name", ""))
    causes: list[Cause] = []
    if not name:
        text = "Required value: name or generateName is required"
        return [("FieldValueRequired", "metadata.name", text)]
    if resource.group in _FREE_NAMES:
        pass
    elif resource.name in _DNS_LABEL_TYPES:
        if not _DNS_LABEL.fullmatch(name) or len(name) > 63:
            causes.append(("FieldValueInvalid", "metadata.name", f'Invalid value: "{name}": {_LABEL_RULE}'))
    elif not _SUBDOMAIN.fullmatch(name) or len(name) > 253:
        causes.append(("FieldValueInvalid", "metadata.name", f'Invalid value: "{name}": {_SUBDOMAIN_RULE}'))
    for key, text in labels_of(value).items():
        if not _LABEL_KEY.fullmatch(key):
            sentence = f"Invalid value: \"{key}\": name part must consist of alphanumeric characters, '-', '_' or '.'"
            causes.append(("FieldValueInvalid", "metadata.labels", sentence))
        if not isinstance(text, str) or len(text) > 63 or not _LABEL_VALUE.fullmatch(text):
            sentence = (
                f'Invalid value: "{text}": a valid label must be an empty string or consist of alphanumeric characters'
            )
            causes.append(("FieldValueInvalid", "metadata.labels", sentence))
    return causes


def _built_in_causes(type_name: str, value: Object, old: Object | None) -> list[Cause]:
    spec = value.get("spec") if isinstance(value.get("spec"), dict) else {}
    assert isinstance(spec, dict)  # noqa: S101 — for the type checker
    causes: list[Cause] = []
    if type_name == "pods":
        causes += _pod_spec_causes(spec, "spec")
        if old is not None:
            causes += _pod_update_causes(spec, old["spec"])
    replicas = spec.get("replicas")
    if isinstance(replicas, int) and replicas < 0:
        sentence = f"Invalid value: {replicas}: must be greater than or equal to 0"
        causes.append(("FieldValueInvalid", "spec.replicas", sentence))
    elif replicas is not None and (not isinstance(replicas, int) or isinstance(replicas, bool)):
        causes.append(("FieldValueInvalid", "spec.replicas", f"Invalid value: {replicas!r}: must be an integer"))
    if type_name in _SELECTING:
        causes += _selector_causes(spec, old)
    if type_name in _TEMPLATED:
        template = spec.get("template") or {}
        causes += _pod_spec_causes(template.get("spec") or {}, "spec.template.spec")
    needs_ports = spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None"
    if type_name == "services" and needs_ports and not spec.get("ports"):
        causes.append(("FieldValueRequired", "spec.ports", "Required value"))
    if type_name in ("configmaps", "secrets"):
        causes += _data_causes(value, old)
    return causes


def _selector_causes(spec: Object, old: Object | None) -> list[Cause]:
    causes: list[Cause] = []
    selector = spec.get("selector")
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    if not selector:
        causes.append(("FieldValueRequired", "spec.selector", "Required value"))
    wanted = (selector or {}).get("matchLabels") or {}
    if not selector or any(labels.get(key) != text for key, text in wanted.items()):
        sentence = f"Invalid value: {_go_map(labels)}: `selector` does not match template `labels`"
        causes.append(("FieldValueInvalid", "spec.template.metadata.labels", sentence))
    if old is not None and old["spec"].get("selector") != selector:
        causes.append(("FieldValueInvalid", "spec.selector", f"Invalid value: {selector}: field is immutable"))
    return causes


def _go_map(labels: dict[str, str]) -> str:
    """The real server prints Go values; people have learnt to read them."""
    inner = ", ".join(f'"{key}":"{text}"' for key, text in sorted(labels.items()))
    return f"map[string]string{{{inner}}}" if labels else "map[string]string(nil)"


def _pod_spec_causes(spec: Object, path: str) -> list[Cause]:
    containers = spec.get("containers")
    if not isinstance(containers, list) or not containers:
        return [("FieldValueRequired", f"{path}.containers", "Required value")]
    causes: list[Cause] = []
    seen: set[str] = set()
    for index, container in enumerate(containers):
        where = f"{path}.containers[{index}]"
        for field in ("name", "image"):
            if not container.get(field):
                causes.append(("FieldValueRequired", f"{where}.{field}", "Required value"))
        name = container.get("name")
        if name in seen:
            causes.append(("FieldValueDuplicate", f"{where}.name", f'Duplicate value: "{name}"'))
        seen.add(str(name))
    return causes


def _pod_update_causes(spec: Object, old: Object) -> list[Cause]:
    if _frozen_part(spec) == _frozen_part(old):
        return []
    sentence = (
        "Forbidden: pod updates may not change fields other than `spec.containers[*].image`, "
        "`spec.initContainers[*].image`, `spec.activeDeadlineSeconds`, `spec.tolerations` (only additions to existing "
        "tolerations) or `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
    )
    return [("FieldValueForbidden", "spec", sentence)]


def _frozen_part(spec: Object) -> Any:
    free = ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "ephemeralContainers")
    result = {field: part for field, part in spec.items() if field not in free}
    for name in ("containers", "initContainers"):
        if name in result:
            result[name] = [{key: part for key, part in one.items() if key != "image"} for one in result[name]]
    return result


def _data_causes(value: Object, old: Object | None) -> list[Cause]:
    causes: list[Cause] = []
    data = value.get("data")
    if data is not None and (not isinstance(data, dict) or not all(isinstance(text, str) for text in data.values())):
        causes.append(("FieldValueInvalid", "data", "Invalid value: every value of data must be a string"))
    if old is not None and old.get("immutable") and old.get("data") != data:
        causes.append(("FieldValueForbidden", "data", "Forbidden: field is immutable when `immutable` is set"))
    return causes
