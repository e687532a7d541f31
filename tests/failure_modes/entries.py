"""Goes in by every entry point there is, and writes down all that comes out: answers, errors, streams."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import aiohttp
import grpc
import grpc.aio
from google.protobuf import json_format, message_factory
from google.protobuf.descriptor import ServiceDescriptor

from octokube.client.feed import FeedError
from octokube.v1 import admin_service_pb2 as admin_pb
from octokube.v1 import agent_service_pb2 as agent_pb
from octokube.v1 import browser_pb2, frame_pb2, resource_pb2
from octokube.v1 import cluster_service_pb2 as pb
from octokube.v1 import enrolment_service_pb2 as enrolment_pb
from octokube.v1 import gateway_service_pb2 as gateway_pb
from octokube.v1 import identity_service_pb2 as identity_pb
from octokube.v1 import operation_pb2 as operation_pb
from octokube_web.administration import METHODS, PATH, RECORDING
from octokube_web.encoding import JSON, PROTO
from tests.failure_modes.streams import Doors, Tap, decoded
from tests.support.sockets import granted

CLUSTER_SERVICE = "octokube.v1.ClusterService"
ADMIN_SERVICE = "octokube.v1.AdminService"
_IDENTITY = identity_pb.DESCRIPTOR.services_by_name["IdentityService"]
_ENROLMENT = enrolment_pb.DESCRIPTOR.services_by_name["EnrolmentService"]
_GATEWAYS = gateway_pb.DESCRIPTOR.services_by_name["GatewayService"]
QUIET_SECONDS = 0.15
"""A stream that has said nothing for so long has said what it has to say for now."""


@dataclass(frozen=True)
class Target:
    """What somebody asks about."""

    cluster: str
    type: str
    namespace: str
    name: str

    @property
    def key(self) -> resource_pb2.Key:
        """The contract's form."""
        return resource_pb2.Key(type=self.type, namespace=self.namespace, name=self.name)

    @property
    def subscription(self) -> pb.Subscription:
        """Everything, and this by name."""
        return pb.Subscription(
            clusters=["*", self.cluster],
            types=["*", self.type],
            namespaces=["**", self.namespace or "cluster"],
            names=["*", self.name],
            detail=pb.DETAIL_OBJECTS,
        )


