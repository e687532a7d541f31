"""Nothing of what a person may not see reaches them by any RPC there is."""

import asyncio
import pathlib
import random

import grpc
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from octokube.client.feed import Feed, FeedError
from octokube.v1 import admin_service_pb2 as admin_pb
from octokube.v1 import cluster_service_pb2 as pb
from octokube.v1 import resource_pb2
from octokube_hub.app import Hub
from tests.hub.conftest import RULES
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key
from tests.hub.policies import write_policy
from tests.hub.watching import Watcher, watching
from tests.hub.world import everything

HIDDEN = b"canary<pods|blue"
LEAK_TESTED = {
    "octokube.v1.ClusterService/Watch",
    "octokube.v1.ClusterService/WatchCatalog",
    "octokube.v1.ClusterService/GetObject",
    "octokube.v1.ClusterService/WhoAmI",
    "octokube.v1.ClusterService/ExplainAccess",
    "octokube.v1.AdminService/GetHubStatus",
    "octokube.v1.AdminService/ListAuditRecords",
    "octokube.v1.AdminService/GetPolicy",
    "octokube.v1.AdminService/CreateToken",
    "octokube.v1.AdminService/ListTokens",
    "octokube.v1.AdminService/RevokeToken",
    "octokube.v1.AdminService/CreateAgentCredential",
    "octokube.v1.AdminService/RevokeAgentCredential",
    "octokube.v1.AgentService/Connect",  # only takes; refused without an agent's credential, see below
    # They serve no data of any cluster: the contract itself, and whether the hub serves.
    "grpc.health.v1.Health/Check",
    "grpc.health.v1.Health/Watch",
    "grpc.health.v1.Health/List",
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
}


async def test_every_rpc_of_the_hub_is_in_the_table_of_this_test(hub: Hub) -> None:
    """A new entry point has to be thought about here before it is served."""

    def list_methods() -> set[str]:
        with grpc.insecure_channel(hub.address) as channel:
            database = ProtoReflectionDescriptorDatabase(channel)
            found = set()
            for service in database.get_services():
                from google.protobuf.descriptor_pool import DescriptorPool

                descriptor = DescriptorPool(database).FindServiceByName(service)
                found |= {f"{service}/{method.name}" for method in descriptor.methods}
            return found

    assert await asyncio.to_thread(list_methods) == LEAK_TESTED


async def test_no_rpc_gives_alice_a_byte_of_what_only_bob_may_see(
    feed: Feed, hub: Hub, channel: grpc.aio.Channel, agent: FakeAgent
) -> None:
    agent.put(key("pods", "blue", "secret-service"))
    agent.put(key("pods", "red", "web"))
    await agent.connect()
    received: list[bytes] = []
    watcher = await watching(feed, "demo:alice", everything(pb.DETAIL_OBJECTS))
    received += watcher.messages
    catalog = feed.watch_catalog("demo:alice", peer="")
    received.append(await catalog.receive() or b"")
    received.append((await feed.who_am_i("demo:alice")).SerializeToString())
    asked = pb.GetObjectRequest(
        cluster="c1", key=resource_pb2.Key(type="pods", namespace="blue", name="secret-service")
    )
    explained = pb.ExplainAccessRequest(cluster="c1", key=asked.key)
    received.append(await feed.explain_access("demo:alice", explained.SerializeToString()))
    try:
        received.append(await feed.get_object("demo:alice", asked.SerializeToString()))
    except FeedError as error:
        received.append(str(error).encode())
    for service, methods in (
        ("AdminService", admin_pb.DESCRIPTOR.services_by_name["AdminService"].methods),
        ("AgentService", []),
    ):
        for method in methods:
            call = channel.unary_unary(f"/octokube.v1.{service}/{method.name}")
            try:
                received.append(await call(b"", metadata=(("authorization", "Bearer demo:alice"),)))
            except grpc.aio.AioRpcError as error:
                received.append((error.details() or "").encode())
    connect = channel.stream_stream("/octokube.v1.AgentService/Connect")(
        metadata=(("authorization", "Bearer demo:alice"),)
    )
    try:
        received.append(bytes(await connect.read()))
    except grpc.aio.AioRpcError as error:
        received.append((error.details() or "").encode())
    health = health_pb2_grpc.HealthStub(channel)
    received.append((await health.Check(health_pb2.HealthCheckRequest())).SerializeToString())
    everything_received = b"".join(received)
    assert b"canary<pods|red|web>" in everything_received, "the search would find something"
    for hidden in (HIDDEN, b"blue", b"secret-service"):
        assert hidden not in everything_received
    await watcher.close()
    await catalog.close()


async def test_random_interleavings_of_many_users_never_cross(
    feed: Feed, agent: FakeAgent, policies: pathlib.Path
) -> None:
    """Audiences share encoded bytes; whoever gets them must be allowed every one of them."""
    chance = random.Random(7)
    link = await agent.connect()
    watchers = {
        (who, copy): await watching(feed, f"demo:{who}", everything(pb.DETAIL_OBJECTS))
        for who in ("alice", "bob", "admin")
        for copy in (1, 2)
    }

    async def read_on(watcher: Watcher) -> None:
        while await watcher.read():
            pass

    readers = [asyncio.create_task(read_on(watcher)) for watcher in watchers.values()]
    for round in range(60):
        where = key(chance.choice(["pods", "configmaps"]), chance.choice(["red", "blue"]), f"n{chance.randrange(6)}")
        if chance.random() < 0.3 and where in agent.store:
            agent.remove(where)
        else:
            agent.put(where, status=f"S{round}")
        await link.delta()
        if round == 30:
            write_policy(policies, RULES + "p, user:alice, *, green, *, *, read, always, allow\n")
    agent.put(key("pods", "red", "last"))
    agent.put(key("pods", "blue", "last"))
    await link.delta()
    expected = {
        who: {
            f"{stored.key.namespace}/{stored.key.name}"
            for stored in agent.store.all()
            if namespace in ("", stored.key.namespace)
        }
        for who, namespace in (("alice", "red"), ("bob", "blue"), ("admin", ""))
    }
    async with asyncio.timeout(5):
        while any(watcher.names() != expected[who] for (who, _), watcher in watchers.items()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    for (who, _), watcher in watchers.items():
        raw = b"".join(watcher.messages)
        assert (b"|blue|" in raw) == (who != "alice")
        assert (b"|red|" in raw) == (who != "bob")
        await watcher.close()
    await asyncio.gather(*readers)
