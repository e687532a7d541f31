"""Turns a bearer token into a subject."""

import datetime
from dataclasses import dataclass

from octokube.runtime.clock import Clock
from octokube_hub.errors import unauthenticated
from octokube_hub.identity.peers import is_local_peer
from octokube_hub.identity.secret import (
    MAX_BEARER_LENGTH,
    MAX_SECRET_LENGTH,
    SESSION_PREFIX,
    TOKEN_PREFIX,
    hash_secret,
)
from octokube_hub.identity.sessiontokens import SessionTokens
from octokube_hub.policy import Ceiling, Subject
from octokube_hub.store import People, Person, SessionRecords, Tokens

DEMO_PREFIX = "demo:"
TEAMS_LIFE = datetime.timedelta(days=30)
"""How long a token of a person goes by the teams that the provider told at their last sign-in or refresh."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller who has shown a valid token. ``token_id`` is the session's for a session, "" for a demo person."""

    subject: Subject
    token_id: str
    expires_at: datetime.datetime | None
    is_session: bool = False
    """Whether they have signed in, and not shown a token that they carry about."""


class Authenticator:
    """Knows tokens and sessions from the store, and demo people where the settings say so.

    ``demo:alice`` is user:alice only when ``is_demo`` and when the peer is on this machine; everywhere else it is a
    token that nobody issued. Teams are those that the provider told of the person last, whatever they show.
    """

    def __init__(
        self,
        tokens: Tokens,
        clock: Clock,
        *,
        is_demo: bool,
        people: People | None = None,
        sessions: SessionRecords | None = None,
        session_tokens: SessionTokens | None = None,
    ) -> None:
        self._tokens = tokens
        self._clock = clock
        self._is_demo = is_demo
        self._people = people
        self._sessions = sessions
        self._session_tokens = session_tokens

    async def authenticate(self, token: str, peer: str) -> Identity:
        """Who this is. Raises Refused (UNAUTHENTICATED), which does not tell an unknown token from an expired one."""
        if self._is_demo and token.startswith(DEMO_PREFIX) and is_local_peer(peer):
            try:
                return Identity(Subject(f"user:{token.removeprefix(DEMO_PREFIX)}"), "", None, is_session=True)
            except ValueError as error:
                raise unauthenticated() from error
        if token.startswith(SESSION_PREFIX) and len(token) <= MAX_BEARER_LENGTH:
            return await self._of_session(token)
        if not token.startswith(TOKEN_PREFIX) or len(token) > MAX_SECRET_LENGTH:
            raise unauthenticated()
        found = await self._tokens.find(hash_secret(token))
        now = self._clock.now()
        if found is None or not found.is_valid(now):
            raise unauthenticated()
        person = await self._person(found.subject)
        ceiling = Ceiling(found.is_read_only, frozenset(found.clusters))
        subject = Subject(found.subject, teams_now(person, now), None if ceiling == Ceiling() else ceiling)
        return Identity(subject, found.id, found.expires_at)

    async def _of_session(self, token: str) -> Identity:
        now = self._clock.now()
        named = self._session_tokens.read(token, now) if self._session_tokens is not None else None
        if named is None or self._sessions is None:
            raise unauthenticated()
        session = await self._sessions.find(named[0])
        if session is None or not session.is_open(now) or session.subject != named[1]:
            raise unauthenticated()
        person = await self._person(session.subject)
        teams = person.teams if person is not None else frozenset[str]()
        until = min(session.token_until, session.expires_at)
        return Identity(Subject(session.subject, teams), session.id, until, is_session=True)

    async def _person(self, subject: str) -> Person | None:
        """Asked for last: whoever opens a lease at once on what this says is told of every later change of it."""
        person = await self._people.find(subject) if self._people is not None else None
        if person is not None and person.disabled_at is not None:
            raise unauthenticated()
        return person


def teams_now(person: Person | None, now: datetime.datetime) -> frozenset[str]:
    """The teams that a token of somebody stands for: what a provider told too long ago does not count."""
    if person is None or person.teams_at is None:
        return frozenset()
    if person.subject.startswith("user:") and now - person.teams_at > TEAMS_LIFE:
        return frozenset()
    return person.teams
