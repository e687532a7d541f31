"""People's own tokens: shown once, limited, ended within a second; service accounts; shutting people out."""

import asyncio
import datetime
import time
from collections.abc import Awaitable
from typing import Any

import grpc
import grpc.aio
import pytest

from octokube.client.feed import FeedError
from octokube.v1 import cluster_service_pb2, resource_pb2
from octokube.v1 import identity_service_pb2 as pb
from octokube.v1.identity_service_pb2_grpc import IdentityServiceStub
from octokube_hub.app import Hub
from tests.hub.clocks import FakeClock
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key
from tests.identity.conftest import ADMIN, ALICE, bearer


async def refusal(call: Awaitable[Any]) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return refused.value.code(), refused.value.details() or ""


async def may(hub: Hub, token: str, cluster: str, verb: str) -> bool:
    asked = cluster_service_pb2.ExplainAccessRequest(
        cluster=cluster, key=resource_pb2.Key(type="pods", namespace="red", name="web"), verbs=[verb]
    )
    answer = await hub.feed.explain_access(token, asked.SerializeToString())
    return cluster_service_pb2.ExplainAccessResponse.FromString(answer).answers[0].is_allowed


async def test_anybody_makes_lists_and_revokes_tokens_of_their_own_and_nobody_elses(
    identity: IdentityServiceStub, hub: Hub
) -> None:
    made = await identity.CreatePersonalToken(pb.CreatePersonalTokenRequest(description="laptop"), metadata=ALICE)
    assert (await hub.feed.who_am_i(made.token)).subject == "user:alice"
    id = made.description.token_id
    bobs = await identity.ListPersonalTokens(pb.ListPersonalTokensRequest(), metadata=bearer("demo:bob"))
    assert not bobs.tokens
    code, _ = await refusal(
        identity.RevokePersonalToken(pb.RevokePersonalTokenRequest(token_id=id), metadata=bearer("demo:bob"))
    )
    assert code is grpc.StatusCode.NOT_FOUND
    code, _ = await refusal(
        identity.CreatePersonalToken(pb.CreatePersonalTokenRequest(subject="user:admin"), metadata=ALICE)
    )
    assert code is grpc.StatusCode.PERMISSION_DENIED
    await identity.RevokePersonalToken(pb.RevokePersonalTokenRequest(token_id=id), metadata=ALICE)
    with pytest.raises(FeedError):
        await hub.feed.who_am_i(made.token)
    [listed] = (await identity.ListPersonalTokens(pb.ListPersonalTokensRequest(), metadata=ALICE)).tokens
    assert listed.description == "laptop"
    assert listed.HasField("revoked_at")
    assert made.token.encode() not in listed.SerializeToString()
    files = b"".join(path.read_bytes() for path in hub.settings.data.iterdir())
    assert made.token.encode() not in files, "only a hash is stored"


async def test_a_limited_token_may_do_less_everywhere_and_makes_no_other(
    identity: IdentityServiceStub, hub: Hub
) -> None:
    ceiling = pb.TokenCeiling(is_read_only=True, clusters=["c1"])
    made = await identity.CreatePersonalToken(pb.CreatePersonalTokenRequest(ceiling=ceiling), metadata=ALICE)
    assert [await may(hub, made.token, "c1", verb) for verb in ("get", "logs", "delete", "exec")] == [
        True,
        True,
        False,
        False,
    ]
    assert not await may(hub, made.token, "c2", "get")
    assert (await hub.feed.who_am_i(made.token)).token_ceiling == ("this token is for reading only and for cluster c1")
    code, sentence = await refusal(
        identity.CreatePersonalToken(pb.CreatePersonalTokenRequest(), metadata=bearer(made.token))
    )
    assert code is grpc.StatusCode.PERMISSION_DENIED
    assert "makes no tokens" in sentence


async def test_a_limited_tokens_stream_shows_its_cluster_alone(
    identity: IdentityServiceStub, hub: Hub, agents: list[FakeAgent]
) -> None:
    for agent in agents:
        agent.put(key("pods", "red", "web"))
        await agent.connect()
    request = pb.CreatePersonalTokenRequest(ceiling=pb.TokenCeiling(clusters=["c2"]))
    made = await identity.CreatePersonalToken(request, metadata=ALICE)
    stream = hub.feed.watch_catalog(made.token, peer="")
    message = await stream.receive()
    await stream.close()
    assert message is not None
    shown = cluster_service_pb2.WatchCatalogResponse.FromString(message)
    assert [cluster.name for cluster in shown.clusters] == ["c2"]


