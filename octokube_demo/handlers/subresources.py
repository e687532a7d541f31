"""Answers the subresources that are more than a part of the object: scale, eviction, binding."""

from __future__ import annotations

import math
from typing import Any

from aiohttp import web

from octokube_demo import errors
from octokube_demo.handlers.context import Call, answer
from octokube_demo.objects import Object, is_deleting, labels_of, metadata
from octokube_demo.patching.json_patch import apply_json_patch
from octokube_demo.patching.merge_patch import merge_patch
from octokube_demo.store import Store
from octokube_demo.writing.api import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH
from octokube_demo.writing.deleting import DeleteOptions


async def scale(call: Call) -> web.StreamResponse:
    """GET, PUT and PATCH of `scale`: an `autoscaling/v1` Scale over spec.replicas and status.replicas.

    A custom type is taken to keep them in the same places (the paths in its definition are not followed).
    """
    target = call.target
    current = call.parts.api.get(call.resource.name, target.namespace, target.name)
    shown = _scale_of(current)
    if call.request.method == "GET":
        return answer(shown)
    body = await call.body()
    if call.request.method == "PUT":
        wanted: Object = body if isinstance(body, dict) else {}
    elif call.request.content_type == JSON_PATCH:
        wanted = apply_json_patch(shown, body)
    elif call.request.content_type in (MERGE_PATCH, STRATEGIC_PATCH) and isinstance(body, dict):
        wanted = merge_patch(shown, body)
    else:
        raise errors.unsupported_media_type(f"{JSON_PATCH}, {MERGE_PATCH}, {STRATEGIC_PATCH}")
    replicas = (wanted.get("spec") or {}).get("replicas", 0)
    patch: Object = {"spec": {"replicas": replicas}}
    if version := metadata(wanted).get("resourceVersion"):
        patch["metadata"] = {"resourceVersion": version}
    value, _ = call.parts.api.patch(
        call.resource.name,
        target.namespace,
        target.name,
        MERGE_PATCH,
        patch,
        manager=call.manager,
        is_dry_run=call.is_dry_run,
    )
    return answer(_scale_of(value))


def _scale_of(value: Object) -> Object:
    meta = value["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    spec, status = value.get("spec") or {}, value.get("status") or {}
    selector = (spec.get("selector") or {}).get("matchLabels") or {}
    shown_status: Object = {"replicas": status.get("replicas", 0)}
    if selector:
        shown_status["selector"] = ",".join(f"{key}={text}" for key, text in sorted(selector.items()))
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {field: meta[field] for field in kept if field in meta},
        "spec": {"replicas": spec.get("replicas", 0)},
        "status": shown_status,
    }


async def evict(call: Call) -> web.StreamResponse:
    """POST of `eviction`: deletes the pod unless a PodDisruptionBudget forbids it now (429)."""
    target = call.target
    pod = call.parts.api.get("pods", target.namespace, target.name)
    body = await call.body()
    options = DeleteOptions.parse((body or {}).get("deleteOptions") if isinstance(body, dict) else None, call.query)
    for budget in call.parts.store.values("poddisruptionbudgets.policy", target.namespace):
        if _selects(budget, pod) and _is_ready(pod):
            needed, healthy = disruption_state(call.parts.store, budget)
            if healthy <= needed:
                raise errors.eviction_blocked(budget["metadata"]["name"], needed, healthy)
    call.parts.api.delete("pods", target.namespace, target.name, options)
    return answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, 201)


def _selects(budget: Object, pod: Object) -> bool:
    wanted: dict[str, Any] = ((budget["spec"].get("selector") or {}).get("matchLabels")) or {}
    labels = labels_of(pod)
    return bool(wanted) and all(labels.get(key) == text for key, text in wanted.items())


def disruption_state(store: Store, budget: Object) -> tuple[int, int]:
    """(healthy pods a PodDisruptionBudget needs, healthy pods there are)."""
    pods = [pod for pod in store.values("pods", budget["metadata"]["namespace"]) if _selects(budget, pod)]
    healthy = sum(_is_ready(pod) for pod in pods)
    spec = budget["spec"]
    if "minAvailable" in spec:
        return _share(spec["minAvailable"], len(pods)), healthy
    return len(pods) - _share(spec.get("maxUnavailable", 1), len(pods)), healthy


def _share(amount: Any, total: int) -> int:
    if isinstance(amount, str) and amount.endswith("%"):
        return math.ceil(total * int(amount[:-1]) / 100)
    return int(amount)


def _is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return not is_deleting(pod) and any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


async def bind(call: Call) -> web.StreamResponse:
    """POST of `binding`: what a scheduler does."""
    target = call.target
    pod = call.parts.api.get("pods", target.namespace, target.name)
    body = await call.body()
    node = ((body or {}).get("target") or {}).get("name") if isinstance(body, dict) else None
    if not node:
        causes = [("FieldValueRequired", "target.name", "Required value")]
        raise errors.invalid("Binding", "", target.name, causes)
    if pod["spec"].get("nodeName"):
        why = f'pod {target.name} is already assigned to node "{pod["spec"]["nodeName"]}"'
        raise errors.conflict("pods/binding", "", target.name, why)
    call.parts.store.replace("pods", {**pod, "spec": {**pod["spec"], "nodeName": node}})
    return answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, 201)
