"""A token makes one identity for one cluster, and the certificate alone says for which."""

import asyncio
import pathlib
from collections.abc import AsyncIterator

import grpc
import grpc.aio
import pytest

from octokube.client.enrolling import make_request
from octokube.runtime.enrolling import EnrolmentToken, hash_of_secret, proof_of
from octokube.v1 import enrolment_service_pb2 as pb
from octokube_hub.app import Hub
from tests.hub.enrolment.helpers import (
    ADMIN,
    Enrolled,
    call,
    call_on,
    connect,
    enrol,
    hello,
    hub_for_agents,
    permit,
    welcomed,
)
from tests.support.waiting import eventually


@pytest.fixture
async def hub(tmp_path: pathlib.Path) -> AsyncIterator[Hub]:
    """A hub that agents can enrol with."""
    async with hub_for_agents(tmp_path) as running:
        yield running


async def refusal(awaitable: object) -> tuple[str, str]:
    """The code and the words of a refused call."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await awaitable  # type: ignore[misc]
    return caught.value.code().name, caught.value.details() or ""


async def test_a_token_gives_a_certificate_with_which_the_agent_is_welcome(hub: Hub) -> None:
    enrolled = await enrol(hub, await permit(hub))
    async with enrolled.channel(hub) as channel:
        await welcomed(channel)
        listed = await call(hub.address, "ListAgents", pb.ListAgentsRequest(), pb.ListAgentsResponse, token=ADMIN)
    assert [(agent.agent_id, agent.cluster, agent.is_connected) for agent in listed.agents] == [
        (enrolled.agent_id, "c1", True)
    ]


async def test_a_token_works_once_even_for_many_at_the_same_time(hub: Hub) -> None:
    token = await permit(hub)
    outcomes = await asyncio.gather(*(enrol(hub, token) for _ in range(8)), return_exceptions=True)
    assert len([outcome for outcome in outcomes if isinstance(outcome, Enrolled)]) == 1
    code, words = await refusal(enrol(hub, token))
    assert code == "UNAUTHENTICATED"
    assert "octokube agent enroll" in words


@pytest.mark.parametrize("change", ["unknown id", "other secret", "other key", "other cluster in the proof"])
async def test_what_is_not_exactly_proven_is_refused_alike(hub: Hub, change: str) -> None:
    token = await permit(hub)
    _, request = make_request()
    fields = {
        "unknown id": {"agent_id": "000000000000"},
        "other secret": {"proof": proof_of(hash_of_secret("x" * 43), "c1", request), "certificate_request": request},
        "other key": {"certificate_request": request},
        "other cluster in the proof": {
            "proof": proof_of(hash_of_secret(token.secret), "c2", request),
            "certificate_request": request,
        },
    }[change]
    code, words = await refusal(enrol(hub, token, **fields))
    assert code == "UNAUTHENTICATED"
    assert "was used, has expired or was revoked" in words
    await enrol(hub, token)  # the token has not been used up by that


async def test_a_token_for_another_cluster_is_told_so_to_its_holder_alone(hub: Hub) -> None:
    code, words = await refusal(enrol(hub, await permit(hub, "c2"), "c1"))
    assert code == "PERMISSION_DENIED"
    assert "another cluster than 'c1'" in words


async def test_a_token_ends_with_its_life(hub: Hub) -> None:
    token = await permit(hub, life_seconds=1)
    records = hub._agent_records
    record = await records.find(token.id)
    assert record is not None
    await eventually(lambda: hub._clock.now() >= record.token_expires_at)
    assert (await refusal(enrol(hub, token)))[0] == "UNAUTHENTICATED"


async def test_a_revoked_token_is_refused(hub: Hub) -> None:
    token = await permit(hub)
    await revoke(hub, token.id)
    assert (await refusal(enrol(hub, token)))[0] == "UNAUTHENTICATED"


async def test_only_whom_the_policy_lets_makes_lists_and_revokes(hub: Hub) -> None:
    for person in ("demo:alice", "demo:carol", "nobody"):
        assert (await refusal(permit(hub, token=person)))[0] in ("PERMISSION_DENIED", "UNAUTHENTICATED")
        for method, request, answer in (
            ("ListAgents", pb.ListAgentsRequest(), pb.ListAgentsResponse),
            ("RevokeAgent", pb.RevokeAgentRequest(agent_id="000000000000"), pb.RevokeAgentResponse),
        ):
            code, _ = await refusal(call(hub.address, method, request, answer, token=person))
            assert code in ("PERMISSION_DENIED", "UNAUTHENTICATED"), (person, method)


async def test_the_certificate_says_the_cluster_not_the_agent(hub: Hub) -> None:
    enrolled = await enrol(hub, await permit(hub))
    async with enrolled.channel(hub) as channel:
        stream = connect(channel)
        await stream.write(hello("c2"))
        code, words = await refusal(_next(stream))
    assert code == "PERMISSION_DENIED"
    assert "'c2'" in words
    assert hub.registry.get("c2") is None


async def test_a_credential_of_another_cluster_beside_a_certificate_changes_nothing(hub: Hub) -> None:
    credential = await hub.create_agent_credential("c2")
    enrolled = await enrol(hub, await permit(hub))
    async with enrolled.channel(hub) as channel:
        stream = connect(channel, credential=credential)
        await stream.write(hello("c2"))
        assert (await refusal(_next(stream)))[0] == "PERMISSION_DENIED"


async def test_a_revoked_agent_is_ended_within_a_second_and_not_let_in_again(hub: Hub) -> None:
    enrolled = await enrol(hub, await permit(hub))
    async with enrolled.channel(hub) as channel:
        stream = await welcomed(channel)
        async with asyncio.timeout(1.0):
            await revoke(hub, enrolled.agent_id)
            code, words = await refusal(_next(stream))
        assert (code, "it was revoked" in words) == ("UNAUTHENTICATED", True)
        again = connect(channel)
        await again.write(hello("c1"))
        code, words = await refusal(_next(again))
        assert code == "UNAUTHENTICATED"
        assert "octokube agent enroll" in words
        assert (await refusal(renew(channel)))[0] == "UNAUTHENTICATED"


async def test_a_session_outlives_its_certificate_only_when_that_was_renewed(tmp_path: pathlib.Path) -> None:
    async with hub_for_agents(tmp_path, agent_certificate_seconds=3) as hub:
        left, renewed = [await enrol(hub, await permit(hub, name), name) for name in ("c1", "c2")]
        async with left.channel(hub) as first, renewed.channel(hub) as second:
            ending = await welcomed(first, "c1")
            staying = await welcomed(second, "c2")
            await asyncio.sleep(1.5)  # so that the renewed certificate ends well after the other
            await renew(second)
            code, words = await refusal(_next(ending))
            assert (code, "it has expired" in words) == ("UNAUTHENTICATED", True)
            assert not staying.done()
            # Nor does the certificate that has ended get anybody in.
            async with left.channel(hub) as late:
                stream = connect(late)
                assert (await refusal(stream.read()))[0] in ("UNAVAILABLE", "UNAUTHENTICATED")


async def renew(channel: grpc.aio.Channel) -> None:
    """Gets the next certificate."""
    message = pb.RenewCertificateRequest(certificate_request=make_request()[1])
    await call_on(channel, "RenewCertificate", message, pb.RenewCertificateResponse)


async def test_renewal_is_for_certificates_alone(hub: Hub) -> None:
    _, request = make_request()
    message = pb.RenewCertificateRequest(certificate_request=request)
    for token in ("", ADMIN, await hub.create_agent_credential("c1")):
        code, _ = await refusal(
            call(hub.address, "RenewCertificate", message, pb.RenewCertificateResponse, token=token)
        )
        assert code == "UNAUTHENTICATED"


async def test_another_hubs_certificate_does_not_get_past_the_handshake(
    hub: Hub, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with hub_for_agents(tmp_path_factory.mktemp("other")) as other:
        foreign = await enrol(other, await permit(other))
        with_ours = pb.IssuedCertificate(
            certificate_pem=foreign.issued.certificate_pem, authority_pem=hub_authority(hub)
        )
        async with Enrolled(foreign.key_pem, with_ours, foreign.agent_id).channel(hub) as channel:
            stream = connect(channel)
            assert (await refusal(stream.read()))[0] == "UNAVAILABLE"
        # And the agent believes no other hub, whatever address it is led to.
        async with foreign.channel(hub) as channel:
            code, words = await refusal(connect(channel).read())
            assert (code, "CERTIFICATE_VERIFY_FAILED" in words) == ("UNAVAILABLE", True)


async def test_two_agents_of_one_name_take_turns_and_are_told(hub: Hub) -> None:
    first, second = [await enrol(hub, await permit(hub)) for _ in range(2)]
    async with first.channel(hub) as one, second.channel(hub) as two:
        older = await welcomed(one)
        await welcomed(two)
        code, words = await refusal(_next(older))
        assert (code, "has taken over" in words) == ("ABORTED", True)


@pytest.mark.parametrize("request_bytes", [b"", b"\x30\x03abc", b"\x00" * 5000])
async def test_a_request_that_is_none_is_refused_and_uses_nothing_up(hub: Hub, request_bytes: bytes) -> None:
    token = await permit(hub)
    proof = proof_of(hash_of_secret(token.secret), "c1", request_bytes)
    code, _ = await refusal(enrol(hub, token, certificate_request=request_bytes, proof=proof))
    assert code == "INVALID_ARGUMENT"
    await enrol(hub, token)


async def test_the_secret_of_a_token_and_the_key_of_the_authority_are_nowhere_to_be_read(
    hub: Hub, tmp_path: pathlib.Path
) -> None:
    token = await permit(hub)
    enrolled = await enrol(hub, token)
    for path in (tmp_path / "data").rglob("*"):
        if path.is_file():
            assert token.secret.encode() not in path.read_bytes(), path
            assert path.stat().st_mode & 0o077 == 0, path
            assert enrolled.key_pem not in path.read_bytes()


async def test_what_was_done_is_recorded(hub: Hub) -> None:
    enrolled = await enrol(hub, await permit(hub))
    await refusal(enrol(hub, EnrolmentToken("0" * 12, "x" * 43, "00" * 32)))
    await revoke(hub, enrolled.agent_id)
    records = [(entry.subject, entry.action, entry.outcome) for entry in await hub._audit.list(limit=100)]
    for expected in (
        ("user:admin", "agent.create", "done"),
        ("agent:c1", "agent.enrol", "done"),
        ("agent:unknown", "agent.enrol", "denied"),
        ("user:admin", "agent.revoke", "done"),
    ):
        assert expected in records


async def test_a_hub_that_restarts_knows_its_agents(tmp_path: pathlib.Path) -> None:
    async with hub_for_agents(tmp_path) as hub:
        enrolled = await enrol(hub, await permit(hub))
    async with hub_for_agents(tmp_path) as hub:
        assert hub.registry.get("c1") is not None
        async with enrolled.channel(hub) as channel:
            await welcomed(channel)


async def revoke(hub: Hub, agent_id: str) -> None:
    """Revokes an agent as an admin."""
    request = pb.RevokeAgentRequest(agent_id=agent_id)
    await call(hub.address, "RevokeAgent", request, pb.RevokeAgentResponse, token=ADMIN)


def hub_authority(hub: Hub) -> bytes:
    """The certificate of a hub's authority."""
    content = (hub.settings.data / "authority.pem").read_bytes()
    return content[content.index(b"-----BEGIN CERTIFICATE-----") :]


async def _next(stream: object) -> None:
    """Reads until the stream ends, as an error or for good."""
    while True:
        answer = await stream.read()  # type: ignore[attr-defined]
        if answer is grpc.aio.EOF:
            code = await stream.code()  # type: ignore[attr-defined]
            details = await stream.details()  # type: ignore[attr-defined]
            raise grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), details=details)
