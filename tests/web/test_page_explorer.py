"""The explorer, in a real browser: what may be seen and nothing else, with counts that live, by keyboard alone."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.support.waiting import eventually
from tests.web.page_hub import PageHub
from tests.web.test_page import AXE, PHONE, OpenTab, chromium, hub, open_tab, row, served, sign_in

__all__ = ["chromium", "hub", "open_tab", "served"]

pytestmark = [pytest.mark.real, pytest.mark.timeout(90)]


def item(page: Page, text: str) -> Any:
    """The lines that say so, the outermost first."""
    return page.get_by_role("treeitem", name=text)


async def opened(open_tab: OpenTab, **options: Any) -> Page:
    page = await open_tab(**options)
    await sign_in(page)
    await expect(row(page, "api-00001")).to_be_visible()
    return page


async def test_counts_follow_what_comes_and_goes(open_tab: OpenTab, hub: PageHub) -> None:
    page = await opened(open_tab)
    pods = item(page, "Pods")
    await expect(pods).to_have_text("Pods40")
    key = hub.put("pods", "search", "new", ["1/1", "Running", 0, 1])
    await expect(pods).to_have_text("Pods41")
    hub.remove(key, is_withdrawn=True)
    await expect(pods).to_have_text("Pods40")
    await page.get_by_role("link", name="Settings").click()
    await page.get_by_role("checkbox", name="The side bar says").uncheck()
    await expect(pods).to_have_text("Pods")


async def test_very_much_is_counted_only_when_somebody_asks(open_tab: OpenTab, hub: PageHub) -> None:
    for number in range(20_000):
        hub.put("configmaps", "search", f"c{number}", [1])
    page = await opened(open_tab)
    await expect(page.get_by_text("You may see very many objects: they are not counted.")).to_be_visible()
    await expect(item(page, "ConfigMaps")).to_have_text("ConfigMaps")
    await eventually(lambda: len(hub.streams) == len(hub.tables))
    await page.get_by_role("button", name="Count them").click()
    await expect(item(page, "ConfigMaps")).to_have_text("ConfigMaps20,000")


async def test_a_namespace_lists_only_what_is_in_it_and_an_object_is_opened_from_there(
    open_tab: OpenTab, hub: PageHub
) -> None:
    page = await opened(open_tab)
    press = page.keyboard.press
    await page.get_by_label("Filter types").focus()
    await press("ArrowDown")
    await expect(item(page, "Pods")).to_be_focused()  # the way in leads to what is looked at
    await press("End")
    await expect(item(page, "Namespaces").last).to_be_focused()
    await press("ArrowRight")
    await press("ArrowRight")
    await page.keyboard.type("s")
    search = item(page, "search")
    await expect(search).to_be_focused()
    await press("ArrowRight")
    await expect(search).to_have_attribute("aria-expanded", "true")
    await press("ArrowRight")
    await press("ArrowRight")
    inner = item(page, "Pods").last
    await expect(inner).to_be_focused()
    assert await inner.get_attribute("aria-level") == "5"
    await expect(item(page, "Deployments")).to_have_count(1)  # there are none in this namespace
    await press("ArrowRight")
    hub.put("pods", "search", "aaa-new", ["1/1", "Running", 0, 1])
    new = item(page, "aaa-new")
    await expect(new).to_be_visible()
    await press("ArrowRight")
    await expect(new).to_be_focused()
    await press("Enter")
    await expect(page.locator(".panel h2")).to_have_text("aaa-new")
    assert "namespace=search" in page.url
    await new.focus()
    await press("ArrowLeft")
    await expect(inner).to_be_focused()
    await press("ArrowLeft")
    await expect(new).to_have_count(0)
    await eventually(lambda: len(hub.tables) == 2)  # the table and the object: nothing is listed any more


async def test_what_is_withdrawn_leaves_the_tree(open_tab: OpenTab, hub: PageHub) -> None:
    key = hub.put("pods", "payments", "aaa-secret", ["1/1", "Running", 0, 1])
    page = await opened(open_tab)
    await item(page, "Pods").locator(".twisty").click()
    await expect(item(page, "aaa-secret")).to_be_visible()
    hub.remove(key, is_withdrawn=True)
    await expect(item(page, "aaa-secret")).to_have_count(0)
    assert "aaa-secret" not in await page.content()


async def test_the_filter_finds_types_and_namespaces(open_tab: OpenTab) -> None:
    page = await opened(open_tab)
    field = page.get_by_label("Filter types")
    await field.fill("deploy")
    await expect(page.get_by_role("treeitem")).to_have_text(["harbour", "Workloads", "Deployments1"])
    await field.press("Enter")
    await expect(page.get_by_role("heading", name="Deployments", level=1)).to_be_visible()
    await field.fill("searc")
    await expect(item(page, "search")).to_be_visible()
    await field.fill("zzz")
    await expect(page.get_by_text("Nothing matches.")).to_be_visible()
    await field.press("Escape")
    await expect(field).to_have_value("")


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
async def test_an_open_tree_has_nothing_that_axe_finds(open_tab: OpenTab, viewport: dict[str, int] | None) -> None:
    page = await opened(open_tab, **({"viewport": viewport} if viewport else {}))
    if viewport:
        await page.get_by_role("button", name="Types").click()
    await item(page, "Nodes").locator(".twisty").click()
    await expect(item(page, "node-1")).to_be_visible()
    await page.evaluate(await asyncio.to_thread(AXE.read_text))
    found = await page.evaluate("axe.run()")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []


async def test_what_is_shown_gets_a_name_and_is_found_again_by_it(open_tab: OpenTab) -> None:
    page = await opened(open_tab)
    await page.get_by_role("button", name="Restarts").click()
    await page.get_by_role("button", name="Restarts").click()
    await expect(page.get_by_role("columnheader", name="Restarts")).to_have_attribute("aria-sort", "descending")
    assert "sort=-Restarts" in page.url
    await page.get_by_label("Filter Pods").fill("api-0000")
    await page.get_by_role("button", name="Views", exact=True).click()
    await page.get_by_label("Name of what is shown now").fill("My pods")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("treeitem").first).to_have_text("Saved views")
    await page.get_by_role("treeitem", name="Nodes").click()
    await expect(row(page, "node-1")).to_be_visible()
    assert "sort" not in page.url
    await page.reload()
    await page.get_by_role("treeitem", name="My pods").click()
    await expect(page.get_by_label("Filter Pods")).to_have_value("api-0000")
    await expect(page.get_by_role("columnheader", name="Restarts")).to_have_attribute("aria-sort", "descending")
    await page.get_by_role("treeitem", name="Nodes").click()
    await page.keyboard.press("Control+k")
    await page.keyboard.type("view: my")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Filter Pods")).to_have_value("api-0000")
    await page.get_by_role("button", name="Views", exact=True).click()
    await page.evaluate(await asyncio.to_thread(AXE.read_text))
    found = await page.evaluate("axe.run()")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    await page.get_by_role("button", name="Forget the view My pods").click()
    await expect(page.get_by_role("treeitem", name="My pods")).to_have_count(0)
    # Somebody else's views are their own.
    await page.get_by_role("button", name="Save the view").click()
    await expect(page.get_by_role("treeitem").first).to_have_text("Saved views")
    await page.get_by_role("button", name="Sign out").click()
    await sign_in(page, "admin")
    await expect(page.get_by_role("treeitem").first).to_have_text("harbour")
