"""Opens, refreshes and ends the sessions of people."""

import datetime
from dataclasses import dataclass, field

import structlog

from octokube.runtime.clock import Clock
from octokube_hub.errors import Refused, unauthenticated
from octokube_hub.identity.leases import Leases
from octokube_hub.identity.oidc import Gone, Provider, Verified
from octokube_hub.identity.secret import draw_id
from octokube_hub.identity.sessiontokens import Seal, SessionTokens, Unsealable
from octokube_hub.store import People, SessionRecord, SessionRecords

log = structlog.get_logger(__name__)

TOKEN_LIFE = datetime.timedelta(minutes=10)
SESSION_LIFE = datetime.timedelta(hours=12)
PENDING_SECONDS = 600
"""How long somebody may take at the provider's page."""
_PENDING = "sign-in"
_REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class Grant:
    """A session as its bearer holds it."""

    session_id: str
    subject: str
    token: str = field(repr=False)
    token_until: datetime.datetime
    refresh_token: str = field(repr=False)
    expires_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class _Held:
    """What a refresh token says."""

    session_id: str
    generation: int
    provider_subject: str = ""
    provider_refresh_token: str = field(default="", repr=False)
    id_token: str = field(default="", repr=False)


class SignIn:
    """Guarantees: a session is opened only for somebody whom the provider (or a password) has just vouched for; what is
    open in its name ends within a second of its end; a refresh token works once.
    """

    def __init__(
        self,
        *,
        provider: Provider | None,
        people: People,
        sessions: SessionRecords,
        leases: Leases,
        tokens: SessionTokens,
        seal: Seal,
        clock: Clock,
    ) -> None:
        self.provider = provider
        self._people = people
        self._sessions = sessions
        self._leases = leases
        self._tokens = tokens
        self._seal = seal
        self._clock = clock

    async def begin(self, redirect_uri: str) -> tuple[str, str]:
        """Where to send the browser, and what it is to keep meanwhile. Raises Refused."""
        started = await self._provider().begin(redirect_uri)
        pending = {
            "state": started.state,
            "nonce": started.nonce,
            "verifier": started.verifier,
            "redirect_uri": redirect_uri,
            "at": self._clock.now().timestamp(),
        }
        return started.url, self._seal.close(_PENDING, pending)

    async def complete(self, pending: str, *, state: str, code: str, issuer: str) -> Grant:
        """A session for whoever has come back from the provider with the browser that began. Raises Refused."""
        try:
            begun = self._seal.open(_PENDING, pending)
        except Unsealable as error:
            raise unauthenticated("this browser has begun no sign-in; begin anew") from error
        if not state or begun["state"] != state:
            raise unauthenticated("this answer belongs to another sign-in (its state is another); begin anew")
        if self._clock.now().timestamp() - begun["at"] > PENDING_SECONDS:
            raise unauthenticated("the sign-in took too long; begin anew")
        verified = await self._provider().complete(
            code,
            redirect_uri=begun["redirect_uri"],
            nonce=begun["nonce"],
            verifier=begun["verifier"],
            issuer=issuer,
        )
        await self._tell_teams(verified)
        return await self.open(verified.subject, verified)

    async def open(self, subject: str, verified: Verified | None = None) -> Grant:
        """A new session of somebody who has been vouched for. Raises Refused for who is shut out."""
        await self._check_enabled(subject)
        now = self._clock.now()
        session = SessionRecord(draw_id(), subject, 0, now, now + TOKEN_LIFE, now + SESSION_LIFE)
        await self._sessions.add(session)
        return self._grant(session, verified)

    async def refresh(self, refresh_token: str) -> Grant:
        """The session's next grant. Raises Refused."""
        held = self._read(refresh_token)
        now = self._clock.now()
        session = await self._sessions.find(held.session_id)
        if session is None or not session.is_open(now):
            raise unauthenticated("this session is over; sign in again")
        if session.generation != held.generation:
            log.warning("session.replayed", session=session.id, subject=session.subject)
            await self.end_session(session.id)
            raise unauthenticated("this session was refreshed by somebody else meanwhile, and is over; sign in again")
        await self._check_enabled(session.subject)
        verified = await self._ask_again(session, held)
        until = min(now + TOKEN_LIFE, session.expires_at)
        if not await self._sessions.advance(session.id, session.generation, until):
            raise unauthenticated("this session is over; sign in again")
        self._leases.renew(session.id, until)
        if verified is not None:
            await self._tell_teams(verified)
        following = SessionRecord(
            session.id, session.subject, session.generation + 1, session.created_at, until, session.expires_at
        )
        return self._grant(following, verified, held)

    async def end(self, refresh_token: str, post_logout_redirect_uri: str) -> tuple[str, str]:
        """Signs out; whose session it was, and where the provider signs people out ("": nowhere). Raises Refused."""
        held = self._read(refresh_token)
        session = await self._sessions.find(held.session_id)
        await self.end_session(held.session_id)
        url = ""
        if self.provider is not None and held.provider_subject:
            url = await self.provider.sign_out_url(held.id_token, post_logout_redirect_uri)
        return session.subject if session is not None else "", url

    async def end_session(self, session_id: str) -> None:
        """Ends a session and all that is open in its name."""
        await self._sessions.end(session_id, self._clock.now())
        self._leases.revoke(session_id)

    async def _ask_again(self, session: SessionRecord, held: _Held) -> Verified | None:
        """What the provider says of a session's person now; None where nobody can be asked."""
        if not held.provider_subject or not held.provider_refresh_token:
            return None
        try:
            verified = await self._provider().refresh(
                held.provider_refresh_token, provider_subject=held.provider_subject, id_token=held.id_token
            )
            if verified.subject != session.subject:
                raise Gone
        except Gone as gone:
            await self.end_session(session.id)
            raise unauthenticated("the identity provider has ended this session; sign in again") from gone
        return verified

    async def _tell_teams(self, verified: Verified) -> None:
        await self._people.set_teams(verified.subject, verified.teams, self._clock.now())
        self._leases.retell(verified.subject, verified.teams)

    async def _check_enabled(self, subject: str) -> None:
        person = await self._people.find(subject)
        if person is not None and person.disabled_at is not None:
            raise Refused("PERMISSION_DENIED", "this account is shut out of the hub; ask its administrator")

    def _grant(self, session: SessionRecord, verified: Verified | None, former: _Held | None = None) -> Grant:
        token = self._tokens.sign(session.id, session.subject, now=self._clock.now(), until=session.token_until)
        held: dict[str, str | int] = {"session": session.id, "generation": session.generation}
        if verified is not None:
            held["provider_subject"] = verified.provider_subject
            held["refresh_token"] = verified.refresh_token
            held["id_token"] = verified.id_token
        elif former is not None:
            held["provider_subject"] = former.provider_subject
            held["id_token"] = former.id_token
        refresh_token = self._seal.close(_REFRESH, held)
        return Grant(session.id, session.subject, token, session.token_until, refresh_token, session.expires_at)

    def _read(self, refresh_token: str) -> _Held:
        try:
            told = self._seal.open(_REFRESH, refresh_token)
        except Unsealable as error:
            raise unauthenticated("this refresh token is not valid; sign in again") from error
        return _Held(
            told["session"],
            told["generation"],
            told.get("provider_subject", ""),
            told.get("refresh_token", ""),
            told.get("id_token", ""),
        )

    def _provider(self) -> Provider:
        if self.provider is None:
            raise Refused("FAILED_PRECONDITION", "this hub has no identity provider; sign in with a token")
        return self.provider
