"""Attacks a running hub and gateway through every RPC, the browser's socket and bare TCP, beside a bystander.

An attack is a string of bytes, so that chance, Hypothesis and atheris can all draw one: which door, as whom, and the
messages, which are valid ones, cut ones, mixed ones or noise, in whatever order.
"""

import asyncio
import contextlib
import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import grpc.aio
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from octokube.client.calls import GrpcCalls
from octokube.client.grpc_feed import GrpcFeed
from octokube.client.identity import GrpcIdentity
from octokube.runtime.channels import open_channel
from octokube.v1 import (
    admin_service_pb2,
    agent_service_pb2,
    browser_pb2,
    cluster_service_pb2,
    enrolment_service_pb2,
    gateway_service_pb2,
    identity_service_pb2,
    operation_pb2,
)
from octokube_hub.app import Hub
from octokube_hub.broker.request import VERBS
from octokube_hub.settings import HubSettings
from octokube_web.app import Gateway
from octokube_web.encoding import JSON, PROTO
from octokube_web.settings import WebSettings
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key
from tests.hub.policies import write_policy
from tests.hub.watching import Watcher, watching
from tests.support.sockets import granted, renumbered

MODULES = (
    admin_service_pb2,
    agent_service_pb2,
    cluster_service_pb2,
    enrolment_service_pb2,
    gateway_service_pb2,
    identity_service_pb2,
    operation_pb2,
)
REQUESTS: dict[str, Descriptor] = {
    f"/{service.full_name}/{method.name}": method.input_type
    for module in MODULES
    for service in module.DESCRIPTOR.services_by_name.values()
    for method in service.methods
}
"""Every RPC of the contract → what it takes."""
SOCKET, SOCKET_JSON, HUB_BYTES, GATEWAY_BYTES = "socket", "socket in JSON", "hub's port", "gateway's port"
DOORS = (*sorted(REQUESTS), SOCKET, SOCKET_JSON, HUB_BYTES, GATEWAY_BYTES)
CALLERS = ("", "demo:alice", "another agent", "octokube_nonsense")
ENDINGS = {
    grpc.StatusCode.OK,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.CANCELLED,
}
"""Reasons. INTERNAL and UNKNOWN would say that the hub stumbled."""
WRITTEN_AFTER_THE_END = "Internal error from Core"
"""What grpc.aio's client makes of a stream that ends while it writes, in place of the status that the hub sent."""
CLOSE_CODES = {None, 1000, 1003, 1006, 1007, 1008, 1009, 1013, 4401}
"""Reasons of a websocket's end. 1011 would say that the gateway stumbled."""
HIDDEN = b"canary-of-the-vault"
"""In names and statuses that no attacker may see."""
RULES = """
p, user:admin, *, **, **, *, *, always, allow
p, user:alice, c1, red, *, *, read, always, allow
p, user:alice, c1, red, pods, web-*, exec|logs|scale|delete, always, allow
"""
QUIET_SECONDS = 0.02
WORDS = ("c1", "red", "pods", "web-1", "*", "**", "user:alice", "get", "", "x" * 300, "../", "\u202e", "vault", "0")


@dataclass(frozen=True, slots=True)
class Attack:
    """Which door, as whom, with which messages."""

    door: str
    caller: str
    messages: tuple[bytes, ...]

    def encode(self) -> bytes:
        """The bytes that ``read_attack`` makes this of."""
        head = bytes((DOORS.index(self.door), CALLERS.index(self.caller)))
        return head + b"".join(len(message).to_bytes(2) + message for message in self.messages)


def read_attack(content: bytes) -> Attack:
    """What a string of bytes stands for; any string stands for something."""
    door = DOORS[content[0] % len(DOORS)] if content else DOORS[0]
    caller = CALLERS[content[1] % len(CALLERS)] if len(content) > 1 else ""
    messages, place = [], 2
    while place < len(content) and len(messages) < 8:
        length = int.from_bytes(content[place : place + 2])
        messages.append(content[place + 2 : place + 2 + length])
        place += 2 + length
    return Attack(door, caller, tuple(messages))


