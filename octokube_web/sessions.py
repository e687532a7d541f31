"""Remembers who has signed in: an opaque cookie on one side, a hub token on the other."""

import asyncio
import secrets
from dataclasses import dataclass, field

from octokube.runtime.clock import Clock, SystemClock


@dataclass(slots=True)
class Session:
    """One signed-in browser. The tokens never leave the gateway's memory but towards the hub."""

    id: str
    subject: str
    token: str = field(repr=False)
    expires_at: float
    """On the monotonic clock, in seconds."""
    refresh_token: str = field(default="", repr=False)
    """Of a session that the hub opened and that has to be refreshed; "" for one that lives by a person's own token."""
    refresh_at: float = float("inf")
    """When to refresh it, on the monotonic clock."""
    ended: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    end_reason: str = "sign in again"
    refreshing: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)


class Sessions:
    """The sessions of this process; they end with it, and people sign in again.

    At most ``limit`` are kept, and ``person_limit`` of one person: the one nearest to its end makes room for a new one,
    and its sockets close. So nobody can push others out by signing in again and again.
    """

    def __init__(
        self, *, lifetime_seconds: float, limit: int, person_limit: int = 50, clock: Clock | None = None
    ) -> None:
        self._lifetime_seconds = lifetime_seconds
        self._limit = limit
        self._person_limit = person_limit
        self._clock = clock or SystemClock()
        self._sessions: dict[str, Session] = {}
        self._of_person: dict[str, dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def begin(self, token: str, *, subject: str, lifetime_seconds: float | None = None) -> Session:
        """Opens a session for a token that the hub has accepted."""
        # Equal lifetimes: the oldest is first, and ends first.
        if len(own := self._of_person.get(subject, {})) >= self._person_limit:
            self.end(next(iter(own)), "you have signed in elsewhere too often; sign in again")
        if len(self._sessions) >= self._limit:
            self.end(next(iter(self._sessions)), "too many people are signed in; sign in again")
        lifetime_seconds = min(self._lifetime_seconds, lifetime_seconds or self._lifetime_seconds)
        session = Session(secrets.token_urlsafe(32), subject, token, self._clock.monotonic() + lifetime_seconds)
        self._sessions[session.id] = session
        self._of_person.setdefault(subject, {})[session.id] = None
        return session

    def find(self, id: str) -> Session | None:
        """The session of a cookie; None when there is none or it has expired."""
        session = self._sessions.get(id)
        if session is not None and self._clock.monotonic() >= session.expires_at:
            self.end(id)
            return None
        return session

    def seconds_left(self, session: Session) -> float:
        """How long a session still lasts; 0 or less when it has ended."""
        return 0.0 if session.ended.is_set() else session.expires_at - self._clock.monotonic()

    def end(self, id: str, reason: str = "sign in again") -> None:
        """Ends a session; whoever waits for ``ended`` closes what is open in its name."""
        session = self._sessions.pop(id, None)
        if session is None:
            return
        own = self._of_person[session.subject]
        own.pop(id, None)
        if not own:
            del self._of_person[session.subject]
        session.end_reason = reason
        session.ended.set()
