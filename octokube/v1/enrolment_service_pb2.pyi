import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateEnrolmentRequest(_message.Message):
    __slots__ = ("cluster", "life_seconds")
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    LIFE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    cluster: str
    life_seconds: int
    def __init__(self, cluster: _Optional[str] = ..., life_seconds: _Optional[int] = ...) -> None: ...

class CreateEnrolmentResponse(_message.Message):
    __slots__ = ("agent_id", "token", "expires_at", "authority_fingerprint")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    AUTHORITY_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    token: str
    expires_at: _timestamp_pb2.Timestamp
    authority_fingerprint: str
    def __init__(self, agent_id: _Optional[str] = ..., token: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., authority_fingerprint: _Optional[str] = ...) -> None: ...

class EnrollRequest(_message.Message):
    __slots__ = ("agent_id", "cluster", "certificate_request", "proof")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    cluster: str
    certificate_request: bytes
    proof: bytes
    def __init__(self, agent_id: _Optional[str] = ..., cluster: _Optional[str] = ..., certificate_request: _Optional[bytes] = ..., proof: _Optional[bytes] = ...) -> None: ...

class EnrollResponse(_message.Message):
    __slots__ = ("certificate",)
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    certificate: IssuedCertificate
    def __init__(self, certificate: _Optional[_Union[IssuedCertificate, _Mapping]] = ...) -> None: ...

class IssuedCertificate(_message.Message):
    __slots__ = ("certificate_pem", "authority_pem", "mtls_port", "mtls_address")
    CERTIFICATE_PEM_FIELD_NUMBER: _ClassVar[int]
    AUTHORITY_PEM_FIELD_NUMBER: _ClassVar[int]
    MTLS_PORT_FIELD_NUMBER: _ClassVar[int]
    MTLS_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    certificate_pem: bytes
    authority_pem: bytes
    mtls_port: int
    mtls_address: str
    def __init__(self, certificate_pem: _Optional[bytes] = ..., authority_pem: _Optional[bytes] = ..., mtls_port: _Optional[int] = ..., mtls_address: _Optional[str] = ...) -> None: ...

class RenewCertificateRequest(_message.Message):
    __slots__ = ("certificate_request",)
    CERTIFICATE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    certificate_request: bytes
    def __init__(self, certificate_request: _Optional[bytes] = ...) -> None: ...

class RenewCertificateResponse(_message.Message):
    __slots__ = ("certificate",)
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    certificate: IssuedCertificate
    def __init__(self, certificate: _Optional[_Union[IssuedCertificate, _Mapping]] = ...) -> None: ...

class ListAgentsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListAgentsResponse(_message.Message):
    __slots__ = ("agents",)
    AGENTS_FIELD_NUMBER: _ClassVar[int]
    agents: _containers.RepeatedCompositeFieldContainer[EnrolledAgent]
    def __init__(self, agents: _Optional[_Iterable[_Union[EnrolledAgent, _Mapping]]] = ...) -> None: ...

class EnrolledAgent(_message.Message):
    __slots__ = ("agent_id", "cluster", "created_at", "token_expires_at", "enrolled_at", "certificate_expires_at", "revoked_at", "is_connected")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    TOKEN_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    ENROLLED_AT_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    REVOKED_AT_FIELD_NUMBER: _ClassVar[int]
    IS_CONNECTED_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    cluster: str
    created_at: _timestamp_pb2.Timestamp
    token_expires_at: _timestamp_pb2.Timestamp
    enrolled_at: _timestamp_pb2.Timestamp
    certificate_expires_at: _timestamp_pb2.Timestamp
    revoked_at: _timestamp_pb2.Timestamp
    is_connected: bool
    def __init__(self, agent_id: _Optional[str] = ..., cluster: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., token_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., enrolled_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., certificate_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revoked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., is_connected: _Optional[bool] = ...) -> None: ...

class RevokeAgentRequest(_message.Message):
    __slots__ = ("agent_id",)
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    def __init__(self, agent_id: _Optional[str] = ...) -> None: ...

class RevokeAgentResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