async def test_a_token_that_is_made_with_a_token_does_not_outlive_it(
    identity: IdentityServiceStub, clock: FakeClock
) -> None:
    soon = clock.now() + datetime.timedelta(hours=1)
    request = pb.CreatePersonalTokenRequest()
    request.expires_at.FromDatetime(soon)
    made = await identity.CreatePersonalToken(request, metadata=ALICE)
    again = await identity.CreatePersonalToken(pb.CreatePersonalTokenRequest(), metadata=bearer(made.token))
    assert again.description.expires_at == made.description.expires_at
    request.expires_at.FromDatetime(soon + datetime.timedelta(hours=1))
    code, sentence = await refusal(identity.CreatePersonalToken(request, metadata=bearer(made.token)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "sign in" in sentence


@pytest.mark.parametrize(
    ("ceiling", "days", "sentence"),
    [
        (pb.TokenCeiling(clusters=["prod-*"]), 1, "by name"),
        (pb.TokenCeiling(), 400, "at most 366 days"),
        (pb.TokenCeiling(), -1, "future"),
    ],
)
async def test_a_token_that_can_not_be_is_refused_with_a_sentence(
    identity: IdentityServiceStub, clock: FakeClock, ceiling: pb.TokenCeiling, days: int, sentence: str
) -> None:
    request = pb.CreatePersonalTokenRequest(ceiling=ceiling)
    request.expires_at.FromDatetime(clock.now() + datetime.timedelta(days=days))
    code, told = await refusal(identity.CreatePersonalToken(request, metadata=ALICE))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert sentence in told


async def test_shutting_somebody_out_ends_their_streams_and_tokens_within_a_second(
    identity: IdentityServiceStub, hub: Hub
) -> None:
    made = await identity.CreatePersonalToken(pb.CreatePersonalTokenRequest(), metadata=ALICE)
    stream = hub.feed.watch_catalog(made.token, peer="")
    assert await stream.receive() is not None
    started = time.monotonic()
    await identity.SetDisabled(pb.SetDisabledRequest(subject="user:alice", is_disabled=True), metadata=ADMIN)
    with pytest.raises(FeedError) as ended:
        while await stream.receive() is not None:
            pass
    assert ended.value.code == "UNAUTHENTICATED"
    assert time.monotonic() - started < 1
    with pytest.raises(FeedError):
        await hub.feed.who_am_i(made.token)
    await identity.SetDisabled(pb.SetDisabledRequest(subject="user:alice"), metadata=ADMIN)
    assert (await hub.feed.who_am_i(made.token)).subject == "user:alice"


async def test_a_service_account_has_the_teams_it_is_given_also_on_open_streams(
    identity: IdentityServiceStub, hub: Hub, agents: list[FakeAgent]
) -> None:
    agents[0].put(key("pods", "blue", "web"))
    await agents[0].connect()
    put = pb.PutServiceAccountRequest(subject="service:portal", teams=[])
    await identity.PutServiceAccount(put, metadata=ADMIN)
    made = await identity.CreatePersonalToken(pb.CreatePersonalTokenRequest(subject="service:portal"), metadata=ADMIN)
    stream = hub.feed.watch_catalog(made.token, peer="")
    first = await stream.receive()
    assert first is not None
    assert not cluster_service_pb2.WatchCatalogResponse.FromString(first).clusters
    put.teams.append("team:blues")
    await identity.PutServiceAccount(put, metadata=ADMIN)
    async with asyncio.timeout(1):
        shown = cluster_service_pb2.WatchCatalogResponse.FromString(await stream.receive() or b"")
    assert [list(cluster.namespaces) for cluster in shown.clusters] == [["blue"], []]
    await stream.close()


async def test_accounts_are_for_those_whom_policy_lets(identity: IdentityServiceStub) -> None:
    for call in (
        identity.PutServiceAccount(pb.PutServiceAccountRequest(subject="service:x"), metadata=ALICE),
        identity.ListPeople(pb.ListPeopleRequest(), metadata=ALICE),
        identity.SetDisabled(pb.SetDisabledRequest(subject="user:admin", is_disabled=True), metadata=ALICE),
        identity.ListPersonalTokens(pb.ListPersonalTokensRequest(is_of_all=True), metadata=ALICE),
    ):
        code, _ = await refusal(call)
        assert code is grpc.StatusCode.PERMISSION_DENIED
    code, _ = await refusal(identity.PutServiceAccount(pb.PutServiceAccountRequest(subject="user:x"), metadata=ADMIN))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
