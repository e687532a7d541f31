"""A gateway's certificate opens what is for gateways, an agent's what is for agents."""

import asyncio
import pathlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc.aio
import pytest

from octokube.client.enrolling import make_request
from octokube.runtime.channels import open_channel
from octokube.runtime.enrolling import EnrolmentToken, Kind, hash_of_secret, proof_of
from octokube.runtime.passwords import hash_password
from octokube.v1 import (
    cluster_service_pb2,
    cluster_service_pb2_grpc,
    enrolment_service_pb2,
    gateway_service_pb2_grpc,
    identity_service_pb2_grpc,
)
from octokube.v1 import gateway_service_pb2 as pb
from octokube.v1 import identity_service_pb2 as identity_pb
from octokube_hub.api import gateway_gate
from octokube_hub.app import Hub
from tests.hub.enrolment import helpers
from tests.hub.enrolment.helpers import ADMIN, Enrolled, call_on, connect, hub_for_agents, pem_of
from tests.support.waiting import HANG_SECONDS

Gateways = gateway_service_pb2_grpc.GatewayServiceStub
People = identity_service_pb2_grpc.IdentityServiceStub
Clusters = cluster_service_pb2_grpc.ClusterServiceStub
PASSWORD = "correct-horse-battery"
ALICE = (("authorization", "Bearer demo:alice"),)
BY_ADMIN = (("authorization", f"Bearer {ADMIN}"),)


@pytest.fixture
def settings(tmp_path: pathlib.Path) -> dict[str, Any]:
    accounts = tmp_path / "accounts"
    accounts.write_text(f"alice {hash_password(PASSWORD)}\n")
    return {"local_accounts": accounts}


@pytest.fixture
async def hub(tmp_path: pathlib.Path, settings: dict[str, Any]) -> AsyncIterator[Hub]:
    """A hub that gateways can enrol with, and where alice has a password."""
    async with hub_for_agents(tmp_path, **settings) as running:
        yield running


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the gate take every peer for one on another machine."""
    monkeypatch.setattr(gateway_gate, "is_local_peer", lambda _: False)


async def permit(hub: Hub, name: str = "page") -> EnrolmentToken:
    """A one-time token, made by an admin."""
    async with open_channel(hub.address) as channel:
        made = await Gateways(channel).CreateGateway(pb.CreateGatewayRequest(name=name), metadata=BY_ADMIN)
    return EnrolmentToken.parse(made.token, Kind.GATEWAY)


async def enrol(hub: Hub, token: EnrolmentToken, **changes: Any) -> Enrolled:
    """Uses a token; fields of the request can be changed."""
    key, request = make_request()
    proof = proof_of(hash_of_secret(token.secret), token.id, request, Kind.GATEWAY)
    fields = {"gateway_id": token.id, "certificate_request": request, "proof": proof, **changes}
    async with open_channel(hub.address) as channel:
        answer = await Gateways(channel).EnrollGateway(pb.EnrollGatewayRequest(**fields), timeout=HANG_SECONDS)
    return Enrolled(pem_of(key), answer.certificate, token.id)


async def enrolled(hub: Hub, name: str = "page") -> Enrolled:
    return await enrol(hub, await permit(hub, name))


async def refusal(awaitable: Any) -> tuple[str, str]:
    """The code and the words of a refused call."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await awaitable
    return caught.value.code().name, caught.value.details() or ""


async def sign_in(channel: grpc.aio.Channel) -> str:
    request = identity_pb.SignInWithPasswordRequest(name="alice", password=PASSWORD)
    return str((await People(channel).SignInWithPassword(request, timeout=HANG_SECONDS)).session.token)


async def opened(channel: grpc.aio.Channel) -> Any:
    """A stream of alice's that has begun."""
    stream = Clusters(channel).WatchCatalog(cluster_service_pb2.WatchCatalogRequest(), metadata=ALICE)
    await stream.read()
    return stream


async def rest_of(stream: Any) -> None:
    """Reads until the stream ends."""
    while await stream.read() is not grpc.aio.EOF:
        pass


async def test_a_gateway_with_a_certificate_signs_people_in_and_carries_what_is_theirs(
    hub: Hub, elsewhere: None
) -> None:
    gateway = await enrolled(hub)
    async with gateway.channel(hub) as channel:
        token = await sign_in(channel)
        who = await Clusters(channel).WhoAmI(
            cluster_service_pb2.WhoAmIRequest(), metadata=(("authorization", f"Bearer {token}"),)
        )
        assert who.subject == "user:alice"
        stream = await opened(channel)
        async with open_channel(hub.address) as people:
            listed = (await Gateways(people).ListGateways(pb.ListGatewaysRequest(), metadata=BY_ADMIN)).gateways
        assert [(one.gateway_id, one.name, one.is_connected) for one in listed] == [(gateway.agent_id, "page", True)]
        stream.cancel()