class Caller:
    """One person with a token, on the wire of every door."""

    def __init__(self, token: str, doors: Doors, channel: grpc.aio.Channel, browser: aiohttp.ClientSession) -> None:
        self.token = token
        self.doors = doors
        self.channel = channel
        self.browser = browser

    async def unary(self, rpc: str, request: bytes) -> bytes:
        """An answer, or how it was refused: code, words, trailing metadata."""
        call = self.channel.unary_unary(f"/{rpc}")(request, metadata=self._metadata)
        try:
            answer = await call
            assert isinstance(answer, bytes)
        except grpc.aio.AioRpcError as error:
            return _written(error)
        return b"answer:" + answer

    async def answers(self, rpc: str, request: bytes) -> bytes:
        """All messages that answer one request, or how it was refused."""
        call = self.channel.unary_stream(f"/{rpc}")(request, metadata=self._metadata)
        try:
            return b"answers:" + b"|".join([message async for message in call])
        except grpc.aio.AioRpcError as error:
            return _written(error)

    async def connect(self, request: bytes, *, rpc: str = "octokube.v1.AgentService/Connect") -> bytes:
        """What an agent's stream says to a first message."""
        call = self.channel.stream_stream(f"/{rpc}")(metadata=self._metadata)
        try:
            await call.write(request)
            return repr(await call.read()).encode()
        except grpc.aio.AioRpcError as error:
            return _written(error)
        finally:
            call.cancel()

    async def run(self, start: operation_pb.OperationStart) -> bytes:
        """All that an operation says until it ends or falls silent.

        A decision's number, which counts everybody's decisions and so tells how busy a hub is, is left out.
        """
        call = self.channel.stream_stream("/octokube.v1.OperationService/Run")(metadata=self._metadata)
        lines: list[bytes] = []
        try:
            await call.write(operation_pb.RunRequest(start=start).SerializeToString())
            while True:
                # The first, a lease or a refusal, comes always, however busy the machine; after it silence is an end.
                async with asyncio.timeout(5 * QUIET_SECONDS if lines else 5):
                    message = await call.read()
                if not isinstance(message, bytes):
                    break
                response = operation_pb.RunResponse.FromString(message)
                if response.HasField("result"):
                    response.result.decision_id = "#"
                lines.append(response.SerializeToString(deterministic=True))
        except grpc.aio.AioRpcError as error:
            lines.append(_written(error))
        except TimeoutError:
            lines.append(b"(silence)")
        finally:
            call.cancel()
        return b"\n".join(lines)

    async def stream(self, kind: str, target: Target, *, act: Callable[[], Awaitable[None]] | None = None) -> bytes:
        """All that a stream says until it falls silent, each message with its length on the wire.

        A resume token is sealed with chance, so that two are never equal: it is replaced by its length.
        """
        try:
            tap = await self.doors.open(kind, self.token, target.subscription)
        except FeedError as error:
            return repr((error.code, error.message)).encode()
        await _silence(tap)
        if act is not None:
            await act()
            await _silence(tap)
        await tap.close()
        lines = []
        for _, message in tap.received:
            response = decoded(tap.kind, message)
            if isinstance(response, pb.WatchResponse) and response.frame.resume_token:
                response.frame.resume_token = b"#" * len(response.frame.resume_token)
            lines.append(b"%d:%s" % (len(message), response.SerializeToString(deterministic=True)))
        return b"\n".join([*lines, tap.end.encode()])

    async def on_socket(self, opening: browser_pb2.BrowserMessage, *, protocol: str = PROTO) -> bytes:
        """The hello, and the answer on a channel that is answered once. The number, by chance, is replaced by 1."""
        headers = {"Authorization": f"Bearer {self.token}"}
        lines = []
        async with self.browser.ws_connect("/api/v1/socket", protocols=[protocol], headers=headers) as ws:
            async for message in ws:
                if not lines:
                    opening.channel = granted(message.data)
                data = _renumbered(message.data, opening.channel)
                lines.append(data)
                if len(lines) == 1 and protocol == JSON:
                    await ws.send_str(json_format.MessageToJson(opening))
                elif len(lines) == 1:
                    await ws.send_bytes(opening.SerializeToString())
                elif b'"closed"' in data or (protocol == PROTO and _is_end(data)):
                    break
            return b"\n".join([*lines, str(ws.close_code).encode()])

    async def http(self, method: str, path: str, **options: object) -> bytes:
        """Status, headers that say anything, and body."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.browser.request(method, path, headers=headers, **options) as answer:  # type: ignore[arg-type]
            told = sorted((name, value) for name, value in answer.headers.items() if name not in ("Date", "Set-Cookie"))
            return repr((answer.status, told)).encode() + await answer.read()

    @property
    def _metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.token}"),)


async def _silence(tap: Tap) -> None:
    await tap.until(lambda tap: tap.received or tap.ended_at)
    before = -1
    while before != len(tap.received):
        before = len(tap.received)
        await asyncio.sleep(QUIET_SECONDS)


Probe = Callable[[Caller, Target], Awaitable[bytes]]


def _unary(rpc: str, make: Callable[[Target], object]) -> Probe:
    async def probe(caller: Caller, target: Target) -> bytes:
        message = make(target)
        return await caller.unary(rpc, message.SerializeToString())  # type: ignore[attr-defined]

    return probe


def _stream(kind: str) -> Probe:
    async def probe(caller: Caller, target: Target) -> bytes:
        return await caller.stream(kind, target)

    return probe


async def _connect(caller: Caller, target: Target) -> bytes:
    hello = agent_pb.AgentHello(cluster=target.cluster, position=frame_pb2.Position(epoch=bytes(16)))
    return await caller.connect(agent_pb.ConnectRequest(hello=hello).SerializeToString())


async def _run(caller: Caller, target: Target) -> bytes:
    asked = operation_pb.OperationTarget(cluster=target.cluster, key=target.key)
    starts = (
        operation_pb.OperationStart(target=asked, idempotency_key="k", get=operation_pb.GetOperation()),
        operation_pb.OperationStart(target=asked, idempotency_key="k", logs=operation_pb.LogsOperation()),
        operation_pb.OperationStart(target=asked, idempotency_key="k", exec=operation_pb.ExecOperation(command=["sh"])),
        operation_pb.OperationStart(target=asked, idempotency_key="k", delete=operation_pb.DeleteOperation()),
    )
    return b"\n".join([await caller.run(start) for start in starts])


def _operate(door: str) -> Probe:
    """A refused operation and one that is allowed to some, by one of a feed's or socket's doors."""

    async def probe(caller: Caller, target: Target) -> bytes:
        asked = operation_pb.OperationTarget(cluster=target.cluster, key=target.key)
        told = []
        for start in (
            operation_pb.OperationStart(target=asked, get=operation_pb.GetOperation()),
            operation_pb.OperationStart(target=asked, exec=operation_pb.ExecOperation(command=["sh"])),
        ):
            try:
                tap = await caller.doors.operate(door, caller.token, start)
            except FeedError as error:
                told.append(repr((error.code, error.message)).encode())
                continue
            with contextlib.suppress(TimeoutError):  # which is silence: an agent that does not answer
                await tap.until(lambda tap: tap.ended_at, seconds=3 * QUIET_SECONDS)
            await tap.close()
            for _, message in tap.received:
                response = decoded(tap.kind, message)
                if isinstance(response, operation_pb.RunResponse) and response.HasField("result"):
                    response.result.decision_id = "#"
                told.append(response.SerializeToString(deterministic=True))
            told.append(tap.end.encode())
        return b"\n".join(told)

    return probe


async def _execute(caller: Caller, target: Target) -> bytes:
    first = operation_pb.ExecuteRequest(operation_id=target.name).SerializeToString()
    return await caller.connect(first, rpc="octokube.v1.OperationLinkService/Execute")


async def _read_recording(caller: Caller, target: Target) -> bytes:
    asked = admin_pb.ReadRecordingRequest(session_id=target.name)
    return await caller.answers(f"{ADMIN_SERVICE}/ReadRecording", asked.SerializeToString())


def _named(service: ServiceDescriptor, method: str) -> Probe:
    """A method about people, agents and their secrets, with the target's name wherever a text can stand."""
    request = message_factory.GetMessageClass(service.methods_by_name[method].input_type)

    def filled(target: Target) -> Any:
        message = request()
        for field in message.DESCRIPTOR.fields:
            if field.type == field.TYPE_STRING and not field.is_repeated:
                setattr(message, field.name, f"user:{target.name}" if field.name == "subject" else target.name)
            elif field.type == field.TYPE_BYTES:
                setattr(message, field.name, target.name.encode())
        return message

    return _unary(f"{service.full_name}/{method}", filled)


