"""People sign in at a real OpenID provider, in a real browser, through gateway and hub."""

import asyncio
import datetime
import pathlib
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import quote

import aiohttp
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from octokube.client.grpc_feed import GrpcFeed
from octokube.client.identity import GrpcIdentity
from octokube.runtime.channels import open_channel
from octokube.v1 import identity_service_pb2, identity_service_pb2_grpc
from octokube_hub.app import Hub
from octokube_hub.identity import oidc, signin
from octokube_hub.identity.oidcsettings import OidcSettings
from octokube_hub.settings import HubSettings
from octokube_web import refreshing
from octokube_web.app import Gateway
from octokube_web.settings import WebSettings
from tests.conftest import require_assets
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key
from tests.hub.policies import write_policy
from tests.support.assets import find_asset
from tests.support.oidc import OidcProvider, running_provider
from tests.web.test_page import FLAGS

pytestmark = [pytest.mark.real, pytest.mark.timeout(90)]

RULES = """
p, user:admin, *, **, **, *, *, always, allow
p, team:blues, *, blue, *, *, read, always, allow
p, team:reds, *, red, *, *, read, always, allow
"""
ROW = "[role=rowheader]"


@dataclass
class Scene:
    """The hub, the gateway's address, the provider and a browser that nobody has used."""

    hub: Hub
    url: str
    provider: OidcProvider
    context: BrowserContext

    async def sign_in(self, name: str) -> Page:
        """The page after somebody has gone through the provider's pages."""
        page = await self.context.new_page()
        await page.goto(self.url + "/?type=pods")
        await page.get_by_role("link", name="Sign in with Example").click()
        await page.fill("input[name=name]", name)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("button", name="Continue").click()
        await page.wait_for_url(f"{self.url}/**")
        return page


