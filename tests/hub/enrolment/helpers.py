"""What an agent does when it enrols, step by step, so that tests can leave a step out or change it."""

import contextlib
import pathlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc.aio
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from octokube.client.enrolling import make_request
from octokube.runtime.channels import open_channel, open_mtls_channel
from octokube.runtime.enrolling import EnrolmentToken, hash_of_secret, proof_of
from octokube.v1 import agent_service_pb2, frame_pb2
from octokube.v1 import enrolment_service_pb2 as pb
from octokube_hub.app import Hub
from octokube_hub.settings import HubSettings
from tests.hub.conftest import RULES
from tests.hub.policies import write_policy
from tests.support.waiting import HANG_SECONDS

ADMIN = "demo:admin"


@contextlib.asynccontextmanager
async def hub_for_agents(directory: pathlib.Path, **settings: Any) -> AsyncIterator[Hub]:
    """A hub with both ports, and its own data directory."""
    policies = directory / "policies"
    if not policies.exists():
        write_policy(policies, RULES)
    hub = Hub(
        HubSettings(
            **{
                "listen": "127.0.0.1:0",
                "mtls_listen": "127.0.0.1:0",
                "data": directory / "data",
                "policies": policies,
                "is_demo": True,
                **settings,
            }
        )
    )
    await hub.start()
    try:
        yield hub
    finally:
        await hub.close()


async def call(address: str, method: str, request: Any, answer: Any, *, token: str = "") -> Any:
    """One call of EnrolmentService on the port for people."""
    async with open_channel(address) as channel:
        return await call_on(channel, method, request, answer, token=token)


async def call_on(channel: grpc.aio.Channel, method: str, request: Any, answer: Any, *, token: str = "") -> Any:
    """The same on a channel."""
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    return await channel.unary_unary(
        f"/octokube.v1.EnrolmentService/{method}",
        request_serializer=type(request).SerializeToString,
        response_deserializer=answer.FromString,
    )(request, metadata=metadata, timeout=HANG_SECONDS)


async def permit(hub: Hub, cluster: str = "c1", *, life_seconds: int = 0, token: str = ADMIN) -> EnrolmentToken:
    """A one-time token, made by an admin."""
    request = pb.CreateEnrolmentRequest(cluster=cluster, life_seconds=life_seconds)
    made = await call(hub.address, "CreateEnrolment", request, pb.CreateEnrolmentResponse, token=token)
    return EnrolmentToken.parse(made.token)


@dataclass(frozen=True)
class Enrolled:
    """An agent's key and what the hub gave for it."""

    key_pem: bytes
    issued: pb.IssuedCertificate
    agent_id: str

    def channel(self, hub: Hub) -> grpc.aio.Channel:
        """A channel to the port for certificates."""
        return open_mtls_channel(
            hub.mtls_address,
            key=self.key_pem,
            certificate=self.issued.certificate_pem,
            authority=self.issued.authority_pem,
        )


async def enrol(hub: Hub, token: EnrolmentToken, cluster: str = "c1", **changes: Any) -> Enrolled:
    """Uses a token; fields of the request can be changed."""
    key, request = make_request()
    fields = {
        "agent_id": token.id,
        "cluster": cluster,
        "certificate_request": request,
        "proof": proof_of(hash_of_secret(token.secret), cluster, request),
        **changes,
    }
    answer = await call(hub.address, "Enroll", pb.EnrollRequest(**fields), pb.EnrollResponse)
    return Enrolled(pem_of(key), answer.certificate, token.id)


def pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A private key as PEM."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def connect(channel: grpc.aio.Channel, *, credential: str = "") -> Any:
    """A Connect stream."""
    metadata = (("authorization", f"Bearer {credential}"),) if credential else ()
    return channel.stream_stream(
        "/octokube.v1.AgentService/Connect",
        request_serializer=agent_service_pb2.ConnectRequest.SerializeToString,
        response_deserializer=agent_service_pb2.ConnectResponse.FromString,
    )(metadata=metadata)


def hello(cluster: str) -> agent_service_pb2.ConnectRequest:
    """The first message of a session."""
    position = frame_pb2.Position(epoch=b"e" * 16, version=1)
    return agent_service_pb2.ConnectRequest(hello=agent_service_pb2.AgentHello(cluster=cluster, position=position))


async def welcomed(channel: grpc.aio.Channel, cluster: str = "c1") -> Any:
    """Opens a session and reads its welcome; the stream."""
    stream = connect(channel)
    await stream.write(hello(cluster))
    answer = await stream.read()
    assert answer.WhichOneof("message") == "welcome", answer
    return stream