async def _begin_device(caller: Caller, target: Target) -> bytes:
    """Codes by chance and an instant are replaced by their lengths."""
    asked = identity_pb.BeginDeviceSignInRequest(client_name=target.name)
    told = await caller.unary(f"{_IDENTITY.full_name}/BeginDeviceSignIn", asked.SerializeToString())
    if not told.startswith(b"answer:"):
        return told
    begun = identity_pb.BeginDeviceSignInResponse.FromString(told.removeprefix(b"answer:"))
    begun.device_code, begun.user_code = "#" * len(begun.device_code), "#" * len(begun.user_code)
    begun.ClearField("expires_at")
    return begun.SerializeToString()


RPCS: dict[str, Probe] = {
    f"{CLUSTER_SERVICE}/Watch": _stream("watch over grpc"),
    f"{CLUSTER_SERVICE}/WatchCatalog": _stream("watch_catalog over grpc"),
    f"{CLUSTER_SERVICE}/GetObject": _unary(
        f"{CLUSTER_SERVICE}/GetObject", lambda target: pb.GetObjectRequest(cluster=target.cluster, key=target.key)
    ),
    f"{CLUSTER_SERVICE}/WhoAmI": _unary(f"{CLUSTER_SERVICE}/WhoAmI", lambda _: pb.WhoAmIRequest()),
    f"{CLUSTER_SERVICE}/Search": _unary(
        f"{CLUSTER_SERVICE}/Search", lambda target: pb.SearchRequest(within=target.subscription)
    ),
    f"{CLUSTER_SERVICE}/ExplainAccess": _unary(
        f"{CLUSTER_SERVICE}/ExplainAccess",
        lambda target: pb.ExplainAccessRequest(cluster=target.cluster, key=target.key),
    ),
    f"{ADMIN_SERVICE}/GetHubStatus": _unary(f"{ADMIN_SERVICE}/GetHubStatus", lambda _: admin_pb.GetHubStatusRequest()),
    f"{ADMIN_SERVICE}/ListAuditRecords": _unary(
        f"{ADMIN_SERVICE}/ListAuditRecords", lambda _: admin_pb.ListAuditRecordsRequest()
    ),
    f"{ADMIN_SERVICE}/GetPolicy": _unary(f"{ADMIN_SERVICE}/GetPolicy", lambda _: admin_pb.GetPolicyRequest()),
    f"{ADMIN_SERVICE}/SimulateAccess": _unary(
        f"{ADMIN_SERVICE}/SimulateAccess", lambda target: admin_pb.SimulateAccessRequest(subject=f"user:{target.name}")
    ),
    f"{ADMIN_SERVICE}/CreateToken": _unary(
        f"{ADMIN_SERVICE}/CreateToken", lambda target: admin_pb.CreateTokenRequest(subject=f"user:{target.name}")
    ),
    f"{ADMIN_SERVICE}/ListTokens": _unary(f"{ADMIN_SERVICE}/ListTokens", lambda _: admin_pb.ListTokensRequest()),
    f"{ADMIN_SERVICE}/RevokeToken": _unary(
        f"{ADMIN_SERVICE}/RevokeToken", lambda target: admin_pb.RevokeTokenRequest(token_id=target.name)
    ),
    f"{ADMIN_SERVICE}/CreateAgentCredential": _unary(
        f"{ADMIN_SERVICE}/CreateAgentCredential",
        lambda target: admin_pb.CreateAgentCredentialRequest(cluster=target.cluster),
    ),
    f"{ADMIN_SERVICE}/RevokeAgentCredential": _unary(
        f"{ADMIN_SERVICE}/RevokeAgentCredential",
        lambda target: admin_pb.RevokeAgentCredentialRequest(credential_id=target.name),
    ),
    f"{ADMIN_SERVICE}/ListSessions": _unary(f"{ADMIN_SERVICE}/ListSessions", lambda _: admin_pb.ListSessionsRequest()),
    f"{ADMIN_SERVICE}/ReadRecording": _read_recording,
    **{
        f"{service.full_name}/{method.name}": _named(service, method.name)
        for service in (_IDENTITY, _ENROLMENT, _GATEWAYS)
        for method in service.methods
    },
    f"{_IDENTITY.full_name}/BeginDeviceSignIn": _begin_device,
    "octokube.v1.AgentService/Connect": _connect,
    "octokube.v1.OperationService/Run": _run,
    "octokube.v1.OperationLinkService/Execute": _execute,
}
"""Every RPC of the product. Health and reflection, which are not ours, serve no data of any cluster."""


