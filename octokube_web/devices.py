"""Lets whoever has signed in see which program waits under a code, and let it in or refuse it."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson
from aiohttp import web

from octokube.client.feed import FeedError
from octokube.client.identity import Identity
from octokube_web.answers import feed_refusal, json_answer, refusal
from octokube_web.sessions import Session

_SIGNED_OUT = ("UNAUTHENTICATED", "nobody is signed in")


@dataclass(frozen=True, slots=True)
class _Asked:
    user_code: str
    is_confirmed: bool | None


class Devices:
    """Two questions of the page at /device. ``session_of`` finds who asks."""

    def __init__(self, identity: Identity, session_of: Callable[[web.Request], Awaitable[Session | None]]) -> None:
        self._identity = identity
        self._session_of = session_of

    async def find(self, request: web.Request) -> web.Response:
        """What the program under a code calls itself, and when it began."""
        session, asked = await self._session_of(request), await _read(request)
        if session is None:
            return refusal(401, *_SIGNED_OUT)
        if asked is None:
            return refusal(400, "INVALID_ARGUMENT", 'send JSON: {"user_code": "…"}')
        try:
            name, begun_at = await self._identity.find_device(session.token, asked.user_code)
        except FeedError as error:
            return feed_refusal(error)
        return json_answer({"client_name": name, "begun_at": begun_at.isoformat()})

    async def decide(self, request: web.Request) -> web.Response:
        """Lets it in, or refuses it."""
        session, asked = await self._session_of(request), await _read(request)
        if session is None:
            return refusal(401, *_SIGNED_OUT)
        if asked is None or asked.is_confirmed is None:
            return refusal(400, "INVALID_ARGUMENT", 'send JSON: {"user_code": "…", "is_confirmed": true or false}')
        try:
            await self._identity.confirm_device(session.token, asked.user_code, is_confirmed=asked.is_confirmed)
        except FeedError as error:
            return feed_refusal(error)
        return json_answer({})


async def _read(request: web.Request) -> _Asked | None:
    """None for what is no question of the page."""
    if request.content_type != "application/json":
        return None
    with contextlib.suppress(orjson.JSONDecodeError):
        body = orjson.loads(await request.read())
        code = body.get("user_code") if isinstance(body, dict) else None
        told = body.get("is_confirmed") if isinstance(body, dict) else None
        if isinstance(code, str) and isinstance(told, bool | None):
            return _Asked(code, told)
    return None
