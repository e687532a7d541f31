"""What a hub and those who enrol agree on: the token, the proof and the name in certificates."""

import base64
import binascii
import enum
import hashlib
import hmac
import re
import ssl
from dataclasses import dataclass

from octokube.runtime.errors import UserError

SERVER_NAME = "hub.octokube.internal"
"""The name in the certificate of the hub's port for certificates. The hub is known by its authority, wherever it is."""


class Kind(enum.Enum):
    """Who enrols. A token, a proof and a certificate of one kind are worth nothing to the other."""

    AGENT = "agent"
    GATEWAY = "gateway"

    @property
    def token_prefix(self) -> str:
        """By which a leaked token is recognised."""
        return "oke_" if self is Kind.AGENT else "okg_"

    @property
    def command(self) -> str:
        """What makes a token."""
        return "octokube agent enroll --cluster NAME" if self is Kind.AGENT else "octokube gateway enroll NAME"


_TOKEN = re.compile(r"(ok[eg]_)([0-9a-f]{12})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class EnrolmentToken:
    """A one-time token: whose it is, its secret, and which hub to keep to."""

    id: str
    secret: str
    authority_fingerprint: str
    kind: Kind = Kind.AGENT

    def __str__(self) -> str:
        pin = base64.urlsafe_b64encode(bytes.fromhex(self.authority_fingerprint)).decode().rstrip("=")
        return f"{self.kind.token_prefix}{self.id}.{self.secret}.{pin}"

    @classmethod
    def parse(cls, text: str, kind: Kind = Kind.AGENT) -> "EnrolmentToken":
        """Reads a token. Raises UserError, which does not repeat it."""
        found = _TOKEN.fullmatch(text.strip())
        if found is None:
            raise UserError(f"this is no enrolment token; make one with: {kind.command}")
        if found[1] != kind.token_prefix:
            raise UserError(f"this enrolment token is not for the {kind.value}; make one with: {kind.command}")
        try:
            pin = base64.urlsafe_b64decode(found[4] + "=")
        except (binascii.Error, ValueError) as error:
            raise UserError("the enrolment token is damaged; copy it again as a whole") from error
        return cls(found[2], found[3], pin.hex(), kind)


def hash_of_secret(secret: str) -> str:
    """What the hub keeps in the secret's place, in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def proof_of(secret_hash: str, subject: str, certificate_request: bytes, kind: Kind = Kind.AGENT) -> bytes:
    """Shows that the sender has the token's secret, for this key and this subject alone.

    The subject is an agent's cluster, and a gateway's id.
    """
    purpose = f"octokube {kind.value} enrolment 1".encode()
    message = b"\0".join((purpose, subject.encode(), certificate_request))
    return hmac.new(bytes.fromhex(secret_hash), message, hashlib.sha256).digest()


def is_proof(proof: bytes, secret_hash: str, subject: str, certificate_request: bytes, kind: Kind = Kind.AGENT) -> bool:
    """Whether a proof is the one, in a time that does not depend on how far it is."""
    return hmac.compare_digest(proof, proof_of(secret_hash, subject, certificate_request, kind))


def fingerprint_of(certificate_pem: bytes) -> str:
    """SHA-256 of a PEM certificate's DER, in hexadecimal. Raises ValueError when it is none."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate_pem.decode("ascii").strip())).hexdigest()
