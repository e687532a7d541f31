"""What the page's worker holds, in a real browser: one connection for all tabs, and nothing of what was withdrawn."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, CDPSession, Page, expect

from octokube_web.app import Gateway
from tests.web.page_hub import PageHub
from tests.web.test_page import DESKTOP, chromium, hub, row, served, sign_in

__all__ = ["chromium", "hub", "served"]

pytestmark = [pytest.mark.real, pytest.mark.timeout(90)]

CANARY = "canary-3f9a"
Open = Callable[[str], Awaitable[Page]]


@pytest.fixture
async def open_one(served: Gateway, chromium: Browser) -> AsyncIterator[Open]:
    """Opens tabs of one browser, which share its cookies and its worker."""
    context = await chromium.new_context(viewport=DESKTOP, reduced_motion="reduce")  # type: ignore[arg-type]

    async def open(path: str = "") -> Page:
        tab = await context.new_page()
        await tab.goto(served.url + path)
        return tab

    yield open
    await context.close()


class Heap:
    """The heap of one target of the browser, by the devtools protocol."""

    def __init__(self, browser: CDPSession, session_id: str) -> None:
        self._browser = browser
        self._session_id = session_id
        self._answers: dict[int, asyncio.Future[None]] = {}
        self._chunks: list[str] = []
        browser.on("Target.receivedMessageFromTarget", self._received)

    async def strings(self) -> list[str]:
        """Every text that is alive, after the garbage has been collected."""
        await self._ask("HeapProfiler.enable")
        await self._ask("HeapProfiler.collectGarbage")
        self._chunks.clear()
        await self._ask("HeapProfiler.takeHeapSnapshot", reportProgress=False)
        strings: list[str] = json.loads("".join(self._chunks))["strings"]
        return strings

    async def _ask(self, method: str, **params: Any) -> None:
        number = len(self._answers) + 1
        self._answers[number] = asyncio.get_running_loop().create_future()
        message = json.dumps({"id": number, "method": method, "params": params})
        await self._browser.send("Target.sendMessageToTarget", {"sessionId": self._session_id, "message": message})
        await self._answers[number]

    def _received(self, event: dict[str, Any]) -> None:
        if event["sessionId"] != self._session_id:
            return
        message = json.loads(event["message"])
        if message.get("method") == "HeapProfiler.addHeapSnapshotChunk":
            self._chunks.append(message["params"]["chunk"])
        elif "id" in message:
            self._answers[message["id"]].set_result(None)


async def heaps_of(chromium: Browser) -> dict[str, Heap]:
    """The heaps of the page and of its worker, by the kind of target."""
    browser = await chromium.new_browser_cdp_session()
    found = {}
    for target in (await browser.send("Target.getTargets"))["targetInfos"]:
        if target["type"] == "shared_worker" or (target["type"] == "page" and "127.0.0.1" in target["url"]):
            attached = await browser.send("Target.attachToTarget", {"targetId": target["targetId"], "flatten": False})
            found[target["type"]] = Heap(browser, attached["sessionId"])
    return found


def mentions(strings: list[str]) -> list[str]:
    return [text for text in strings if CANARY in text]


async def test_the_tabs_of_a_browser_share_one_connection_and_one_stream(open_one: Open, hub: PageHub) -> None:
    first = await open_one("")
    await sign_in(first)
    await expect(row(first, "api-00001")).to_be_visible()
    second = await open_one("?cluster=harbour&type=pods&filter=api-00002")
    await expect(row(second, "api-00002")).to_be_visible()
    assert (len(hub.catalogs), len(hub.tables)) == (1, 1)
    key = hub.put("pods", "search", "api-00002", ["0/1", "Error", 9, 1])
    for tab in (first, second):
        await expect(row(tab, "api-00002")).to_contain_text("Error")
    await first.close()
    hub.remove(key)
    await expect(row(second, "api-00002")).to_have_count(0)
    await second.get_by_role("button", name="Sign out").click()
    await expect(second.locator("button.person").first).to_be_visible()


async def test_signing_out_in_one_tab_empties_the_others(open_one: Open) -> None:
    first = await open_one("")
    await sign_in(first)
    second = await open_one("")
    await expect(row(second, "api-00001")).to_be_visible()
    await first.get_by_role("button", name="Sign out").click()
    await expect(second.get_by_role("dialog")).to_contain_text("You signed out in another tab.")
    await expect(row(second, "api-00001")).to_have_count(0)
    await sign_in(first)
    await expect(second.get_by_role("dialog")).to_be_visible()
    await second.get_by_role("dialog").locator("button.person", has_text="alice").click()
    await expect(row(second, "api-00001")).to_be_visible()


@pytest.mark.parametrize("where", ["in sight", "behind another tab"])
async def test_nothing_of_what_was_withdrawn_stays_in_any_heap(
    open_one: Open, hub: PageHub, chromium: Browser, where: str
) -> None:
    in_row = hub.put("pods", "payments", f"a-{CANARY}-row", ["1/1", f"{CANARY}-status", 1, 1])
    opened = hub.put("pods", "payments", "a-opened", ["1/1", "Running", 1, 1], {"spec": {"image": f"{CANARY}-body"}})
    tab = await open_one("?cluster=harbour&type=pods")
    await sign_in(tab)
    await expect(row(tab, f"a-{CANARY}-row")).to_be_visible()
    await row(tab, "a-opened").click()
    await tab.get_by_role("tab", name="YAML").click()
    await expect(tab.locator(".panel .yaml")).to_contain_text(f"{CANARY}-body")
    heaps = await heaps_of(chromium)
    assert set(heaps) == {"page", "shared_worker"}
    for kind, heap in heaps.items():
        held = mentions(await heap.strings())
        assert any("-status" in text for text in held), kind  # it is looked for where it is
        assert any("-body" in text for text in held), kind
    if where == "behind another tab":
        await tab.locator(".dock-tab").dblclick()
        await tab.get_by_role("treeitem", name="Nodes").click()
        await expect(row(tab, "node-1")).to_be_visible()
    hub.remove(in_row, is_withdrawn=True)
    hub.remove(opened, is_withdrawn=True)
    await expect(row(tab, f"a-{CANARY}-row")).to_have_count(0)
    await expect(tab.locator(".panel")).to_contain_text("no longer visible to you")
    for kind, heap in heaps.items():
        async with asyncio.timeout(20):
            # The browser lets go of what it drew when it has drawn what follows.
            while held := mentions(await heap.strings()):
                print(kind, held)
                await tab.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn, 50)))")
