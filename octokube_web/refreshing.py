"""Keeps the hub's sessions of signed-in browsers fresh, as long as somebody uses them."""

import asyncio

import structlog

from octokube.client.feed import FeedError
from octokube.client.identity import Grant, Identity
from octokube.runtime.clock import Clock
from octokube_web.sessions import Session, Sessions

log = structlog.get_logger(__name__)

LEAST_SECONDS = 5.0
"""Between two refreshes, whatever the clocks of gateway and hub make of the token's life."""
AGAIN_SECONDS = 3.0
"""After which a hub that could not be reached is asked again."""
PART_OF_LIFE = 2 / 3


class Refresher:
    """Guarantee: a session that the hub does not refresh is over here, too, and what is open in its name ends.

    A hub that can't be reached ends nothing: it decides for itself what its own token is still worth.
    """

    def __init__(self, identity: Identity, sessions: Sessions, clock: Clock) -> None:
        self._identity = identity
        self._sessions = sessions
        self._clock = clock

    def adopt(self, session: Session, grant: Grant) -> None:
        """Takes a grant for a session."""
        left_seconds = (grant.token_expires_at - self._clock.now()).total_seconds() * PART_OF_LIFE
        session.token = grant.token
        session.refresh_token = grant.refresh_token
        session.refresh_at = self._clock.monotonic() + max(LEAST_SECONDS, left_seconds)

    async def freshen(self, session: Session) -> None:
        """Refreshes a session that is due, before it is used."""
        async with session.refreshing:
            if session.ended.is_set() or not session.refresh_token or self._clock.monotonic() < session.refresh_at:
                return
            try:
                grant = await self._identity.refresh(session.refresh_token)
            except FeedError as error:
                if error.code in ("UNAUTHENTICATED", "PERMISSION_DENIED"):
                    log.info("session.ended", subject=session.subject, reason=error.message)
                    self._sessions.end(session.id, error.message)
                else:
                    log.warning("session.not_refreshed", subject=session.subject, reason=error.message)
                    session.refresh_at = self._clock.monotonic() + AGAIN_SECONDS
            else:
                self.adopt(session, grant)

    async def keep(self, session: Session) -> None:
        """Does so again and again, while a socket of the session is open."""
        while session.refresh_token and not session.ended.is_set():
            await asyncio.sleep(max(0.05, session.refresh_at - self._clock.monotonic()))
            await self.freshen(session)
