"""Makes the gateway's JSON answers, refusals among them."""

import math
from typing import Any

import orjson
from aiohttp import web

from octokube.client.feed import FeedError

_STATUSES = {
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
}


def feed_refusal(error: FeedError) -> web.Response:
    """The hub's refusal, in HTTP's terms."""
    status = _STATUSES.get(error.code, 503)
    return refusal(status, error.code, error.message, wait_seconds=error.retry_after_seconds)


def refusal(status: int, code: str, message: str, *, wait_seconds: float | None = None) -> web.Response:
    """A refusal: a code for programs, one sentence for people, and when to come back if that helps."""
    answer = json_answer({"error": {"code": code, "message": message}}, status=status)
    if wait_seconds is not None:
        answer.headers["Retry-After"] = str(math.ceil(wait_seconds))
    return answer


def json_answer(document: Any, *, status: int = 200) -> web.Response:
    """A JSON document."""
    return web.Response(status=status, body=orjson.dumps(document), content_type="application/json")
