import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from octokube.v1 import cluster_service_pb2 as _cluster_service_pb2
from octokube.v1 import operation_pb2 as _operation_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BrowserMessage(_message.Message):
    __slots__ = ("channel", "watch", "catalog", "get_object", "close", "ping", "explain_access", "run", "search")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    WATCH_FIELD_NUMBER: _ClassVar[int]
    CATALOG_FIELD_NUMBER: _ClassVar[int]
    GET_OBJECT_FIELD_NUMBER: _ClassVar[int]
    CLOSE_FIELD_NUMBER: _ClassVar[int]
    PING_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_ACCESS_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    channel: int
    watch: _cluster_service_pb2.WatchRequest
    catalog: _cluster_service_pb2.WatchCatalogRequest
    get_object: _cluster_service_pb2.GetObjectRequest
    close: ChannelClose
    ping: Ping
    explain_access: _cluster_service_pb2.ExplainAccessRequest
    run: _operation_pb2.RunRequest
    search: _cluster_service_pb2.SearchRequest
    def __init__(self, channel: _Optional[int] = ..., watch: _Optional[_Union[_cluster_service_pb2.WatchRequest, _Mapping]] = ..., catalog: _Optional[_Union[_cluster_service_pb2.WatchCatalogRequest, _Mapping]] = ..., get_object: _Optional[_Union[_cluster_service_pb2.GetObjectRequest, _Mapping]] = ..., close: _Optional[_Union[ChannelClose, _Mapping]] = ..., ping: _Optional[_Union[Ping, _Mapping]] = ..., explain_access: _Optional[_Union[_cluster_service_pb2.ExplainAccessRequest, _Mapping]] = ..., run: _Optional[_Union[_operation_pb2.RunRequest, _Mapping]] = ..., search: _Optional[_Union[_cluster_service_pb2.SearchRequest, _Mapping]] = ...) -> None: ...

class GatewayMessage(_message.Message):
    __slots__ = ("channel", "watch", "catalog", "object", "closed", "pong", "hello", "access", "run", "grant", "found")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    WATCH_FIELD_NUMBER: _ClassVar[int]
    CATALOG_FIELD_NUMBER: _ClassVar[int]
    OBJECT_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    PONG_FIELD_NUMBER: _ClassVar[int]
    HELLO_FIELD_NUMBER: _ClassVar[int]
    ACCESS_FIELD_NUMBER: _ClassVar[int]
    RUN_FIELD_NUMBER: _ClassVar[int]
    GRANT_FIELD_NUMBER: _ClassVar[int]
    FOUND_FIELD_NUMBER: _ClassVar[int]
    channel: int
    watch: _cluster_service_pb2.WatchResponse
    catalog: _cluster_service_pb2.WatchCatalogResponse
    object: _cluster_service_pb2.GetObjectResponse
    closed: ChannelClosed
    pong: Pong
    hello: GatewayHello
    access: _cluster_service_pb2.ExplainAccessResponse
    run: _operation_pb2.RunResponse
    grant: ChannelGrant
    found: _cluster_service_pb2.SearchResponse
    def __init__(self, channel: _Optional[int] = ..., watch: _Optional[_Union[_cluster_service_pb2.WatchResponse, _Mapping]] = ..., catalog: _Optional[_Union[_cluster_service_pb2.WatchCatalogResponse, _Mapping]] = ..., object: _Optional[_Union[_cluster_service_pb2.GetObjectResponse, _Mapping]] = ..., closed: _Optional[_Union[ChannelClosed, _Mapping]] = ..., pong: _Optional[_Union[Pong, _Mapping]] = ..., hello: _Optional[_Union[GatewayHello, _Mapping]] = ..., access: _Optional[_Union[_cluster_service_pb2.ExplainAccessResponse, _Mapping]] = ..., run: _Optional[_Union[_operation_pb2.RunResponse, _Mapping]] = ..., grant: _Optional[_Union[ChannelGrant, _Mapping]] = ..., found: _Optional[_Union[_cluster_service_pb2.SearchResponse, _Mapping]] = ...) -> None: ...

class ChannelClose(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ChannelClosed(_message.Message):
    __slots__ = ("code", "message", "retryable", "retry_after")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    retryable: bool
    retry_after: _duration_pb2.Duration
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., retryable: _Optional[bool] = ..., retry_after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Ping(_message.Message):
    __slots__ = ("nonce",)
    NONCE_FIELD_NUMBER: _ClassVar[int]
    nonce: int
    def __init__(self, nonce: _Optional[int] = ...) -> None: ...

class Pong(_message.Message):
    __slots__ = ("nonce",)
    NONCE_FIELD_NUMBER: _ClassVar[int]
    nonce: int
    def __init__(self, nonce: _Optional[int] = ...) -> None: ...

class GatewayHello(_message.Message):
    __slots__ = ("gateway_version", "who_am_i", "grant")
    GATEWAY_VERSION_FIELD_NUMBER: _ClassVar[int]
    WHO_AM_I_FIELD_NUMBER: _ClassVar[int]
    GRANT_FIELD_NUMBER: _ClassVar[int]
    gateway_version: str
    who_am_i: _cluster_service_pb2.WhoAmIResponse
    grant: ChannelGrant
    def __init__(self, gateway_version: _Optional[str] = ..., who_am_i: _Optional[_Union[_cluster_service_pb2.WhoAmIResponse, _Mapping]] = ..., grant: _Optional[_Union[ChannelGrant, _Mapping]] = ...) -> None: ...

class ChannelGrant(_message.Message):
    __slots__ = ("first", "count")
    FIRST_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    first: int
    count: int
    def __init__(self, first: _Optional[int] = ..., count: _Optional[int] = ...) -> None: ...
