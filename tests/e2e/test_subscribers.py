"""Every way to subscribe holds the same: a websocket in protobuf, one in JSON, and gRPC."""

import asyncio
import contextlib
import json
import pathlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from google.protobuf import json_format

from octokube.client import ClusterView, FeedError, connect
from octokube.client.grpc_feed import GrpcFeed
from octokube.client.receiver import Receiver
from octokube.runtime.channels import open_channel
from octokube.v1 import browser_pb2, cluster_service_pb2, resource_pb2
from tests.agent.suite.conftest import KubeCluster, simulated_cluster
from tests.support.browsing import browsing
from tests.support.processes import Chain, running_chain
from tests.support.sockets import granted

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

POLICY = """\
p, user:alice, *, payments, *,       *, read, always, allow
p, user:alice, *, *,        secrets, *, *,    always, deny
"""
SUBSCRIPTION = cluster_service_pb2.Subscription(
    clusters=["*"], types=["*"], namespaces=["**"], detail=cluster_service_pb2.DETAIL_OBJECTS
)
Held = dict[tuple[str, str, str], str]
"""(type, namespace, name) → resource version."""


@dataclass
class Stand:
    """A cluster, the chain on it, and alice's token."""

    cluster: KubeCluster
    chain: Chain
    token: str


@pytest.fixture
async def stand(tmp_path: pathlib.Path) -> AsyncIterator[Stand]:
    policies = tmp_path / "policies"
    policies.mkdir()
    (policies / "policy.csv").write_text(POLICY)
    async with (
        simulated_cluster(tmp_path) as cluster,
        running_chain(tmp_path, cluster.kubeconfig, policies) as chain,
    ):
        yield Stand(cluster, chain, await chain.make("token", "create", "user:alice"))


class JsonView:
    """A script's view: text messages, parsed with the protobuf JSON mapping and applied by the same receiver."""

    def __init__(self) -> None:
        self.receiver = Receiver()
        self.texts: list[str] = []

    async def run(self, chain: Chain, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            aiohttp.ClientSession(chain.web_url, headers=headers) as session,
            session.ws_connect("/api/v1/socket", protocols=["octokube.v1.json"], max_msg_size=0) as ws,
        ):
            assert ws.protocol == "octokube.v1.json"
            subscribe = json_format.MessageToDict(cluster_service_pb2.Subscribe(subscription=SUBSCRIPTION))
            self.texts.append(await ws.receive_str())
            channel = granted(self.texts[-1])
            await ws.send_str(json.dumps({"channel": channel, "watch": {"subscribe": subscribe}}))
            async for message in ws:
                assert message.type is aiohttp.WSMsgType.TEXT
                self.texts.append(message.data)
                response = json_format.Parse(message.data, browser_pb2.GatewayMessage())
                assert not response.HasField("closed"), response.closed
                if response.watch.HasField("frame"):
                    assert response.channel == channel
                    self.receiver.apply(response.watch.frame)
                    ack = {"sequence": str(response.watch.frame.sequence)}
                    await ws.send_str(json.dumps({"channel": channel, "watch": {"ack": ack}}))


def held(receiver: Receiver) -> Held:
    return {
        viewed.key[:3]: viewed.resource_version
        for copy in receiver.clusters.values()
        for viewed in copy.objects.values()
    }


def viewed_by(view: ClusterView) -> Held:
    return {viewed.key[:3]: viewed.resource_version for viewed in view.list()}


async def until(look: Callable[[], Any], *, seconds: float = 30.0) -> None:
    """Waits for a condition over several subscribers, of which none knows when the others have heard."""
    async with asyncio.timeout(seconds):
        while not look():  # noqa: ASYNC110 - several sources, no single event
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def running(*coroutines: Any) -> AsyncIterator[None]:
    """Runs subscribers; a failure of one is raised on leaving."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if not task.cancelled():
            task.result()


async def test_every_way_to_subscribe_ends_with_the_same_objects(stand: Stand) -> None:
    script = JsonView()
    path = "/api/v1/namespaces/payments/configmaps"
    async with (
        browsing(stand.chain.web_url, stand.token) as page,
        connect(stand.chain.hub_address, stand.token) as client,
        running(script.run(stand.chain, stand.token)),
    ):
        over_grpc = client.view("*")

        def all_hold(check: Callable[[Held], bool]) -> bool:
            first, *others = viewed_by(page.view), viewed_by(over_grpc), held(script.receiver)
            return bool(first) and all(other == first for other in others) and check(first)

        await until(lambda: page.is_live and all_hold(lambda _: True))
        for number in range(20):
            await stand.cluster.admin.create(path, {"metadata": {"name": f"made-{number}"}, "data": {"n": "0"}})
        for number in range(0, 20, 2):
            await stand.cluster.admin.patch(f"{path}/made-{number}", {"data": {"n": "1"}})
        for number in range(0, 20, 3):
            await stand.cluster.admin.delete(f"{path}/made-{number}")
        answer = await stand.cluster.admin.get(path)
        truth = {
            ("configmaps", "payments", item["metadata"]["name"]): item["metadata"]["resourceVersion"]
            for item in answer["items"]
        }

        def configmaps(content: Held) -> Held:
            return {key: version for key, version in content.items() if key[0] == "configmaps"}

        await until(lambda: all_hold(lambda content: configmaps(content) == truth))
        assert {key[1] for key in viewed_by(page.view)} == {"payments"}
        assert not [key for key in viewed_by(page.view) if key[0] == "secrets"]
        assert all('"channel"' in text or "hello" in text for text in script.texts)


async def test_an_object_that_is_hidden_and_one_that_is_not_there_answer_alike(stand: Stand) -> None:
    async with open_channel(stand.chain.hub_address) as channel:
        feed = GrpcFeed(channel)

        async def answer(type: str, namespace: str, name: str) -> tuple[str, str]:
            key = resource_pb2.Key(type=type, namespace=namespace, name=name)
            request = cluster_service_pb2.GetObjectRequest(cluster=stand.chain.cluster, key=key)
            with pytest.raises(FeedError) as refused:
                await feed.get_object(stand.token, request.SerializeToString())
            return refused.value.code, refused.value.message

        path = "/api/v1/namespaces/platform/configmaps"
        await stand.cluster.admin.create(path, {"metadata": {"name": "hidden"}, "data": {}})
        async with browsing(stand.chain.web_url, stand.token, types=("configmaps",)) as page:
            await page.until(lambda: page.is_live)
        hidden = await answer("configmaps", "platform", "hidden")
        assert hidden == await answer("configmaps", "platform", "absent") == await answer("nonsense.x", "platform", "a")
        assert hidden[0] == "NOT_FOUND"


async def test_a_token_that_nobody_issued_opens_nothing(stand: Stand) -> None:
    async with open_channel(stand.chain.hub_address) as channel:
        for token in ("okt_invented", "demo:admin", ""):
            with pytest.raises(FeedError) as refused:
                await GrpcFeed(channel).who_am_i(token)
            assert refused.value.code == "UNAUTHENTICATED"
    origin = stand.chain.web_url.rstrip("/")
    for headers in ({"Authorization": "Bearer demo:admin"}, {"Cookie": "octokube=invented"}, {}):
        async with (
            aiohttp.ClientSession(stand.chain.web_url, headers=headers) as session,
            session.ws_connect("/api/v1/socket", protocols=["octokube.v1.json"], origin=origin) as ws,
        ):
            message = await ws.receive(timeout=10)
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 4401)
