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

class PatchType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PATCH_TYPE_UNSPECIFIED: _ClassVar[PatchType]
    PATCH_TYPE_MERGE: _ClassVar[PatchType]
    PATCH_TYPE_STRATEGIC: _ClassVar[PatchType]
    PATCH_TYPE_JSON: _ClassVar[PatchType]

class DocumentRole(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DOCUMENT_ROLE_UNSPECIFIED: _ClassVar[DocumentRole]
    DOCUMENT_ROLE_OBJECT: _ClassVar[DocumentRole]
    DOCUMENT_ROLE_EVENT: _ClassVar[DocumentRole]
    DOCUMENT_ROLE_OWNER: _ClassVar[DocumentRole]
    DOCUMENT_ROLE_DEPENDANT: _ClassVar[DocumentRole]
    DOCUMENT_ROLE_BEFORE: _ClassVar[DocumentRole]
    DOCUMENT_ROLE_AFTER: _ClassVar[DocumentRole]
    DOCUMENT_ROLE_SCHEMA: _ClassVar[DocumentRole]

class OperationOutcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OPERATION_OUTCOME_UNSPECIFIED: _ClassVar[OperationOutcome]
    OPERATION_OUTCOME_SUCCEEDED: _ClassVar[OperationOutcome]
    OPERATION_OUTCOME_FAILED: _ClassVar[OperationOutcome]
    OPERATION_OUTCOME_DENIED: _ClassVar[OperationOutcome]
    OPERATION_OUTCOME_LEASE_ENDED: _ClassVar[OperationOutcome]
    OPERATION_OUTCOME_UNKNOWN: _ClassVar[OperationOutcome]
PATCH_TYPE_UNSPECIFIED: PatchType
PATCH_TYPE_MERGE: PatchType
PATCH_TYPE_STRATEGIC: PatchType
PATCH_TYPE_JSON: PatchType
DOCUMENT_ROLE_UNSPECIFIED: DocumentRole
DOCUMENT_ROLE_OBJECT: DocumentRole
DOCUMENT_ROLE_EVENT: DocumentRole
DOCUMENT_ROLE_OWNER: DocumentRole
DOCUMENT_ROLE_DEPENDANT: DocumentRole
DOCUMENT_ROLE_BEFORE: DocumentRole
DOCUMENT_ROLE_AFTER: DocumentRole
DOCUMENT_ROLE_SCHEMA: DocumentRole
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
    __slots__ = ("target", "idempotency_key", "logs", "exec", "apply", "delete", "scale", "restart", "get", "describe", "attach", "copy_from", "port_forward", "create", "patch", "rollback", "rollout_status", "cordon", "drain", "reveal", "debug", "schema")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    LOGS_FIELD_NUMBER: _ClassVar[int]
    EXEC_FIELD_NUMBER: _ClassVar[int]
    APPLY_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    RESTART_FIELD_NUMBER: _ClassVar[int]
    GET_FIELD_NUMBER: _ClassVar[int]
    DESCRIBE_FIELD_NUMBER: _ClassVar[int]
    ATTACH_FIELD_NUMBER: _ClassVar[int]
    COPY_FROM_FIELD_NUMBER: _ClassVar[int]
    PORT_FORWARD_FIELD_NUMBER: _ClassVar[int]
    CREATE_FIELD_NUMBER: _ClassVar[int]
    PATCH_FIELD_NUMBER: _ClassVar[int]
    ROLLBACK_FIELD_NUMBER: _ClassVar[int]
    ROLLOUT_STATUS_FIELD_NUMBER: _ClassVar[int]
    CORDON_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    REVEAL_FIELD_NUMBER: _ClassVar[int]
    DEBUG_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    target: OperationTarget
    idempotency_key: str
    logs: LogsOperation
    exec: ExecOperation
    apply: ApplyOperation
    delete: DeleteOperation
    scale: ScaleOperation
    restart: RestartOperation
    get: GetOperation
    describe: DescribeOperation
    attach: AttachOperation
    copy_from: CopyFromOperation
    port_forward: PortForwardOperation
    create: CreateOperation
    patch: PatchOperation
    rollback: RollbackOperation
    rollout_status: RolloutStatusOperation
    cordon: CordonOperation
    drain: DrainOperation
    reveal: RevealOperation
    debug: DebugOperation
    schema: SchemaOperation
    def __init__(self, target: _Optional[_Union[OperationTarget, _Mapping]] = ..., idempotency_key: _Optional[str] = ..., logs: _Optional[_Union[LogsOperation, _Mapping]] = ..., exec: _Optional[_Union[ExecOperation, _Mapping]] = ..., apply: _Optional[_Union[ApplyOperation, _Mapping]] = ..., delete: _Optional[_Union[DeleteOperation, _Mapping]] = ..., scale: _Optional[_Union[ScaleOperation, _Mapping]] = ..., restart: _Optional[_Union[RestartOperation, _Mapping]] = ..., get: _Optional[_Union[GetOperation, _Mapping]] = ..., describe: _Optional[_Union[DescribeOperation, _Mapping]] = ..., attach: _Optional[_Union[AttachOperation, _Mapping]] = ..., copy_from: _Optional[_Union[CopyFromOperation, _Mapping]] = ..., port_forward: _Optional[_Union[PortForwardOperation, _Mapping]] = ..., create: _Optional[_Union[CreateOperation, _Mapping]] = ..., patch: _Optional[_Union[PatchOperation, _Mapping]] = ..., rollback: _Optional[_Union[RollbackOperation, _Mapping]] = ..., rollout_status: _Optional[_Union[RolloutStatusOperation, _Mapping]] = ..., cordon: _Optional[_Union[CordonOperation, _Mapping]] = ..., drain: _Optional[_Union[DrainOperation, _Mapping]] = ..., reveal: _Optional[_Union[RevealOperation, _Mapping]] = ..., debug: _Optional[_Union[DebugOperation, _Mapping]] = ..., schema: _Optional[_Union[SchemaOperation, _Mapping]] = ...) -> None: ...

class GetOperation(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeOperation(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SchemaOperation(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class LogsOperation(_message.Message):
    __slots__ = ("container", "follow", "previous", "tail_lines", "since", "timestamps", "all_containers", "label_selector")
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    TAIL_LINES_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMPS_FIELD_NUMBER: _ClassVar[int]
    ALL_CONTAINERS_FIELD_NUMBER: _ClassVar[int]
    LABEL_SELECTOR_FIELD_NUMBER: _ClassVar[int]
    container: str
    follow: bool
    previous: bool
    tail_lines: int
    since: _timestamp_pb2.Timestamp
    timestamps: bool
    all_containers: bool
    label_selector: str
    def __init__(self, container: _Optional[str] = ..., follow: _Optional[bool] = ..., previous: _Optional[bool] = ..., tail_lines: _Optional[int] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., timestamps: _Optional[bool] = ..., all_containers: _Optional[bool] = ..., label_selector: _Optional[str] = ...) -> None: ...

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

class AttachOperation(_message.Message):
    __slots__ = ("container", "tty", "stdin")
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    TTY_FIELD_NUMBER: _ClassVar[int]
    STDIN_FIELD_NUMBER: _ClassVar[int]
    container: str
    tty: bool
    stdin: bool
    def __init__(self, container: _Optional[str] = ..., tty: _Optional[bool] = ..., stdin: _Optional[bool] = ...) -> None: ...

class CopyFromOperation(_message.Message):
    __slots__ = ("container", "path")
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    container: str
    path: str
    def __init__(self, container: _Optional[str] = ..., path: _Optional[str] = ...) -> None: ...

class PortForwardOperation(_message.Message):
    __slots__ = ("ports", "connection_credit")
    PORTS_FIELD_NUMBER: _ClassVar[int]
    CONNECTION_CREDIT_FIELD_NUMBER: _ClassVar[int]
    ports: _containers.RepeatedScalarFieldContainer[int]
    connection_credit: bool
    def __init__(self, ports: _Optional[_Iterable[int]] = ..., connection_credit: _Optional[bool] = ...) -> None: ...

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

class CreateOperation(_message.Message):
    __slots__ = ("body", "field_manager", "dry_run")
    BODY_FIELD_NUMBER: _ClassVar[int]
    FIELD_MANAGER_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    field_manager: str
    dry_run: bool
    def __init__(self, body: _Optional[bytes] = ..., field_manager: _Optional[str] = ..., dry_run: _Optional[bool] = ...) -> None: ...

class PatchOperation(_message.Message):
    __slots__ = ("type", "body", "field_manager", "dry_run")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    FIELD_MANAGER_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    type: PatchType
    body: bytes
    field_manager: str
    dry_run: bool
    def __init__(self, type: _Optional[_Union[PatchType, str]] = ..., body: _Optional[bytes] = ..., field_manager: _Optional[str] = ..., dry_run: _Optional[bool] = ...) -> None: ...

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

class RollbackOperation(_message.Message):
    __slots__ = ("revision",)
    REVISION_FIELD_NUMBER: _ClassVar[int]
    revision: int
    def __init__(self, revision: _Optional[int] = ...) -> None: ...

class RolloutStatusOperation(_message.Message):
    __slots__ = ("wait",)
    WAIT_FIELD_NUMBER: _ClassVar[int]
    wait: bool
    def __init__(self, wait: _Optional[bool] = ...) -> None: ...

class CordonOperation(_message.Message):
    __slots__ = ("uncordon",)
    UNCORDON_FIELD_NUMBER: _ClassVar[int]
    uncordon: bool
    def __init__(self, uncordon: _Optional[bool] = ...) -> None: ...

class DrainOperation(_message.Message):
    __slots__ = ("grace", "timeout", "ignore_daemonsets", "delete_empty_dir_data", "force")
    GRACE_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    IGNORE_DAEMONSETS_FIELD_NUMBER: _ClassVar[int]
    DELETE_EMPTY_DIR_DATA_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    grace: _duration_pb2.Duration
    timeout: _duration_pb2.Duration
    ignore_daemonsets: bool
    delete_empty_dir_data: bool
    force: bool
    def __init__(self, grace: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., ignore_daemonsets: _Optional[bool] = ..., delete_empty_dir_data: _Optional[bool] = ..., force: _Optional[bool] = ...) -> None: ...

class RevealOperation(_message.Message):
    __slots__ = ("key",)
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: str
    def __init__(self, key: _Optional[str] = ...) -> None: ...

class DebugOperation(_message.Message):
    __slots__ = ("image", "command", "target_container", "tty", "stdin")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    TARGET_CONTAINER_FIELD_NUMBER: _ClassVar[int]
    TTY_FIELD_NUMBER: _ClassVar[int]
    STDIN_FIELD_NUMBER: _ClassVar[int]
    image: str
    command: _containers.RepeatedScalarFieldContainer[str]
    target_container: str
    tty: bool
    stdin: bool
    def __init__(self, image: _Optional[str] = ..., command: _Optional[_Iterable[str]] = ..., target_container: _Optional[str] = ..., tty: _Optional[bool] = ..., stdin: _Optional[bool] = ...) -> None: ...

class OperationInput(_message.Message):
    __slots__ = ("stdin", "resize", "stdin_closed", "forward")
    STDIN_FIELD_NUMBER: _ClassVar[int]
    RESIZE_FIELD_NUMBER: _ClassVar[int]
    STDIN_CLOSED_FIELD_NUMBER: _ClassVar[int]
    FORWARD_FIELD_NUMBER: _ClassVar[int]
    stdin: bytes
    resize: TerminalSize
    stdin_closed: bool
    forward: ForwardFrame
    def __init__(self, stdin: _Optional[bytes] = ..., resize: _Optional[_Union[TerminalSize, _Mapping]] = ..., stdin_closed: _Optional[bool] = ..., forward: _Optional[_Union[ForwardFrame, _Mapping]] = ...) -> None: ...

class ForwardFrame(_message.Message):
    __slots__ = ("connection_id", "open", "data", "closed", "failed", "credit")
    CONNECTION_ID_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    connection_id: int
    open: int
    data: bytes
    closed: bool
    failed: str
    credit: int
    def __init__(self, connection_id: _Optional[int] = ..., open: _Optional[int] = ..., data: _Optional[bytes] = ..., closed: _Optional[bool] = ..., failed: _Optional[str] = ..., credit: _Optional[int] = ...) -> None: ...

class OperationCredit(_message.Message):
    __slots__ = ("bytes",)
    BYTES_FIELD_NUMBER: _ClassVar[int]
    bytes: int
    def __init__(self, bytes: _Optional[int] = ...) -> None: ...

class TerminalSize(_message.Message):
    __slots__ = ("columns", "rows")
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    columns: int
    rows: int
    def __init__(self, columns: _Optional[int] = ..., rows: _Optional[int] = ...) -> None: ...

class OperationOutput(_message.Message):
    __slots__ = ("stdout", "stderr", "progress", "document", "forward", "source", "about")
    STDOUT_FIELD_NUMBER: _ClassVar[int]
    STDERR_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    FORWARD_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    ABOUT_FIELD_NUMBER: _ClassVar[int]
    stdout: bytes
    stderr: bytes
    progress: str
    document: DocumentPart
    forward: ForwardFrame
    source: LogSource
    about: _resource_pb2.Key
    def __init__(self, stdout: _Optional[bytes] = ..., stderr: _Optional[bytes] = ..., progress: _Optional[str] = ..., document: _Optional[_Union[DocumentPart, _Mapping]] = ..., forward: _Optional[_Union[ForwardFrame, _Mapping]] = ..., source: _Optional[_Union[LogSource, _Mapping]] = ..., about: _Optional[_Union[_resource_pb2.Key, _Mapping]] = ...) -> None: ...

class LogSource(_message.Message):
    __slots__ = ("pod", "container")
    POD_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    pod: str
    container: str
    def __init__(self, pod: _Optional[str] = ..., container: _Optional[str] = ...) -> None: ...

class DocumentPart(_message.Message):
    __slots__ = ("role", "key", "content", "last", "hidden_changes")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_CHANGES_FIELD_NUMBER: _ClassVar[int]
    role: DocumentRole
    key: _resource_pb2.Key
    content: bytes
    last: bool
    hidden_changes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, role: _Optional[_Union[DocumentRole, str]] = ..., key: _Optional[_Union[_resource_pb2.Key, _Mapping]] = ..., content: _Optional[bytes] = ..., last: _Optional[bool] = ..., hidden_changes: _Optional[_Iterable[str]] = ...) -> None: ...

class FieldConflict(_message.Message):
    __slots__ = ("manager", "field")
    MANAGER_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    manager: str
    field: str
    def __init__(self, manager: _Optional[str] = ..., field: _Optional[str] = ...) -> None: ...

class OperationResult(_message.Message):
    __slots__ = ("outcome", "message", "exit_code", "decision_id", "conflicts", "escalations", "key", "resource_version", "remembered")
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    EXIT_CODE_FIELD_NUMBER: _ClassVar[int]
    DECISION_ID_FIELD_NUMBER: _ClassVar[int]
    CONFLICTS_FIELD_NUMBER: _ClassVar[int]
    ESCALATIONS_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_VERSION_FIELD_NUMBER: _ClassVar[int]
    REMEMBERED_FIELD_NUMBER: _ClassVar[int]
    outcome: OperationOutcome
    message: str
    exit_code: int
    decision_id: str
    conflicts: _containers.RepeatedCompositeFieldContainer[FieldConflict]
    escalations: _containers.RepeatedScalarFieldContainer[str]
    key: _resource_pb2.Key
    resource_version: str
    remembered: bool
    def __init__(self, outcome: _Optional[_Union[OperationOutcome, str]] = ..., message: _Optional[str] = ..., exit_code: _Optional[int] = ..., decision_id: _Optional[str] = ..., conflicts: _Optional[_Iterable[_Union[FieldConflict, _Mapping]]] = ..., escalations: _Optional[_Iterable[str]] = ..., key: _Optional[_Union[_resource_pb2.Key, _Mapping]] = ..., resource_version: _Optional[str] = ..., remembered: _Optional[bool] = ...) -> None: ...

class RunRequest(_message.Message):
    __slots__ = ("start", "input", "credit")
    START_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    start: OperationStart
    input: OperationInput
    credit: OperationCredit
    def __init__(self, start: _Optional[_Union[OperationStart, _Mapping]] = ..., input: _Optional[_Union[OperationInput, _Mapping]] = ..., credit: _Optional[_Union[OperationCredit, _Mapping]] = ...) -> None: ...

class RunResponse(_message.Message):
    __slots__ = ("lease", "output", "result", "credit")
    LEASE_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    lease: Lease
    output: OperationOutput
    result: OperationResult
    credit: OperationCredit
    def __init__(self, lease: _Optional[_Union[Lease, _Mapping]] = ..., output: _Optional[_Union[OperationOutput, _Mapping]] = ..., result: _Optional[_Union[OperationResult, _Mapping]] = ..., credit: _Optional[_Union[OperationCredit, _Mapping]] = ...) -> None: ...

class Lease(_message.Message):
    __slots__ = ("until", "reason", "recorded")
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RECORDED_FIELD_NUMBER: _ClassVar[int]
    until: _timestamp_pb2.Timestamp
    reason: str
    recorded: bool
    def __init__(self, until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ..., recorded: _Optional[bool] = ...) -> None: ...

class ExecuteRequest(_message.Message):
    __slots__ = ("operation_id", "output", "result", "credit")
    OPERATION_ID_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    operation_id: str
    output: OperationOutput
    result: OperationResult
    credit: OperationCredit
    def __init__(self, operation_id: _Optional[str] = ..., output: _Optional[_Union[OperationOutput, _Mapping]] = ..., result: _Optional[_Union[OperationResult, _Mapping]] = ..., credit: _Optional[_Union[OperationCredit, _Mapping]] = ...) -> None: ...

class ExecuteStart(_message.Message):
    __slots__ = ("operation", "subject", "groups", "escalate_allowed", "create_allowed", "patch_allowed", "pods")
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    ESCALATE_ALLOWED_FIELD_NUMBER: _ClassVar[int]
    CREATE_ALLOWED_FIELD_NUMBER: _ClassVar[int]
    PATCH_ALLOWED_FIELD_NUMBER: _ClassVar[int]
    PODS_FIELD_NUMBER: _ClassVar[int]
    operation: OperationStart
    subject: str
    groups: _containers.RepeatedScalarFieldContainer[str]
    escalate_allowed: bool
    create_allowed: bool
    patch_allowed: bool
    pods: PodScope
    def __init__(self, operation: _Optional[_Union[OperationStart, _Mapping]] = ..., subject: _Optional[str] = ..., groups: _Optional[_Iterable[str]] = ..., escalate_allowed: _Optional[bool] = ..., create_allowed: _Optional[bool] = ..., patch_allowed: _Optional[bool] = ..., pods: _Optional[_Union[PodScope, _Mapping]] = ...) -> None: ...

class PodScope(_message.Message):
    __slots__ = ("all", "pods")
    ALL_FIELD_NUMBER: _ClassVar[int]
    PODS_FIELD_NUMBER: _ClassVar[int]
    all: bool
    pods: _containers.RepeatedCompositeFieldContainer[_resource_pb2.Key]
    def __init__(self, all: _Optional[bool] = ..., pods: _Optional[_Iterable[_Union[_resource_pb2.Key, _Mapping]]] = ...) -> None: ...

class ExecuteResponse(_message.Message):
    __slots__ = ("start", "input", "cancel", "credit", "pods")
    START_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    PODS_FIELD_NUMBER: _ClassVar[int]
    start: ExecuteStart
    input: OperationInput
    cancel: str
    credit: OperationCredit
    pods: PodScope
    def __init__(self, start: _Optional[_Union[ExecuteStart, _Mapping]] = ..., input: _Optional[_Union[OperationInput, _Mapping]] = ..., cancel: _Optional[str] = ..., credit: _Optional[_Union[OperationCredit, _Mapping]] = ..., pods: _Optional[_Union[PodScope, _Mapping]] = ...) -> None: ...
