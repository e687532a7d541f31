"""Serves IdentityService over gRPC."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

import grpc
import grpc.aio

from octokube.v1 import identity_service_pb2 as pb
from octokube_hub.api.calls import unary

NAME = pb.DESCRIPTOR.services_by_name["IdentityService"].full_name

Methods = dict[str, tuple[Callable[[Any, Any], Awaitable[Any]], Any]]

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Any, Any]


class Part(Protocol):
    """A part of the service."""

    def methods(self) -> Methods:
        """By name: what answers, and the type of the request."""
        ...


class IdentityServicer:
    """Puts the parts together; what they do not have, nobody answers (UNIMPLEMENTED)."""

    def __init__(self, *parts: Part) -> None:
        self._methods: Methods = {}
        for part in parts:
            self._methods.update(part.methods())

    def handlers(self) -> grpc.GenericRpcHandler:
        """What to register with a server."""
        return grpc.method_handlers_generic_handler(
            NAME, {name: unary(name, method, request) for name, (method, request) in self._methods.items()}
        )
