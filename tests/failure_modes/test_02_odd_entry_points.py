"""Failure mode 2: an odd entry point lacks the check (single-object watch, tree, count, search, metrics)."""

import ast
import asyncio
import pathlib
import re
from typing import get_type_hints

import grpc
import grpc.aio
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

import octokube_hub
from octokube.client.feed import Feed
from octokube.v1 import browser_pb2
from octokube_hub.api.admin_service import AdminServicer
from octokube_hub.api.agent_service import AgentServicer
from octokube_hub.api.cluster_service import ClusterServicer
from octokube_hub.api.device_methods import DeviceMethods
from octokube_hub.api.enrolment_service import EnrolmentServicer
from octokube_hub.api.gateway_service import GatewayServicer
from octokube_hub.api.identity_service import IdentityServicer
from octokube_hub.api.operation_service import OperationLinkServicer, OperationServicer
from octokube_hub.api.password_methods import PasswordMethods
from octokube_hub.api.signin_methods import SignInMethods
from octokube_hub.api.token_methods import TokenMethods
from octokube_hub.app import Hub
from octokube_web.app import Gateway
from tests.failure_modes import entries, streams
from tests.failure_modes.entries import Caller, Target
from tests.failure_modes.streams import Doors
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key

HIDDEN = (b"blue", b"secret-service", b"node-1")
"""In every answer about what only others may see."""
BLUE = Target("c1", "pods", "blue", "secret-service")
NODE = Target("c1", "nodes", "", "node-1")
CLOSED_CLUSTER = Target("c2", "pods", "red", "web")
RED = Target("c1", "pods", "red", "web")
SESSIONS = ("Catalog", "CatalogSession", "WatchSession")
FOR_AGENTS = ("octokube.v1.AgentService/Connect", "octokube.v1.OperationLinkService/Execute")
ADDED_BY_OTHERS = ("grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection")
"""They serve no data of any cluster: whether the hub serves, and the contract itself."""
RETURNING_DATA = {
    "octokube.v1.ClusterService/Watch",
    "octokube.v1.ClusterService/WatchCatalog",
    "octokube.v1.ClusterService/GetObject",
    "channel watch",
    "channel catalog",
    "channel get_object",
    "channel watch as JSON",
    "channel catalog as JSON",
    "channel get_object as JSON",
    "in process: watch",
    "in process: watch_catalog",
    "in process: get_object",
    "octokube.v1.ClusterService/Search",
    "channel search",
    "channel search as JSON",
    "in process: search",
}


pytestmark = pytest.mark.timeout(40)  # every door is asked, some of them until they fall silent


@pytest.fixture
async def asking(doors: Doors, channel: grpc.aio.Channel, gateway: Gateway, agent: FakeAgent) -> Caller:
    """Somebody at every door of a hub with an object that they may see, and some that they may not."""
    agent.put(key("pods", "red", "web"))
    agent.put(key("pods", "blue", "secret-service"))
    agent.put(key("nodes", "", "node-1"))
    await agent.connect()
    return Caller("demo:alice", doors, channel, doors.browser)


async def test_every_rpc_is_tried(hub: Hub) -> None:
    """A new one has to be thought about here before it is served."""

    def list_methods() -> dict[str, bool]:
        with grpc.insecure_channel(hub.address) as channel:
            database = ProtoReflectionDescriptorDatabase(channel)
            pool = DescriptorPool(database)
            return {
                f"{service}/{method.name}": bool(method.server_streaming)
                for service in database.get_services()
                for method in pool.FindServiceByName(service).methods
                if service not in ADDED_BY_OTHERS
            }

    methods = await asyncio.to_thread(list_methods)
    assert set(methods) == set(entries.RPCS)
    assert {name for name, is_stream in methods.items() if is_stream} == {
        *streams.RPCS.values(),
        "octokube.v1.OperationService/Run",  # in test_01_operations.py
        "octokube.v1.AdminService/ReadRecording",  # ends by itself
        *FOR_AGENTS,
    }, "each stream is one that is tried for output after access has ended"


