"""What can go wrong between the agent and the Kubernetes API, as types a caller can decide on.

No text here carries object content: statuses of collection reads name types, users and versions only, and the bodies of
server errors are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MAX_MESSAGE_CHARACTERS = 300
MAX_CAUSES = 100


@dataclass(frozen=True, slots=True)
class Cause:
    """One of the reasons that the server gave. ``message`` may quote values."""

    reason: str
    message: str
    field: str


class KubeError(Exception):
    """A request to the Kubernetes API failed. ``retry_after_seconds`` is what the server asked for, if it did."""

    def __init__(
        self,
        message: str,
        *,
        retry_after_seconds: float | None = None,
        code: int = 0,
        causes: Sequence[Cause] = (),
        sentence: str = "",
    ) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        self.code = code
        self.causes = tuple(causes)
        self.sentence = sentence
        """What the server said, for whoever redacts it first."""


class Unauthorized(KubeError):
    """401: the credential is missing, wrong or expired. Permanent until it changes."""


class Forbidden(KubeError):
    """403: Kubernetes RBAC does not allow it. Permanent until the roles change."""


class NotFound(KubeError):
    """404: no such path, as when a type has just gone."""


class Conflict(KubeError):
    """409: the object is not as the request presumes, or another manager holds a field."""


class Gone(KubeError):
    """410: the version or continue token asked for is no longer in the server's history. Only a fresh list helps."""


class Invalid(KubeError):
    """Another 4xx: the server does not understand or accept the request."""


class Throttled(KubeError):
    """429: too many requests; to be repeated after ``retry_after_seconds``."""


class Unavailable(KubeError):
    """The server can't be reached, timed out, or answered 5xx. Worth repeating."""


class Malformed(KubeError):
    """The server's answer is not what the Kubernetes API promises."""


class TooLarge(KubeError):
    """An answer or a line of it is larger than the agent is willing to hold. A smaller page may pass."""


_BY_CODE: dict[int, type[KubeError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    413: TooLarge,
    429: Throttled,
}


def from_status(
    code: int,
    what: str,
    *,
    message: str = "",
    retry_after_seconds: float | None = None,
    causes: Sequence[Cause] = (),
) -> KubeError:
    """The error for an HTTP or Status code. ``what`` says what was asked; ``message`` is the server's."""
    kind = _BY_CODE.get(code)
    if kind is None:
        kind = Unavailable if code >= 500 or code == 408 else Invalid
    text = f"the API server answered {code} to {what}"
    if message and code < 500:
        text += f": {message[:MAX_MESSAGE_CHARACTERS]}"
    return kind(text, retry_after_seconds=retry_after_seconds, code=code, causes=causes, sentence=message)


def causes_of(status: Any) -> list[Cause]:
    """The causes that a Status object lists."""
    details = status.get("details") if isinstance(status, dict) else None
    listed = details.get("causes") if isinstance(details, dict) else None
    if not isinstance(listed, list):
        return []
    return [
        Cause(str(one.get("reason", "")), str(one.get("message", "")), str(one.get("field", "")))
        for one in listed[:MAX_CAUSES]
        if isinstance(one, dict)
    ]
