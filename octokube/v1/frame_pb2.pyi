import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from octokube.v1 import resource_pb2 as _resource_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FrameKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FRAME_KIND_UNSPECIFIED: _ClassVar[FrameKind]
    FRAME_KIND_SNAPSHOT_BEGIN: _ClassVar[FrameKind]
    FRAME_KIND_SNAPSHOT_PART: _ClassVar[FrameKind]
    FRAME_KIND_SNAPSHOT_END: _ClassVar[FrameKind]
    FRAME_KIND_DELTA: _ClassVar[FrameKind]
    FRAME_KIND_BOOKMARK: _ClassVar[FrameKind]

class TombstoneReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TOMBSTONE_REASON_UNSPECIFIED: _ClassVar[TombstoneReason]
    TOMBSTONE_REASON_DELETED: _ClassVar[TombstoneReason]
    TOMBSTONE_REASON_WITHDRAWN: _ClassVar[TombstoneReason]
FRAME_KIND_UNSPECIFIED: FrameKind
FRAME_KIND_SNAPSHOT_BEGIN: FrameKind
FRAME_KIND_SNAPSHOT_PART: FrameKind
FRAME_KIND_SNAPSHOT_END: FrameKind
FRAME_KIND_DELTA: FrameKind
FRAME_KIND_BOOKMARK: FrameKind
TOMBSTONE_REASON_UNSPECIFIED: TombstoneReason
TOMBSTONE_REASON_DELETED: TombstoneReason
TOMBSTONE_REASON_WITHDRAWN: TombstoneReason

class Position(_message.Message):
    __slots__ = ("epoch", "version")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    epoch: bytes
    version: int
    def __init__(self, epoch: _Optional[bytes] = ..., version: _Optional[int] = ...) -> None: ...

class Entry(_message.Message):
    __slots__ = ("key", "resource_version", "row", "body", "patch")
    KEY_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_VERSION_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    PATCH_FIELD_NUMBER: _ClassVar[int]
    key: _resource_pb2.Key
    resource_version: str
    row: _resource_pb2.Row
    body: bytes
    patch: bytes
    def __init__(self, key: _Optional[_Union[_resource_pb2.Key, _Mapping]] = ..., resource_version: _Optional[str] = ..., row: _Optional[_Union[_resource_pb2.Row, _Mapping]] = ..., body: _Optional[bytes] = ..., patch: _Optional[bytes] = ...) -> None: ...

class Tombstone(_message.Message):
    __slots__ = ("key", "reason")
    KEY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    key: _resource_pb2.Key
    reason: TombstoneReason
    def __init__(self, key: _Optional[_Union[_resource_pb2.Key, _Mapping]] = ..., reason: _Optional[_Union[TombstoneReason, str]] = ...) -> None: ...

class Frame(_message.Message):
    __slots__ = ("sequence", "kind", "cluster", "as_of", "resume_token", "cluster_state", "entries", "tombstones", "item_count", "digest", "resume_outcome")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_STATE_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    TOMBSTONES_FIELD_NUMBER: _ClassVar[int]
    ITEM_COUNT_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    RESUME_OUTCOME_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    kind: FrameKind
    cluster: str
    as_of: _timestamp_pb2.Timestamp
    resume_token: bytes
    cluster_state: _resource_pb2.ClusterState
    entries: _containers.RepeatedCompositeFieldContainer[Entry]
    tombstones: _containers.RepeatedCompositeFieldContainer[Tombstone]
    item_count: int
    digest: int
    resume_outcome: str
    def __init__(self, sequence: _Optional[int] = ..., kind: _Optional[_Union[FrameKind, str]] = ..., cluster: _Optional[str] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., resume_token: _Optional[bytes] = ..., cluster_state: _Optional[_Union[_resource_pb2.ClusterState, _Mapping]] = ..., entries: _Optional[_Iterable[_Union[Entry, _Mapping]]] = ..., tombstones: _Optional[_Iterable[_Union[Tombstone, _Mapping]]] = ..., item_count: _Optional[int] = ..., digest: _Optional[int] = ..., resume_outcome: _Optional[str] = ...) -> None: ...
