"""The built page in a real browser, before a gateway and a hub that the test scripts."""

import asyncio
import contextlib
import os
import pathlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from playwright.async_api import TimeoutError as PageTimeout

from octokube.v1 import resource_pb2
from octokube_web.app import Gateway
from octokube_web.assets import Assets
from octokube_web.settings import DemoPerson, WebSettings
from tests.conftest import require_assets
from tests.support.assets import find_asset
from tests.web.page_hub import PageHub

pytestmark = [pytest.mark.real, pytest.mark.timeout(90)]

AXE = pathlib.Path(__file__).parents[2] / "octokube_web" / "ide" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}

OpenTab = Callable[..., Awaitable[Page]]


@pytest.fixture
def hub() -> PageHub:
    return PageHub()


@pytest.fixture
async def served(hub: PageHub) -> AsyncIterator[Gateway]:
    """The built page on a free port, with a hub that says every second that it is there."""
    require_assets("page", "chromium")
    assets = Assets()
    if not assets.is_built or not AXE.exists():
        (pytest.fail if os.environ.get("OCTOKUBE_REQUIRE_ALL") else pytest.skip)("the page is not built: make setup")
    people = (
        DemoPerson("demo:alice", "alice", "team payments: everything in namespace payments, except Secrets"),
        DemoPerson("demo:admin", "admin", "everything"),
    )
    gateway = Gateway(WebSettings(listen="127.0.0.1:0", demo_people=people), hub, assets=assets)
    await gateway.start()
    beating = asyncio.create_task(_beat(hub), name="page-hub/bookmarks")
    yield gateway
    beating.cancel()
    await gateway.close()


async def _beat(hub: PageHub) -> None:
    while True:
        await asyncio.sleep(1)
        hub.beat()


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        path = str(find_asset("chromium"))
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def open_tab(served: Gateway, chromium: Browser) -> AsyncIterator[OpenTab]:
    """Opens the page. What it complains about in the console, the content security policy included, fails the test."""
    complaints: list[str] = []

    async def open(path: str = "", **options: Any) -> Page:
        context = await chromium.new_context(**{"viewport": DESKTOP, "reduced_motion": "reduce", **options})
        tab = await context.new_page()
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        await tab.goto(served.url + path)
        return tab

    yield open
    # A refused sign-in is a 401, which the browser reports by itself.
    assert [text for text in complaints if not text.startswith("Failed to load resource")] == []


async def sign_in(tab: Page, name: str = "alice") -> None:
    await tab.locator("button.person", has_text=name).click()
    await expect(tab.locator(".workbench")).to_be_visible()


def row(tab: Page, name: str) -> Any:
    return tab.locator("[role=row]", has=tab.locator("[role=rowheader]", has_text=re.compile(f"^{name}$")))


def connection(tab: Page) -> Any:
    return tab.locator(".status-bar .connection")


async def test_a_person_signs_in_with_a_token_and_is_told_when_it_is_refused(open_tab: OpenTab) -> None:
    tab = await open_tab()
    await tab.fill("#token", "wrong")
    await tab.press("#token", "Enter")
    await expect(tab.get_by_role("alert")).to_have_text("The token is not known.")
    await tab.fill("#token", "demo:alice")
    await tab.press("#token", "Enter")
    await expect(row(tab, "api-00000")).to_be_visible()
    await expect(connection(tab)).to_have_text(re.compile("Live"))
    await tab.reload()
    await expect(row(tab, "api-00000")).to_be_visible()
    await tab.get_by_role("button", name="Sign out").click()
    await expect(tab.locator("#token")).to_be_visible()


async def test_rows_appear_change_and_leave_as_they_do_in_the_cluster(open_tab: OpenTab, hub: PageHub) -> None:
    tab = await open_tab()
    await sign_in(tab)
    await expect(row(tab, "api-00001")).to_contain_text("Running")
    key = hub.put("pods", "payments", "api-00001", ["0/1", "Error", 9, 1])
    await expect(row(tab, "api-00001")).to_contain_text("Error")
    hub.put("pods", "payments", "aaa-new", ["0/1", "Pending", 0, 1])
    await expect(row(tab, "aaa-new")).to_be_visible()
    await expect(tab.locator(".status-bar")).to_contain_text("41 objects")
    hub.remove(key, is_withdrawn=True)
    await expect(row(tab, "api-00001")).to_have_count(0)
    await expect(tab.locator(".status-bar")).to_contain_text("40 objects")


