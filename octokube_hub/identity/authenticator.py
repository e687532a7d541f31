"""Turns a bearer token into a subject."""

import datetime
from dataclasses import dataclass

from octokube.runtime.clock import Clock
from octokube_hub.errors import unauthenticated
from octokube_hub.identity.peers import is_local_peer
from octokube_hub.identity.secret import MAX_SECRET_LENGTH, TOKEN_PREFIX, hash_secret
from octokube_hub.policy import Subject
from octokube_hub.store import Tokens

DEMO_PREFIX = "demo:"


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller who has shown a valid token. ``token_id`` is "" for a demo person, who has none."""

    subject: Subject
    token_id: str
    expires_at: datetime.datetime | None


class Authenticator:
    """Knows tokens from the store, and demo people where the settings say so.

    ``demo:alice`` is user:alice only when ``is_demo`` and when the peer is on this machine; everywhere else it is a
    token that nobody issued.
    """

    def __init__(self, tokens: Tokens, clock: Clock, *, is_demo: bool) -> None:
        self._tokens = tokens
        self._clock = clock
        self._is_demo = is_demo

    async def authenticate(self, token: str, peer: str) -> Identity:
        """Who this is. Raises Refused (UNAUTHENTICATED), which does not tell an unknown token from an expired one."""
        if self._is_demo and token.startswith(DEMO_PREFIX) and is_local_peer(peer):
            try:
                return Identity(Subject(f"user:{token.removeprefix(DEMO_PREFIX)}"), "", None)
            except ValueError as error:
                raise unauthenticated() from error
        if not token.startswith(TOKEN_PREFIX) or len(token) > MAX_SECRET_LENGTH:
            raise unauthenticated()
        found = await self._tokens.find(hash_secret(token))
        if found is None or not found.is_valid(self._clock.now()):
            raise unauthenticated()
        return Identity(Subject(found.subject), found.id, found.expires_at)
