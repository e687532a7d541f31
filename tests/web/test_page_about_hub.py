"""The pages about oneself and the hub, in a real browser before a real hub: what policy opens, and what it does not."""

import pathlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc.aio
import pytest
from playwright.async_api import Browser, Page, expect

from octokube.client.calls import GrpcCalls
from octokube.client.grpc_feed import GrpcFeed
from octokube.client.identity import GrpcIdentity
from octokube.runtime.channels import open_channel
from octokube.v1 import cluster_service_pb2, cluster_service_pb2_grpc
from octokube_hub.app import Hub
from octokube_web.app import Gateway
from octokube_web.assets import Assets
from octokube_web.settings import DemoPerson, WebSettings
from tests.conftest import require_assets
from tests.hub.enrolment.helpers import RULES, hub_for_agents
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key
from tests.hub.policies import write_policy
from tests.web.test_page import AXE, DESKTOP, PHONE, chromium, sign_in

__all__ = ["chromium"]

pytestmark = [pytest.mark.real, pytest.mark.timeout(90)]

OWN = ["Search", "Topology", "Events", "Your access", "Your tokens"]
OTHERS = [
    "Hub and clusters",
    "Policy",
    "Try the policy",
    "Audit log",
    "Terminal sessions",
    "People",
    "Agents",
    "Gateways",
]
Open = Callable[..., Awaitable[Page]]


@pytest.fixture
async def hub(tmp_path: pathlib.Path) -> AsyncIterator[Hub]:
    require_assets("page", "chromium")
    async with hub_for_agents(tmp_path) as running:
        agent = FakeAgent("c1", running.address, await running.create_agent_credential("c1"))
        agent.put(key("pods", "red", "web"))
        await agent.connect()
        yield running
        await agent.close()


@pytest.fixture
async def open_as(hub: Hub, chromium: Browser) -> AsyncIterator[Open]:
    """Opens a page as somebody who has signed in. A violation of the content security policy fails the test."""
    people = tuple(DemoPerson(f"demo:{name}", name, "") for name in ("admin", "alice"))
    complaints: list[str] = []
    async with open_channel(hub.address) as channel:
        gateway = Gateway(
            WebSettings(listen="127.0.0.1:0", demo_people=people),
            GrpcFeed(channel),
            identity=GrpcIdentity(channel),
            calls=GrpcCalls(channel),
            assets=Assets(),
        )
        await gateway.start()

        async def open_as(name: str, page: str = "", **options: Any) -> Page:
            context = await chromium.new_context(**{"viewport": DESKTOP, "reduced_motion": "reduce", **options})
            tab = await context.new_page()
            tab.on("pageerror", lambda error: complaints.append(str(error)))
            tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
            await tab.goto(f"{gateway.url}?page={page}")
            await sign_in(tab, name)
            return tab

        yield open_as
        await gateway.close()
    # A refusal is a 401 or 403, which the browser reports by itself.
    assert [text for text in complaints if not text.startswith("Failed to load resource")] == []


def links(tab: Page) -> Any:
    return tab.get_by_role("list", name="You and the hub").get_by_role("link")


def table_row(tab: Page, text: str) -> Any:
    return tab.locator(".page-table tbody tr", has_text=text)


async def test_only_the_pages_that_policy_opens_are_listed_and_the_others_say_why_not(open_as: Open) -> None:
    admin = await open_as("admin")
    await expect(links(admin)).to_have_text([*OWN, *OTHERS, "Settings"])
    alice = await open_as("alice")
    await expect(links(alice)).to_have_text([*OWN, "Settings"])
    await alice.goto(f"{alice.url.partition('?')[0]}?page=audit")
    await expect(alice.get_by_text("This is not open to you.")).to_be_visible()
    await expect(alice.get_by_text("the policy does not let you list auditrecords.octokube.io")).to_be_visible()
    await alice.goto(f"{alice.url.partition('?')[0]}?page=nonsense")
    await expect(alice.get_by_text("There is no such page.")).to_be_visible()


async def test_ones_access_is_told_in_sentences_and_never_what_exists(open_as: Open) -> None:
    tab = await open_as("alice", "access")
    await expect(tab.get_by_text(re.compile("You may read .* in namespace red"))).to_be_visible()

    async def may(verb: str, type: str, namespace: str, name: str) -> str:
        for label, value in (("Verb", verb), ("Type", type), ("Namespace", namespace), ("Name", name)):
            await tab.get_by_label(label, exact=True).fill(value)
        await tab.get_by_role("button", name="Ask", exact=True).click()
        answer = tab.locator(".can-i + [role=status] li")
        await expect(answer).to_have_count(1)
        return await answer.inner_text()

    assert "get: " in await may("get", "pods", "red", "web")
    assert await may("delete", "pods", "red", "web") == await may("delete", "pods", "red", "nothing-of-this-name")
    assert await may("get", "pods", "blue", "there") == await may("get", "pods", "blue", "not-there")


async def test_the_coming_week_shows_when_the_clock_lets_one_do_what(open_as: Open, tmp_path: pathlib.Path) -> None:
    tab = await open_as("alice", "access", timezone_id="Europe/Berlin")
    await expect(tab.get_by_role("heading", name="You may now")).to_be_visible()
    await expect(tab.get_by_role("group", name="The coming week")).to_have_count(0)
    more = "p, user:alice, *, red, deployments.apps, *, scale, @office, allow\n"
    windows = 'office: { days: Mon-Fri, from: "09:00", to: "17:00", zone: Europe/Berlin }\n'
    write_policy(tmp_path / "policies", RULES + more, windows=windows)
    week = tab.get_by_role("group", name="The coming week")
    await expect(week.get_by_role("rowheader")).to_have_text("@office, as user:alice")
    days = await week.locator(".calendar-words").all_inner_texts()
    assert len(days) == 7
    # Five workdays, of which the first may have begun or be over.
    assert days.count("09:00–17:00") >= 4
    assert days.count("–") in (2, 3)


