"""Gets a certificate with a one-time token, for an agent or a gateway, and renews it as long as its program runs."""

import asyncio
import pathlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from octokube.client.enrolled import Identity, Storage
from octokube.runtime.backoff import Backoff
from octokube.runtime.channels import host_of, open_channel, open_mtls_channel
from octokube.runtime.clock import Clock, SystemClock
from octokube.runtime.enrolling import EnrolmentToken, Kind, fingerprint_of, hash_of_secret, proof_of
from octokube.runtime.errors import UserError
from octokube.v1 import enrolment_service_pb2 as pb
from octokube.v1 import gateway_service_pb2 as gateway_pb

log = structlog.get_logger(__name__)

_AGENTS = pb.DESCRIPTOR.services_by_name["EnrolmentService"].full_name
_GATEWAYS = gateway_pb.DESCRIPTOR.services_by_name["GatewayService"].full_name
ANSWER_SECONDS = 20.0
LONGEST_SLEEP_SECONDS = 60.0
"""The clock is looked at again after that: a machine that slept has missed more than it slept for."""
PENDING = b"{}"
"""Written before a token is used up, so that a place that can't be written to costs no token."""
WRONG_HUB = "CERTIFICATE_VERIFY_FAILED"
"""What gRPC writes into an UNAVAILABLE when the other end's certificate is not of an authority that is believed."""
_FINAL = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.INVALID_ARGUMENT)


