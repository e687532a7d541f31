"""Takes every request through the same steps: faults, who, what, may they, do it, or say why not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog
from aiohttp import web

from octokube_demo import errors
from octokube_demo.handlers import (
    collections,
    debugging,
    items,
    kubelet_proxy,
    metrics,
    plain,
    reviews,
    subresources,
)
from octokube_demo.handlers.context import Call, Parts, check_accept, error_answer
from octokube_demo.paths import Target, parse_target
from octokube_demo.resources import ResourceType
from octokube_demo.tokens import Attempt, User

log = structlog.get_logger(__name__)

Handler: TypeAlias = Callable[[Call], Awaitable[web.StreamResponse]]

_COLLECTION: dict[str, Handler] = {
    "list": collections.list_collection,
    "watch": collections.watch_collection,
    "create": collections.create_object,
    "deletecollection": collections.delete_collection,
}
_ITEM: dict[str, Handler] = {
    "get": items.get_object,
    "update": items.put_object,
    "patch": items.patch_object,
    "delete": items.delete_object,
}
_SUBRESOURCES: dict[str, Handler] = {
    "scale": subresources.scale,
    "eviction": subresources.evict,
    "binding": subresources.bind,
    "log": kubelet_proxy.logs,
    "exec": kubelet_proxy.execute,
    "attach": kubelet_proxy.attach,
    "portforward": kubelet_proxy.forward,
    "ephemeralcontainers": debugging.debug,
}
_VERBS = {"PUT": "update", "PATCH": "patch", "POST": "create"}


class Dispatcher:
    """The one handler of the HTTP server."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers one request; every refusal becomes a Status."""
        if self._parts.faults.is_refusing_connections and request.transport is not None:
            request.transport.abort()
            raise ConnectionResetError("the simulated cluster refuses connections")
        try:
            return await self._answer(request)
        except errors.ApiError as error:
            return error_answer(error)
        except (web.HTTPException, ConnectionError):
            raise
        except Exception:
            log.exception("request.failed", method=request.method, path=request.path)
            return error_answer(errors.internal("the simulated cluster has a bug; its log says where"))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.rel_url.raw_path
        if path.rstrip("/") not in plain.PUBLIC_PATHS:
            await self._parts.faults.before_request()
            user = self._user(request)
        else:
            user = User("system:anonymous", ("system:unauthenticated",))
        target = parse_target(path)
        if target is None:
            self._parts.requests[f"get {path.rstrip('/')}"] += 1
            return plain.answer_plain(self._parts, request, path)
        return await self._answer_resource(request, user, target)

    def _user(self, request: web.Request) -> User:
        user = self._parts.tokens.user_of(request.headers.get("Authorization"))
        acting_as = request.headers.get("Impersonate-User")
        if not acting_as:
            return user
        attempt = Attempt(user=user, verb="impersonate", resource="users", name=acting_as)
        if not self._parts.authorizer(attempt):
            raise errors.forbidden(user.name, "impersonate", "users", "", name=acting_as)
        return User(acting_as, tuple(request.headers.getall("Impersonate-Group", [])))

    async def _answer_resource(self, request: web.Request, user: User, target: Target) -> web.StreamResponse:
        resource = self._parts.registry.at(target.group, target.version, target.plural)
        if resource is None:
            if not self._parts.registry.in_version(target.group, target.version):
                return web.Response(text="404 page not found\n", status=404)
            raise errors.no_such_path()
        if target.namespace and not resource.namespaced:
            raise errors.no_such_path()
        if resource.namespaced and target.name and not target.namespace:
            raise errors.no_such_path()
        check_accept(request)
        verb = _verb(request, target)
        self._parts.requests[f"{verb} {resource.name}{'/' if target.subresource else ''}{target.subresource}"] += 1
        self._authorize(user, verb, resource, target)
        handler = _handler(resource, target, verb)
        return await handler(Call(self._parts, request, user, target, resource))

    def _authorize(self, user: User, verb: str, resource: ResourceType, target: Target) -> None:
        attempt = Attempt(
            user=user,
            verb=verb,
            group=resource.group,
            resource=resource.plural,
            subresource=target.subresource,
            namespace=target.namespace,
            name=target.name,
        )
        if self._parts.faults.is_forbidden(resource.name) or not self._parts.authorizer(attempt):
            raise errors.forbidden(
                user.name,
                verb,
                resource.plural,
                resource.group,
                namespace=target.namespace,
                name=target.name,
                subresource=target.subresource,
            )


def _verb(request: web.Request, target: Target) -> str:
    if request.method in ("GET", "HEAD"):
        if target.name:
            return "get"
        is_watch = request.query.get("watch", "").lower() in ("1", "true")
        return "watch" if is_watch else "list"
    if request.method == "DELETE":
        return "delete" if target.name else "deletecollection"
    if request.method in _VERBS:
        return _VERBS[request.method]
    raise errors.method_not_allowed()


def _handler(resource: ResourceType, target: Target, verb: str) -> Handler:
    if resource.group == metrics.GROUP:
        return metrics.metrics
    if not target.subresource:
        if not resource.can_be_listed:
            if verb == "create":
                return reviews.review
            raise errors.method_not_allowed()
        handler = (_ITEM if target.name else _COLLECTION).get(verb)
        if handler is None or verb not in resource.verbs:
            raise errors.method_not_allowed()
        return handler
    subresource = resource.subresource(target.subresource)
    if subresource is None:
        raise errors.no_such_path()
    if verb not in subresource.verbs:
        raise errors.method_not_allowed()
    return _SUBRESOURCES.get(target.subresource) or _ITEM[verb]
