import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from octokube.v1 import frame_pb2 as _frame_pb2
from octokube.v1 import resource_pb2 as _resource_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ConnectRequest(_message.Message):
    __slots__ = ("hello", "frame")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    hello: AgentHello
    frame: LinkFrame
    def __init__(self, hello: _Optional[_Union[AgentHello, _Mapping]] = ..., frame: _Optional[_Union[LinkFrame, _Mapping]] = ...) -> None: ...

class AgentHello(_message.Message):
    __slots__ = ("cluster", "position", "horizon", "agent_version", "server_version", "operations")
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    HORIZON_FIELD_NUMBER: _ClassVar[int]
    AGENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    SERVER_VERSION_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    cluster: str
    position: _frame_pb2.Position
    horizon: int
    agent_version: str
    server_version: str
    operations: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, cluster: _Optional[str] = ..., position: _Optional[_Union[_frame_pb2.Position, _Mapping]] = ..., horizon: _Optional[int] = ..., agent_version: _Optional[str] = ..., server_version: _Optional[str] = ..., operations: _Optional[_Iterable[str]] = ...) -> None: ...

class ConnectResponse(_message.Message):
    __slots__ = ("welcome", "ack", "drain", "order")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    welcome: HubWelcome
    ack: LinkAck
    drain: Drain
    order: OperationOrder
    def __init__(self, welcome: _Optional[_Union[HubWelcome, _Mapping]] = ..., ack: _Optional[_Union[LinkAck, _Mapping]] = ..., drain: _Optional[_Union[Drain, _Mapping]] = ..., order: _Optional[_Union[OperationOrder, _Mapping]] = ...) -> None: ...

class OperationOrder(_message.Message):
    __slots__ = ("operation_id",)
    OPERATION_ID_FIELD_NUMBER: _ClassVar[int]
    operation_id: str
    def __init__(self, operation_id: _Optional[str] = ...) -> None: ...

class HubWelcome(_message.Message):
    __slots__ = ("session_id", "fence", "resume_version", "window_bytes")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    RESUME_VERSION_FIELD_NUMBER: _ClassVar[int]
    WINDOW_BYTES_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    fence: int
    resume_version: int
    window_bytes: int
    def __init__(self, session_id: _Optional[str] = ..., fence: _Optional[int] = ..., resume_version: _Optional[int] = ..., window_bytes: _Optional[int] = ...) -> None: ...

class LinkAck(_message.Message):
    __slots__ = ("version", "received_bytes")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_BYTES_FIELD_NUMBER: _ClassVar[int]
    version: int
    received_bytes: int
    def __init__(self, version: _Optional[int] = ..., received_bytes: _Optional[int] = ...) -> None: ...

class Drain(_message.Message):
    __slots__ = ("retry_after", "reason")
    RETRY_AFTER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    retry_after: _duration_pb2.Duration
    reason: str
    def __init__(self, retry_after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class LinkFrame(_message.Message):
    __slots__ = ("kind", "from_version", "to_version", "as_of", "entries", "tombstones", "types", "item_count", "digest", "cluster_state", "horizon", "tombstone_count")
    KIND_FIELD_NUMBER: _ClassVar[int]
    FROM_VERSION_FIELD_NUMBER: _ClassVar[int]
    TO_VERSION_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    TOMBSTONES_FIELD_NUMBER: _ClassVar[int]
    TYPES_FIELD_NUMBER: _ClassVar[int]
    ITEM_COUNT_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_STATE_FIELD_NUMBER: _ClassVar[int]
    HORIZON_FIELD_NUMBER: _ClassVar[int]
    TOMBSTONE_COUNT_FIELD_NUMBER: _ClassVar[int]
    kind: _frame_pb2.FrameKind
    from_version: int
    to_version: int
    as_of: _timestamp_pb2.Timestamp
    entries: _containers.RepeatedCompositeFieldContainer[LinkEntry]
    tombstones: _containers.RepeatedCompositeFieldContainer[LinkTombstone]
    types: TypeList
    item_count: int
    digest: int
    cluster_state: _resource_pb2.ClusterState
    horizon: int
    tombstone_count: int
    def __init__(self, kind: _Optional[_Union[_frame_pb2.FrameKind, str]] = ..., from_version: _Optional[int] = ..., to_version: _Optional[int] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., entries: _Optional[_Iterable[_Union[LinkEntry, _Mapping]]] = ..., tombstones: _Optional[_Iterable[_Union[LinkTombstone, _Mapping]]] = ..., types: _Optional[_Union[TypeList, _Mapping]] = ..., item_count: _Optional[int] = ..., digest: _Optional[int] = ..., cluster_state: _Optional[_Union[_resource_pb2.ClusterState, _Mapping]] = ..., horizon: _Optional[int] = ..., tombstone_count: _Optional[int] = ...) -> None: ...

class TypeList(_message.Message):
    __slots__ = ("types",)
    TYPES_FIELD_NUMBER: _ClassVar[int]
    types: _containers.RepeatedCompositeFieldContainer[_resource_pb2.ResourceType]
    def __init__(self, types: _Optional[_Iterable[_Union[_resource_pb2.ResourceType, _Mapping]]] = ...) -> None: ...

class LinkEntry(_message.Message):
    __slots__ = ("version", "head", "row", "body")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    version: int
    head: bytes
    row: bytes
    body: bytes
    def __init__(self, version: _Optional[int] = ..., head: _Optional[bytes] = ..., row: _Optional[bytes] = ..., body: _Optional[bytes] = ...) -> None: ...

class LinkTombstone(_message.Message):
    __slots__ = ("version", "key", "deleted_at")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    DELETED_AT_FIELD_NUMBER: _ClassVar[int]
    version: int
    key: _resource_pb2.Key
    deleted_at: _timestamp_pb2.Timestamp
    def __init__(self, version: _Optional[int] = ..., key: _Optional[_Union[_resource_pb2.Key, _Mapping]] = ..., deleted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
