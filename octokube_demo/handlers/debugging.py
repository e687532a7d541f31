"""Answers `pods/ephemeralcontainers`, and starts what was added as a kubelet would."""

from __future__ import annotations

from aiohttp import web

from octokube_demo.handlers import items
from octokube_demo.handlers.context import Call
from octokube_demo.objects import Object, timestamp

MISSING_TAG = ":missing"
"""An image with this tag is one that no registry has."""


async def debug(call: Call) -> web.StreamResponse:
    """GET, PUT and PATCH: of the specification, only the ephemeral containers change."""
    if call.request.method == "GET":
        return await items.get_object(call)
    handle = items.put_object if call.request.method == "PUT" else items.patch_object
    response = await handle(call)
    if not call.is_dry_run:
        _start(call)
    return response


def _start(call: Call) -> None:
    store, key = call.parts.store, (call.target.namespace, call.target.name)
    pod = store.peek("pods", *key)
    if pod is None or not pod["spec"].get("nodeName"):
        return
    status = pod.get("status") or {}
    known = {one["name"]: one for one in status.get("ephemeralContainerStatuses") or ()}
    now = timestamp(call.parts.settings.now())
    for one in pod["spec"].get("ephemeralContainers") or ():
        known.setdefault(one["name"], _status(one, now))
    store.replace("pods", {**pod, "status": {**status, "ephemeralContainerStatuses": list(known.values())}})


def _status(container: Object, now: str) -> Object:
    is_missing = str(container.get("image", "")).endswith(MISSING_TAG)
    state: Object = {"waiting": {"reason": "ErrImagePull"}} if is_missing else {"running": {"startedAt": now}}
    shown = {"name": container["name"], "image": container.get("image", ""), "imageID": "", "restartCount": 0}
    return {**shown, "ready": False, "state": state, "lastState": {}}