SIGNING_IN: dict[str, Callable[[People], Any]] = {
    "BeginSignIn": lambda stub: stub.BeginSignIn(identity_pb.BeginSignInRequest()),
    "CompleteSignIn": lambda stub: stub.CompleteSignIn(identity_pb.CompleteSignInRequest()),
    "SignInWithPassword": lambda stub: stub.SignInWithPassword(
        identity_pb.SignInWithPasswordRequest(name="alice", password=PASSWORD)
    ),
    "RefreshSession": lambda stub: stub.RefreshSession(identity_pb.RefreshSessionRequest()),
    "EndSession": lambda stub: stub.EndSession(identity_pb.EndSessionRequest()),
}


@pytest.mark.parametrize("method", SIGNING_IN)
async def test_a_stranger_who_says_to_be_a_gateway_signs_nobody_in(hub: Hub, elsewhere: None, method: str) -> None:
    async with open_channel(hub.address) as channel:
        code, words = await refusal(SIGNING_IN[method](People(channel)))
    assert (code, "octokube gateway enroll NAME" in words) == ("PERMISSION_DENIED", True)


def test_every_method_that_makes_sessions_is_behind_the_gate() -> None:
    """A new one has to be put on one of the two sides."""
    service = identity_pb.DESCRIPTOR.services_by_name["IdentityService"]
    behind = {method.rpartition("/")[2] for method in gateway_gate.FOR_GATEWAYS}
    assert behind == set(SIGNING_IN)
    giving = {
        method.name
        for method in service.methods
        if any(field.message_type is identity_pb.SessionGrant.DESCRIPTOR for field in method.output_type.fields)
    }
    assert giving == {"CompleteSignIn", "SignInWithPassword", "RefreshSession"}
    assert giving < behind


async def test_a_hub_can_be_told_to_let_gateways_without_certificates_in(
    tmp_path: pathlib.Path, settings: dict[str, Any], elsewhere: None
) -> None:
    async with (
        hub_for_agents(tmp_path, **settings, is_uncertified_gateway_allowed=True) as hub,
        open_channel(hub.address) as channel,
    ):
        assert await sign_in(channel)


async def test_people_and_programs_with_tokens_need_no_certificate(hub: Hub, elsewhere: None) -> None:
    async with open_channel(hub.address) as channel:
        stream = await opened(channel)
        stream.cancel()


async def test_an_agents_certificate_opens_nothing_of_a_gateways_or_a_persons(hub: Hub) -> None:
    agent = await helpers.enrol(hub, await helpers.permit(hub))
    async with agent.channel(hub) as channel:
        for call in (sign_in(channel), opened(channel), renew(channel)):
            code, words = await refusal(call)
            assert (code, "certificate of an agent" in words) == ("PERMISSION_DENIED", True)


async def test_a_gateways_certificate_opens_nothing_of_an_agents(hub: Hub) -> None:
    gateway = await enrolled(hub, "c1")
    async with gateway.channel(hub) as channel:
        stream = connect(channel)
        await stream.write(helpers.hello("c1"))
        assert (await refusal(stream.read()))[0] == "UNAUTHENTICATED"
        renewal = enrolment_service_pb2.RenewCertificateRequest(certificate_request=make_request()[1])
        answer = enrolment_service_pb2.RenewCertificateResponse
        assert (await refusal(call_on(channel, "RenewCertificate", renewal, answer)))[0] == "UNAUTHENTICATED"


async def test_tokens_of_one_kind_enrol_nothing_of_the_other(hub: Hub) -> None:
    of_agent, of_gateway = await helpers.permit(hub), await permit(hub)
    assert (await refusal(enrol(hub, of_agent)))[0] == "UNAUTHENTICATED"
    assert (await refusal(helpers.enrol(hub, of_gateway)))[0] == "UNAUTHENTICATED"
    await enrol(hub, of_gateway)
    await helpers.enrol(hub, of_agent)


async def test_a_token_works_once_even_for_many_at_the_same_time(hub: Hub) -> None:
    token = await permit(hub)
    outcomes = await asyncio.gather(*(enrol(hub, token) for _ in range(8)), return_exceptions=True)
    assert len([outcome for outcome in outcomes if isinstance(outcome, Enrolled)]) == 1