def _get_object(protocol: str) -> Probe:
    async def probe(caller: Caller, target: Target) -> bytes:
        asked = pb.GetObjectRequest(cluster=target.cluster, key=target.key)
        return await caller.on_socket(browser_pb2.BrowserMessage(get_object=asked), protocol=protocol)

    return probe


def _explain_access(protocol: str) -> Probe:
    async def probe(caller: Caller, target: Target) -> bytes:
        asked = pb.ExplainAccessRequest(cluster=target.cluster, key=target.key)
        return await caller.on_socket(browser_pb2.BrowserMessage(explain_access=asked), protocol=protocol)

    return probe


def _search(protocol: str) -> Probe:
    async def probe(caller: Caller, target: Target) -> bytes:
        return await caller.on_socket(browser_pb2.BrowserMessage(search=_searched(target)), protocol=protocol)

    return probe


def _searched(target: Target) -> pb.SearchRequest:
    return pb.SearchRequest(within=target.subscription)


CHANNELS: dict[str, Probe] = {
    "watch": _stream("watch over websocket"),
    "catalog": _stream("watch_catalog over websocket"),
    "get_object": _get_object(PROTO),
    "explain_access": _explain_access(PROTO),
    "search": _search(PROTO),
    "run": _operate("websocket"),
}
"""Everything that can be opened on a socket; what else a browser may say opens nothing."""
AS_JSON: dict[str, Probe] = {
    "watch": _stream("watch over websocket-json"),
    "catalog": _stream("watch_catalog over websocket-json"),
    "get_object": _get_object(JSON),
    "explain_access": _explain_access(JSON),
    "search": _search(JSON),
    "run": _operate("websocket-json"),
}
"""The same in the socket's other encoding."""
OPENS_NOTHING = {"close", "ping"}


def _http(method: str, path: str) -> Probe:
    async def probe(caller: Caller, target: Target) -> bytes:
        where = path.replace("{path}", f"{target.cluster}/{target.type}/{target.namespace}/{target.name}")
        options = {"json": {"token": caller.token}} if method == "POST" else {}
        answer = await caller.http(method, where, **options)
        return answer.replace(where.encode(), b"(the path that was asked for)")

    return probe


async def _administration(caller: Caller, target: Target) -> bytes:
    """Every method that the gateway carries, with the target's name wherever a text can stand."""
    told = []
    for service, method in METHODS:
        kind = METHODS[service, method].input_type
        asked = {field.json_name: target.name for field in kind.fields if field.type == field.TYPE_STRING}
        told.append(await caller.http("POST", f"/api/v1/hub/{service}/{method}", json=asked))
    return b"\n".join(told)


