"""Writes gateway messages in the socket's two forms: protobuf with the hub's bytes untouched, and protobuf JSON."""

from typing import Protocol

from google.protobuf import json_format, message

from octokube.client.feed import FeedError
from octokube.runtime.wire import bytes_field, varint_field
from octokube.v1 import browser_pb2, cluster_service_pb2

PROTO = "octokube.v1.proto"
JSON = "octokube.v1.json"

_CHANNEL = browser_pb2.GatewayMessage.CHANNEL_FIELD_NUMBER
WATCH = browser_pb2.GatewayMessage.WATCH_FIELD_NUMBER
CATALOG = browser_pb2.GatewayMessage.CATALOG_FIELD_NUMBER
OBJECT = browser_pb2.GatewayMessage.OBJECT_FIELD_NUMBER
ACCESS = browser_pb2.GatewayMessage.ACCESS_FIELD_NUMBER
RUN = browser_pb2.GatewayMessage.RUN_FIELD_NUMBER
FOUND = browser_pb2.GatewayMessage.FOUND_FIELD_NUMBER

FINAL_CODES = frozenset(
    {"OK", "UNAUTHENTICATED", "PERMISSION_DENIED", "INVALID_ARGUMENT", "NOT_FOUND", "UNIMPLEMENTED"}
)
"""Ends after which opening the same again is of no use."""


class BadMessage(ValueError):
    """The browser sent something that is no message. The text says what, in one sentence."""


class Encoding(Protocol):
    """One form of the socket's messages."""

    def decode(self, data: bytes | str) -> browser_pb2.BrowserMessage:
        """Reads a message. Raises BadMessage."""
        ...

    def wrap(self, channel: int, field: int, hub_bytes: bytes) -> bytes | str:
        """A message that holds a hub's response: WATCH, CATALOG, OBJECT, ACCESS, RUN or FOUND."""
        ...

    def encode(self, gateway_message: browser_pb2.GatewayMessage) -> bytes | str:
        """A message of the gateway's own."""
        ...


class ProtoEncoding:
    """Binary. A hub's response is wrapped as it came, without being parsed."""

    def decode(self, data: bytes | str) -> browser_pb2.BrowserMessage:
        """Reads a binary message. Raises BadMessage."""
        if isinstance(data, str):
            raise BadMessage(f"subprotocol {PROTO} speaks binary messages, and this one is text")
        try:
            return browser_pb2.BrowserMessage.FromString(data)
        except message.DecodeError as error:
            raise BadMessage("the message is no encoded BrowserMessage") from error

    def wrap(self, channel: int, field: int, hub_bytes: bytes) -> bytes:
        """Joins the channel number and the hub's bytes."""
        return varint_field(_CHANNEL, channel) + bytes_field(field, hub_bytes)

    def encode(self, gateway_message: browser_pb2.GatewayMessage) -> bytes:
        """Encodes a message of the gateway's own."""
        return gateway_message.SerializeToString()


class JsonEncoding:
    """Text, for scripts and debugging: each response is parsed and written again as protobuf JSON."""

    def decode(self, data: bytes | str) -> browser_pb2.BrowserMessage:
        """Reads a text message. Raises BadMessage."""
        if isinstance(data, bytes):
            raise BadMessage(f"subprotocol {JSON} speaks text messages, and this one is binary")
        try:
            return json_format.Parse(data, browser_pb2.BrowserMessage())
        except (json_format.ParseError, RecursionError) as error:
            raise BadMessage("the message is no BrowserMessage in protobuf JSON") from error

    def wrap(self, channel: int, field: int, hub_bytes: bytes) -> str:
        """Parses a hub's response into the message around it."""
        out = browser_pb2.GatewayMessage(channel=channel)
        response: message.Message = getattr(out, out.DESCRIPTOR.fields_by_number[field].name)
        response.SetInParent()  # an empty response is an answer, too
        response.ParseFromString(hub_bytes)
        return self.encode(out)

    def encode(self, gateway_message: browser_pb2.GatewayMessage) -> str:
        """Writes a message as one line of JSON."""
        return json_format.MessageToJson(gateway_message, indent=None)


def encoding_of(subprotocol: str | None) -> Encoding | None:
    """The form for a negotiated subprotocol; None when none was negotiated."""
    if subprotocol == PROTO:
        return ProtoEncoding()
    return JsonEncoding() if subprotocol == JSON else None


def closed(channel: int, error: FeedError | None) -> browser_pb2.GatewayMessage:
    """The message that a channel has ended, orderly or by an error."""
    if error is None:
        ended = browser_pb2.ChannelClosed(code="OK")
    else:
        ended = browser_pb2.ChannelClosed(
            code=error.code, message=error.message, retryable=error.code not in FINAL_CODES
        )
        if error.retry_after_seconds is not None:
            ended.retry_after.FromMilliseconds(int(error.retry_after_seconds * 1000))
    return browser_pb2.GatewayMessage(channel=channel, closed=ended)


def hello(
    version: str, who: cluster_service_pb2.WhoAmIResponse, grant: browser_pb2.ChannelGrant
) -> browser_pb2.GatewayMessage:
    """The first message on each socket."""
    return browser_pb2.GatewayMessage(
        hello=browser_pb2.GatewayHello(gateway_version=version, who_am_i=who, grant=grant)
    )
