"""Agents' sessions over real gRPC: what is taken, what is refused, and what a refusal leaves alone."""

import asyncio

import grpc
import pytest

from octokube.runtime.channels import open_channel
from octokube.state import Key
from octokube.v1 import agent_service_pb2 as pb
from octokube.v1 import frame_pb2, resource_pb2
from octokube_hub.app import Hub
from octokube_hub.ingest.session import WINDOW_BYTES
from octokube_hub.replica import ClusterCondition
from tests.hub.fake_agent import AgentLink, FakeAgent
from tests.hub.objects import encoded, key, link_entry, to_message

RED = key("pods", "red", "web")


def held(hub: Hub) -> set[Key]:
    """The replica's keys."""
    replica = hub.registry.get("c1")
    return {stored.key for stored in replica.store.all()} if replica is not None else set()


async def test_a_first_session_is_asked_for_a_snapshot_and_acknowledged(hub: Hub, agent: FakeAgent) -> None:
    agent.put(RED)
    link = await agent.session()
    link.welcome = (await link.read()).welcome
    assert link.welcome.resume_version == 0
    assert link.welcome.window_bytes == WINDOW_BYTES
    await link.snapshot()
    frame = pb.LinkFrame(kind=frame_pb2.FRAME_KIND_BOOKMARK, from_version=link.version, to_version=link.version)
    ack = await link.send(frame)
    assert ack is not None
    assert (ack.version, ack.received_bytes) == (1, link.sent_bytes)
    assert held(hub) == {RED}


async def test_a_later_session_of_the_same_epoch_goes_on_where_the_replica_is(hub: Hub, agent: FakeAgent) -> None:
    agent.put(RED)
    await agent.connect()
    await agent.close()
    agent.put(key("pods", "red", "api"))
    link = await agent.connect()
    assert link.welcome is not None
    assert link.welcome.resume_version == 1
    assert held(hub) == {RED, key("pods", "red", "api")}


async def test_an_agent_that_forgot_too_much_is_asked_for_a_snapshot(hub: Hub, agent: FakeAgent) -> None:
    agent.put(RED)
    await agent.connect()
    link = await agent.session(horizon=2)
    assert (await link.read()).welcome.resume_version == 0


async def test_a_newer_session_fences_the_older(hub: Hub, agent: FakeAgent) -> None:
    agent.put(RED)
    first = await agent.connect()
    second = await agent.connect()
    assert first.welcome is not None
    assert second.welcome is not None
    assert second.welcome.fence > first.welcome.fence
    code, details = await first.ending()
    assert code is grpc.StatusCode.ABORTED
    assert "newer agent session" in details
    agent.put(key("pods", "red", "api"))
    await second.delta()
    assert len(held(hub)) == 2
    replica = hub.registry.get("c1")
    assert replica is not None
    assert replica.state.condition is ClusterCondition.LIVE, "the older session's end says nothing about the cluster"
    actions = [record.action for record in await hub._audit.list(subject="agent:c1")]
    assert sorted(actions) == ["agent.connected", "agent.connected", "agent.fenced"]


async def test_a_gap_ends_the_session_and_leaves_the_replica(hub: Hub, agent: FakeAgent) -> None:
    agent.put(RED)
    link = await agent.connect()
    await link.send(_delta(3, 4, link_entry(4, encoded(RED, "9"))), is_acknowledged=False)
    code, details = await link.ending()
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert "where 1 is held" in details
    assert held(hub) == {RED}
    await agent.connect()


async def test_a_repeated_frame_is_acknowledged_and_changes_nothing(hub: Hub, agent: FakeAgent) -> None:
    agent.put(RED)
    link = await agent.connect()
    agent.remove(RED)
    frame = link.delta_frame()
    await link.send(frame)
    await link.send(frame)
    assert held(hub) == set()


async def test_a_torn_snapshot_is_discarded(hub: Hub, agent: FakeAgent) -> None:
    agent.put(RED)
    await agent.connect()
    agent.restart()
    agent.put(key("pods", "red", "api"))
    link = await agent.session()
    await link.read()
    await link.snapshot(digest_error=1)
    code, details = await link.ending()
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "torn snapshot" in details
    assert held(hub) == {RED}


def _delta(start: int, end: int, *entries: pb.LinkEntry, tombstones: tuple[pb.LinkTombstone, ...] = ()) -> pb.LinkFrame:
    return pb.LinkFrame(
        kind=frame_pb2.FRAME_KIND_DELTA, from_version=start, to_version=end, entries=entries, tombstones=tombstones
    )


