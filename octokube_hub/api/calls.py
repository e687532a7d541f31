"""What all gRPC services of the hub share: who calls, and how a refusal is told."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

import grpc
import grpc.aio
import structlog
from google.protobuf.message import DecodeError

from octokube_hub.errors import Refused
from octokube_hub.identity.secret import read_bearer

log = structlog.get_logger(__name__)

DEFECT = "the hub failed on this request; its log says why"


def token_of(context: "grpc.aio.ServicerContext[Any, Any]") -> str:
    """The bearer secret of a call; "" when there is none, or more than one."""
    values = [value for name, value in context.invocation_metadata() or () if name == "authorization"]
    if len(values) != 1 or not isinstance(values[0], str):
        return ""
    return read_bearer(values[0])


def certificate_of(context: "grpc.aio.ServicerContext[Any, Any]") -> bytes:
    """The certificate that the peer of a call has shown in the handshake, PEM; b"" when it was not asked for one."""
    return next(iter(context.auth_context().get("x509_pem_cert", ())), b"")


async def abort(context: "grpc.aio.ServicerContext[Any, Any]", refused: Refused) -> NoReturn:
    """Ends a call with the status that a refusal stands for."""
    trailing: tuple[tuple[str, str], ...] = ()
    if refused.retry_after_seconds is not None:
        trailing = (("retry-after", f"{refused.retry_after_seconds:.3f}"),)
    await context.abort(grpc.StatusCode[refused.code], refused.message, trailing)
    raise AssertionError("abort returned")


async def answering(
    context: "grpc.aio.ServicerContext[Any, Any]", method: str, work: Callable[[], Awaitable[Any]]
) -> Any:
    """Runs a call's work. A refusal becomes its status; a defect becomes INTERNAL without a word of what it was."""
    try:
        return await work()
    except Refused as refused:
        await abort(context, refused)
    except asyncio.CancelledError:
        raise
    except grpc.aio.AbortError:
        raise
    except Exception as error:
        if context.cancelled() or context.done():
            return None  # the caller has gone while we were writing to them
        log.error("call.failed", method=method, exc_info=error)
        await context.abort(grpc.StatusCode.INTERNAL, DEFECT)


def parsed(request: Any, message: bytes) -> Any:
    """A request of a kind, read from what came. Raises Refused when it is none.

    Given to gRPC as a deserialiser instead, the parser's error would be told to the caller as the hub's failure.
    """
    try:
        return request.FromString(message)
    except DecodeError:
        raise Refused("INVALID_ARGUMENT", f"this is not a {request.DESCRIPTOR.name} of the contract") from None


def unary(name: str, method: Callable[[Any, Any], Awaitable[Any]], request: Any) -> "grpc.RpcMethodHandler[Any, Any]":
    """Serves a method that takes one message of a kind, and the context, and returns one."""

    async def handle(message: bytes, context: "grpc.aio.ServicerContext[Any, Any]") -> Any:
        return await answering(context, name, lambda: method(parsed(request, message), context))

    return grpc.unary_unary_rpc_method_handler(
        handle, response_serializer=lambda response: response.SerializeToString()
    )


async def read(context: "grpc.aio.ServicerContext[Any, Any]") -> bytes | None:
    """The next message of a stream; None at the end."""
    message = await context.read()
    return message if isinstance(message, bytes) else None
