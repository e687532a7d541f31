"""Lets agents and gateways enrol, and gives them certificates."""

import datetime
import re
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

from octokube.runtime.clock import Clock
from octokube.runtime.enrolling import EnrolmentToken, Kind, hash_of_secret, is_proof
from octokube.runtime.errors import UserError
from octokube_hub.errors import Refused
from octokube_hub.identity.ca import Authority, Issued, Names, read_request
from octokube_hub.identity.leases import Leases
from octokube_hub.identity.secret import draw_id, draw_secret
from octokube_hub.store import EnrolledRecords

TOKEN_LIFE = datetime.timedelta(hours=1)
MAX_TOKEN_LIFE = datetime.timedelta(days=7)
CERTIFICATE_LIFE = datetime.timedelta(hours=24)
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_REFUSED = "this enrolment token is not valid: it was used, has expired or was revoked; make another with: "


@dataclass(frozen=True, slots=True)
class Permission:
    """A token that was just made, and until when it can be used."""

    token: EnrolmentToken
    expires_at: datetime.datetime


class Enrolment:
    """Tokens that each make one identity, and certificates for as long as it is not revoked.

    Guarantees: of all who use a token, at the same time or later, one gets a certificate; a certificate names the
    cluster or gateway that the token was made for. What a renewed holder has open stays open.
    """

    def __init__(
        self,
        authority: Authority,
        records: EnrolledRecords,
        leases: Leases,
        clock: Clock,
        *,
        certificate_life: datetime.timedelta = CERTIFICATE_LIFE,
        kind: Kind = Kind.AGENT,
    ) -> None:
        self.authority = authority
        self.records = records
        self._leases = leases
        self._clock = clock
        self._certificate_life = certificate_life
        self._kind = kind

    async def permit(self, name: str, life: datetime.timedelta = TOKEN_LIFE) -> Permission:
        """Makes a token; its secret is not kept. Raises UserError."""
        if not _NAME.fullmatch(name):
            what = "cluster" if self._kind is Kind.AGENT else "gateway"
            raise UserError(
                f"{name!r} is no name for a {what}; use lower-case letters, digits and hyphens, at most 63, "
                "such as prod-eu"
            )
        if not datetime.timedelta() < life <= MAX_TOKEN_LIFE:
            raise UserError(f"an enrolment token lasts at most {MAX_TOKEN_LIFE.days} days; give fewer seconds")
        now = self._clock.now()
        token = EnrolmentToken(draw_id(), draw_secret(""), self.authority.fingerprint, self._kind)
        await self.records.add(token.id, name, hash_of_secret(token.secret), now, now + life)
        return Permission(token, now + life)

    async def enrol(self, id: str, subject: str, request: bytes, proof: bytes) -> Issued:
        """A first certificate, for the subject of the proof: an agent's cluster, a gateway's id. Raises Refused."""
        record = await self.records.find(id)
        now = self._clock.now()
        kind = self._kind
        # The proof comes before everything that would tell an id that exists from one that does not.
        if (
            record is None
            or not is_proof(proof, record.secret_hash, subject, request, kind)
            or not record.can_enrol(now)
        ):
            raise Refused("UNAUTHENTICATED", _REFUSED + kind.command)
        if kind is Kind.AGENT and record.name != subject:
            raise Refused(
                "PERMISSION_DENIED",
                f"this enrolment token is for another cluster than {subject!r}; "
                "set the agent's cluster name to the one the token was made for",
            )
        issued = self.authority.issue(_key_of(request), Names(record.name, id, self._end(now)), now, kind)
        if not await self.records.enrol(id, now, issued.expires_at):
            raise Refused("UNAUTHENTICATED", _REFUSED + kind.command)
        return issued

    async def renew(self, name: str, id: str, request: bytes) -> Issued:
        """The next certificate of somebody who has shown one. Raises Refused."""
        now = self._clock.now()
        issued = self.authority.issue(_key_of(request), Names(name, id, self._end(now)), now, self._kind)
        if not await self.records.renew(id, issued.expires_at):
            raise Refused("UNAUTHENTICATED", f"this {self._kind.value} was revoked")
        self._leases.renew(id, issued.expires_at)
        return issued

    async def revoke(self, id: str) -> str | None:
        """Ends an identity and what it has open; its name, or None for an unknown id."""
        name = await self.records.revoke(id, self._clock.now())
        self._leases.revoke(id)
        return name

    def _end(self, now: datetime.datetime) -> datetime.datetime:
        return (now + self._certificate_life).replace(microsecond=0)


def _key_of(request: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return read_request(request)
    except ValueError as error:
        raise Refused("INVALID_ARGUMENT", str(error)) from error