async def test_an_agent_is_let_enrol_and_revoked_and_the_log_names_the_row(open_as: Open) -> None:
    tab = await open_as("admin", "agents")
    await tab.get_by_label("Cluster", exact=True).last.fill("not a name")
    await tab.get_by_role("button", name="Let one enrol").click()
    await expect(tab.get_by_role("alert").filter(has_text="is no name for a cluster")).to_be_visible()
    await tab.get_by_label("Cluster", exact=True).last.fill("prod-eu")
    await tab.get_by_role("button", name="Let one enrol").click()
    await expect(tab.locator(".secret code")).to_have_text(re.compile("^oke_"))
    await expect(table_row(tab, "prod-eu")).to_contain_text("may enrol until")
    await tab.get_by_role("button", name="Revoke prod-eu…").click()
    await tab.get_by_role("button", name="Cancel").click()
    await expect(table_row(tab, "prod-eu")).to_contain_text("may enrol until")
    await tab.get_by_role("button", name="Revoke prod-eu…").click()
    await tab.get_by_role("button", name="Revoke", exact=True).click()
    await expect(table_row(tab, "prod-eu")).to_contain_text("revoked")
    await links(tab).filter(has_text="Audit log").click()
    await tab.get_by_placeholder("user:alice").fill("user:admin")
    await tab.get_by_role("button", name="Look").click()
    # Twice each: the decision, and what was done.
    decided = tab.locator(".page-table tbody tr", has_text="agent.revoke").filter(has_text="allowed")
    await decided.get_by_role("button").click()
    await expect(tab.locator(".detail")).to_contain_text("may user:admin delete agents.octokube.io")
    await expect(tab.locator(".detail")).to_contain_text("policy.csv:")


async def test_a_token_of_ones_own_works_until_it_is_revoked(open_as: Open, hub: Hub) -> None:
    tab = await open_as("alice", "tokens")
    await tab.get_by_label("For", exact=True).fill("nightly report")
    await tab.get_by_role("button", name="Make a token").click()
    token = await tab.locator(".secret code").inner_text()
    async with open_channel(hub.address) as channel:
        stub = cluster_service_pb2_grpc.ClusterServiceStub(channel)
        metadata = (("authorization", f"Bearer {token}"),)
        who = await stub.WhoAmI(cluster_service_pb2.WhoAmIRequest(), metadata=metadata)
        assert (who.subject, who.token_ceiling != "") == ("user:alice", True)
        await tab.reload()
        await expect(table_row(tab, "nightly report")).to_contain_text("read")
        await expect(tab.locator(".secret")).to_have_count(0)
        await tab.get_by_role("button", name="Revoke nightly report…").click()
        await tab.get_by_role("button", name="Revoke", exact=True).click()
        await expect(table_row(tab, "nightly report")).to_contain_text("revoked")
        with pytest.raises(grpc.aio.AioRpcError):
            await stub.WhoAmI(cluster_service_pb2.WhoAmIRequest(), metadata=metadata)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_page_has_what_axe_finds(open_as: Open, scheme: str) -> None:
    for viewport in (DESKTOP, PHONE):
        tab = await open_as("admin", color_scheme=scheme, viewport=viewport)
        base = tab.url.partition("?")[0]
        for page in (
            "access",
            "tokens",
            "hub",
            "policy",
            "simulate",
            "search",
            "audit",
            "sessions",
            "people",
            "agents",
            "gateways",
        ):
            await tab.goto(f"{base}?page={page}")
            await expect(tab.locator(".page-head h1")).to_be_visible()
            await expect(tab.locator(".nothing.loading")).to_have_count(0)
            await tab.evaluate(AXE.read_text())
            found = await tab.evaluate("axe.run()")
            assert [(page, one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
            is_wide = await tab.evaluate("document.documentElement.scrollWidth > window.innerWidth")
            assert not is_wide, f"{page} is wider than the screen"


async def test_an_edit_of_the_policy_is_tried_before_it_is_one(open_as: Open, hub: Hub) -> None:
    tab = await open_as("admin", "simulate")
    await tab.get_by_label("Who").fill("user:alice")
    text = tab.get_by_label("Text of policy.csv")
    rules = await text.input_value()
    await text.fill(rules + "p, user:alice, c1, red, pods, *, read, always, allow\np, broken\n")
    await tab.keyboard.press("Shift+Tab")
    await tab.get_by_role("button", name="Try", exact=True).click()
    await expect(tab.get_by_text("The hub would refuse these files.")).to_be_visible()
    await text.fill("\n".join(line for line in rules.splitlines() if not line.startswith("p, user:alice")) + "\n")
    await tab.get_by_role("button", name="Try", exact=True).click()
    lost = tab.get_by_role("list", name="Lost")
    await expect(lost.get_by_role("link", name="web")).to_be_visible()
    await expect(lost).to_contain_text("pods in red of c1")
    await tab.get_by_role("button", name="As in force").click()
    await expect(text).to_have_value(rules)
    await tab.get_by_role("button", name="Try", exact=True).click()
    await expect(tab.get_by_text(", in force")).to_be_visible()
    await expect(lost).to_have_count(0)