async def test_an_open_object_is_live_and_is_forgotten_when_it_is_withdrawn(open_tab: OpenTab, hub: PageHub) -> None:
    tab = await open_tab()
    await sign_in(tab)
    await row(tab, "api-00001").click()
    panel = tab.locator(".panel")
    await expect(panel.locator(".chips")).to_contain_text("app=api")
    await panel.get_by_role("tab", name="YAML").click()
    await expect(panel.locator(".yaml .line").nth(0)).to_contain_text("apiVersion: v1")
    key = hub.put("pods", "payments", "api-00001", ["0/1", "Error", 9, 1], {"spec": {"secretly": "changed-just-now"}})
    await expect(panel.locator(".yaml")).to_contain_text("changed-just-now")
    hub.remove(key, is_withdrawn=True)
    await expect(panel).to_contain_text("no longer visible to you", ignore_case=True)
    assert "changed-just-now" not in await tab.content()


async def test_redacted_values_are_shown_as_such(open_tab: OpenTab) -> None:
    tab = await open_tab("?cluster=harbour&type=secrets&in=payments&name=database&tab=yaml")
    await sign_in(tab)
    redacted = tab.locator(".yaml .redacted")
    await expect(redacted).to_have_text("redacted")
    await expect(redacted.locator("svg")).to_be_visible()


async def test_the_address_says_what_is_open(open_tab: OpenTab) -> None:
    tab = await open_tab()
    await sign_in(tab)
    await tab.get_by_role("treeitem", name="Nodes").click()
    await row(tab, "node-1").click()
    await expect(tab.locator(".overview")).to_contain_text("app=api")
    address = tab.url
    await tab.go_back()
    await expect(tab.locator(".panel")).to_have_count(0)
    await tab.go_back()
    await expect(row(tab, "api-00000")).to_be_visible()
    await tab.goto(address)
    await expect(tab.locator(".overview")).to_contain_text("app=api")


async def test_everything_in_the_table_can_be_reached_by_keyboard(open_tab: OpenTab) -> None:
    tab = await open_tab()
    await sign_in(tab)
    await expect(row(tab, "api-00000")).to_be_visible()
    grid = tab.get_by_role("grid")
    await grid.focus()
    await tab.keyboard.press("End")
    await expect(row(tab, "api-00039")).to_have_class(re.compile("active"))
    await expect(grid).to_have_attribute("aria-activedescendant", "row-39")
    await tab.keyboard.press("ArrowUp")
    await tab.keyboard.press("Enter")
    await expect(tab.locator(".panel h2")).to_have_text("api-00038")
    await tab.keyboard.press("Escape")
    await expect(tab.locator(".panel")).to_have_count(0)
    await expect(grid).to_be_focused()
    await tab.keyboard.press("/")
    await tab.keyboard.type("crashloop search")
    await expect(tab.locator(".tally")).to_have_text("2 of 40")
    await tab.keyboard.press("Enter")
    await expect(grid).to_be_focused()
    await tab.keyboard.press("Home")
    await tab.keyboard.press("Escape")
    await expect(tab.locator(".tally")).to_have_text("40")


async def test_sorting_and_namespaces_narrow_the_table(open_tab: OpenTab) -> None:
    tab = await open_tab()
    await sign_in(tab)
    await tab.get_by_role("button", name="Restarts").click()
    await tab.get_by_role("button", name="Restarts").click()
    header = tab.get_by_role("columnheader", name="Restarts")
    await expect(header).to_have_attribute("aria-sort", "descending")
    await expect(tab.locator("[role=row][aria-rowindex='2']")).to_contain_text("api-00003")
    await tab.get_by_label("Namespace").select_option("search")
    await expect(tab.locator(".tally")).to_have_text("13")


async def test_a_broken_connection_is_said_resumed_and_loses_nothing(
    open_tab: OpenTab, hub: PageHub, served: Gateway
) -> None:
    tab = await open_tab()
    await sign_in(tab)
    await expect(row(tab, "api-00000")).to_be_visible()
    hub.is_down = True
    await asyncio.gather(*(socket.close(1012, "the gateway stops; reconnecting") for socket in list(served._sockets)))
    await expect(connection(tab)).to_contain_text("Reconnecting")
    hub.put("pods", "payments", "aaa-while-away", ["1/1", "Running", 0, 1])
    hub.remove(next(key for key in hub.held if key.name == "api-00000"))
    await expect(row(tab, "api-00000")).to_be_visible()
    hub.is_down = False
    retry = tab.get_by_role("button", name="Retry now")
    while await connection(tab).inner_text() != "Live":
        if await retry.is_visible():
            # The page may reconnect by itself in between, and then the button is gone.
            with contextlib.suppress(PageTimeout):
                await retry.click(timeout=500)
        await asyncio.sleep(0.1)
    await expect(row(tab, "aaa-while-away")).to_be_visible()
    await expect(row(tab, "api-00000")).to_have_count(0)
    assert all(stream.resumed for stream in hub.streams)


