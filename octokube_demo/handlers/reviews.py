"""Answers the virtual types: who is this token, may I do that."""

from __future__ import annotations

from aiohttp import web

from octokube_demo import errors
from octokube_demo.handlers.context import Call, answer
from octokube_demo.objects import Object, metadata
from octokube_demo.tokens import Attempt


async def review(call: Call) -> web.StreamResponse:
    """POST of a review: echoes it with its status. Raises ApiError 405 for other virtual types."""
    body = await call.object_body()
    if call.resource.kind == "SelfSubjectAccessReview":
        status = _access_status(call, body)
    elif call.resource.kind == "TokenReview":
        status = _token_status(call, body)
    else:
        raise errors.method_not_allowed()
    meta = {"creationTimestamp": None, **metadata(body)}
    return answer(
        {
            "kind": call.resource.kind,
            "apiVersion": call.resource.api_version(),
            "metadata": meta,
            "spec": body.get("spec") or {},
            "status": status,
        },
        201,
    )


def _access_status(call: Call, body: Object) -> Object:
    spec = body.get("spec") or {}
    asked = spec.get("resourceAttributes") or {}
    plain = spec.get("nonResourceAttributes") or {}
    attempt = Attempt(
        user=call.user,
        verb=(asked or plain).get("verb", ""),
        group=asked.get("group", ""),
        resource=asked.get("resource", ""),
        subresource=asked.get("subresource", ""),
        namespace=asked.get("namespace", ""),
        name=asked.get("name", ""),
        path=plain.get("path", ""),
    )
    type_name = errors.qualified(attempt.resource, attempt.group)
    return {"allowed": call.parts.authorizer(attempt) and not call.parts.faults.is_forbidden(type_name)}


def _token_status(call: Call, body: Object) -> Object:
    token = (body.get("spec") or {}).get("token", "")
    try:
        user = call.parts.tokens.user_of(f"Bearer {token}")
    except errors.ApiError:
        return {"authenticated": False, "user": {}, "error": "the token is not known"}
    return {"authenticated": True, "user": {"username": user.name, "groups": list(user.groups)}}