async def _recording(caller: Caller, target: Target) -> bytes:
    return await caller.http("GET", f"/api/v1/recordings/{target.name}")


ROUTES: dict[tuple[str, str], Probe] = {
    ("GET", "/livez"): _http("GET", "/livez"),
    ("GET", "/readyz"): _http("GET", "/readyz"),
    ("GET", "/api/v1/about"): _http("GET", "/api/v1/about"),
    ("GET", "/api/v1/session"): _http("GET", "/api/v1/session"),
    ("POST", "/api/v1/session"): _http("POST", "/api/v1/session"),
    ("DELETE", "/api/v1/session"): _http("DELETE", "/api/v1/session"),
    ("POST", "/api/v1/tickets"): _http("POST", "/api/v1/tickets"),
    ("POST", "/api/v1/device"): _http("POST", "/api/v1/device"),
    ("POST", "/api/v1/device/decision"): _http("POST", "/api/v1/device/decision"),
    ("GET", "/api/v1/signin"): _http("GET", "/api/v1/signin"),
    ("GET", "/api/v1/signin/callback"): _http("GET", "/api/v1/signin/callback?code=c&state=s"),
    ("GET", "/api/v1/socket"): _http("GET", "/api/v1/socket"),
    ("POST", PATH): _administration,
    ("GET", RECORDING): _recording,
    ("GET", "/{path}"): _http("GET", "/api/v1/{path}"),
}
"""Every route of the gateway. What a socket serves is in CHANNELS."""


async def _in_process(asking: Awaitable[object]) -> bytes:
    try:
        answer = await asking
    except FeedError as error:
        return repr((error.code, error.message, error.retry_after_seconds)).encode()
    return answer if isinstance(answer, bytes) else answer.SerializeToString()  # type: ignore[attr-defined]


async def _feed_who_am_i(caller: Caller, _: Target) -> bytes:
    return await _in_process(caller.doors.feed.who_am_i(caller.token))


async def _feed_get_object(caller: Caller, target: Target) -> bytes:
    request = pb.GetObjectRequest(cluster=target.cluster, key=target.key).SerializeToString()
    return await _in_process(caller.doors.feed.get_object(caller.token, request))


async def _feed_explain_access(caller: Caller, target: Target) -> bytes:
    request = pb.ExplainAccessRequest(cluster=target.cluster, key=target.key).SerializeToString()
    return await _in_process(caller.doors.feed.explain_access(caller.token, request))


async def _feed_search(caller: Caller, target: Target) -> bytes:
    return await _in_process(caller.doors.feed.search(caller.token, _searched(target).SerializeToString()))


FEED: dict[str, Probe] = {
    "who_am_i": _feed_who_am_i,
    "get_object": _feed_get_object,
    "explain_access": _feed_explain_access,
    "search": _feed_search,
    "watch": _stream("watch over in-process"),
    "watch_catalog": _stream("watch_catalog over in-process"),
    "operate": _operate("in-process"),
}
"""Every method of a Feed, in the hub's own process."""


def everything_there_is() -> dict[str, Probe]:
    """All of them by name."""
    named = {f"channel {name}": probe for name, probe in CHANNELS.items()}
    named |= {f"channel {name} as JSON": probe for name, probe in AS_JSON.items()}
    named |= {f"{method} {path}": probe for (method, path), probe in ROUTES.items()}
    named |= {f"in process: {name}": probe for name, probe in FEED.items()}
    return RPCS | named


def _renumbered(data: bytes | str, channel: int) -> bytes:
    if isinstance(data, str):
        return data.replace(str(channel), "1").encode()
    message = browser_pb2.GatewayMessage.FromString(data)
    message.channel = 1 if message.channel else 0
    if message.HasField("hello"):
        message.hello.grant.first = 1
    return message.SerializeToString(deterministic=True)


def _is_end(data: bytes) -> bool:
    return browser_pb2.GatewayMessage.FromString(data).HasField("closed")


async def transcripts(caller: Caller, targets: Iterable[Target]) -> dict[str, bytes]:
    """By every entry point about every target."""

    async def ask(probe: Probe) -> bytes:
        return b"\n".join([await probe(caller, target) for target in targets])

    named = everything_there_is()
    return dict(zip(named, await asyncio.gather(*map(ask, named.values())), strict=True))


def _written(error: grpc.aio.AioRpcError) -> bytes:
    trailing = sorted((str(name), str(value)) for name, value in error.trailing_metadata() or ())
    return repr((error.code().name, error.details(), trailing)).encode()
