import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from octokube.v1 import resource_pb2 as _resource_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OperationOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OPERATION_OUTCOME_UNSPECIFIED: _ClassVar[OperationOutcome]
    OPERATION_OUTCOME_SUCCEEDED: _ClassVar[OperationOutcome]
    OPERATION_OUTCOME_FAILED: _ClassVar[OperationOutcome]
    OPERATION_OUTCOME_DENIED: _ClassVar[OperationOutcome]
    OPERATION_OUTCOME_LEASE_ENDED: _ClassVar[OperationOutcome]
    OPERATION_OUTCOME_UNKNOWN: _ClassVar[OperationOutcome]
OPERATION_OUTCOME_UNSPECIFIED: OperationOutcome
OPERATION_OUTCOME_SUCCEEDED: OperationOutcome
OPERATION_OUTCOME_FAILED: OperationOutcome
OPERATION_OUTCOME_DENIED: OperationOutcome
OPERATION_OUTCOME_LEASE_ENDED: OperationOutcome
OPERATION_OUTCOME_UNKNOWN: OperationOutcome

class OperationTarget(_message.Message):
    __slots__ = ("cluster", "key", "subresource", "resource_version")
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    SUBRESOURCE_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_VERSION_FIELD_NUMBER: _ClassVar[int]
    cluster: str
    key: _resource_pb2.Key
    subresource: str
    resource_version: str
    def __init__(self, cluster: _Optional[str] = ..., key: _Optional[_Union[_resource_pb2.Key, _Mapping]] = ..., subresource: _Optional[str] = ..., resource_version: _Optional[str] = ...) -> None: ...

class OperationStart(_message.Message):
    __slots__ = ("target", "idempotency_key", "logs", "exec", "apply", "delete", "scale", "restart")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    LOGS_FIELD_NUMBER: _ClassVar[int]
    EXEC_FIELD_NUMBER: _ClassVar[int]
    APPLY_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    RESTART_FIELD_NUMBER: _ClassVar[int]
    target: OperationTarget
    idempotency_key: str
    logs: LogsOperation
    exec: ExecOperation
    apply: ApplyOperation
    delete: DeleteOperation
    scale: ScaleOperation
    restart: RestartOperation
    def __init__(self, target: _Optional[_Union[OperationTarget, _Mapping]] = ..., idempotency_key: _Optional[str] = ..., logs: _Optional[_Union[LogsOperation, _Mapping]] = ..., exec: _Optional[_Union[ExecOperation, _Mapping]] = ..., apply: _Optional[_Union[ApplyOperation, _Mapping]] = ..., delete: _Optional[_Union[DeleteOperation, _Mapping]] = ..., scale: _Optional[_Union[ScaleOperation, _Mapping]] = ..., restart: _Optional[_Union[RestartOperation, _Mapping]] = ...) -> None: ...

class LogsOperation(_message.Message):
    __slots__ = ("container", "follow", "previous", "tail_lines", "since", "timestamps")
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    TAIL_LINES_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMPS_FIELD_NUMBER: _ClassVar[int]
    container: str
    follow: bool
    previous: bool
    tail_lines: int
    since: _timestamp_pb2.Timestamp
    timestamps: bool
    def __init__(self, container: _Optional[str] = ..., follow: _Optional[bool] = ..., previous: _Optional[bool] = ..., tail_lines: _Optional[int] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., timestamps: _Optional[bool] = ...) -> None: ...

class ExecOperation(_message.Message):
    __slots__ = ("container", "command", "tty", "stdin")
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    TTY_FIELD_NUMBER: _ClassVar[int]
    STDIN_FIELD_NUMBER: _ClassVar[int]
    container: str
    command: _containers.RepeatedScalarFieldContainer[str]
    tty: bool
    stdin: bool
    def __init__(self, container: _Optional[str] = ..., command: _Optional[_Iterable[str]] = ..., tty: _Optional[bool] = ..., stdin: _Optional[bool] = ...) -> None: ...

class ApplyOperation(_message.Message):
    __slots__ = ("body", "field_manager", "force", "dry_run")
    BODY_FIELD_NUMBER: _ClassVar[int]
    FIELD_MANAGER_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    field_manager: str
    force: bool
    dry_run: bool
    def __init__(self, body: _Optional[bytes] = ..., field_manager: _Optional[str] = ..., force: _Optional[bool] = ..., dry_run: _Optional[bool] = ...) -> None: ...