def _smuggled_key() -> pb.LinkEntry:
    """An entry whose row carries a second key, which would replace the one that policy was asked about."""
    entry = link_entry(2, encoded(RED, "2"))
    entry.row += frame_pb2.Entry(key=to_message(key("secrets", "blue", "hidden"))).SerializeToString()
    return entry


def _row_in_head() -> pb.LinkEntry:
    entry = link_entry(2, encoded(RED, "2"))
    entry.head += entry.row
    return entry


MALFORMED = {
    "a version beyond the frame": _delta(1, 2, link_entry(3, encoded(RED, "2"))),
    "a version of the past": _delta(1, 2, link_entry(1, encoded(RED, "2"))),
    "two steps of one version": _delta(
        1, 2, link_entry(2, encoded(RED, "2")), link_entry(2, encoded(key("pods", "red", "x"), "2"))
    ),
    "a name with a living predecessor": _delta(1, 2, link_entry(2, encoded(key("pods", "red", "web", "other"), "2"))),
    "a key smuggled into a row": _delta(1, 2, _smuggled_key()),
    "a row inside a head": _delta(1, 2, _row_in_head()),
    "a head that is no protobuf": _delta(1, 2, pb.LinkEntry(version=2, head=b"\xff")),
    "a key without a uid": _delta(1, 2, link_entry(2, encoded(Key("pods", "red", "y", ""), "2"))),
    "a type with a slash": _delta(1, 2, link_entry(2, encoded(key("pods/exec", "red", "y"), "2"))),
    "a frame of no kind": pb.LinkFrame(from_version=1, to_version=1),
    "part of no snapshot": pb.LinkFrame(kind=frame_pb2.FRAME_KIND_SNAPSHOT_PART),
    "the end of no snapshot": pb.LinkFrame(kind=frame_pb2.FRAME_KIND_SNAPSHOT_END),
    "a bookmark with content": pb.LinkFrame(
        kind=frame_pb2.FRAME_KIND_BOOKMARK, from_version=1, to_version=1, entries=[link_entry(2, encoded(RED, "2"))]
    ),
    "a type named twice": pb.LinkFrame(
        kind=frame_pb2.FRAME_KIND_DELTA,
        from_version=1,
        to_version=2,
        types=pb.TypeList(types=[resource_pb2.ResourceType(type="a"), resource_pb2.ResourceType(type="a")]),
    ),
}


@pytest.mark.parametrize("what", MALFORMED)
async def test_a_malformed_frame_ends_its_session_and_nothing_else(hub: Hub, agent: FakeAgent, what: str) -> None:
    agent.put(RED)
    link = await agent.connect()
    other = FakeAgent("c2", hub.address, await hub.create_agent_credential("c2"))
    other_link = await other.connect()
    await link.send(MALFORMED[what], is_acknowledged=False)
    code, details = await link.ending()
    assert code is grpc.StatusCode.INVALID_ARGUMENT, details
    replica = hub.registry.get("c1")
    assert replica is not None
    assert held(hub) == {RED}
    stored = replica.store.get(RED)
    assert stored is not None
    assert stored.value.resource_version == "1", "a frame is applied as a whole or not at all"
    other.put(RED)
    await other_link.delta()
    await other.close()
    await agent.connect()


def _begin(horizon: int | None, to_version: int = 9) -> pb.LinkFrame:
    return pb.LinkFrame(kind=frame_pb2.FRAME_KIND_SNAPSHOT_BEGIN, to_version=to_version, horizon=horizon)


def _part(*content: pb.LinkEntry | pb.LinkTombstone) -> pb.LinkFrame:
    frame = pb.LinkFrame(kind=frame_pb2.FRAME_KIND_SNAPSHOT_PART)
    for item in content:
        if isinstance(item, pb.LinkEntry):
            frame.entries.append(item)
        else:
            frame.tombstones.append(item)
    return frame


def _buried(version: int, name: str = "gone") -> pb.LinkTombstone:
    return pb.LinkTombstone(version=version, key=to_message(key("pods", "red", name)))


def _end(tombstone_count: int = 0) -> pb.LinkFrame:
    kind = frame_pb2.FRAME_KIND_SNAPSHOT_END
    return pb.LinkFrame(kind=kind, to_version=9, tombstone_count=tombstone_count)


