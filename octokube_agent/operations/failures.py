"""Names the ways in which an operation ends badly, and turns each into a result."""

import re
from collections.abc import Sequence

from octokube.v1 import operation_pb2 as pb
from octokube_agent.kube import errors
from octokube_agent.projection.redaction import Redactor

MAX_SENTENCE_CHARACTERS = 600
_KIND_OF_CONFLICT = "FieldManagerConflict"
# A quoted text, a number, or something whose end nothing marks.
_VALUE = re.compile(
    r': (Invalid|Unsupported|Duplicate) value: (?:"(?:[^"\\]|\\.)*"|[\w.+-]+(?=[:,\]]|\Z)|.*)', re.DOTALL
)
_VALUES = {"Invalid": " has an invalid value", "Unsupported": " has an unsupported value"}


class Refused(Exception):
    """The agent does not do it. Nothing was changed. The text is one sentence without secret content."""

    def __init__(self, sentence: str, *, escalations: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.escalations = tuple(escalations)


class Failed(Exception):
    """It could not be done. The text is one sentence without secret content."""


def result_of(error: Refused | Failed | errors.KubeError, type: str, redactor: Redactor) -> pb.OperationResult:
    """The result that tells of a failure, free of secret content."""
    if isinstance(error, Refused):
        return pb.OperationResult(
            outcome=pb.OPERATION_OUTCOME_DENIED, message=str(error), escalations=list(error.escalations)
        )
    result = pb.OperationResult(outcome=pb.OPERATION_OUTCOME_FAILED)
    if isinstance(error, Failed):
        result.message = str(error)
        return result
    result.message = explain(error, type, redactor)
    for cause in error.causes:
        if cause.reason == _KIND_OF_CONFLICT:
            result.conflicts.add(manager=_manager(cause.message), field=cause.field)
    return result


def explain(error: errors.KubeError, type: str, redactor: Redactor) -> str:
    """What the API server said, redacted. A validation error quotes the value that it refuses, which may be one that is
    hidden from the person, and no rule tells a password from a word there: fields are named, and values left out; of
    Secrets the reasons, too.
    """
    if not error.code:
        return str(error)
    said = error.sentence
    if type == "secrets" and not isinstance(error, errors.NotFound | errors.Forbidden):
        fields = ", ".join(sorted({cause.field for cause in error.causes if cause.field}))
        said = f"it complains of {fields}" if fields else "its reason is left out, since it may quote a value"
    said = _VALUE.sub(lambda found: _VALUES.get(found[1], " has a value that is there already"), said)
    said = redactor.redact_text(said)[:MAX_SENTENCE_CHARACTERS]
    return f"the API server answered {error.code}" + (f": {said}" if said else "")


def _manager(message: str) -> str:
    """The manager's name in the server's sentence: conflict with "kubectl" using apps/v1."""
    parts = message.split('"')
    return parts[1] if len(parts) > 2 else ""
