"""WhoAmI and ExplainAccess say what policy grants, over every way to the feed, and look nothing up."""

import asyncio
import datetime
import pathlib

import grpc.aio
import pytest

from octokube.client.connection import connected
from octokube.client.feed import Feed, FeedError
from octokube.v1 import cluster_service_pb2 as pb
from octokube.v1 import resource_pb2
from octokube_hub.api import explaining
from octokube_hub.app import Hub
from tests.hub.clocks import FakeClock
from tests.hub.conftest import RULES
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key
from tests.hub.policies import write_policy
from tests.support.waiting import HANG_SECONDS

WINDOWS = 'office: { daily: "09:00-17:00", zone: UTC }\n'
OFFICE = RULES + "p, team:red, c1, red, deployments.apps, *, scale, @office, allow\n"


async def office(hub: Hub, policies: pathlib.Path, clock: FakeClock, hour: int) -> None:
    """Puts a policy with office hours in force, and sets the clock."""
    clock.set(f"2026-03-02T{hour:02}:00+00:00")
    assert hub._policy is not None
    former = hub._policy.current.revision
    write_policy(policies, OFFICE, teams="g, user:alice, team:red\n", windows=WINDOWS)
    async with asyncio.timeout(HANG_SECONDS):
        while hub._policy.current.revision == former or hub._policy.alarm:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_who_am_i_tells_teams_grants_and_the_next_edge(
    feed: Feed, hub: Hub, policies: pathlib.Path, clock: FakeClock
) -> None:
    await office(hub, policies, clock, 8)
    who = await feed.who_am_i("demo:alice")
    assert list(who.memberships) == ["role:everyone", "team:red"]
    assert who.next_window_edge.ToDatetime(datetime.UTC).hour == 9
    assert [(grant.subject, grant.verbs, grant.is_in_force) for grant in who.grants] == [
        ("user:alice", "read", True),
        ("team:red", "scale", False),
    ]
    assert hub._policy is not None
    assert (who.policy_revision, who.more_grants) == (hub._policy.current.revision, 0)
    clock.set("2026-03-02T09:00+00:00")
    assert (await feed.who_am_i("demo:alice")).grants[1].is_in_force, "what was told is not told beyond an edge"


async def test_you_could_scale_this_from_nine(feed: Feed, hub: Hub, policies: pathlib.Path, clock: FakeClock) -> None:
    await office(hub, policies, clock, 8)
    async with connected(feed, "demo:alice") as client:
        scale, delete = await client.explain("c1", "deployments.apps", "scale", "delete", namespace="red", name="web")
        assert (scale.is_allowed, scale.reason) == (False, pb.ACCESS_REASON_NOT_NOW)
        assert scale.changes_at.ToDatetime(datetime.UTC) == datetime.datetime(2026, 3, 2, 9, tzinfo=datetime.UTC)
        assert (scale.subject, scale.window) == ("team:red", "@office")
        assert scale.sentence.startswith("Not now: you may scale this from 2026-03-02 09:00 UTC")
        assert delete.reason == pb.ACCESS_REASON_NOT_GRANTED
        everything = await client.explain("c1", "pods", namespace="red", name="web")
        assert {answer.verb for answer in everything} >= {"get", "delete", "exec", "logs"}
        assert "restart" not in {answer.verb for answer in everything}


async def test_an_answer_is_the_same_whether_anything_is_there_or_not(feed: Feed, agent: FakeAgent) -> None:
    questions = [
        pb.ExplainAccessRequest(cluster=cluster, key=resource_pb2.Key(type=type, namespace=namespace, name="web"))
        for cluster in ("c1", "c9")
        for type in ("pods", "widgets.example.com")
        for namespace in ("red", "blue", "")
    ]

    async def transcript() -> list[bytes]:
        return [await feed.explain_access("demo:alice", asked.SerializeToString()) for asked in questions] + [
            (await feed.who_am_i("demo:alice")).SerializeToString()
        ]

    before = await transcript()
    for namespace in ("red", "blue"):
        agent.put(key("pods", namespace, "web"))
    await agent.connect()
    assert await transcript() == before


async def test_a_question_is_not_recorded_as_a_decision(feed: Feed, hub: Hub) -> None:
    before = len(await hub._audit.list())
    asked = pb.ExplainAccessRequest(cluster="c1", key=resource_pb2.Key(type="pods", namespace="red", name="web"))
    await feed.explain_access("demo:alice", asked.SerializeToString())
    assert len(await hub._audit.list()) == before


@pytest.mark.parametrize(
    "asked",
    [
        b"\xff",
        pb.ExplainAccessRequest(cluster="c1").SerializeToString(),
        pb.ExplainAccessRequest(key=resource_pb2.Key(type="pods")).SerializeToString(),
        pb.ExplainAccessRequest(cluster="c" * 513, key=resource_pb2.Key(type="pods")).SerializeToString(),
        pb.ExplainAccessRequest(
            cluster="c1", key=resource_pb2.Key(type="pods"), verbs=["get"] * 65
        ).SerializeToString(),
    ],
)
async def test_what_is_no_question_is_refused_with_a_sentence(feed: Feed, asked: bytes) -> None:
    with pytest.raises(FeedError) as refused:
        await feed.explain_access("demo:alice", asked)
    assert refused.value.code == "INVALID_ARGUMENT"


async def test_nobody_is_told_anything_without_a_token(feed: Feed) -> None:
    asked = pb.ExplainAccessRequest(cluster="c1", key=resource_pb2.Key(type="pods"))
    with pytest.raises(FeedError) as refused:
        await feed.explain_access("unknown", asked.SerializeToString())
    assert refused.value.code == "UNAUTHENTICATED"


async def test_thousands_of_rows_are_told_up_to_the_limit(
    hub: Hub, channel: grpc.aio.Channel, policies: pathlib.Path
) -> None:
    assert hub._policy is not None
    former = hub._policy.current.revision
    rows = "".join(f"p, user:alice, c1, n{number}, pods, *, read, always, allow\n" for number in range(1_500))
    denies = "".join(f"p, role:everyone, c1, n{number}, pods, *, get, always, deny\n" for number in range(500))
    write_policy(policies, rows + denies)
    async with asyncio.timeout(HANG_SECONDS):
        while hub._policy.current.revision == former:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    who = await hub.feed.who_am_i("demo:alice")
    assert len(who.grants) == explaining.MAX_GRANTS
    assert who.more_grants == 1_000
