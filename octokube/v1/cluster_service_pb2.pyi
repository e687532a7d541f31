import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from octokube.v1 import frame_pb2 as _frame_pb2
from octokube.v1 import resource_pb2 as _resource_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Detail(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DETAIL_UNSPECIFIED: _ClassVar[Detail]
    DETAIL_ROWS: _ClassVar[Detail]
    DETAIL_OBJECTS: _ClassVar[Detail]

class CloseReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CLOSE_REASON_UNSPECIFIED: _ClassVar[CloseReason]
    CLOSE_REASON_INTERNAL: _ClassVar[CloseReason]
    CLOSE_REASON_DRAIN: _ClassVar[CloseReason]
    CLOSE_REASON_UNAUTHENTICATED: _ClassVar[CloseReason]
    CLOSE_REASON_BAD_REQUEST: _ClassVar[CloseReason]

class AccessReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACCESS_REASON_UNSPECIFIED: _ClassVar[AccessReason]
    ACCESS_REASON_GRANTED: _ClassVar[AccessReason]
    ACCESS_REASON_NOT_GRANTED: _ClassVar[AccessReason]
    ACCESS_REASON_NOT_NOW: _ClassVar[AccessReason]
    ACCESS_REASON_REFUSED: _ClassVar[AccessReason]
    ACCESS_REASON_UNKNOWN_VERB: _ClassVar[AccessReason]

class SearchField(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEARCH_FIELD_UNSPECIFIED: _ClassVar[SearchField]
    SEARCH_FIELD_NAME: _ClassVar[SearchField]
    SEARCH_FIELD_LABEL: _ClassVar[SearchField]
    SEARCH_FIELD_ANNOTATION: _ClassVar[SearchField]
    SEARCH_FIELD_IMAGE: _ClassVar[SearchField]
DETAIL_UNSPECIFIED: Detail
DETAIL_ROWS: Detail
DETAIL_OBJECTS: Detail
CLOSE_REASON_UNSPECIFIED: CloseReason
CLOSE_REASON_INTERNAL: CloseReason
CLOSE_REASON_DRAIN: CloseReason
CLOSE_REASON_UNAUTHENTICATED: CloseReason
CLOSE_REASON_BAD_REQUEST: CloseReason
ACCESS_REASON_UNSPECIFIED: AccessReason
ACCESS_REASON_GRANTED: AccessReason
ACCESS_REASON_NOT_GRANTED: AccessReason
ACCESS_REASON_NOT_NOW: AccessReason
ACCESS_REASON_REFUSED: AccessReason
ACCESS_REASON_UNKNOWN_VERB: AccessReason
SEARCH_FIELD_UNSPECIFIED: SearchField
SEARCH_FIELD_NAME: SearchField
SEARCH_FIELD_LABEL: SearchField
SEARCH_FIELD_ANNOTATION: SearchField
SEARCH_FIELD_IMAGE: SearchField

class Subscription(_message.Message):
    __slots__ = ("clusters", "types", "namespaces", "names", "detail", "minimum_spacing", "label_selector")
    CLUSTERS_FIELD_NUMBER: _ClassVar[int]
    TYPES_FIELD_NUMBER: _ClassVar[int]
    NAMESPACES_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_SPACING_FIELD_NUMBER: _ClassVar[int]
    LABEL_SELECTOR_FIELD_NUMBER: _ClassVar[int]
    clusters: _containers.RepeatedScalarFieldContainer[str]
    types: _containers.RepeatedScalarFieldContainer[str]
    namespaces: _containers.RepeatedScalarFieldContainer[str]
    names: _containers.RepeatedScalarFieldContainer[str]
    detail: Detail
    minimum_spacing: _duration_pb2.Duration
    label_selector: str
    def __init__(self, clusters: _Optional[_Iterable[str]] = ..., types: _Optional[_Iterable[str]] = ..., namespaces: _Optional[_Iterable[str]] = ..., names: _Optional[_Iterable[str]] = ..., detail: _Optional[_Union[Detail, str]] = ..., minimum_spacing: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., label_selector: _Optional[str] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("subscribe", "ack")
    SUBSCRIBE_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    subscribe: Subscribe
    ack: FrameAck
    def __init__(self, subscribe: _Optional[_Union[Subscribe, _Mapping]] = ..., ack: _Optional[_Union[FrameAck, _Mapping]] = ...) -> None: ...

class Subscribe(_message.Message):
    __slots__ = ("subscription", "resume", "window_bytes", "accepts_patches")
    SUBSCRIPTION_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    WINDOW_BYTES_FIELD_NUMBER: _ClassVar[int]
    ACCEPTS_PATCHES_FIELD_NUMBER: _ClassVar[int]
    subscription: Subscription
    resume: _containers.RepeatedCompositeFieldContainer[ResumePoint]
    window_bytes: int
    accepts_patches: bool
    def __init__(self, subscription: _Optional[_Union[Subscription, _Mapping]] = ..., resume: _Optional[_Iterable[_Union[ResumePoint, _Mapping]]] = ..., window_bytes: _Optional[int] = ..., accepts_patches: _Optional[bool] = ...) -> None: ...

class ResumePoint(_message.Message):
    __slots__ = ("cluster", "resume_token")
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    cluster: str
    resume_token: bytes
    def __init__(self, cluster: _Optional[str] = ..., resume_token: _Optional[bytes] = ...) -> None: ...

class FrameAck(_message.Message):
    __slots__ = ("sequence",)
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    def __init__(self, sequence: _Optional[int] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("frame", "close", "notice")
    FRAME_FIELD_NUMBER: _ClassVar[int]
    CLOSE_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    frame: _frame_pb2.Frame
    close: Close
    notice: Notice
    def __init__(self, frame: _Optional[_Union[_frame_pb2.Frame, _Mapping]] = ..., close: _Optional[_Union[Close, _Mapping]] = ..., notice: _Optional[_Union[Notice, _Mapping]] = ...) -> None: ...

class Close(_message.Message):
    __slots__ = ("reason", "message", "retryable", "resumable", "retry_after")
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    RESUMABLE_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_FIELD_NUMBER: _ClassVar[int]
    reason: CloseReason
    message: str
    retryable: bool
    resumable: bool
    retry_after: _duration_pb2.Duration
    def __init__(self, reason: _Optional[_Union[CloseReason, str]] = ..., message: _Optional[str] = ..., retryable: _Optional[bool] = ..., resumable: _Optional[bool] = ..., retry_after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Notice(_message.Message):
    __slots__ = ("code", "message", "at")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    code: str
    message: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, code: _Optional[str] = ..., message: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class WatchCatalogRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WatchCatalogResponse(_message.Message):
    __slots__ = ("clusters", "server_time", "next_edge", "policy_revision")
    CLUSTERS_FIELD_NUMBER: _ClassVar[int]
    SERVER_TIME_FIELD_NUMBER: _ClassVar[int]
    NEXT_EDGE_FIELD_NUMBER: _ClassVar[int]
    POLICY_REVISION_FIELD_NUMBER: _ClassVar[int]
    clusters: _containers.RepeatedCompositeFieldContainer[CatalogCluster]
    server_time: _timestamp_pb2.Timestamp
    next_edge: _timestamp_pb2.Timestamp
    policy_revision: str
    def __init__(self, clusters: _Optional[_Iterable[_Union[CatalogCluster, _Mapping]]] = ..., server_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., next_edge: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., policy_revision: _Optional[str] = ...) -> None: ...

class CatalogCluster(_message.Message):
    __slots__ = ("name", "state", "types", "namespaces")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TYPES_FIELD_NUMBER: _ClassVar[int]
    NAMESPACES_FIELD_NUMBER: _ClassVar[int]
    name: str
    state: _resource_pb2.ClusterState
    types: _containers.RepeatedCompositeFieldContainer[_resource_pb2.ResourceType]
    namespaces: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., state: _Optional[_Union[_resource_pb2.ClusterState, _Mapping]] = ..., types: _Optional[_Iterable[_Union[_resource_pb2.ResourceType, _Mapping]]] = ..., namespaces: _Optional[_Iterable[str]] = ...) -> None: ...

class GetObjectRequest(_message.Message):
    __slots__ = ("cluster", "key")
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    cluster: str
    key: _resource_pb2.Key
    def __init__(self, cluster: _Optional[str] = ..., key: _Optional[_Union[_resource_pb2.Key, _Mapping]] = ...) -> None: ...

class GetObjectResponse(_message.Message):
    __slots__ = ("entry", "columns", "as_of")
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    entry: _frame_pb2.Entry
    columns: _containers.RepeatedCompositeFieldContainer[_resource_pb2.Column]
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, entry: _Optional[_Union[_frame_pb2.Entry, _Mapping]] = ..., columns: _Optional[_Iterable[_Union[_resource_pb2.Column, _Mapping]]] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class WhoAmIRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WhoAmIResponse(_message.Message):
    __slots__ = ("subject", "memberships", "token_expires_at", "hub_version", "next_window_edge", "grants", "policy_revision", "server_time", "more_grants", "token_ceiling")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    MEMBERSHIPS_FIELD_NUMBER: _ClassVar[int]
    TOKEN_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    HUB_VERSION_FIELD_NUMBER: _ClassVar[int]
    NEXT_WINDOW_EDGE_FIELD_NUMBER: _ClassVar[int]
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    POLICY_REVISION_FIELD_NUMBER: _ClassVar[int]
    SERVER_TIME_FIELD_NUMBER: _ClassVar[int]
    MORE_GRANTS_FIELD_NUMBER: _ClassVar[int]
    TOKEN_CEILING_FIELD_NUMBER: _ClassVar[int]
    subject: str
    memberships: _containers.RepeatedScalarFieldContainer[str]
    token_expires_at: _timestamp_pb2.Timestamp
    hub_version: str
    next_window_edge: _timestamp_pb2.Timestamp
    grants: _containers.RepeatedCompositeFieldContainer[Grant]
    policy_revision: str
    server_time: _timestamp_pb2.Timestamp
    more_grants: int
    token_ceiling: str
    def __init__(self, subject: _Optional[str] = ..., memberships: _Optional[_Iterable[str]] = ..., token_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., hub_version: _Optional[str] = ..., next_window_edge: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., grants: _Optional[_Iterable[_Union[Grant, _Mapping]]] = ..., policy_revision: _Optional[str] = ..., server_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., more_grants: _Optional[int] = ..., token_ceiling: _Optional[str] = ...) -> None: ...

class Grant(_message.Message):
    __slots__ = ("is_deny", "subject", "cluster", "namespace", "resource", "name", "verbs", "window", "is_in_force", "changes_at", "sentence", "spans")
    IS_DENY_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERBS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    IS_IN_FORCE_FIELD_NUMBER: _ClassVar[int]
    CHANGES_AT_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    SPANS_FIELD_NUMBER: _ClassVar[int]
    is_deny: bool
    subject: str
    cluster: str
    namespace: str
    resource: str
    name: str
    verbs: str
    window: str
    is_in_force: bool
    changes_at: _timestamp_pb2.Timestamp
    sentence: str
    spans: _containers.RepeatedCompositeFieldContainer[Span]
    def __init__(self, is_deny: _Optional[bool] = ..., subject: _Optional[str] = ..., cluster: _Optional[str] = ..., namespace: _Optional[str] = ..., resource: _Optional[str] = ..., name: _Optional[str] = ..., verbs: _Optional[str] = ..., window: _Optional[str] = ..., is_in_force: _Optional[bool] = ..., changes_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sentence: _Optional[str] = ..., spans: _Optional[_Iterable[_Union[Span, _Mapping]]] = ...) -> None: ...

class Span(_message.Message):
    __slots__ = ("since", "until")
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    since: _timestamp_pb2.Timestamp
    until: _timestamp_pb2.Timestamp
    def __init__(self, since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ExplainAccessRequest(_message.Message):
    __slots__ = ("cluster", "key", "subresource", "verbs")
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    SUBRESOURCE_FIELD_NUMBER: _ClassVar[int]
    VERBS_FIELD_NUMBER: _ClassVar[int]
    cluster: str
    key: _resource_pb2.Key
    subresource: str
    verbs: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, cluster: _Optional[str] = ..., key: _Optional[_Union[_resource_pb2.Key, _Mapping]] = ..., subresource: _Optional[str] = ..., verbs: _Optional[_Iterable[str]] = ...) -> None: ...

class ExplainAccessResponse(_message.Message):
    __slots__ = ("answers", "policy_revision", "server_time")
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    POLICY_REVISION_FIELD_NUMBER: _ClassVar[int]
    SERVER_TIME_FIELD_NUMBER: _ClassVar[int]
    answers: _containers.RepeatedCompositeFieldContainer[AccessAnswer]
    policy_revision: str
    server_time: _timestamp_pb2.Timestamp
    def __init__(self, answers: _Optional[_Iterable[_Union[AccessAnswer, _Mapping]]] = ..., policy_revision: _Optional[str] = ..., server_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AccessAnswer(_message.Message):
    __slots__ = ("verb", "is_allowed", "reason", "sentence", "changes_at", "subject", "window")
    VERB_FIELD_NUMBER: _ClassVar[int]
    IS_ALLOWED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SENTENCE_FIELD_NUMBER: _ClassVar[int]
    CHANGES_AT_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    verb: str
    is_allowed: bool
    reason: AccessReason
    sentence: str
    changes_at: _timestamp_pb2.Timestamp
    subject: str
    window: str
    def __init__(self, verb: _Optional[str] = ..., is_allowed: _Optional[bool] = ..., reason: _Optional[_Union[AccessReason, str]] = ..., sentence: _Optional[str] = ..., changes_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., subject: _Optional[str] = ..., window: _Optional[str] = ...) -> None: ...

class SearchRequest(_message.Message):
    __slots__ = ("within", "text", "fields", "limit", "after")
    WITHIN_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    within: Subscription
    text: str
    fields: _containers.RepeatedScalarFieldContainer[SearchField]
    limit: int
    after: bytes
    def __init__(self, within: _Optional[_Union[Subscription, _Mapping]] = ..., text: _Optional[str] = ..., fields: _Optional[_Iterable[_Union[SearchField, str]]] = ..., limit: _Optional[int] = ..., after: _Optional[bytes] = ...) -> None: ...

class SearchResponse(_message.Message):
    __slots__ = ("hits", "searched", "next")
    HITS_FIELD_NUMBER: _ClassVar[int]
    SEARCHED_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    hits: _containers.RepeatedCompositeFieldContainer[SearchHit]
    searched: int
    next: bytes
    def __init__(self, hits: _Optional[_Iterable[_Union[SearchHit, _Mapping]]] = ..., searched: _Optional[int] = ..., next: _Optional[bytes] = ...) -> None: ...

class SearchHit(_message.Message):
    __slots__ = ("cluster", "key", "field", "text", "labels")
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    cluster: str
    key: _resource_pb2.Key
    field: SearchField
    text: str
    labels: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, cluster: _Optional[str] = ..., key: _Optional[_Union[_resource_pb2.Key, _Mapping]] = ..., field: _Optional[_Union[SearchField, str]] = ..., text: _Optional[str] = ..., labels: _Optional[_Iterable[str]] = ...) -> None: ...
