import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from octokube.v1 import enrolment_service_pb2 as _enrolment_service_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateGatewayRequest(_message.Message):
    __slots__ = ("name", "life_seconds")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LIFE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    name: str
    life_seconds: int
    def __init__(self, name: _Optional[str] = ..., life_seconds: _Optional[int] = ...) -> None: ...

class CreateGatewayResponse(_message.Message):
    __slots__ = ("gateway_id", "token", "expires_at", "authority_fingerprint")
    GATEWAY_ID_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    AUTHORITY_FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    gateway_id: str
    token: str
    expires_at: _timestamp_pb2.Timestamp
    authority_fingerprint: str
    def __init__(self, gateway_id: _Optional[str] = ..., token: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., authority_fingerprint: _Optional[str] = ...) -> None: ...

class EnrollGatewayRequest(_message.Message):
    __slots__ = ("gateway_id", "certificate_request", "proof")
    GATEWAY_ID_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    gateway_id: str
    certificate_request: bytes
    proof: bytes
    def __init__(self, gateway_id: _Optional[str] = ..., certificate_request: _Optional[bytes] = ..., proof: _Optional[bytes] = ...) -> None: ...

class EnrollGatewayResponse(_message.Message):
    __slots__ = ("certificate",)
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    certificate: _enrolment_service_pb2.IssuedCertificate
    def __init__(self, certificate: _Optional[_Union[_enrolment_service_pb2.IssuedCertificate, _Mapping]] = ...) -> None: ...

class RenewGatewayRequest(_message.Message):
    __slots__ = ("certificate_request",)
    CERTIFICATE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    certificate_request: bytes
    def __init__(self, certificate_request: _Optional[bytes] = ...) -> None: ...

class RenewGatewayResponse(_message.Message):
    __slots__ = ("certificate",)
    CERTIFICATE_FIELD_NUMBER: _ClassVar[int]
    certificate: _enrolment_service_pb2.IssuedCertificate
    def __init__(self, certificate: _Optional[_Union[_enrolment_service_pb2.IssuedCertificate, _Mapping]] = ...) -> None: ...

class ListGatewaysRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListGatewaysResponse(_message.Message):
    __slots__ = ("gateways",)
    GATEWAYS_FIELD_NUMBER: _ClassVar[int]
    gateways: _containers.RepeatedCompositeFieldContainer[EnrolledGateway]
    def __init__(self, gateways: _Optional[_Iterable[_Union[EnrolledGateway, _Mapping]]] = ...) -> None: ...

class EnrolledGateway(_message.Message):
    __slots__ = ("gateway_id", "name", "created_at", "token_expires_at", "enrolled_at", "certificate_expires_at", "revoked_at", "is_connected")
    GATEWAY_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    TOKEN_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    ENROLLED_AT_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    REVOKED_AT_FIELD_NUMBER: _ClassVar[int]
    IS_CONNECTED_FIELD_NUMBER: _ClassVar[int]
    gateway_id: str
    name: str
    created_at: _timestamp_pb2.Timestamp
    token_expires_at: _timestamp_pb2.Timestamp
    enrolled_at: _timestamp_pb2.Timestamp
    certificate_expires_at: _timestamp_pb2.Timestamp
    revoked_at: _timestamp_pb2.Timestamp
    is_connected: bool
    def __init__(self, gateway_id: _Optional[str] = ..., name: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., token_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., enrolled_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., certificate_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revoked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., is_connected: _Optional[bool] = ...) -> None: ...

class RevokeGatewayRequest(_message.Message):
    __slots__ = ("gateway_id",)
    GATEWAY_ID_FIELD_NUMBER: _ClassVar[int]
    gateway_id: str
    def __init__(self, gateway_id: _Optional[str] = ...) -> None: ...

class RevokeGatewayResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
