"""What somebody would see, under an edit or at another time; and nothing that the asker may not see as well."""

import datetime
import pathlib

import grpc
import grpc.aio
import pytest
from google.protobuf import timestamp_pb2

from octokube.v1 import admin_service_pb2 as pb
from octokube.v1 import admin_service_pb2_grpc
from octokube_hub.app import Hub
from tests.hub.clocks import FakeClock
from tests.hub.conftest import RULES
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key
from tests.hub.policies import write_policy

WINDOWED = RULES + (
    "p, user:dana, *, blue, pods, *, read, daily 20:00-21:00 UTC, allow\n"
    "p, user:olga, octokube, cluster, policies.octokube.io, *, get, always, allow\n"
    "p, user:olga, *, red, pods, *, read, always, allow\n"
)


@pytest.fixture
def policies(tmp_path: pathlib.Path) -> pathlib.Path:
    directory = tmp_path / "policies"
    write_policy(directory, WINDOWED)
    return directory


@pytest.fixture
async def admin(channel: grpc.aio.Channel, agent: FakeAgent) -> admin_service_pb2_grpc.AdminServiceStub:
    for place in (("pods", "red", "web"), ("pods", "red", "api"), ("pods", "blue", "web"), ("nodes", "", "node-1")):
        agent.put(key(*place))
    await agent.connect()
    return admin_service_pb2_grpc.AdminServiceStub(channel)


async def simulate(
    admin: admin_service_pb2_grpc.AdminServiceStub, who: str = "admin", **asked: object
) -> pb.SimulateAccessResponse:
    request = pb.SimulateAccessRequest(**asked)  # type: ignore[arg-type]
    answer = await admin.SimulateAccess(request, metadata=(("authorization", f"Bearer demo:{who}"),))
    assert isinstance(answer, pb.SimulateAccessResponse)
    return answer


def edit(text: str) -> list[pb.PolicyFile]:
    return [pb.PolicyFile(name="policy.csv", content=text.encode())]


def names(objects: object) -> list[str]:
    return [f"{one.key.type}/{one.key.namespace}/{one.key.name}" for one in objects]  # type: ignore[attr-defined]


async def test_the_policy_in_force_changes_nothing(admin: admin_service_pb2_grpc.AdminServiceStub) -> None:
    answer = await simulate(admin, subject="user:alice")
    assert [(one.type, one.namespace, one.now, one.then) for one in answer.places] == [("pods", "red", 2, 2)]
    assert (answer.gained_count, answer.lost_count) == (0, 0)
    assert "red" in answer.grants[0].sentence


async def test_an_edit_tells_exactly_what_is_gained_and_what_is_lost(
    admin: admin_service_pb2_grpc.AdminServiceStub,
) -> None:
    edited = WINDOWED.replace("alice, *, red, *, *", "alice, *, *, pods, web")
    answer = await simulate(admin, subject="user:alice", files=edit(edited))
    assert names(answer.gained) == ["pods/blue/web"]
    assert names(answer.lost) == ["pods/red/api"]
    assert [(one.namespace, one.now, one.then) for one in answer.places] == [("blue", 0, 1), ("red", 2, 1)]
    again = await simulate(admin, subject="user:alice")
    assert again.policy_revision != answer.policy_revision
    assert not again.gained, "an edit that is tried is not in force"


async def test_another_time_is_asked_of_the_windows(
    admin: admin_service_pb2_grpc.AdminServiceStub, clock: FakeClock
) -> None:
    now = clock.now()
    evening = now.replace(hour=20, minute=30) + datetime.timedelta(days=1)
    request = pb.SimulateAccessRequest(subject="user:dana")
    request.at.FromDatetime(evening)
    answer = await simulate(admin, subject="user:dana", at=request.at)
    assert names(answer.gained) == ["pods/blue/web"]
    assert answer.at.ToDatetime(datetime.UTC) == evening


async def test_teams_of_the_identity_provider_count(admin: admin_service_pb2_grpc.AdminServiceStub) -> None:
    edited = WINDOWED + "p, team:green, *, blue, pods, *, read, always, allow\n"
    answer = await simulate(admin, subject="user:new", teams=["team:green"], files=edit(edited))
    assert names(answer.gained) == ["pods/blue/web"]
    assert "team:green" in answer.memberships


async def test_what_the_asker_may_not_watch_is_told_to_nobody(
    admin: admin_service_pb2_grpc.AdminServiceStub,
) -> None:
    edited = WINDOWED.replace("alice, *, red, *, *", "alice, *, **, *, *")
    answer = await simulate(admin, "olga", subject="user:alice", files=edit(edited))
    assert answer.gained_count == 0
    assert {one.namespace for one in answer.places} == {"red"}
    assert b"node-1" not in answer.SerializeToString()


async def test_an_edit_that_is_no_policy_is_told_line_by_line(
    admin: admin_service_pb2_grpc.AdminServiceStub,
) -> None:
    answer = await simulate(admin, subject="user:alice", files=edit("p, user:alice, *\n"))
    assert len(answer.problems) == 1
    assert answer.problems[0].startswith("policy.csv:1: ")
    assert not answer.places


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (pb.SimulateAccessRequest(), "a subject is user:NAME"),
        (pb.SimulateAccessRequest(subject="team:red"), "a subject is user:NAME"),
        (pb.SimulateAccessRequest(subject="user:a", teams=["red"]), "map it to a team:NAME"),
        (pb.SimulateAccessRequest(subject="user:a", teams=["team:x"] * 101), "at most 100 teams"),
        (pb.SimulateAccessRequest(subject="user:" + "a" * 600), "at most 512 characters"),
        (pb.SimulateAccessRequest(subject="user:a", at=timestamp_pb2.Timestamp(seconds=253402300799)), "10 years away"),
        (pb.SimulateAccessRequest(subject="user:a", at=timestamp_pb2.Timestamp(nanos=-1)), "no valid time"),
        (pb.SimulateAccessRequest(subject="user:a", files=[pb.PolicyFile(name="../x")]), "is no file of a policy"),
    ],
)
async def test_what_can_not_be_simulated_is_refused_with_a_sentence(
    admin: admin_service_pb2_grpc.AdminServiceStub, request_: pb.SimulateAccessRequest, says: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await admin.SimulateAccess(request_, metadata=(("authorization", "Bearer demo:admin"),))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert says in (refused.value.details() or "")


async def test_each_simulation_is_on_record(hub: Hub, admin: admin_service_pb2_grpc.AdminServiceStub) -> None:
    await simulate(admin, subject="user:alice")
    assert [one.outcome for one in await hub._audit.list(verb="simulate")] == ["allowed"]