class EnrolmentDelayed(Exception):
    """The hub did not answer; the same may work later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """Who enrols, and at which hub. ``name`` is the cluster that an agent speaks for; a gateway is told its own.

    ``mtls_address`` (host:port) is where to connect with the certificate, whatever the hub says of that.
    """

    kind: Kind
    hub: str
    name: str = ""
    token_file: str | None = None
    hub_ca_file: str | None = None
    is_insecure_hub_allowed: bool = False
    mtls_address: str = ""

    @property
    def command(self) -> str:
        """What makes a token for it."""
        return self.kind.command.replace("NAME", self.name) if self.name else self.kind.command


class IdentityKeeper:
    """Holds the identity that a program connects with.

    Guarantees: a key never leaves the program but to its own storage; what is accepted as the hub has the authority
    that the token names. A token that another one has taken the place of is used before a kept identity.
    """

    def __init__(
        self,
        applicant: Applicant,
        storage: Storage,
        *,
        clock: Clock | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._applicant = applicant
        self._what = applicant.kind.value
        self._storage = storage
        self._clock = clock or SystemClock()
        self._backoff = backoff or Backoff(cap_seconds=60.0)
        self._identity: Identity | None = None
        self._is_changed = asyncio.Event()
        self.on_renewed: Callable[[], None] = lambda: None
        """Called after each renewal."""

    @property
    def target(self) -> str:
        """Where the link goes. RuntimeError before there is an identity."""
        if self._identity is None:
            raise RuntimeError(f"the {self._what} has not enrolled")
        address = self._applicant.mtls_address or self._identity.mtls_address
        host = host_of(self._applicant.hub)
        return address or f"{f'[{host}]' if ':' in host else host}:{self._identity.mtls_port}"

    async def current(self) -> Identity:
        """The identity to connect with: the kept one, or one for the token. Raises UserError for what a person has to
        mend, and EnrolmentDelayed.
        """
        held = self._identity or await self._load()
        token = self._token()
        if token is not None and (held is None or held.id != token.id):
            try:
                held = await self._enrol(token, held)
            except UserError as error:
                if held is None or self._has_ended(held):
                    raise
                log.warning("enrolment.old_identity_kept", reason=str(error), id=held.id)
        if held is None:
            raise UserError(
                f"this {self._what} has no identity and no enrolment token; make one with "
                f"{self._applicant.command}, and give it with --enrolment-token-file"
            )
        if self._has_ended(held):
            raise UserError(
                f"the {self._what}'s certificate ended at {held.end} without having been renewed; "
                f"enrol it again with: {self._applicant.command}"
            )
        self._take(held)
        return held

    async def keep_renewing(self) -> None:
        """Returns never; to be cancelled."""
        while True:
            self._is_changed.clear()
            held = self._identity
            left_seconds = held.renew_at - self._now() if held is not None else LONGEST_SLEEP_SECONDS
            if held is not None and left_seconds <= 0 and not self._has_ended(held):
                left_seconds = await self._try_to_renew(held)
            try:
                async with asyncio.timeout(max(0.05, min(left_seconds, LONGEST_SLEEP_SECONDS))):
                    await self._is_changed.wait()
            except TimeoutError:
                continue

    async def _try_to_renew(self, held: Identity) -> float:
        try:
            renewed = await self._renew(held)
        except (EnrolmentDelayed, UserError) as error:
            wait_seconds = self._backoff.next_seconds()
            log.warning(
                "certificate.renewal_failed", reason=str(error), ends=held.end, retry_seconds=round(wait_seconds, 2)
            )
            return wait_seconds
        self._take(renewed)
        self._backoff.reset()
        log.info("certificate.renewed", id=held.id, ends=renewed.end)
        self.on_renewed()
        while True:
            try:
                await self._storage.write(renewed.encode())
                return 0.0
            except UserError as error:
                # The certificate is good meanwhile; a restart before this has worked falls back to the former one.
                log.error("certificate.not_kept", reason=str(error))
                await asyncio.sleep(self._backoff.next_seconds())

    async def _enrol(self, token: EnrolmentToken, held: Identity | None) -> Identity:
        hub = self._applicant.hub
        await self._storage.write(held.encode() if held is not None else PENDING)
        key, request = make_request()
        method, message, response = _enrolment(token, self._applicant.name, request)
        channel = open_channel(
            hub, ca_file=self._applicant.hub_ca_file, is_insecure_allowed=self._applicant.is_insecure_hub_allowed
        )
        async with channel:
            answer = await self._call(channel, method, message, response, hub)
        identity = self._accept(answer.certificate, key, token.id, token.authority_fingerprint)
        # Kept before it is used: the token is used up.
        self._take(identity)
        await self._storage.write(identity.encode())
        log.info(f"{self._what}.enrolled", name=identity.name, id=identity.id, ends=identity.end, hub=self.target)
        return identity

    async def _renew(self, held: Identity) -> Identity:
        key, request = make_request()
        async with open_link(held, self.target) as channel:
            method, message, response = _renewal(self._applicant.kind, request)
            answer = await self._call(channel, method, message, response, self.target)
        return self._accept(answer.certificate, key, held.id, fingerprint_of(held.authority_pem.encode()))

    def _accept(
        self, issued: pb.IssuedCertificate, key: ec.EllipticCurvePrivateKey, id: str, fingerprint: str
    ) -> Identity:
        """What the hub answered, once it is certain that it was the hub. Raises UserError."""
        wrong = (
            f"what answers at {self._applicant.hub} is not the hub that made this {self._what}'s enrolment token: "
            "its authority is another one; check --hub, and who is on the way"
        )
        try:
            if fingerprint_of(issued.authority_pem) != fingerprint:
                raise UserError(wrong)
            certificate = x509.load_pem_x509_certificate(issued.certificate_pem)
            certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(issued.authority_pem))
        except (ValueError, TypeError, InvalidSignature) as error:
            raise UserError(wrong) from error
        if certificate.public_key() != key.public_key():
            raise UserError(wrong)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return Identity(
            id=id,
            name=self._applicant.name or _name_in(certificate),
            key_pem=private.decode(),
            certificate_pem=issued.certificate_pem.decode(),
            authority_pem=issued.authority_pem.decode(),
            mtls_port=issued.mtls_port,
            mtls_address=issued.mtls_address,
            issued_at=self._now(),
            expires_at=certificate.not_valid_after_utc.timestamp(),
        )

    async def _load(self) -> Identity | None:
        content = await self._storage.read()
        if content is None or content == PENDING:
            return None
        try:
            identity = Identity.decode(content)
        except ValueError as error:
            raise UserError(
                f"the {self._what}'s kept identity is damaged; remove it and enrol the {self._what} again"
            ) from error
        if self._applicant.name and identity.name != self._applicant.name:
            raise UserError(
                f"the agent's kept identity is for the cluster {identity.name}, not {self._applicant.name}; "
                "give each agent a place of its own"
            )
        return identity

    def _token(self) -> EnrolmentToken | None:
        """The token of the file, if there is one now: it may be removed once it was used."""
        if self._applicant.token_file is None:
            return None
        try:
            text = pathlib.Path(self._applicant.token_file).read_text().strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(
                f"the enrolment token file {self._applicant.token_file} can't be read "
                f"({type(error).__name__}); let the {self._what} read it"
            ) from error
        return EnrolmentToken.parse(text, self._applicant.kind) if text else None

    async def _call(self, channel: grpc.aio.Channel, method: str, message: Any, answer: Any, target: str) -> Any:
        call = channel.unary_unary(
            method, request_serializer=type(message).SerializeToString, response_deserializer=answer.FromString
        )
        try:
            return await call(message, timeout=ANSWER_SECONDS)
        except grpc.aio.AioRpcError as error:
            reason = error.details() or error.code().name
            if error.code() in _FINAL:
                raise UserError(f"the hub at {target} gives this {self._what} no certificate: {reason}") from error
            if WRONG_HUB in reason:
                reason = f"{target} shows a certificate that no trusted CA has signed; give its CA with --hub-ca-file"
            raise EnrolmentDelayed(f"{error.code().name}: {reason}") from error

    def _take(self, identity: Identity) -> None:
        if identity != self._identity:
            self._identity = identity
            self._is_changed.set()

    def _has_ended(self, identity: Identity) -> bool:
        return self._now() >= identity.expires_at

    def _now(self) -> float:
        return self._clock.now().timestamp()


@asynccontextmanager
async def open_link(identity: Identity, target: str) -> AsyncIterator[grpc.aio.Channel]:
    """A channel with this identity, to the hub of its authority and no other."""
    async with open_mtls_channel(
        target,
        key=identity.key_pem.encode(),
        certificate=identity.certificate_pem.encode(),
        authority=identity.authority_pem.encode(),
    ) as channel:
        yield channel


def make_request() -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    """A new key, and the request for its certificate. Its name says nothing: the hub decides what is in it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "octokube")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return key, request.public_bytes(Encoding.DER)


def _enrolment(token: EnrolmentToken, name: str, request: bytes) -> tuple[str, Any, Any]:
    """The method that uses a token, its message and its answer's type."""
    subject = name if token.kind is Kind.AGENT else token.id
    proof = proof_of(hash_of_secret(token.secret), subject, request, token.kind)
    if token.kind is Kind.AGENT:
        message = pb.EnrollRequest(agent_id=token.id, cluster=name, certificate_request=request, proof=proof)
        return f"/{_AGENTS}/Enroll", message, pb.EnrollResponse
    told = gateway_pb.EnrollGatewayRequest(gateway_id=token.id, certificate_request=request, proof=proof)
    return f"/{_GATEWAYS}/EnrollGateway", told, gateway_pb.EnrollGatewayResponse


def _renewal(kind: Kind, request: bytes) -> tuple[str, Any, Any]:
    if kind is Kind.AGENT:
        message = pb.RenewCertificateRequest(certificate_request=request)
        return f"/{_AGENTS}/RenewCertificate", message, pb.RenewCertificateResponse
    told = gateway_pb.RenewGatewayRequest(certificate_request=request)
    return f"/{_GATEWAYS}/RenewGateway", told, gateway_pb.RenewGatewayResponse


def _name_in(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ""