async def test_silence_of_the_hub_is_shown_as_stale_within_ten_seconds(open_tab: OpenTab, hub: PageHub) -> None:
    tab = await open_tab()
    await sign_in(tab)
    await expect(connection(tab)).to_contain_text("Live")
    hub.is_silent = True
    await expect(connection(tab)).to_contain_text(re.compile(r"As of \d\d:\d\d:\d\d"))
    hub.is_silent = False
    await expect(connection(tab)).to_contain_text("Live")


async def test_a_cluster_without_an_agent_is_named_offline(open_tab: OpenTab, hub: PageHub) -> None:
    tab = await open_tab()
    await sign_in(tab)
    await expect(connection(tab)).to_contain_text("Live")
    hub.state.condition = resource_pb2.CLUSTER_CONDITION_OFFLINE
    hub.state.since.GetCurrentTime()
    hub.tell_catalog()
    hub.beat()
    await expect(connection(tab)).to_have_text(re.compile(r"harbour offline since \d\d:\d\d:\d\d"))
    await expect(row(tab, "api-00000")).to_be_visible()


async def test_an_ended_token_asks_in_place_and_leaves_nothing_behind(open_tab: OpenTab, hub: PageHub) -> None:
    tab = await open_tab()
    await sign_in(tab)
    await row(tab, "api-00001").click()
    await expect(tab.locator(".overview")).to_contain_text("app=api")
    hub.end_token("demo:alice")
    dialog = tab.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    assert "api-00002" not in await tab.content()
    await dialog.locator("button.person", has_text="admin").click()
    await expect(dialog).to_have_count(0)
    await expect(row(tab, "api-00002")).to_be_visible()
    await expect(tab.locator(".identity")).to_contain_text("admin")


async def test_what_cannot_be_shown_says_why(open_tab: OpenTab) -> None:
    tab = await open_tab("?cluster=harbour&type=jobs.batch")
    await sign_in(tab)
    await expect(tab.locator(".banner")).to_contain_text("Kubernetes RBAC forbids the agent")
    await tab.get_by_role("treeitem", name="ConfigMaps").click()
    await expect(tab.locator(".nothing")).to_contain_text("No ConfigMaps in harbour.")
    await tab.goto(tab.url.split("?")[0] + "?cluster=harbour&type=unknowns")
    await expect(tab.locator(".nothing")).to_contain_text("Nothing here is visible to you")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_every_screen_is_accessible(
    open_tab: OpenTab, viewport: dict[str, int], scheme: str, tmp_path: pathlib.Path
) -> None:
    folder = pathlib.Path(os.environ.get("OCTOKUBE_SCREENSHOTS", tmp_path))
    tab = await open_tab(viewport=viewport, color_scheme=scheme)

    async def look(screen: str) -> None:
        await tab.screenshot(path=folder / f"{screen}-{viewport['width']}-{scheme}.png")
        await tab.evaluate(AXE.read_text())
        found = await tab.evaluate("axe.run().then(({violations}) => violations)")
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == [], screen
        assert await tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{screen} is too wide"

    await expect(tab.locator("button.person").first).to_be_visible()
    await look("sign-in")
    await sign_in(tab)
    await expect(row(tab, "api-00004")).to_be_visible()
    await look("table")
    if viewport == PHONE:
        await tab.get_by_role("button", name="Types").click()
        await expect(tab.get_by_role("treeitem", name="Nodes")).to_be_in_viewport()
        await look("drawer")
        await tab.keyboard.press("Escape")
    await row(tab, "api-00004").click()
    await expect(tab.locator(".overview h3").first).to_be_visible()
    await look("object")
    await tab.get_by_role("tab", name="YAML").click()
    await expect(tab.locator(".yaml .line").first).to_be_visible()
    await look("yaml")
    await tab.get_by_role("tab", name="History").click()
    await look("history")
    await tab.keyboard.press("Escape")
    await tab.keyboard.press("?")
    await look("keys")


async def test_no_text_becomes_markup_or_the_address_of_a_script(served: Gateway, chromium: Browser) -> None:
    tab = await chromium.new_page()
    await tab.goto(served.url)
    await expect(tab.locator("button.person").first).to_be_visible()  # the page itself needs none of it
    ways = (
        "document.body.innerHTML = '<b>x</b>'",
        "new Worker('/assets/x.js')",
        "trustedTypes.createPolicy('mine', {})",
    )
    for way in ways:
        outcome = await tab.evaluate(
            f"() => {{ try {{ {way}; return 'done' }} catch (error) {{ return error.name }} }}"
        )
        assert outcome == "TypeError", way
