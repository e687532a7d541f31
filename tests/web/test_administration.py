"""What the page asks of the hub itself goes there with the caller's own token, and the hub's policy answers."""

import json
from collections.abc import AsyncIterator

import aiohttp
import grpc.aio
import pytest

from octokube.client.calls import GrpcCalls
from octokube.client.feed import FeedError
from octokube.client.grpc_feed import GrpcFeed
from octokube.client.identity import GrpcIdentity
from octokube.v1 import admin_service_pb2 as pb
from octokube_web.administration import METHODS
from octokube_web.app import Gateway
from octokube_web.settings import WebSettings
from tests.hub.broker.conftest import Scene
from tests.hub.recording.test_commands import record
from tests.hub.recording.test_sessions import agent, channel, clock, hub, mode, places, policies, scene
from tests.web.fake_feed import FakeFeed

__all__ = ["agent", "channel", "clock", "hub", "mode", "places", "policies", "scene"]

pytestmark = pytest.mark.timeout(30)
ALICE, ADMIN = {"Authorization": "Bearer demo:alice"}, {"Authorization": "Bearer demo:admin"}


@pytest.fixture
async def page(scene: Scene, channel: grpc.aio.Channel) -> AsyncIterator[aiohttp.ClientSession]:
    """A page of a gateway before a real hub."""
    gateway = Gateway(
        WebSettings(listen="127.0.0.1:0"),
        GrpcFeed(channel),
        identity=GrpcIdentity(channel),
        calls=GrpcCalls(channel),
    )
    await gateway.start()
    async with aiohttp.ClientSession(gateway.url) as session:
        yield session
    await gateway.close()


async def ask(page: aiohttp.ClientSession, method: str, headers: dict[str, str], **asked: object) -> tuple[int, dict]:
    async with page.post(f"/api/v1/hub/{method}", headers=headers, json=asked) as answer:
        return answer.status, json.loads(await answer.read())


def own_page(page: aiohttp.ClientSession) -> dict[str, str]:
    return {"Origin": str(page._base_url).rstrip("/")}


async def test_an_admin_sees_what_the_hub_tells_of_itself_and_an_engineer_is_told_why_not(
    page: aiohttp.ClientSession,
) -> None:
    status, told = await ask(page, "AdminService/ListAuditRecords", ADMIN, limit=5)
    assert status == 200 and told["records"][0]["hash"]
    status, told = await ask(page, "AdminService/ListAuditRecords", ALICE)
    assert (status, told["error"]["code"]) == (403, "PERMISSION_DENIED")
    assert "the policy does not let you" in told["error"]["message"]
    status, told = await ask(page, "ClusterService/WhoAmI", ALICE)
    assert (status, told["subject"]) == (200, "user:alice")


async def test_every_method_that_is_carried_exists_at_the_hub_and_takes_the_callers_token(
    page: aiohttp.ClientSession,
) -> None:
    for service, method in METHODS:
        status, told = await ask(page, f"{service}/{method}", own_page(page))
        assert (status, told["error"]["code"]) == (401, "UNAUTHENTICATED"), method
        status, told = await ask(page, f"{service}/{method}", {"Authorization": "Bearer nonsense"})
        assert (status, told["error"]["code"]) == (401, "UNAUTHENTICATED"), method
        status, _ = await ask(page, f"{service}/{method}", ADMIN)
        assert status in (200, 400, 404, 409), method


async def test_a_session_of_the_page_is_enough_and_a_foreign_page_is_not(page: aiohttp.ClientSession) -> None:
    own = own_page(page)
    page._cookie_jar = aiohttp.CookieJar(unsafe=True)  # keeps cookies of IP addresses, as browsers do
    async with page.post("/api/v1/session", json={"token": "demo:alice"}, headers=own) as answer:
        assert answer.status == 200
    assert (await ask(page, "ClusterService/WhoAmI", own))[0] == 200
    assert (await ask(page, "ClusterService/WhoAmI", {"Origin": "https://evil.example"}))[0] == 403
    assert (await ask(page, "ClusterService/WhoAmI", {**own, "Sec-Fetch-Site": "cross-site"}))[0] == 403


@pytest.mark.parametrize(
    "method",
    ["AgentService/Connect", "IdentityService/CompleteSignIn", "AdminService/CreateToken", "a/b", "%2e%2e%2fx/y"],
)
async def test_nothing_else_is_carried(page: aiohttp.ClientSession, method: str) -> None:
    async with page.post(f"/api/v1/hub/{method}", headers=ADMIN, json={}) as answer:
        assert answer.status == 404


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b'{"nobody": 1}', b'{"limit": "many"}', b"[" * 3000])
async def test_what_is_no_such_message_is_refused_in_one_sentence(page: aiohttp.ClientSession, body: bytes) -> None:
    headers = {**ADMIN, "Content-Type": "application/json"}
    async with page.post("/api/v1/hub/AdminService/ListAuditRecords", headers=headers, data=body) as answer:
        told = json.loads(await answer.read())
        assert (answer.status, told["error"]["message"]) == (
            400,
            "send JSON: a ListAuditRecordsRequest of the contract",
        )


async def test_a_recording_comes_whole_to_whoever_may_watch_it(page: aiohttp.ClientSession, scene: Scene) -> None:
    session_id = await record(scene, b"shown" * 50_000)
    async with page.get(f"/api/v1/recordings/{session_id}", headers=ADMIN) as answer:
        head, *events = (await answer.read()).splitlines()
        assert (answer.status, json.loads(head)["version"]) == (200, 2)
        assert "".join(json.loads(event)[2] for event in events) == "shown" * 50_000
        assert answer.headers["Cache-Control"] == "no-store"
    async with page.get(f"/api/v1/recordings/{session_id}", headers=ALICE) as answer:
        assert answer.status == 403
    async with page.get("/api/v1/recordings/no-such", headers=ADMIN) as answer:
        assert answer.status == 404
    async with page.get(f"/api/v1/recordings/{session_id}") as answer:
        assert answer.status == 401


class HalfOfIt:
    """A hub that breaks off in the middle of a recording."""

    async def ask(self, token: str, method: str, request: bytes) -> bytes:
        raise FeedError("UNAVAILABLE", "not asked")

    async def read(self, token: str, method: str, request: bytes) -> AsyncIterator[bytes]:
        yield pb.ReadRecordingResponse(content=b"half").SerializeToString()
        raise FeedError("UNAVAILABLE", "the hub has gone")


async def test_half_a_recording_does_not_end_like_a_whole_one() -> None:
    gateway = Gateway(WebSettings(listen="127.0.0.1:0"), FakeFeed(), calls=HalfOfIt())
    await gateway.start()
    try:
        async with (
            aiohttp.ClientSession(gateway.url) as page,
            page.get("/api/v1/recordings/x", headers=ADMIN) as answer,
        ):
            assert answer.status == 200
            with pytest.raises(aiohttp.ClientPayloadError):
                await answer.read()
    finally:
        await gateway.close()