MALFORMED_SNAPSHOTS = {
    "tombstones without a horizon": [_begin(None), _part(_buried(3))],
    "a tombstone from before the horizon": [_begin(3), _part(_buried(3))],
    "two tombstones of one version": [_begin(0), _part(_buried(3), _buried(3, "other"))],
    "tombstones of a later part that are older": [_begin(0), _part(_buried(3)), _part(_buried(2, "other"))],
    "an object and a tombstone of one version": [_begin(0), _part(link_entry(3, encoded(RED, "1")), _buried(3))],
    "an object that is older than its tombstone": [
        _begin(0),
        _part(link_entry(2, encoded(RED, "1")), _buried(3, "web")),
    ],
    "a tombstone beyond the snapshot's version": [_begin(0), _part(_buried(10)), _end(1)],
    "a horizon beyond the snapshot's version": [_begin(10), _end()],
    # Found by the simulator: the check sum is of the entries, and a part with nothing but tombstones was not missed.
    "a tombstone that was lost on the way": [_begin(0), _part(_buried(3)), _end(2)],
}


@pytest.mark.parametrize("what", MALFORMED_SNAPSHOTS)
async def test_a_malformed_tombstone_discards_the_snapshot(hub: Hub, agent: FakeAgent, what: str) -> None:
    agent.put(RED)
    await agent.connect()
    agent.restart()
    link = await agent.session()
    await link.read()
    *frames, last = MALFORMED_SNAPSHOTS[what]
    for frame in frames:
        await link.send(frame)
    await link.send(last, is_acknowledged=False)
    code, details = await link.ending()
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "a snapshot" in details or "out of order" in details
    assert held(hub) == {RED}


@pytest.mark.parametrize("message", [b"\xff\xff", b"", b"\x12\x05ab", b"\x0a\x02\x0a\x00"])
async def test_garbage_in_place_of_a_hello_is_refused(hub: Hub, agent: FakeAgent, message: bytes) -> None:
    async with open_channel(hub.address) as channel:
        link = AgentLink(agent, channel)
        await link.call.write(message)
        code, _ = await link.ending()
    assert code is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_credential_speaks_for_its_own_cluster_only(hub: Hub, agent: FakeAgent) -> None:
    agent.cluster = "c2"
    link = await agent.session()
    code, details = await link.ending()
    assert code is grpc.StatusCode.PERMISSION_DENIED
    assert "another cluster" in details
    assert (await hub._audit.list(subject="agent:c1"))[0].action == "agent.refused"


@pytest.mark.parametrize("credential", ["", "oka_wrong", "demo:alice"])
async def test_an_unknown_credential_is_refused(hub: Hub, agent: FakeAgent, credential: str) -> None:
    agent.credential = credential
    link = await agent.session()
    code, details = await link.ending()
    assert code is grpc.StatusCode.UNAUTHENTICATED
    assert "octokube-hub agent-credential create" in details


async def test_a_revoked_credential_ends_the_session_within_a_second(hub: Hub, agent: FakeAgent) -> None:
    link = await agent.connect()
    await hub._database.call(lambda db: db.execute("update agent_credentials set revoked_at = 1"))
    hub._agent_leases.has_unchecked = True  # as another program's write would
    async with asyncio.timeout(1.5):
        code, _ = await link.ending()
    assert code is grpc.StatusCode.UNAUTHENTICATED


async def test_a_drain_asks_agents_to_come_back(hub: Hub, agent: FakeAgent) -> None:
    link = await agent.connect()
    closing = asyncio.create_task(hub.close())
    drain = (await link.read()).drain
    assert drain.retry_after.seconds == 2
    assert (await link.ending())[0] is grpc.StatusCode.UNAVAILABLE
    await closing


async def test_a_storm_of_agents_is_told_to_come_back_later(hub: Hub, agent: FakeAgent) -> None:
    assert hub._agents is not None
    hub._agents._admission._tokens = 0.0
    hub._agents._admission._rate_per_second = 0.001
    # Without a hello: the hub may have refused before it is written, and gRPC then tells of its own trouble instead.
    link = agent.link()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await link.call.read()
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    trailing = dict(refused.value.trailing_metadata() or ())
    assert float(trailing["retry-after"]) >= 1.0


async def test_a_cluster_is_stale_while_its_agent_loads_or_has_lost_its_apiserver(hub: Hub, agent: FakeAgent) -> None:
    link = await agent.session()
    await link.read()
    replica = hub.registry.get("c1")
    assert replica is not None
    assert (replica.state.condition, replica.state.reason) == (ClusterCondition.STALE, "the agent is loading")
    await link.snapshot()
    await link.bookmark()
    assert replica.state.condition is ClusterCondition.LIVE
    await link.bookmark(resource_pb2.CLUSTER_CONDITION_STALE, "the API server does not answer")
    assert (replica.state.condition, replica.state.reason) == (
        ClusterCondition.STALE,
        "the API server does not answer",
    )
