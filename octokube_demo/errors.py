"""Says no the way a kube-apiserver does: one exception per refusal, each carrying the `Status` object a client parses.

Every message follows the wording of the real server, because clients (kubectl, client-go, the agent) match on `reason`,
`code` and `details`, and people read `message`.
"""

from __future__ import annotations

from typing import Any

_REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    409: "Conflict",
    410: "Expired",
    413: "RequestEntityTooLarge",
    415: "UnsupportedMediaType",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


class ApiError(Exception):
    """A refusal with its HTTP code and `Status`; raised anywhere below a request, answered in one place."""

    def __init__(
        self, code: int, message: str, *, reason: str | None = None, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = _REASONS.get(code, "Unknown") if reason is None else reason
        self.details = details
        self.fresh_token: str | None = None  # only a 410 of a continued list has one

    def status(self) -> dict[str, Any]:
        """The `Status` object, in the field order of the real server."""
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {"continue": self.fresh_token} if self.fresh_token else {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        }
        if self.details is not None:
            body["details"] = self.details
        body["code"] = self.code
        return body

    @property
    def retry_after_seconds(self) -> int | None:
        """What the `Retry-After` header says; None leaves the header out."""
        return (self.details or {}).get("retryAfterSeconds")


def qualified(plural: str, group: str) -> str:
    """`deployments.apps`, or `pods` in the core group."""
    return f"{plural}.{group}" if group else plural


def _about(plural: str, group: str, name: str) -> dict[str, Any]:
    details: dict[str, Any] = {"name": name} if name else {}
    if group:
        details["group"] = group
    details["kind"] = plural
    return details


def bad_request(message: str) -> ApiError:
    """400: the request cannot be understood."""
    return ApiError(400, message)


def unauthorized() -> ApiError:
    """401: no token, or one that nobody issued."""
    return ApiError(401, "Unauthorized")


def not_found(plural: str, group: str, name: str) -> ApiError:
    """404 for one object of a served type."""
    return ApiError(404, f'{qualified(plural, group)} "{name}" not found', details=_about(plural, group, name))


def no_such_path() -> ApiError:
    """404 for a path or a type that is not served (this is how a removed CRD answers)."""
    return ApiError(404, "the server could not find the requested resource", details={})


def already_exists(plural: str, group: str, name: str) -> ApiError:
    """409 on create."""
    return ApiError(
        409,
        f'{qualified(plural, group)} "{name}" already exists',
        reason="AlreadyExists",
        details=_about(plural, group, name),
    )


def conflict(plural: str, group: str, name: str, why: str | None = None) -> ApiError:
    """409 on a write whose resourceVersion, uid or state is not the current one."""
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    return ApiError(
        409,
        f'Operation cannot be fulfilled on {qualified(plural, group)} "{name}": {why}',
        details=_about(plural, group, name),
    )


def uid_mismatch(kind: str, name: str, asked: str, actual: str) -> ApiError:
    """409 of a uid precondition."""
    return ApiError(
        409,
        f'Operation cannot be fulfilled on {kind} "{name}": the UID in the precondition ({asked}) does not match '
        f"the UID in record ({actual}). The object might have been deleted and then recreated",
        details={"name": name, "kind": kind},
    )


def apply_conflict(causes: list[tuple[str, str]]) -> ApiError:
    """409 of a server-side apply: `causes` are (manager as the server names it, field path) pairs."""
    by_manager: dict[str, list[str]] = {}
    for manager, field in causes:
        by_manager.setdefault(manager, []).append(field)
    if len(causes) == 1:
        text = f"conflict with {causes[0][0]}: {causes[0][1]}"
    else:
        text = "\n".join(
            f"conflicts with {manager}:\n" + "\n".join(f"- {field}" for field in fields)
            for manager, fields in by_manager.items()
        )
    count = f"{len(causes)} conflict" + ("s" if len(causes) > 1 else "")
    return ApiError(
        409,
        f"Apply failed with {count}: {text}",
        details={
            "causes": [
                {"reason": "FieldManagerConflict", "message": f"conflict with {manager}", "field": field}
                for manager, field in causes
            ]
        },
    )


def invalid(kind: str, group: str, name: str, causes: list[tuple[str, str, str]]) -> ApiError:
    """422: `causes` are (reason such as FieldValueRequired, field path, sentence) triples."""
    texts = [f"{field}: {sentence}" if field else sentence for _, field, sentence in causes]
    joined = texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"
    details: dict[str, Any] = {"name": name} if name else {}
    if group:
        details["group"] = group
    details["kind"] = kind
    details["causes"] = [{"reason": reason, "message": sentence, "field": field} for reason, field, sentence in causes]
    return ApiError(422, f'{qualified(kind, group)} "{name}" is invalid: {joined}', details=details)


def forbidden(
    user: str, verb: str, plural: str, group: str, *, namespace: str = "", name: str = "", subresource: str = ""
) -> ApiError:
    """403 in the words of the RBAC authorizer."""
    resource = f"{plural}/{subresource}" if subresource else plural
    where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    subject = (
        f'{qualified(plural, group)} "{name}" is forbidden' if name else f"{qualified(plural, group)} is forbidden"
    )
    return ApiError(
        403,
        f'{subject}: User "{user}" cannot {verb} resource "{resource}" in API group "{group}" {where}',
        details=_about(plural, group, name),
    )


def forbidden_path(user: str, verb: str, path: str) -> ApiError:
    """403 for a path that is not a resource."""
    return ApiError(403, f'forbidden: User "{user}" cannot {verb} path "{path}"', details={})


def namespace_terminating(plural: str, group: str, name: str, namespace: str) -> ApiError:
    """403 on a create in a namespace that is going away."""
    details = _about(plural, group, name)
    details["causes"] = [
        {
            "reason": "NamespaceTerminating",
            "message": f"namespace {namespace} is being terminated",
            "field": "metadata.namespace",
        }
    ]
    return ApiError(
        403,
        f'{qualified(plural, group)} "{name}" is forbidden: '
        f"unable to create new content in namespace {namespace} because it is being terminated",
        details=details,
    )


def expired(message: str) -> ApiError:
    """410: the version asked for has been compacted away; only a fresh list helps."""
    return ApiError(410, message)


def too_old(asked: int, oldest: int) -> ApiError:
    """410 of a watch."""
    return expired(f"too old resource version: {asked} ({oldest})")


def list_too_old() -> ApiError:
    """410 of a list at an exact version."""
    return expired("The resourceVersion for the provided list is too old.")


def continue_expired(fresh_token: str) -> ApiError:
    """410 of a continued list; `fresh_token` continues at the newest version, which is then inconsistent."""
    error = expired(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list "
        "without the continue parameter, or use the continue token in this response to retrieve the remainder of the "
        "results. Continuing with the provided token results in an inconsistent list - objects that were created, "
        "modified, or deleted between the time the first chunk was returned and now may show up in the list."
    )
    error.fresh_token = fresh_token
    return error


def too_large(asked: int, current: int) -> ApiError:
    """504: a version from the future."""
    return ApiError(
        504,
        f"Timeout: Too large resource version: {asked}, current: {current}",
        details={
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1,
        },
    )


def too_many_requests(retry_after_seconds: int) -> ApiError:
    """429 with Retry-After."""
    return ApiError(
        429,
        "Too many requests, please try again later.",
        details={"retryAfterSeconds": retry_after_seconds},
    )


def eviction_blocked(budget: str, needs: int, healthy: int) -> ApiError:
    """429 of an eviction that a PodDisruptionBudget holds back."""
    return ApiError(
        429,
        "Cannot evict pod as it would violate the pod's disruption budget.",
        details={
            "causes": [
                {
                    "reason": "DisruptionBudget",
                    "message": f"The disruption budget {budget} needs {needs} healthy pods and has {healthy} currently",
                }
            ]
        },
    )


def method_not_allowed() -> ApiError:
    """405: the type is served, this verb on it is not."""
    return ApiError(405, "the server does not allow this method on the requested resource", details={})


def unsupported_media_type(supported: str) -> ApiError:
    """415: a patch or a body in a format this server does not read."""
    return ApiError(
        415, f"the body of the request was in an unknown format - accepted media types include: {supported}"
    )


def not_acceptable(supported: str = "application/json") -> ApiError:
    """406: only JSON is spoken."""
    return ApiError(406, f"only the following media types are accepted: {supported}")


def internal(message: str) -> ApiError:
    """500."""
    return ApiError(500, f"Internal error occurred: {message}")
