"""Gives out tickets for sockets: single-use, short-lived, worth nothing without the session they were made for."""

import secrets
from dataclasses import dataclass

from octokube.runtime.clock import Clock

LIFE_SECONDS = 30.0
MOST_OF_SESSION = 32
"""Open at once; the oldest makes room."""
PREFIX = "octokube.v1.ticket."
"""Before the ticket among the subprotocols that a page offers: nothing else of a websocket's request is a page's to
choose but its URL, which ends up in logs."""


@dataclass(frozen=True, slots=True)
class _Ticket:
    session_id: str
    expires_at: float


class Tickets:
    """A page gets a ticket by a request that no other page can make, and opens its socket with it: so that the cookie,
    which a browser adds by itself, opens none.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tickets: dict[str, _Ticket] = {}
        self._of_session: dict[str, dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._tickets)

    def issue(self, session_id: str) -> str:
        """A new ticket for a session's socket."""
        self._forget_expired()
        own = self._of_session.setdefault(session_id, {})
        if len(own) >= MOST_OF_SESSION:
            self._drop(next(iter(own)))
        secret = secrets.token_urlsafe(24)
        self._tickets[secret] = _Ticket(session_id, self._clock.monotonic() + LIFE_SECONDS)
        self._of_session.setdefault(session_id, {})[secret] = None
        return secret

    def redeem(self, secret: str, session_id: str) -> bool:
        """Whether the ticket opens a socket of the session. It does so once, and never again after being shown."""
        ticket = self._tickets.get(secret)
        if ticket is None:
            return False
        self._drop(secret)
        return ticket.session_id == session_id and self._clock.monotonic() < ticket.expires_at

    def _drop(self, secret: str) -> None:
        ticket = self._tickets.pop(secret)
        own = self._of_session[ticket.session_id]
        del own[secret]
        if not own:
            del self._of_session[ticket.session_id]

    def _forget_expired(self) -> None:
        now = self._clock.monotonic()
        for secret, ticket in list(self._tickets.items()):  # in the order of their ends
            if now < ticket.expires_at:
                return
            self._drop(secret)
