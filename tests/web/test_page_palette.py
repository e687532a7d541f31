"""Going anywhere by keyboard alone, in a real browser."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.web.page_hub import PageHub
from tests.web.test_page import AXE, PHONE, OpenTab, chromium, hub, open_tab, row, served, sign_in

__all__ = ["chromium", "hub", "open_tab", "served"]

pytestmark = [pytest.mark.real, pytest.mark.timeout(90)]


async def test_an_object_of_any_type_is_found_and_opened_by_keyboard(open_tab: OpenTab, hub: PageHub) -> None:
    tab = await open_tab()
    await tab.evaluate("localStorage.setItem('octokube.settings', JSON.stringify({ hasCounts: false }))")
    await tab.reload()
    await sign_in(tab)
    await expect(row(tab, "api-00001")).to_be_visible()
    assert len(hub.streams) == 1
    await tab.keyboard.press("Control+p")
    await expect(tab.get_by_role("combobox", name="Go to anything")).to_be_focused()
    assert len(hub.streams) == 1  # nothing is asked for before something is typed
    await tab.keyboard.type("node-")
    options = tab.locator(".palette-list li")
    await expect(options).to_have_text(["node-1Node · harbour"])
    await tab.keyboard.press("Enter")
    await expect(tab.locator(".panel")).to_contain_text("node-1")
    assert "type=nodes" in tab.url
    assert "name=node-1" in tab.url


async def test_what_is_offered_is_live_and_only_what_may_be_seen(open_tab: OpenTab, hub: PageHub) -> None:
    tab = await open_tab()
    await sign_in(tab)
    await expect(row(tab, "api-00001")).to_be_visible()
    await tab.keyboard.press("Control+p")
    await tab.keyboard.type("zebra")
    foot = tab.locator(".palette-foot")
    await expect(foot).to_have_text("None of the 43 objects that you may see matches.")
    key = hub.put("pods", "payments", "zebra", ["1/1", "Running", 0, 1])
    await expect(tab.locator(".palette-list li")).to_have_text(["zebraPod · payments · harbour"])
    hub.remove(key, is_withdrawn=True)
    await expect(tab.locator(".palette-list li")).to_have_count(0)
    await tab.keyboard.press("Escape")
    await expect(tab.locator(".palette")).to_have_count(0)


async def test_commands_types_and_places_are_a_few_keys_away(open_tab: OpenTab) -> None:
    tab = await open_tab()
    await sign_in(tab)
    await expect(row(tab, "api-00001")).to_be_visible()
    await tab.keyboard.press("Control+k")
    await tab.keyboard.type("type")
    await tab.keyboard.press("Enter")  # "Go to a type…"
    await expect(tab.get_by_role("combobox", name="Go to anything")).to_have_value("#")
    await tab.keyboard.type("deploy")
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_role("heading", name="Deployments", level=1)).to_be_visible()
    await tab.keyboard.press("Control+p")
    await tab.keyboard.type(":pod payments status:running")
    await expect(tab.locator(".palette-list li")).to_have_text(["Podsin payments, with “status:running”"])
    await tab.keyboard.press("Enter")
    await expect(tab.locator(".tally")).to_have_text("7 of 13")
    await tab.keyboard.press("F1")
    await tab.keyboard.type("your access")
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_role("main", name="Your access")).to_be_visible()


async def test_the_palette_is_accessible_and_fits_a_phone(open_tab: OpenTab) -> None:
    for options in ({}, {"viewport": PHONE, "color_scheme": "dark"}):
        tab = await open_tab(**options)
        await sign_in(tab)
        await tab.get_by_role("button", name="Go to anything").click()
        await tab.keyboard.type("api")
        await expect(tab.locator(".palette-list li").first).to_be_visible()
        await tab.evaluate(await asyncio.to_thread(AXE.read_text))
        found = await tab.evaluate("axe.run()")
        assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
        panel, size = await tab.locator(".palette").bounding_box(), tab.viewport_size
        assert panel is not None
        assert size is not None
        assert panel["x"] >= 0
        assert panel["x"] + panel["width"] <= size["width"]