def seeds(draw: random.Random) -> Iterator[Attack]:
    """An attack by each door as each caller, of messages that are valid one by one."""
    for door in DOORS:
        kind = REQUESTS.get(door, browser_pb2.BrowserMessage.DESCRIPTOR)
        for caller in CALLERS:
            messages = [filled(kind, draw).SerializeToString()[:60_000] for _ in range(3)]
            yield Attack(door, caller, tuple(messages))


def filled(kind: Descriptor, draw: random.Random, depth: int = 0) -> Message:
    """A message of a kind with some of its fields set to what might be meant."""
    message: Any = GetMessageClass(kind)()
    for field in kind.fields:
        if depth > 6 or draw.random() < 0.25:
            continue
        if field.message_type is not None:
            if field.message_type.GetOptions().map_entry:
                continue
            value = filled(field.message_type, draw, depth + 1)
            if field.is_repeated:
                getattr(message, field.name).append(value)
            else:
                getattr(message, field.name).CopyFrom(value)
        elif field.is_repeated:
            getattr(message, field.name).extend(_value(field, draw) for _ in range(draw.randint(0, 3)))
        else:
            setattr(message, field.name, _value(field, draw))
    return message  # type: ignore[no-any-return]


def _value(field: FieldDescriptor, draw: random.Random) -> Any:
    match field.type:
        case FieldDescriptor.TYPE_STRING:
            return draw.choice(WORDS)
        case FieldDescriptor.TYPE_BYTES:
            return draw.randbytes(draw.choice((0, 3, 16, 200)))
        case FieldDescriptor.TYPE_BOOL:
            return draw.random() < 0.5
        case FieldDescriptor.TYPE_ENUM:
            return draw.choice(field.enum_type.values).number
        case FieldDescriptor.TYPE_DOUBLE | FieldDescriptor.TYPE_FLOAT:
            return draw.choice((0.0, 1.5, -1.0, float("nan"), float("inf")))
        case FieldDescriptor.TYPE_INT32 | FieldDescriptor.TYPE_INT64:
            return draw.choice((0, 1, -1, 2**31 - 1))
        case _:
            return draw.choice((0, 1, 1000, 2**32 - 1))


class Stumble(AssertionError):
    """A program did more than refuse."""


