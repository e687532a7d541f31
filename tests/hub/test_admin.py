"""Administration: decided by policy, recorded, and shown once."""

import asyncio
import pathlib

import grpc
import grpc.aio
import pytest

from octokube.v1 import admin_service_pb2 as pb
from octokube.v1 import admin_service_pb2_grpc
from octokube_hub.app import Hub
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key

ADMIN = (("authorization", "Bearer demo:admin"),)
ALICE = (("authorization", "Bearer demo:alice"),)


@pytest.fixture
def admin(channel: grpc.aio.Channel) -> admin_service_pb2_grpc.AdminServiceStub:
    """A stock client."""
    return admin_service_pb2_grpc.AdminServiceStub(channel)


async def test_every_method_is_refused_to_who_has_no_rule_and_without_a_token(
    admin: admin_service_pb2_grpc.AdminServiceStub, hub: Hub
) -> None:
    for method in pb.DESCRIPTOR.services_by_name["AdminService"].methods:
        request = getattr(pb, method.input_type.name)()
        for metadata, code in ((ALICE, grpc.StatusCode.PERMISSION_DENIED), ((), grpc.StatusCode.UNAUTHENTICATED)):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                call = getattr(admin, method.name)(request, metadata=metadata)
                await (call.read() if method.server_streaming else call)
            assert refused.value.code() is code, method.name
    records = await hub._audit.list(subject="user:alice")
    assert len(records) == len(pb.DESCRIPTOR.services_by_name["AdminService"].methods)
    assert {record.outcome for record in records} == {"denied"}


async def test_a_token_is_made_shown_once_listed_and_revoked(
    admin: admin_service_pb2_grpc.AdminServiceStub, hub: Hub
) -> None:
    made = await admin.CreateToken(pb.CreateTokenRequest(subject="user:dana", description="laptop"), metadata=ADMIN)
    assert made.token.startswith("okt_")
    assert (await hub.feed.who_am_i(made.token)).subject == "user:dana"
    listed = await admin.ListTokens(pb.ListTokensRequest(), metadata=ADMIN)
    assert [(item.token_id, item.subject, item.description) for item in listed.tokens] == [
        (made.token_id, "user:dana", "laptop")
    ]
    assert made.token.encode() not in listed.SerializeToString()
    await admin.RevokeToken(pb.RevokeTokenRequest(token_id=made.token_id), metadata=ADMIN)
    listed = await admin.ListTokens(pb.ListTokensRequest(), metadata=ADMIN)
    assert listed.tokens[0].HasField("revoked_at")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await admin.RevokeToken(pb.RevokeTokenRequest(token_id="unknown"), metadata=ADMIN)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    files = b"".join(path.read_bytes() for path in hub.settings.data.iterdir())
    assert made.token.encode() not in files, "only a hash is stored"


@pytest.mark.parametrize("subject", ["", "alice", "team:red", "user:", "user:a b"])
async def test_a_token_for_nobody_is_refused_with_a_sentence(
    admin: admin_service_pb2_grpc.AdminServiceStub, subject: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await admin.CreateToken(pb.CreateTokenRequest(subject=subject), metadata=ADMIN)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "user:NAME" in (refused.value.details() or "")


async def test_an_agent_credential_is_made_and_revoked(
    admin: admin_service_pb2_grpc.AdminServiceStub, hub: Hub
) -> None:
    made = await admin.CreateAgentCredential(pb.CreateAgentCredentialRequest(cluster="c7"), metadata=ADMIN)
    agent = FakeAgent("c7", hub.address, made.credential)
    link = await agent.connect()
    await admin.RevokeAgentCredential(pb.RevokeAgentCredentialRequest(credential_id=made.credential_id), metadata=ADMIN)
    assert (await link.ending())[0] is grpc.StatusCode.UNAUTHENTICATED
    await agent.close()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await admin.CreateAgentCredential(pb.CreateAgentCredentialRequest(cluster="Bad Name"), metadata=ADMIN)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_the_status_counts_clusters_streams_and_audiences(
    admin: admin_service_pb2_grpc.AdminServiceStub, hub: Hub, agent: FakeAgent
) -> None:
    agent.put(key("pods", "red", "web"))
    await agent.connect()
    status = await admin.GetHubStatus(pb.GetHubStatusRequest(), metadata=ADMIN)
    [cluster] = status.clusters
    assert (cluster.name, cluster.objects, cluster.agent_version, cluster.server_version) == ("c1", 1, "test", "v1.33")
    assert (status.watch_streams, status.audiences) == (0, 0)
    assert status.policy_revision
    assert cluster.HasField("as_of")
    newest = (await admin.ListAuditRecords(pb.ListAuditRecordsRequest(), metadata=ADMIN)).records[1]
    assert (status.audit_records, status.audit_head, status.operations) == (newest.id, newest.hash, 0)


async def test_the_audit_log_lists_what_happened_newest_first(
    admin: admin_service_pb2_grpc.AdminServiceStub, hub: Hub, agent: FakeAgent
) -> None:
    await agent.connect()
    listed = await admin.ListAuditRecords(pb.ListAuditRecordsRequest(), metadata=ADMIN)
    actions = [record.action for record in listed.records]
    assert actions == ["audit.list", "agent.connected", "agentcredential.create", "policy.activated"]
    assert [record.id for record in listed.records] == [4, 3, 2, 1]
    one = await admin.ListAuditRecords(pb.ListAuditRecordsRequest(limit=1, subject="agent:c1"), metadata=ADMIN)
    assert [record.action for record in one.records] == ["agent.connected"]


async def test_the_files_in_force_are_given_as_they_are(
    admin: admin_service_pb2_grpc.AdminServiceStub, hub: Hub, policies: pathlib.Path
) -> None:
    found = await admin.GetPolicy(pb.GetPolicyRequest(), metadata=ADMIN)
    assert found.revision == (await admin.GetHubStatus(pb.GetHubStatusRequest(), metadata=ADMIN)).policy_revision
    assert {file.name: file.content for file in found.files} == {
        path.name: path.read_bytes()
        for path in policies.glob("*.*")  # noqa: ASYNC240
    }
    policies.joinpath("policy.csv").write_text("p, broken")
    while not (await admin.GetHubStatus(pb.GetHubStatusRequest(), metadata=ADMIN)).policy_alarms:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert await admin.GetPolicy(pb.GetPolicyRequest(), metadata=ADMIN) == found, "what is refused is not in force"


async def test_audit_records_are_paged_narrowed_by_verb_and_hold_what_was_asked(
    admin: admin_service_pb2_grpc.AdminServiceStub,
) -> None:
    for name in ("user:a", "user:b", "user:c"):
        await admin.CreateToken(pb.CreateTokenRequest(subject=name), metadata=ADMIN)
    first = await admin.ListAuditRecords(pb.ListAuditRecordsRequest(verb="create", limit=4), metadata=ADMIN)
    assert [record.outcome for record in first.records] == ["done", "allowed"] * 2
    asked = first.records[1]
    assert asked.question == pb.AccessQuestion(
        cluster="octokube", resource="tokens.octokube.io", name="user:c", verb="create"
    )
    assert (asked.rule, asked.window) == ("policy.csv:2", "always")
    assert not first.records[0].HasField("question")
    rest = await admin.ListAuditRecords(
        pb.ListAuditRecordsRequest(verb="create", before_id=first.records[-1].id), metadata=ADMIN
    )
    assert [record.target for record in rest.records if record.HasField("question")] == [
        "octokube/tokens.octokube.io//user:a"
    ]
    assert len({record.hash for record in (*first.records, *rest.records)}) == 6