@pytest.fixture
async def scene(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    require_assets("OpenID Connect", "chromium", "oidc-provider", "node")
    monkeypatch.setattr(refreshing, "LEAST_SECONDS", 0.3)
    monkeypatch.setattr(oidc, "KEYS_AGAIN_SECONDS", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    policies = tmp_path / "policies"
    write_policy(policies, RULES)
    groups = {"alice": ["blues"], "bob": [], "carol": ["Blue Team!", "reds"]}
    async with running_provider(url, groups) as provider:
        settings = OidcSettings(
            issuer=provider.issuer,
            client_id=provider.client_id,
            client_secret=provider.client_secret,
            redirect_uris=(f"{url}/api/v1/signin/callback",),
            name="Example",
        )
        hub = Hub(
            HubSettings(listen="127.0.0.1:0", data=tmp_path / "data", policies=policies, is_demo=True, oidc=settings)
        )
        await hub.start()
        agent = FakeAgent("c1", hub.address, await hub.create_agent_credential("c1"))
        agent.put(key("pods", "blue", "blue-one"))
        agent.put(key("pods", "red", "red-one"))
        link = await agent.session()
        await link.begin()
        async with open_channel(hub.address) as channel, async_playwright() as playwright:
            gateway = Gateway(
                WebSettings(listen=f"127.0.0.1:{port}"), GrpcFeed(channel), identity=GrpcIdentity(channel)
            )
            await gateway.start()
            browser: Browser = await playwright.chromium.launch(executable_path=str(find_asset("chromium")), args=FLAGS)
            yield Scene(hub, url, provider, await browser.new_context())
            await browser.close()
            await gateway.close()
        await agent.close()
        await hub.close()


async def test_a_group_of_the_provider_is_a_team_here_and_decides_what_is_seen(scene: Scene) -> None:
    page = await scene.sign_in("alice")
    await expect(page.locator(ROW, has_text="blue-one")).to_be_visible()
    await expect(page.locator(ROW, has_text="red-one")).to_have_count(0)
    assert "type=pods" in page.url, "back where they wanted to go"
    assert not [cookie for cookie in await scene.context.cookies() if "signin" in cookie.get("name", "")]
    ours = [one for one in await scene.context.cookies(scene.url) if "octokube" in one.get("name", "")]
    assert ours
    for cookie in ours:
        assert cookie.get("httpOnly"), cookie
        assert cookie.get("sameSite") == "Strict", cookie
    told = await page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
    assert "okt_" not in told
    assert "eyJ" not in told


async def test_groups_that_can_be_no_team_are_left_out_and_nobody_without_one_sees_anything(scene: Scene) -> None:
    page = await scene.sign_in("carol")
    await expect(page.locator(ROW, has_text="red-one")).to_be_visible()
    await expect(page.locator(ROW, has_text="blue-one")).to_have_count(0)
    await scene.context.clear_cookies()
    nobody = await scene.sign_in("bob")
    await expect(nobody.locator(".workbench")).to_be_visible()
    await expect(nobody.locator(ROW)).to_have_count(0)


async def test_another_group_counts_from_the_next_refresh_on_without_a_reload(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signin, "TOKEN_LIFE", datetime.timedelta(seconds=3))
    page = await scene.sign_in("alice")
    await expect(page.locator(ROW, has_text="blue-one")).to_be_visible()
    await page.evaluate("window.isTheSamePage = true")
    await scene.provider.set_groups("alice", "reds")
    await expect(page.locator(ROW, has_text="red-one")).to_be_visible()
    await expect(page.locator(ROW, has_text="blue-one")).to_have_count(0)
    assert await page.evaluate("window.isTheSamePage")
    # Some lives of a token later the page is still there: its session was refreshed again and again.
    await asyncio.sleep(4)
    await expect(page.locator(ROW, has_text="red-one")).to_be_visible()


async def test_who_is_shut_out_is_out_within_a_second(scene: Scene) -> None:
    page = await scene.sign_in("alice")
    await expect(page.locator(ROW, has_text="blue-one")).to_be_visible()
    async with open_channel(scene.hub.address) as channel:
        request = identity_service_pb2.SetDisabledRequest(subject="user:alice", is_disabled=True)
        stub = identity_service_pb2_grpc.IdentityServiceStub(channel)
        await stub.SetDisabled(request, metadata=(("authorization", "Bearer demo:admin"),))
    await expect(page.get_by_label("Access token")).to_be_visible(timeout=3_000)
    await expect(page.locator(ROW, has_text="blue-one")).to_have_count(0)
    again = await scene.context.new_page()
    await again.goto(scene.url)
    await again.get_by_role("link", name="Sign in with Example").click()
    await again.get_by_role("button", name="Continue").click()
    await expect(again.get_by_role("alert").first).to_have_text(
        "This account is shut out of the hub; ask its administrator."
    )


async def test_a_session_that_the_provider_has_ended_is_over_at_the_next_refresh(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signin, "TOKEN_LIFE", datetime.timedelta(seconds=3))
    page = await scene.sign_in("alice")
    await expect(page.locator(ROW, has_text="blue-one")).to_be_visible()
    await scene.provider.forget()
    await expect(page.get_by_label("Access token")).to_be_visible()
    await expect(page.locator(ROW, has_text="blue-one")).to_have_count(0)


async def test_a_session_ends_by_the_clock(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signin, "SESSION_LIFE", datetime.timedelta(seconds=4))
    page = await scene.sign_in("alice")
    await expect(page.locator(ROW, has_text="blue-one")).to_be_visible()
    await expect(page.get_by_label("Access token")).to_be_visible()
    await expect(page.locator(ROW, has_text="blue-one")).to_have_count(0)


async def test_signing_out_ends_everything_here_and_there(scene: Scene) -> None:
    page = await scene.sign_in("alice")
    await expect(page.locator(ROW, has_text="blue-one")).to_be_visible()
    (session,) = [one for one in await scene.context.cookies(scene.url) if one.get("name") == "octokube"]
    other = await scene.context.new_page()
    await other.goto(scene.url + "/?type=pods")
    await expect(other.locator(ROW, has_text="blue-one")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("button", name=re.compile("yes", re.IGNORECASE)).click()  # the provider's own question
    await page.wait_for_url(f"{scene.url}/")
    await expect(page.get_by_role("link", name="Sign in with Example")).to_be_visible()
    await expect(other.get_by_label("Access token")).to_be_visible()
    await expect(other.locator(ROW, has_text="blue-one")).to_have_count(0)
    async with aiohttp.ClientSession(cookies={"octokube": session.get("value", "")}) as thief:
        answer = await thief.get(f"{scene.url}/api/v1/session")
        assert answer.status == 401, "the cookie is dead"
    await page.get_by_role("link", name="Sign in with Example").click()
    await expect(page.locator("input[name=name]")).to_be_visible()  # the provider asks again who it is


async def test_a_key_that_was_rotated_away_is_no_reason_to_refuse_anybody(scene: Scene) -> None:
    page = await scene.sign_in("alice")
    await expect(page.locator(ROW, has_text="blue-one")).to_be_visible()
    await scene.provider.rotate()
    await scene.context.clear_cookies()
    page = await scene.sign_in("alice")
    await expect(page.locator(ROW, has_text="blue-one")).to_be_visible()


async def test_whoever_changes_their_mind_is_told_so_and_signed_in_nowhere(scene: Scene) -> None:
    page = await scene.context.new_page()
    await page.goto(scene.url)
    await page.get_by_role("link", name="Sign in with Example").click()
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("alert").first).to_have_text(
        "The identity provider did not let you in (access_denied)."
    )
    await page.reload()
    await expect(page.get_by_text("access_denied")).to_have_count(0)


async def test_an_answer_that_this_browser_did_not_ask_for_signs_nobody_in(scene: Scene) -> None:
    """Somebody sends the address of their own sign-in's end to another: who would then work in their name."""
    attacker = await scene.context.browser.new_context()  # type: ignore[union-attr]
    theirs = await attacker.new_page()
    caught: list[str] = []

    theirs.on("request", lambda request: caught.append(request.url) if "/signin/callback" in request.url else None)
    await theirs.goto(scene.url)
    await theirs.get_by_role("link", name="Sign in with Example").click()
    await theirs.fill("input[name=name]", "carol")
    await theirs.get_by_role("button", name="Sign in").click()
    await theirs.get_by_role("button", name="Continue").click()
    await expect(theirs.locator(".workbench")).to_be_visible()
    page = await scene.context.new_page()
    await page.goto(caught[0])
    await expect(page.get_by_role("alert").first).to_have_text(re.compile("This browser has begun no sign-in"))
    # Not either with a sign-in of one's own under way.
    await page.get_by_role("link", name="Sign in with Example").click()
    await expect(page.locator("input[name=name]")).to_be_visible()
    await page.goto(caught[0])
    await expect(page.get_by_role("alert").first).to_have_text(re.compile("This answer belongs to another sign-in"))
    await attacker.close()


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example/", "https://evil.example/", "/\\evil.example", "/api/v1/session", "javascript:alert(1)"],
)
async def test_nobody_is_sent_elsewhere_after_signing_in(scene: Scene, elsewhere: str) -> None:
    page = await scene.context.new_page()
    await page.goto(f"{scene.url}/api/v1/signin?return_to={quote(elsewhere)}")
    await page.fill("input[name=name]", "alice")
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("button", name="Continue").click()
    await expect(page.locator(".workbench")).to_be_visible()
    assert page.url.startswith(f"{scene.url}/")
