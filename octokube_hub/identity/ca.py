"""The hub's certificate authority: signs agents' and gateways' certificates, and the one that the hub shows them."""

import datetime
import os
import pathlib
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from octokube.runtime.clock import Clock
from octokube.runtime.enrolling import SERVER_NAME, Kind, fingerprint_of
from octokube.runtime.errors import UserError
from octokube.runtime.tls import KeyPair

FILE_NAME = "authority.pem"
AUTHORITY_LIFE = datetime.timedelta(days=20 * 365)
"""As long as a hub may live: another authority means that every agent enrols anew."""
HUB_CERTIFICATE_LIFE = datetime.timedelta(days=30)
BACKDATED = datetime.timedelta(minutes=5)
"""Agents' clocks may be behind the hub's."""
MAX_REQUEST_BYTES = 4 * 1024
UNITS: dict[Kind, tuple[str, ...]] = {Kind.AGENT: (), Kind.GATEWAY: ("octokube gateway",)}
"""The organizational units in a certificate's subject tell its kind. Agents' have none, as before gateways had any."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate that was just signed."""

    certificate_pem: bytes
    expires_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Names:
    """Whom a certificate names: an agent by its cluster, a gateway by its name."""

    name: str
    id: str
    expires_at: datetime.datetime


class Authority:
    """A P-256 key and its certificate, in one file of the data directory, with mode 0600.

    Guarantees: an agent's or a gateway's certificate is good for connecting, never for posing as the hub, is of one
    kind, and names its holder whatever the request says.
    """

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self._certificate = certificate
        self.certificate_pem = certificate.public_bytes(Encoding.PEM)
        self.fingerprint = fingerprint_of(self.certificate_pem)

    @classmethod
    def load_or_create(cls, directory: pathlib.Path, now: datetime.datetime) -> "Authority":
        """The authority of a data directory; made when there is none. Raises UserError for files that can't be used."""
        path = directory / FILE_NAME
        try:
            if not path.exists():
                _create(path, now)
            content = path.read_bytes()
            key = load_pem_private_key(content, None)
            certificate = x509.load_pem_x509_certificate(content)
        except (OSError, ValueError, TypeError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise UserError(
                f"the hub's authority {path} can't be used ({reason}); restore it from the backup, "
                "or remove it and enrol every agent again"
            ) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise UserError(f"the key in {path} is not that of the certificate in it; restore it from the backup")
        return cls(key, certificate)

    def issue(
        self, public_key: ec.EllipticCurvePublicKey, names: Names, now: datetime.datetime, kind: Kind = Kind.AGENT
    ) -> Issued:
        """Signs a certificate of a kind."""
        subject = x509.Name(
            [
                *(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in UNITS[kind]),
                x509.NameAttribute(NameOID.COMMON_NAME, names.name),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, names.id),
            ]
        )
        builder = _builder(subject, self._certificate.subject, public_key, now - BACKDATED, names.expires_at)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=True)
        return Issued(self._sign(builder), names.expires_at)

    def issue_server(self, now: datetime.datetime, life: datetime.timedelta) -> tuple[bytes, Issued]:
        """A fresh key, and the certificate that the hub shows to agents."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SERVER_NAME)])
        builder = _builder(subject, self._certificate.subject, key.public_key(), now - BACKDATED, now + life)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=True)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(SERVER_NAME)]), critical=False)
        return _private_pem(key), Issued(self._sign(builder), now + life)

    def read(self, certificate_pem: bytes, now: datetime.datetime, kind: Kind = Kind.AGENT) -> Names | None:
        """Whom a certificate names; None for one that this authority did not sign for this kind, or that has ended.

        The handshake has checked all that already; this does not rely on how it was set up.
        """
        try:
            certificate = x509.load_pem_x509_certificate(certificate_pem)
            certificate.verify_directly_issued_by(self._certificate)
            usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            units = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
            common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
            serial = certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)[0].value
        except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound, IndexError):
            return None
        is_current = certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc
        if not is_current or ExtendedKeyUsageOID.CLIENT_AUTH not in usage:
            return None
        if tuple(str(unit.value) for unit in units) != UNITS[kind]:
            return None
        return Names(str(common), str(serial), certificate.not_valid_after_utc)

    def _sign(self, builder: x509.CertificateBuilder) -> bytes:
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)


class HubCertificate:
    """What the hub shows to agents: signed by the authority anew, long before it ends."""

    def __init__(self, authority: Authority, clock: Clock, *, life: datetime.timedelta = HUB_CERTIFICATE_LIFE) -> None:
        self._authority = authority
        self._clock = clock
        self._life = life
        self._renew_at, self._pair = self._issue()

    def newest(self) -> KeyPair:
        """The pair for the next connection."""
        if self._clock.now() >= self._renew_at:
            self._renew_at, self._pair = self._issue()
        return self._pair

    def _issue(self) -> tuple[datetime.datetime, KeyPair]:
        now = self._clock.now()
        key, issued = self._authority.issue_server(now, self._life)
        return now + self._life * 2 / 3, KeyPair(key, issued.certificate_pem)


def read_request(request: bytes) -> ec.EllipticCurvePublicKey:
    """The key that a certificate request is for, and whose owner has signed it. Raises ValueError, one sentence."""
    if len(request) > MAX_REQUEST_BYTES:
        raise ValueError(f"the certificate request is larger than {MAX_REQUEST_BYTES} bytes")
    try:
        parsed = x509.load_der_x509_csr(request)
        key = parsed.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("this is no certificate request") from error
    # The kind is looked at before the signature: checking one of a huge RSA key takes as long as its sender likes.
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("the certificate request is not for a P-256 key")
    if not parsed.is_signature_valid:
        raise ValueError("the certificate request is not signed with its own key")
    return key


def _create(path: pathlib.Path, now: datetime.datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"octokube hub {os.urandom(4).hex()}")])
    builder = _builder(name, name, key.public_key(), now - BACKDATED, now + AUTHORITY_LIFE, is_authority=True)
    _write(path, _private_pem(key) + builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    begins_at: datetime.datetime,
    ends_at: datetime.datetime,
    *,
    is_authority: bool = False,
) -> x509.CertificateBuilder:
    usage = x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins_at)
        .not_valid_after(ends_at)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None), critical=True)
        .add_extension(usage, critical=True)
    )


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: pathlib.Path, content: bytes) -> None:
    """Whole or not at all, and never with wider rights."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
