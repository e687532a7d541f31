"""Tabs and groups of them, in a real browser: with the mouse, with the keyboard alone, and after a reload."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.support.waiting import eventually
from tests.web.page_hub import PageHub
from tests.web.test_page import AXE, PHONE, OpenTab, chromium, hub, open_tab, row, served, sign_in

__all__ = ["chromium", "hub", "open_tab", "served"]

pytestmark = [pytest.mark.real, pytest.mark.timeout(90)]

SHOWN = ".dock-group[data-active] .dock-tab [role=tab][aria-selected=true]"


def tabs(page: Page, group: int = 0) -> Any:
    return page.locator(".dock-group").nth(group).locator(".dock-tab .dock-title")


async def opened(open_tab: OpenTab, path: str = "", **options: Any) -> Page:
    page = await open_tab(path, **options)
    await sign_in(page)
    await expect(row(page, "api-00001")).to_be_visible()
    return page


async def test_what_is_only_looked_at_takes_the_place_of_the_preview_and_what_is_kept_stays(open_tab: OpenTab) -> None:
    page = await opened(open_tab)
    await page.get_by_role("treeitem", name="Nodes").click()
    await expect(tabs(page)).to_have_text(["Nodes"])
    await tabs(page).dblclick()
    await page.get_by_role("treeitem", name="Pods").click()
    await expect(tabs(page)).to_have_text(["Nodes", "Pods"])
    await page.get_by_label("Filter Pods").fill("api-00003")
    await page.get_by_role("treeitem", name="Nodes").click()
    await expect(row(page, "node-1")).to_be_visible()
    assert "type=nodes" in page.url
    await page.get_by_role("treeitem", name="Pods").click()
    await expect(page.get_by_label("Filter Pods")).to_have_value("api-00003")
    await page.go_back()
    await expect(page.locator(SHOWN)).to_have_text("Nodes")


async def test_every_move_of_tabs_is_made_by_keyboard_alone(open_tab: OpenTab) -> None:
    page = await opened(open_tab)
    press = page.keyboard.press
    await press("Control+k")
    await page.keyboard.type("keep this")
    await press("Enter")
    await press("Control+p")
    await page.keyboard.type(":nodes")
    await press("Enter")
    await expect(tabs(page)).to_have_text(["Pods", "Nodes"])
    await expect(row(page, "node-1")).to_be_visible()
    await press("Alt+BracketLeft")
    await expect(page.locator(SHOWN)).to_have_text("Pods")
    await expect(page.get_by_role("grid", name="Pods")).to_be_focused()
    await press("Alt+KeyQ")
    await expect(page.locator(SHOWN)).to_have_text("Nodes")
    await press("Alt+Shift+ArrowRight")
    await expect(tabs(page, 0)).to_have_text(["Pods"])
    await expect(tabs(page, 1)).to_have_text(["Nodes"])
    await expect(page.get_by_role("grid")).to_have_count(2)
    await press("Alt+Shift+Digit1")
    await expect(page.locator(SHOWN)).to_have_text("Pods")
    await expect(page.get_by_role("grid", name="Pods")).to_be_focused()
    await press("Control+Shift+Backslash")
    await expect(page.locator(".dock-group")).to_have_count(3)
    await press("Alt+KeyW")
    await expect(page.locator(".dock-group")).to_have_count(2)
    await press("Alt+Shift+KeyT")
    await press("Alt+Shift+Digit2")
    await press("Alt+Shift+ArrowLeft")
    await expect(tabs(page, 0)).to_have_text(["Pods", "Nodes"])
    await expect(page.locator(".dock-group")).to_have_count(1)
    await press("Control+b")
    await expect(page.get_by_role("tree")).to_be_hidden()
    await press("Control+b")
    await expect(page.get_by_role("tree")).to_be_visible()
    # The strip itself: arrows go along it, Delete closes.
    await page.locator(SHOWN).focus()
    await press("ArrowLeft")
    await expect(page.locator(SHOWN)).to_have_text("Pods")
    await expect(page.locator(SHOWN)).to_be_focused()
    await press("Delete")
    await expect(tabs(page)).to_have_text(["Nodes"])
    await expect(page.locator(SHOWN)).to_be_focused()
    await press("Delete")
    await expect(tabs(page)).to_have_text(["Nodes"])  # the last one stays


async def test_tabs_are_dragged_to_another_group_and_to_a_side(open_tab: OpenTab) -> None:
    page = await opened(open_tab)
    await tabs(page).dblclick()
    await page.get_by_role("treeitem", name="Nodes").click()
    bodies = page.locator(".dock-bodies")
    box = await bodies.bounding_box()
    assert box is not None
    handle = page.locator(".dock-tab", has_text="Nodes")
    await handle.drag_to(bodies, target_position={"x": box["width"] - 30, "y": box["height"] / 2})
    await expect(tabs(page, 1)).to_have_text(["Nodes"])
    await page.get_by_role("button", name="Split to the right").first.click()
    await expect(page.locator(".dock-group")).to_have_count(3)
    await page.locator(".dock-tab", has_text="Nodes").drag_to(
        page.locator(".dock-strip").first, target_position={"x": 2, "y": 10}
    )
    await expect(tabs(page, 0)).to_have_text(["Nodes", "Pods"])
    await expect(page.locator(".dock-group")).to_have_count(2)
    # What is left fills the room.
    one, other = [await page.locator(".dock-group").nth(group).bounding_box() for group in (0, 1)]
    whole = await page.locator(".docks").bounding_box()
    assert one is not None
    assert other is not None
    assert whole is not None
    assert abs(one["width"] + other["width"] - whole["width"]) < 3
    sash = page.get_by_role("separator", name="Room of the groups")
    await sash.focus()
    await page.keyboard.press("ArrowLeft")
    smaller = await page.locator(".dock-group").first.bounding_box()
    assert smaller is not None
    assert smaller["width"] < one["width"]


async def test_an_object_gets_a_tab_of_its_own_and_in_a_narrow_one_covers_its_table(open_tab: OpenTab) -> None:
    page = await opened(open_tab)
    await row(page, "api-00001").click()
    await expect(page.locator(".panel h2")).to_have_text("api-00001")
    await page.get_by_role("button", name="Open in a tab of its own").click()
    await expect(page.locator(SHOWN)).to_have_text("api-00001Pod")
    assert "view=object" in page.url
    await expect(page.locator(".panel:visible")).to_have_count(1)
    await expect(page.get_by_role("grid")).to_have_count(0)
    await page.reload()
    await expect(page.locator(".panel:visible h2")).to_have_text("api-00001")
    await page.keyboard.press("Alt+KeyW")
    await page.get_by_role("button", name="Split to the right").click()
    second = page.locator(".dock-group").nth(1)
    await expect(second.locator(".panel h2")).to_have_text("api-00001")
    await expect(second.get_by_role("grid")).to_have_count(0)
    await second.locator(".panel").focus()
    await page.keyboard.press("Escape")
    await expect(second.get_by_role("grid")).to_be_focused()


async def test_a_reload_finds_the_layout_and_another_window_finds_it_without_names(open_tab: OpenTab) -> None:
    page = await opened(open_tab)
    await tabs(page).dblclick()
    await row(page, "api-00001").click()
    await page.keyboard.press("Control+Backslash")
    await page.get_by_role("treeitem", name="Nodes").click()
    await expect(tabs(page, 1)).to_have_text(["Pods", "Nodes"])
    await page.reload()
    await expect(tabs(page, 0)).to_have_text(["Pods"])
    await expect(tabs(page, 1)).to_have_text(["Pods", "Nodes"])
    await expect(page.locator(SHOWN)).to_have_text("Nodes")
    await expect(page.locator(".dock-group").first.locator(".panel h2")).to_have_text("api-00001")
    kept = await page.evaluate("JSON.stringify(localStorage)")
    assert "nodes" in kept
    assert "api-00001" not in kept
    window = await page.context.new_page()
    await window.goto(page.url.partition("?")[0])
    await expect(tabs(window, 1)).to_have_text(["Pods", "Nodes"])
    await expect(window.locator(".panel")).to_have_count(0)
    # Somebody else's tabs are their own.
    await page.get_by_role("button", name="Sign out").click()
    await sign_in(page, "admin")
    await expect(page.locator(".dock-group")).to_have_count(1)


async def test_a_table_that_nobody_has_seen_for_a_while_holds_no_stream(open_tab: OpenTab, hub: PageHub) -> None:
    def open_streams() -> int:
        return len(hub.tables)

    page = await open_tab()
    await page.clock.install()
    await page.reload()
    await sign_in(page)
    await expect(row(page, "api-00001")).to_be_visible()
    await tabs(page).dblclick()
    await page.get_by_role("treeitem", name="Nodes").click()
    await expect(row(page, "node-1")).to_be_visible()
    assert open_streams() == 2
    await tabs(page).first.click()
    await row(page, "api-00001").get_by_role("checkbox").click()
    await tabs(page).last.click()
    await page.clock.fast_forward(31_000)
    await tabs(page).first.click()
    await expect(page.locator(".bulk-bar")).to_contain_text("1 marked")  # what is marked is not put to sleep
    await page.get_by_role("button", name="Unmark").click()
    await tabs(page).last.click()
    await page.clock.fast_forward(31_000)
    await eventually(lambda: open_streams() == 1)
    await tabs(page).first.click()
    await expect(row(page, "api-00001")).to_be_visible()
    assert open_streams() == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_split_workbench_has_nothing_that_axe_finds(open_tab: OpenTab, scheme: str) -> None:
    page = await opened(open_tab, color_scheme=scheme)
    await row(page, "api-00001").click()
    await page.keyboard.press("Control+Backslash")
    await page.keyboard.press("Control+Shift+Backslash")
    await page.get_by_role("treeitem", name="Nodes").click()
    await expect(row(page, "node-1")).to_be_visible()
    await page.evaluate(await asyncio.to_thread(AXE.read_text))
    found = await page.evaluate("axe.run()")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []


async def test_a_phone_shows_one_tab_and_reaches_the_others_by_name(open_tab: OpenTab) -> None:
    page = await opened(open_tab, viewport=PHONE)
    await expect(page.locator(".dock-head")).to_be_hidden()
    await page.get_by_role("button", name="Go to anything").click()
    await page.keyboard.type(">keep this")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Go to anything").click()
    await page.keyboard.type(":nodes")
    await page.keyboard.press("Enter")
    await expect(row(page, "node-1")).to_be_visible()
    await page.get_by_role("button", name="Go to anything").click()
    await page.keyboard.type(">tab: pods")
    await page.keyboard.press("Enter")
    await expect(row(page, "api-00001")).to_be_visible()
    width = await page.locator(".resource:visible").bounding_box()
    assert width is not None
    assert width["width"] == page.viewport_size["width"]  # type: ignore[index]
