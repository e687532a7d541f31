"""How the page looks and listens can be chosen, and every choice can be read."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.web.page_hub import PageHub
from tests.web.test_page import AXE, OpenTab, chromium, hub, open_tab, row, served, sign_in

__all__ = ["chromium", "hub", "open_tab", "served"]

pytestmark = [pytest.mark.real, pytest.mark.timeout(90)]


@pytest.mark.parametrize("theme", ["High contrast, light", "High contrast, dark", "Dark"])
async def test_every_theme_is_remembered_and_has_contrast_enough(open_tab: OpenTab, theme: str) -> None:
    tab = await open_tab("?cluster=harbour&type=pods&page=settings")
    await sign_in(tab)
    await tab.get_by_role("radio", name=theme, exact=True).check()
    await tab.reload()
    await expect(tab.get_by_role("radio", name=theme, exact=True)).to_be_checked()
    await tab.evaluate(await asyncio.to_thread(AXE.read_text))

    async def look() -> None:
        rules = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag2aaa", "wcag22aa", "best-practice"]}}
        found = await tab.evaluate("rules => axe.run(rules)", rules if theme.startswith("High") else {})
        assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []

    await look()
    await tab.get_by_role("treeitem", name="Pods").click()
    await row(tab, "api-00004").click()
    await expect(tab.locator(".overview h3").first).to_be_visible()
    await look()


async def test_rows_are_as_high_as_one_wants(open_tab: OpenTab) -> None:
    tab = await open_tab("?cluster=harbour&type=pods&page=settings")
    await sign_in(tab)
    heights = []
    for density in ("Compact", "Regular", "Roomy"):
        await tab.get_by_role("link", name="Settings").click()
        await tab.get_by_role("radio", name=density).check()
        await tab.get_by_role("treeitem", name="Pods").click()
        first, second = row(tab, "api-00000"), row(tab, "api-00001")
        await expect(second).to_be_visible()
        boxes = [await one.bounding_box() for one in (first, second)]
        assert boxes[0] is not None
        assert boxes[1] is not None
        assert boxes[1]["y"] - boxes[0]["y"] == boxes[0]["height"]
        heights.append(boxes[0]["height"])
    assert heights == [24, 28, 36]


async def test_single_letters_can_be_switched_off(open_tab: OpenTab) -> None:
    tab = await open_tab("?cluster=harbour&type=pods&page=settings")
    await sign_in(tab)
    await tab.get_by_role("checkbox", name="Single letters").uncheck()
    await tab.get_by_role("treeitem", name="Pods").click()
    await expect(row(tab, "api-00001")).to_be_visible()
    await tab.locator(".grid").focus()
    await tab.keyboard.press("z")
    await tab.keyboard.press("ArrowDown")
    await expect(tab.get_by_role("button", name="Hold still")).to_have_attribute("aria-pressed", "false")
    await tab.keyboard.press("Enter")
    await expect(tab.locator(".panel")).to_be_visible()


async def test_what_changes_of_an_open_object_is_told_and_forgotten_with_it(open_tab: OpenTab, hub: PageHub) -> None:
    key = hub.put("pods", "payments", "aa", ["1/1", "Running", 1, 1], {"spec": {"image": "web:1"}})
    tab = await open_tab("?cluster=harbour&type=pods&in=payments&name=aa&tab=history")
    await sign_in(tab)
    panel = tab.locator(".panel")
    await expect(panel).to_contain_text("Nothing has changed since this was opened.")
    hub.put("pods", "payments", "aa", ["1/1", "Running", 1, 1], {"spec": {"image": "web:2"}})
    step = panel.locator(".step li", has_text="spec.image")
    await expect(step.locator("del")).to_have_text('"web:1"')
    await expect(step.locator("ins")).to_have_text('"web:2"')
    hub.remove(key, is_withdrawn=True)
    await expect(panel).to_contain_text("no longer visible to you")
    hub.put("pods", "payments", "aa", ["1/1", "Running", 1, 1], {"spec": {"image": "web:3"}})
    await expect(panel).to_contain_text("Nothing has changed since this was opened.")
