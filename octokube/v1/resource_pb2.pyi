import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ColumnKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COLUMN_KIND_UNSPECIFIED: _ClassVar[ColumnKind]
    COLUMN_KIND_TEXT: _ClassVar[ColumnKind]
    COLUMN_KIND_NUMBER: _ClassVar[ColumnKind]
    COLUMN_KIND_TIME: _ClassVar[ColumnKind]
    COLUMN_KIND_STATUS: _ClassVar[ColumnKind]
    COLUMN_KIND_BOOLEAN: _ClassVar[ColumnKind]

class TypeCondition(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TYPE_CONDITION_UNSPECIFIED: _ClassVar[TypeCondition]
    TYPE_CONDITION_LOADING: _ClassVar[TypeCondition]
    TYPE_CONDITION_SYNCED: _ClassVar[TypeCondition]
    TYPE_CONDITION_FORBIDDEN: _ClassVar[TypeCondition]
    TYPE_CONDITION_FAILING: _ClassVar[TypeCondition]

class ClusterCondition(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CLUSTER_CONDITION_UNSPECIFIED: _ClassVar[ClusterCondition]
    CLUSTER_CONDITION_LIVE: _ClassVar[ClusterCondition]
    CLUSTER_CONDITION_STALE: _ClassVar[ClusterCondition]
    CLUSTER_CONDITION_OFFLINE: _ClassVar[ClusterCondition]
COLUMN_KIND_UNSPECIFIED: ColumnKind
COLUMN_KIND_TEXT: ColumnKind
COLUMN_KIND_NUMBER: ColumnKind
COLUMN_KIND_TIME: ColumnKind
COLUMN_KIND_STATUS: ColumnKind
COLUMN_KIND_BOOLEAN: ColumnKind
TYPE_CONDITION_UNSPECIFIED: TypeCondition
TYPE_CONDITION_LOADING: TypeCondition
TYPE_CONDITION_SYNCED: TypeCondition
TYPE_CONDITION_FORBIDDEN: TypeCondition
TYPE_CONDITION_FAILING: TypeCondition
CLUSTER_CONDITION_UNSPECIFIED: ClusterCondition
CLUSTER_CONDITION_LIVE: ClusterCondition
CLUSTER_CONDITION_STALE: ClusterCondition
CLUSTER_CONDITION_OFFLINE: ClusterCondition

class Key(_message.Message):
    __slots__ = ("type", "namespace", "name", "uid")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    type: str
    namespace: str
    name: str
    uid: str
    def __init__(self, type: _Optional[str] = ..., namespace: _Optional[str] = ..., name: _Optional[str] = ..., uid: _Optional[str] = ...) -> None: ...

class Column(_message.Message):
    __slots__ = ("name", "kind", "priority", "description")
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    name: str
    kind: ColumnKind
    priority: int
    description: str
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[_Union[ColumnKind, str]] = ..., priority: _Optional[int] = ..., description: _Optional[str] = ...) -> None: ...

class ResourceType(_message.Message):
    __slots__ = ("type", "group", "version", "kind", "namespaced", "short_names", "singular", "columns", "condition", "reason")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAMESPACED_FIELD_NUMBER: _ClassVar[int]
    SHORT_NAMES_FIELD_NUMBER: _ClassVar[int]
    SINGULAR_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    type: str
    group: str
    version: str
    kind: str
    namespaced: bool
    short_names: _containers.RepeatedScalarFieldContainer[str]
    singular: str
    columns: _containers.RepeatedCompositeFieldContainer[Column]
    condition: TypeCondition
    reason: str
    def __init__(self, type: _Optional[str] = ..., group: _Optional[str] = ..., version: _Optional[str] = ..., kind: _Optional[str] = ..., namespaced: _Optional[bool] = ..., short_names: _Optional[_Iterable[str]] = ..., singular: _Optional[str] = ..., columns: _Optional[_Iterable[_Union[Column, _Mapping]]] = ..., condition: _Optional[_Union[TypeCondition, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class Cell(_message.Message):
    __slots__ = ("text", "number", "unix_seconds", "flag")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    UNIX_SECONDS_FIELD_NUMBER: _ClassVar[int]
    FLAG_FIELD_NUMBER: _ClassVar[int]
    text: str
    number: int
    unix_seconds: int
    flag: bool
    def __init__(self, text: _Optional[str] = ..., number: _Optional[int] = ..., unix_seconds: _Optional[int] = ..., flag: _Optional[bool] = ...) -> None: ...

class Row(_message.Message):
    __slots__ = ("cells",)
    CELLS_FIELD_NUMBER: _ClassVar[int]
    cells: _containers.RepeatedCompositeFieldContainer[Cell]
    def __init__(self, cells: _Optional[_Iterable[_Union[Cell, _Mapping]]] = ...) -> None: ...

class ClusterState(_message.Message):
    __slots__ = ("condition", "since", "reason")
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    condition: ClusterCondition
    since: _timestamp_pb2.Timestamp
    reason: str
    def __init__(self, condition: _Optional[_Union[ClusterCondition, str]] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...