class DeleteOperation(_message.Message):
    __slots__ = ("propagation", "grace")
    PROPAGATION_FIELD_NUMBER: _ClassVar[int]
    GRACE_FIELD_NUMBER: _ClassVar[int]
    propagation: str
    grace: _duration_pb2.Duration
    def __init__(self, propagation: _Optional[str] = ..., grace: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ScaleOperation(_message.Message):
    __slots__ = ("replicas",)
    REPLICAS_FIELD_NUMBER: _ClassVar[int]
    replicas: int
    def __init__(self, replicas: _Optional[int] = ...) -> None: ...

class RestartOperation(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class OperationInput(_message.Message):
    __slots__ = ("stdin", "resize", "stdin_closed")
    STDIN_FIELD_NUMBER: _ClassVar[int]
    RESIZE_FIELD_NUMBER: _ClassVar[int]
    STDIN_CLOSED_FIELD_NUMBER: _ClassVar[int]
    stdin: bytes
    resize: TerminalSize
    stdin_closed: bool
    def __init__(self, stdin: _Optional[bytes] = ..., resize: _Optional[_Union[TerminalSize, _Mapping]] = ..., stdin_closed: _Optional[bool] = ...) -> None: ...

class TerminalSize(_message.Message):
    __slots__ = ("columns", "rows")
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    columns: int
    rows: int
    def __init__(self, columns: _Optional[int] = ..., rows: _Optional[int] = ...) -> None: ...

class OperationOutput(_message.Message):
    __slots__ = ("stdout", "stderr", "progress")
    STDOUT_FIELD_NUMBER: _ClassVar[int]
    STDERR_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    stdout: bytes
    stderr: bytes
    progress: str
    def __init__(self, stdout: _Optional[bytes] = ..., stderr: _Optional[bytes] = ..., progress: _Optional[str] = ...) -> None: ...

class OperationResult(_message.Message):
    __slots__ = ("outcome", "message", "exit_code", "body", "decision_id")
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    outcome: OperationOutcome
    message: str
    exit_code: int
    body: bytes
    decision_id: str
    def __init__(self, outcome: _Optional[_Union[OperationOutcome, str]] = ..., message: _Optional[str] = ..., exit_code: _Optional[int] = ..., body: _Optional[bytes] = ..., decision_id: _Optional[str] = ...) -> None: ...

class RunRequest(_message.Message):
    __slots__ = ("start", "input")
    START_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    start: OperationStart
    input: OperationInput
    def __init__(self, start: _Optional[_Union[OperationStart, _Mapping]] = ..., input: _Optional[_Union[OperationInput, _Mapping]] = ...) -> None: ...

class RunResponse(_message.Message):
    __slots__ = ("lease", "output", "result")
    LEASE_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    lease: Lease
    output: OperationOutput
    result: OperationResult
    def __init__(self, lease: _Optional[_Union[Lease, _Mapping]] = ..., output: _Optional[_Union[OperationOutput, _Mapping]] = ..., result: _Optional[_Union[OperationResult, _Mapping]] = ...) -> None: ...

class Lease(_message.Message):
    __slots__ = ("until", "reason")
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    until: _timestamp_pb2.Timestamp
    reason: str
    def __init__(self, until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class ExecuteRequest(_message.Message):
    __slots__ = ("operation_id", "output", "result")
    OPERATION_ID_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    operation_id: str
    output: OperationOutput
    result: OperationResult
    def __init__(self, operation_id: _Optional[str] = ..., output: _Optional[_Union[OperationOutput, _Mapping]] = ..., result: _Optional[_Union[OperationResult, _Mapping]] = ...) -> None: ...

class ExecuteResponse(_message.Message):
    __slots__ = ("start", "input", "cancel")
    START_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    start: OperationStart
    input: OperationInput
    cancel: str
    def __init__(self, start: _Optional[_Union[OperationStart, _Mapping]] = ..., input: _Optional[_Union[OperationInput, _Mapping]] = ..., cancel: _Optional[str] = ...) -> None: ...
