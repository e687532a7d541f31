import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetSignInOptionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetSignInOptionsResponse(_message.Message):
    __slots__ = ("provider_name", "has_passwords")
    PROVIDER_NAME_FIELD_NUMBER: _ClassVar[int]
    HAS_PASSWORDS_FIELD_NUMBER: _ClassVar[int]
    provider_name: str
    has_passwords: bool
    def __init__(self, provider_name: _Optional[str] = ..., has_passwords: _Optional[bool] = ...) -> None: ...

class BeginSignInRequest(_message.Message):
    __slots__ = ("redirect_uri",)
    REDIRECT_URI_FIELD_NUMBER: _ClassVar[int]
    redirect_uri: str
    def __init__(self, redirect_uri: _Optional[str] = ...) -> None: ...

class BeginSignInResponse(_message.Message):
    __slots__ = ("authorization_url", "pending")
    AUTHORIZATION_URL_FIELD_NUMBER: _ClassVar[int]
    PENDING_FIELD_NUMBER: _ClassVar[int]
    authorization_url: str
    pending: bytes
    def __init__(self, authorization_url: _Optional[str] = ..., pending: _Optional[bytes] = ...) -> None: ...

class CompleteSignInRequest(_message.Message):
    __slots__ = ("pending", "state", "code", "issuer")
    PENDING_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    pending: bytes
    state: str
    code: str
    issuer: str
    def __init__(self, pending: _Optional[bytes] = ..., state: _Optional[str] = ..., code: _Optional[str] = ..., issuer: _Optional[str] = ...) -> None: ...

class CompleteSignInResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: SessionGrant
    def __init__(self, session: _Optional[_Union[SessionGrant, _Mapping]] = ...) -> None: ...

