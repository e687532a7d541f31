"""Opens a gateway's socket as a page does: with a ticket of its session, and the numbers that it is granted."""

from typing import Any

import aiohttp
from aiohttp import ClientWebSocketResponse
from google.protobuf import json_format
from google.protobuf.message import DecodeError

from octokube.v1 import browser_pb2
from octokube_web.encoding import PROTO
from octokube_web.numbers import BLOCK
from octokube_web.tickets import PREFIX


async def ticket(page: aiohttp.ClientSession) -> str:
    """A fresh ticket."""
    async with page.post("/api/v1/tickets") as answer:
        assert answer.status == 200, await answer.text()
        return str((await answer.json())["ticket"])


async def open_socket(page: aiohttp.ClientSession, *, protocol: str = PROTO) -> ClientWebSocketResponse:
    """The socket of whoever is signed in."""
    return await page.ws_connect("/api/v1/socket", protocols=[protocol, PREFIX + await ticket(page)])


def granted(data: bytes | str) -> int:
    """The first number for channels that a hello grants, in either encoding."""
    hello = browser_pb2.GatewayMessage()
    if isinstance(data, str):
        json_format.Parse(data, hello)
    else:
        hello.ParseFromString(data)
    assert hello.hello.grant.count, hello
    return hello.hello.grant.first


def renumbered(data: bytes | str, first: int) -> bytes | str:
    """A browser's message with channel 1, 2, … as the numbers that a grant begins with; what can't be read as it is."""
    message = browser_pb2.BrowserMessage()
    try:
        if isinstance(data, str):
            json_format.Parse(data, message)
        else:
            message.ParseFromString(data)
    except (DecodeError, json_format.ParseError):
        return data
    if not 0 < message.channel < BLOCK:
        return data
    message.channel += first - 1
    return json_format.MessageToJson(message) if isinstance(data, str) else message.SerializeToString()


class PageSocket:
    """A socket on which a test numbers channels from 1, whatever the gateway granted; all else is the socket's own."""

    def __init__(self, ws: ClientWebSocketResponse, first: int) -> None:
        self.ws = ws
        self.first = first

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ws, name)

    async def send_bytes(self, data: bytes) -> None:
        """Sends a message with its channel as the gateway knows it; what can't be read goes as it is."""
        shifted = renumbered(data, self.first)
        assert isinstance(shifted, bytes)
        await self.ws.send_bytes(shifted)

    async def receive_bytes(self) -> bytes:
        """The next message, with its channel as the test knows it."""
        message = browser_pb2.GatewayMessage.FromString(await self.ws.receive_bytes())
        if message.channel:
            message.channel -= self.first - 1
        return message.SerializeToString()