class Servers:
    """A hub and a gateway that serve, an agent with something to hide, and a bystander who watches."""

    def __init__(self) -> None:
        self._stack = contextlib.AsyncExitStack()
        self._failures: list[str] = []
        self._count = 0
        self.endings: set[object] = set()

    async def start(self) -> None:
        """Everything stands, and the bystander sees it."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: self._failures.append(repr(context)))
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="octokube-fuzz-")))
        write_policy(folder / "policies", RULES)
        self.hub = Hub(
            HubSettings(listen="127.0.0.1:0", data=folder / "data", policies=folder / "policies", is_demo=True)
        )
        await self.hub.start()
        self._stack.push_async_callback(self.hub.close)
        self._agent = FakeAgent("c1", self.hub.address, await self.hub.create_agent_credential("c1"))
        self._stack.push_async_callback(self._agent.close)
        self._agent.put(key("pods", "red", "web-1"))
        self._agent.put(key("pods", "vault", HIDDEN.decode()), status=HIDDEN.decode())
        self._link = await self._agent.session(operations=sorted(VERBS))
        await self._link.begin()
        self._tokens = {name: name for name in CALLERS}
        self._tokens["another agent"] = await self.hub.create_agent_credential("c2")
        channel = await self._stack.enter_async_context(open_channel(self.hub.address))
        self._attackers = await self._stack.enter_async_context(open_channel(self.hub.address))
        ways = {"identity": GrpcIdentity(channel), "calls": GrpcCalls(channel)}
        self.gateway = Gateway(WebSettings(listen="127.0.0.1:0"), GrpcFeed(channel), **ways)
        await self.gateway.start()
        self._stack.push_async_callback(self.gateway.close)
        self._browser = await self._stack.enter_async_context(aiohttp.ClientSession(self.gateway.url))
        self._bystander: Watcher = await watching(GrpcFeed(channel), "demo:admin")
        self._stack.push_async_callback(self._bystander.close)
        await self._bystander.until(lambda one: "red/web-1" in one.names())

    async def close(self) -> None:
        """Ends everything."""
        await self._stack.aclose()

    async def suffer(self, content: bytes) -> None:
        """Takes one attack. Raises Stumble when more came of it than its own end."""
        attack = read_attack(content)
        match attack.door:
            case "socket":
                await self._socket(attack, PROTO)
            case "socket in JSON":
                await self._socket(attack, JSON)
            case "hub's port":
                await self._bytes(self.hub.address, attack)
            case "gateway's port":
                await self._bytes(self.gateway.url.removeprefix("http://").rstrip("/"), attack)
            case rpc:
                await self._call(rpc, attack)
        self._check(not self._failures, attack, f"an error nobody caught: {self._failures}")
        self._count += 1
        if self._count % 20 == 0:
            await self.check_bystander(attack)

    async def check_bystander(self, attack: Attack | None = None) -> None:
        """What changes in the cluster still reaches who was there before."""
        name = f"after-{self._count}"
        self._agent.put(key("pods", "red", name))
        await self._link.delta()
        try:
            await self._bystander.until(lambda one: f"red/{name}" in one.names())
        except (TimeoutError, EOFError) as error:
            raise Stumble(f"{attack}: the bystander lost the stream: {error!r}") from error
        self._agent.remove(key("pods", "red", name))
        await self._link.delta()

    async def _call(self, rpc: str, attack: Attack) -> None:
        token = self._tokens[attack.caller]
        metadata = (("authorization", f"Bearer {token}"),) if token else ()
        call = self._attackers.stream_stream(rpc)(metadata=metadata)
        try:
            for message in attack.messages:
                await call.write(message)
            await call.done_writing()
            async with asyncio.timeout(QUIET_SECONDS) as quiet:
                while isinstance(answer := await call.read(), bytes):
                    self._check(HIDDEN not in answer, attack, "showed what was hidden")
                    quiet.reschedule(asyncio.get_running_loop().time() + QUIET_SECONDS)
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            pass  # it ended while we wrote
        except TimeoutError:
            call.cancel()  # a stream that was opened as it should be stays open
        details = await call.details() or ""
        if details != WRITTEN_AFTER_THE_END:
            code = await call.code()
            self.endings.add(code)
            self._check(code in ENDINGS, attack, f"ended with {code}: {details}")
        self._check(HIDDEN.decode() not in details, attack, "showed what was hidden in a refusal")

    async def _socket(self, attack: Attack, protocol: str) -> None:
        token = self._tokens[attack.caller]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            ws = await self._browser.ws_connect("/api/v1/socket", protocols=[protocol], headers=headers)
        except aiohttp.WSServerHandshakeError as error:
            self._check(error.status < 500, attack, f"answered {error.status}")
            return
        async with ws:
            begun = await ws.receive()
            first = granted(begun.data) if begun.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY) else 1
            with contextlib.suppress(ConnectionError):
                for index, message in enumerate(attack.messages):
                    is_text = (protocol == JSON) != (index % 5 == 4)
                    data = renumbered(message.decode("utf-8", "replace") if is_text else message, first)
                    await (ws.send_str(data) if isinstance(data, str) else ws.send_bytes(data))
            with contextlib.suppress(TimeoutError):
                while True:
                    answer = await ws.receive(timeout=QUIET_SECONDS)
                    if answer.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                        break
                    shown = answer.data.encode() if isinstance(answer.data, str) else answer.data
                    self._check(HIDDEN not in shown, attack, "showed what was hidden")
            self.endings.add(ws.close_code)
            self._check(ws.close_code in CLOSE_CODES, attack, f"the socket closed with {ws.close_code}")

    async def _bytes(self, address: str, attack: Attack) -> None:
        host, _, port = address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        with contextlib.suppress(ConnectionError, TimeoutError):
            for message in attack.messages:
                writer.write(message)
            await writer.drain()
            async with asyncio.timeout(QUIET_SECONDS):
                self._check(HIDDEN not in await reader.read(), attack, "showed what was hidden")
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    def _check(self, holds: bool, attack: Attack, what: str) -> None:
        if not holds:
            raise Stumble(f"{attack.door} as {attack.caller or 'nobody'}, {attack.messages!r}: {what}")