class SessionGrant(_message.Message):
    __slots__ = ("token", "token_expires_at", "refresh_token", "subject", "session_expires_at")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    TOKEN_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    REFRESH_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    SESSION_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    token: str
    token_expires_at: _timestamp_pb2.Timestamp
    refresh_token: str
    subject: str
    session_expires_at: _timestamp_pb2.Timestamp
    def __init__(self, token: _Optional[str] = ..., token_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., refresh_token: _Optional[str] = ..., subject: _Optional[str] = ..., session_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SignInWithPasswordRequest(_message.Message):
    __slots__ = ("name", "password")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    name: str
    password: str
    def __init__(self, name: _Optional[str] = ..., password: _Optional[str] = ...) -> None: ...

class SignInWithPasswordResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: SessionGrant
    def __init__(self, session: _Optional[_Union[SessionGrant, _Mapping]] = ...) -> None: ...

class RefreshSessionRequest(_message.Message):
    __slots__ = ("refresh_token",)
    REFRESH_TOKEN_FIELD_NUMBER: _ClassVar[int]
    refresh_token: str
    def __init__(self, refresh_token: _Optional[str] = ...) -> None: ...

class RefreshSessionResponse(_message.Message):
    __slots__ = ("session",)
    SESSION_FIELD_NUMBER: _ClassVar[int]
    session: SessionGrant
    def __init__(self, session: _Optional[_Union[SessionGrant, _Mapping]] = ...) -> None: ...

class EndSessionRequest(_message.Message):
    __slots__ = ("refresh_token", "post_logout_redirect_uri")
    REFRESH_TOKEN_FIELD_NUMBER: _ClassVar[int]
    POST_LOGOUT_REDIRECT_URI_FIELD_NUMBER: _ClassVar[int]
    refresh_token: str
    post_logout_redirect_uri: str
    def __init__(self, refresh_token: _Optional[str] = ..., post_logout_redirect_uri: _Optional[str] = ...) -> None: ...

class EndSessionResponse(_message.Message):
    __slots__ = ("end_session_url",)
    END_SESSION_URL_FIELD_NUMBER: _ClassVar[int]
    end_session_url: str
    def __init__(self, end_session_url: _Optional[str] = ...) -> None: ...

class BeginDeviceSignInRequest(_message.Message):
    __slots__ = ("client_name",)
    CLIENT_NAME_FIELD_NUMBER: _ClassVar[int]
    client_name: str
    def __init__(self, client_name: _Optional[str] = ...) -> None: ...

class BeginDeviceSignInResponse(_message.Message):
    __slots__ = ("device_code", "user_code", "verification_uri", "expires_at", "interval_seconds")
    DEVICE_CODE_FIELD_NUMBER: _ClassVar[int]
    USER_CODE_FIELD_NUMBER: _ClassVar[int]
    VERIFICATION_URI_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_SECONDS_FIELD_NUMBER: _ClassVar[int]
    device_code: str
    user_code: str
    verification_uri: str
    expires_at: _timestamp_pb2.Timestamp
    interval_seconds: int
    def __init__(self, device_code: _Optional[str] = ..., user_code: _Optional[str] = ..., verification_uri: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., interval_seconds: _Optional[int] = ...) -> None: ...

class GetDeviceSignInRequest(_message.Message):
    __slots__ = ("user_code",)
    USER_CODE_FIELD_NUMBER: _ClassVar[int]
    user_code: str
    def __init__(self, user_code: _Optional[str] = ...) -> None: ...

class GetDeviceSignInResponse(_message.Message):
    __slots__ = ("client_name", "begun_at")
    CLIENT_NAME_FIELD_NUMBER: _ClassVar[int]
    BEGUN_AT_FIELD_NUMBER: _ClassVar[int]
    client_name: str
    begun_at: _timestamp_pb2.Timestamp
    def __init__(self, client_name: _Optional[str] = ..., begun_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ConfirmDeviceSignInRequest(_message.Message):
    __slots__ = ("user_code", "is_confirmed")
    USER_CODE_FIELD_NUMBER: _ClassVar[int]
    IS_CONFIRMED_FIELD_NUMBER: _ClassVar[int]
    user_code: str
    is_confirmed: bool
    def __init__(self, user_code: _Optional[str] = ..., is_confirmed: _Optional[bool] = ...) -> None: ...

class ConfirmDeviceSignInResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CompleteDeviceSignInRequest(_message.Message):
    __slots__ = ("device_code",)
    DEVICE_CODE_FIELD_NUMBER: _ClassVar[int]
    device_code: str
    def __init__(self, device_code: _Optional[str] = ...) -> None: ...

class CompleteDeviceSignInResponse(_message.Message):
    __slots__ = ("token", "subject", "expires_at", "token_id")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    token: str
    subject: str
    expires_at: _timestamp_pb2.Timestamp
    token_id: str
    def __init__(self, token: _Optional[str] = ..., subject: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., token_id: _Optional[str] = ...) -> None: ...

class TokenCeiling(_message.Message):
    __slots__ = ("is_read_only", "clusters")
    IS_READ_ONLY_FIELD_NUMBER: _ClassVar[int]
    CLUSTERS_FIELD_NUMBER: _ClassVar[int]
    is_read_only: bool
    clusters: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, is_read_only: _Optional[bool] = ..., clusters: _Optional[_Iterable[str]] = ...) -> None: ...

class CreatePersonalTokenRequest(_message.Message):
    __slots__ = ("subject", "description", "expires_at", "ceiling")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    CEILING_FIELD_NUMBER: _ClassVar[int]
    subject: str
    description: str
    expires_at: _timestamp_pb2.Timestamp
    ceiling: TokenCeiling
    def __init__(self, subject: _Optional[str] = ..., description: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ceiling: _Optional[_Union[TokenCeiling, _Mapping]] = ...) -> None: ...

class CreatePersonalTokenResponse(_message.Message):
    __slots__ = ("token", "description")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    token: str
    description: PersonalToken
    def __init__(self, token: _Optional[str] = ..., description: _Optional[_Union[PersonalToken, _Mapping]] = ...) -> None: ...

class PersonalToken(_message.Message):
    __slots__ = ("token_id", "subject", "description", "ceiling", "created_at", "expires_at", "revoked_at")
    TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    CEILING_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    REVOKED_AT_FIELD_NUMBER: _ClassVar[int]
    token_id: str
    subject: str
    description: str
    ceiling: TokenCeiling
    created_at: _timestamp_pb2.Timestamp
    expires_at: _timestamp_pb2.Timestamp
    revoked_at: _timestamp_pb2.Timestamp
    def __init__(self, token_id: _Optional[str] = ..., subject: _Optional[str] = ..., description: _Optional[str] = ..., ceiling: _Optional[_Union[TokenCeiling, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revoked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListPersonalTokensRequest(_message.Message):
    __slots__ = ("is_of_all",)
    IS_OF_ALL_FIELD_NUMBER: _ClassVar[int]
    is_of_all: bool
    def __init__(self, is_of_all: _Optional[bool] = ...) -> None: ...

class ListPersonalTokensResponse(_message.Message):
    __slots__ = ("tokens",)
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    tokens: _containers.RepeatedCompositeFieldContainer[PersonalToken]
    def __init__(self, tokens: _Optional[_Iterable[_Union[PersonalToken, _Mapping]]] = ...) -> None: ...

class RevokePersonalTokenRequest(_message.Message):
    __slots__ = ("token_id",)
    TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    token_id: str
    def __init__(self, token_id: _Optional[str] = ...) -> None: ...

class RevokePersonalTokenResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PutServiceAccountRequest(_message.Message):
    __slots__ = ("subject", "teams")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    TEAMS_FIELD_NUMBER: _ClassVar[int]
    subject: str
    teams: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, subject: _Optional[str] = ..., teams: _Optional[_Iterable[str]] = ...) -> None: ...

class PutServiceAccountResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListPeopleRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListPeopleResponse(_message.Message):
    __slots__ = ("people",)
    PEOPLE_FIELD_NUMBER: _ClassVar[int]
    people: _containers.RepeatedCompositeFieldContainer[Person]
    def __init__(self, people: _Optional[_Iterable[_Union[Person, _Mapping]]] = ...) -> None: ...

class Person(_message.Message):
    __slots__ = ("subject", "teams", "teams_at", "disabled_at", "has_password")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    TEAMS_FIELD_NUMBER: _ClassVar[int]
    TEAMS_AT_FIELD_NUMBER: _ClassVar[int]
    DISABLED_AT_FIELD_NUMBER: _ClassVar[int]
    HAS_PASSWORD_FIELD_NUMBER: _ClassVar[int]
    subject: str
    teams: _containers.RepeatedScalarFieldContainer[str]
    teams_at: _timestamp_pb2.Timestamp
    disabled_at: _timestamp_pb2.Timestamp
    has_password: bool
    def __init__(self, subject: _Optional[str] = ..., teams: _Optional[_Iterable[str]] = ..., teams_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., disabled_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., has_password: _Optional[bool] = ...) -> None: ...

class SetDisabledRequest(_message.Message):
    __slots__ = ("subject", "is_disabled")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    IS_DISABLED_FIELD_NUMBER: _ClassVar[int]
    subject: str
    is_disabled: bool
    def __init__(self, subject: _Optional[str] = ..., is_disabled: _Optional[bool] = ...) -> None: ...

class SetDisabledResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
