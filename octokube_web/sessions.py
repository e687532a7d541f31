"""Remembers who has signed in: an opaque cookie on one side, a hub token on the other."""

import asyncio
import secrets
from dataclasses import dataclass, field

from octokube.runtime.clock import Clock, SystemClock


@dataclass(slots=True)
class Session:
    """One signed-in browser. The token never leaves the gateway's memory but towards the hub."""

    id: str
    token: str = field(repr=False)
    expires_at: float
    """On the monotonic clock, in seconds."""
    ended: asyncio.Event = field(default_factory=asyncio.Event, repr=False)


class Sessions:
    """The sessions of this process; they end with it, and people sign in again.

    At most ``limit`` are kept: the one nearest to its end makes room for a new one, and its sockets close.
    """

    def __init__(self, *, lifetime_seconds: float, limit: int, clock: Clock | None = None) -> None:
        self._lifetime_seconds = lifetime_seconds
        self._limit = limit
        self._clock = clock or SystemClock()
        self._sessions: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def begin(self, token: str) -> Session:
        """Opens a session for a token that the hub has accepted."""
        while len(self._sessions) >= self._limit:
            # Equal lifetimes: the oldest is first, and ends first.
            self.end(next(iter(self._sessions)))
        session = Session(secrets.token_urlsafe(32), token, self._clock.monotonic() + self._lifetime_seconds)
        self._sessions[session.id] = session
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

    def end(self, id: str) -> None:
        """Ends a session; whoever waits for ``ended`` closes what is open in its name."""
        session = self._sessions.pop(id, None)
        if session is not None:
            session.ended.set()
