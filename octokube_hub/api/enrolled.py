"""What agents and gateways that enrol are told, and what is told of them: the same for both."""

import datetime

from octokube.v1 import enrolment_service_pb2 as enrolment_pb
from octokube.v1 import gateway_service_pb2 as gateway_pb
from octokube_hub.identity.ca import Issued
from octokube_hub.identity.enrolment import TOKEN_LIFE, Enrolment
from octokube_hub.store import EnrolledRecord

Enrolled = enrolment_pb.EnrolledAgent | gateway_pb.EnrolledGateway


def life_of(seconds: int) -> datetime.timedelta:
    """How long an enrolment token is to be good for; 0 stands for what is usual."""
    return datetime.timedelta(seconds=seconds) if seconds else TOKEN_LIFE


def told_certificate(
    issued: Issued, enrolment: Enrolment, *, mtls_port: int, mtls_address: str = ""
) -> enrolment_pb.IssuedCertificate:
    """A new certificate with the authority that made it and where it is good for."""
    return enrolment_pb.IssuedCertificate(
        certificate_pem=issued.certificate_pem,
        authority_pem=enrolment.authority.certificate_pem,
        mtls_port=mtls_port,
        mtls_address=mtls_address,
    )


def with_times(told: Enrolled, record: EnrolledRecord) -> None:
    """Fills in when it was let, enrolled and revoked, and until when its token and certificate are good."""
    told.created_at.FromDatetime(record.created_at)
    told.token_expires_at.FromDatetime(record.token_expires_at)
    for field, at in (
        (told.enrolled_at, record.enrolled_at),
        (told.certificate_expires_at, record.certificate_expires_at),
        (told.revoked_at, record.revoked_at),
    ):
        if at is not None:
            field.FromDatetime(at)
