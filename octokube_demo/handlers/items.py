"""Answers requests for one object: GET, PUT, PATCH, DELETE."""

from __future__ import annotations

from aiohttp import web

from octokube_demo import errors
from octokube_demo.handlers.context import Call, answer
from octokube_demo.objects import Object
from octokube_demo.writing.api import APPLY_PATCH
from octokube_demo.writing.deleting import DeleteOptions

# These answer a DELETE with the object, the others with a Status, also on the real server.
_RETURNED_WHEN_DELETED = frozenset(
    {"pods", "services", "persistentvolumeclaims", "persistentvolumes", "serviceaccounts", "resourcequotas"}
)


async def get_object(call: Call) -> web.StreamResponse:
    """GET."""
    target = call.target
    return answer(call.shown(call.parts.api.get(call.resource.name, target.namespace, target.name)))


async def put_object(call: Call) -> web.StreamResponse:
    """PUT, also of the status and finalize subresources."""
    target = call.target
    value = call.parts.api.replace(
        call.resource.name,
        target.namespace,
        target.name,
        await call.object_body(),
        subresource=target.subresource,
        manager=call.manager,
        is_dry_run=call.is_dry_run,
    )
    return answer(call.shown(value))


async def patch_object(call: Call) -> web.StreamResponse:
    """PATCH of any kind, also of the status subresource."""
    target = call.target
    content_type = call.request.content_type
    if content_type == APPLY_PATCH and not call.query.get("fieldManager"):
        causes = [("FieldValueRequired", "fieldManager", "Required value: is required for apply patch")]
        raise errors.invalid("PatchOptions", "meta.k8s.io", "", causes)
    value, is_created = call.parts.api.patch(
        call.resource.name,
        target.namespace,
        target.name,
        content_type,
        await call.body(),
        subresource=target.subresource,
        manager=call.manager,
        force=call.flag("force"),
        is_dry_run=call.is_dry_run,
    )
    return answer(call.shown(value), 201 if is_created else 200)


async def delete_object(call: Call) -> web.StreamResponse:
    """DELETE."""
    target = call.target
    options = DeleteOptions.parse(await call.body(), call.query)
    value, is_gone = call.parts.api.delete(call.resource.name, target.namespace, target.name, options)
    if not is_gone or call.resource.name in _RETURNED_WHEN_DELETED:
        return answer(call.shown(value))
    details: Object = {"name": target.name}
    if call.resource.group:
        details["group"] = call.resource.group
    details |= {"kind": call.resource.plural, "uid": value["metadata"]["uid"]}
    return answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})