@pytest.mark.parametrize("change", ["gateway_id", "certificate_request", "proof"])
async def test_what_is_not_exactly_proven_is_refused_and_uses_nothing_up(hub: Hub, change: str) -> None:
    token = await permit(hub)
    other = {"gateway_id": "0" * 12, "certificate_request": make_request()[1], "proof": b"\0" * 32}
    code, words = await refusal(enrol(hub, token, **{change: other[change]}))
    assert (code, "octokube gateway enroll" in words) == ("UNAUTHENTICATED", True)
    await enrol(hub, token)


async def test_a_revoked_gateway_loses_what_is_open_within_a_second_and_is_not_let_in_again(hub: Hub) -> None:
    gateway, other = await enrolled(hub), await enrolled(hub, "other")
    async with gateway.channel(hub) as channel, other.channel(hub) as unharmed:
        stream, staying = await opened(channel), await opened(unharmed)
        async with asyncio.timeout(1.0):
            await revoke(hub, gateway)
            code, words = await refusal(rest_of(stream))
        assert (code, "this gateway was revoked" in words) == ("PERMISSION_DENIED", True)
        for call in (sign_in(channel), opened(channel), renew(channel)):
            code, words = await refusal(call)
            assert (code, "octokube gateway enroll NAME" in words) == ("PERMISSION_DENIED", True)
        assert not staying.done()
        staying.cancel()


async def test_what_is_open_outlives_a_certificate_only_when_that_was_renewed(
    tmp_path: pathlib.Path, settings: dict[str, Any]
) -> None:
    async with hub_for_agents(tmp_path, **settings, agent_certificate_seconds=3) as hub:
        left, renewed = await enrolled(hub), await enrolled(hub, "renewed")
        async with left.channel(hub) as first, renewed.channel(hub) as second:
            ending, staying = await opened(first), await opened(second)
            await asyncio.sleep(1.5)  # so that the renewed certificate ends well after the other
            await renew(second)
            code, words = await refusal(rest_of(ending))
            assert (code, "it has expired" in words) == ("PERMISSION_DENIED", True)
            assert not staying.done()
            staying.cancel()


async def test_another_hubs_gateway_does_not_get_past_the_handshake(
    hub: Hub, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with hub_for_agents(tmp_path_factory.mktemp("other")) as other:
        foreign = await enrolled(other)
    here = (await enrolled(hub)).issued.authority_pem
    told = enrolment_service_pb2.IssuedCertificate(certificate_pem=foreign.issued.certificate_pem, authority_pem=here)
    async with Enrolled(foreign.key_pem, told, foreign.agent_id).channel(hub) as channel:
        assert (await refusal(opened(channel)))[0] == "UNAVAILABLE"


async def test_only_whom_the_policy_lets_makes_lists_and_revokes_and_all_is_recorded(hub: Hub) -> None:
    gateway = await enrolled(hub)
    async with open_channel(hub.address) as channel:
        stub = Gateways(channel)
        for call in (
            stub.CreateGateway(pb.CreateGatewayRequest(name="mine"), metadata=ALICE),
            stub.ListGateways(pb.ListGatewaysRequest(), metadata=ALICE),
            stub.RevokeGateway(pb.RevokeGatewayRequest(gateway_id=gateway.agent_id), metadata=ALICE),
        ):
            assert (await refusal(call))[0] == "PERMISSION_DENIED"
        unknown = stub.RevokeGateway(pb.RevokeGatewayRequest(gateway_id="0" * 12), metadata=BY_ADMIN)
        assert (await refusal(unknown))[0] == "NOT_FOUND"
        for name, life_seconds in (("Not A Name", 0), ("page", 10**6)):
            request = pb.CreateGatewayRequest(name=name, life_seconds=life_seconds)
            assert (await refusal(stub.CreateGateway(request, metadata=BY_ADMIN)))[0] == "INVALID_ARGUMENT"
    await revoke(hub, gateway)
    records = [(entry.subject, entry.action, entry.outcome) for entry in await hub._audit.list(limit=100)]
    for expected in (
        ("user:admin", "gateway.create", "done"),
        ("user:alice", "gateway.create", "denied"),
        (f"gateway:{gateway.agent_id}", "gateway.enrol", "done"),
        ("user:alice", "gateway.list", "denied"),
        ("user:admin", "gateway.revoke", "done"),
    ):
        assert expected in records


async def revoke(hub: Hub, gateway: Enrolled) -> None:
    """By an admin."""
    async with open_channel(hub.address) as channel:
        request = pb.RevokeGatewayRequest(gateway_id=gateway.agent_id)
        await Gateways(channel).RevokeGateway(request, metadata=BY_ADMIN)


async def renew(channel: grpc.aio.Channel) -> None:
    """Gets the next certificate."""
    await Gateways(channel).RenewGateway(
        pb.RenewGatewayRequest(certificate_request=make_request()[1]), timeout=HANG_SECONDS
    )