def test_nothing_is_served_beside_the_contract() -> None:
    """What a server answers to is what it says that it does: a handler that no contract names is found as well."""
    servicers = (
        AdminServicer,
        AgentServicer,
        ClusterServicer,
        EnrolmentServicer,
        GatewayServicer,
        OperationServicer,
        OperationLinkServicer,
    )
    about_people = IdentityServicer(
        *(object.__new__(part) for part in (DeviceMethods, PasswordMethods, SignInMethods, TokenMethods))
    )
    served = {
        name.lstrip("/")
        for servicer in (*(object.__new__(each) for each in servicers), about_people)
        for name in servicer.handlers()._method_handlers  # type: ignore[attr-defined]
    }
    assert served == set(entries.RPCS)


def test_every_channel_of_a_socket_is_tried() -> None:
    opening = {field.name for field in browser_pb2.BrowserMessage.DESCRIPTOR.oneofs_by_name["message"].fields}
    assert opening == set(entries.CHANNELS) | entries.OPENS_NOTHING
    assert set(entries.AS_JSON) == set(entries.CHANNELS)
    elsewhere = {"get_object", "explain_access", "search", "run"}  # answered once; run: in test_01_operations.py
    assert set(streams.CHANNELS.values()) == set(entries.CHANNELS) - elsewhere


def test_every_method_of_a_feed_is_tried() -> None:
    methods = {name: call for name, call in vars(Feed).items() if callable(call) and not name.startswith("_")}
    assert set(methods) == set(entries.FEED)
    streaming = {name for name, call in methods.items() if hasattr(get_type_hints(call)["return"], "receive")}
    assert streaming == {*streams.METHODS, streams.OPERATE}


async def test_every_route_of_the_gateway_is_tried(gateway: Gateway) -> None:
    assert gateway._runner is not None
    routes = {(route.method, route.resource.canonical) for route in gateway._runner.app.router.routes()}  # type: ignore[union-attr]
    assert {(method, path) for method, path in routes if method != "HEAD"} == set(entries.ROUTES)


async def test_no_entry_point_tells_alice_anything_of_what_is_not_hers(asking: Caller) -> None:
    told = await entries.transcripts(asking, (BLUE, NODE, CLOSED_CLUSTER))
    assert [name for name, transcript in told.items() for word in HIDDEN if word in transcript] == []
    hers = await entries.transcripts(asking, (RED,))
    assert {name for name in RETURNING_DATA if b"red" not in hers[name]} == set(), "the search would find something"
    asking.token = "demo:admin"
    others = await entries.transcripts(asking, (BLUE,))
    assert {name for name in RETURNING_DATA if b"blue" not in others[name]} == set()


async def test_no_entry_point_tells_anybody_anything_without_a_token(asking: Caller) -> None:
    asking.token = "okt_nobody"
    told = await entries.transcripts(asking, (BLUE, NODE, RED))
    words = re.compile(rb"\b(blue|secret-service|node-1|canary|red|c1|user:|team:)\b")
    assert [name for name, transcript in told.items() if words.search(transcript)] == []


def test_one_place_in_the_hub_reaches_what_clusters_hold() -> None:
    """Whoever adds a door has to go by the one that decides; the status counts, for administrators."""
    package = pathlib.Path(octokube_hub.__file__).parent
    inside = ("fanout", "ingest", "policy", "replica", "store")
    reaching = set()
    for path in package.rglob("*.py"):
        where = path.relative_to(package)
        for node in ast.walk(ast.parse(path.read_text())) if where.parts[0] not in inside else ():
            if isinstance(node, ast.Attribute) and node.attr == "store":
                reaching.add((where.stem, "store"))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SESSIONS:
                reaching.add((where.stem, node.func.id))
    doors = {("feed_service", name) for name in ("store", *SESSIONS)}
    counting = {("status", "store"), ("metrics", "store")}
    assert reaching == doors | counting | {("permission", "store"), ("simulating", "store")}, (
        "the one names pods that it lets pass, the other asks of each object whether its caller may watch it"
    )
