"""What can be done with a table, in a real browser: choosing rows and columns, marking, taking away, holding still."""

import asyncio
import pathlib

import pytest
from playwright.async_api import Page, expect

from tests.web.page_hub import PageHub
from tests.web.test_page import AXE, PHONE, OpenTab, chromium, hub, open_tab, row, served, sign_in

__all__ = ["chromium", "hub", "open_tab", "served"]

pytestmark = [pytest.mark.real, pytest.mark.timeout(90)]


async def opened(open_tab: OpenTab, query: str = "", **options: object) -> Page:
    tab = await open_tab(f"?cluster=harbour&type=pods{query}", **options)
    await sign_in(tab)
    await expect(row(tab, "api-00001")).to_be_visible()
    return tab


async def rows_of(tab: Page) -> list[str]:
    return await tab.locator(".grid-body [role=rowheader]").all_inner_texts()


async def test_states_can_be_chosen_from_and_are_counted_live(open_tab: OpenTab, hub: PageHub) -> None:
    tab = await opened(open_tab)
    choice = tab.get_by_role("group", name="Status")
    await choice.get_by_role("button", name="Pending 8").click()
    await expect(tab.locator(".tally")).to_have_text("8 of 40")
    assert "filter=status%3Apending" in tab.url
    await choice.get_by_role("button", name="CrashLoopBackOff 8").click()
    await expect(tab.locator(".tally")).to_have_text("16 of 40")
    hub.put("pods", "search", "api-00002", ["1/1", "Running", 2, 1])
    await expect(choice.get_by_role("button", name="Pending 7")).to_have_attribute("aria-pressed", "true")
    await expect(tab.locator(".tally")).to_have_text("15 of 40")
    await choice.get_by_role("button", name="Pending").click()
    await expect(tab.locator(".tally")).to_have_text("8 of 40")


async def test_a_filter_that_cannot_be_read_says_so_and_hides_nothing(open_tab: OpenTab) -> None:
    tab = await opened(open_tab)
    await tab.get_by_role("searchbox", name="Filter Pods").fill("/a(/")
    await expect(tab.locator(".banner")).to_contain_text("/a(/ is no regular expression")
    await expect(tab.locator(".tally")).to_have_text("40")


async def test_rows_are_marked_by_keyboard_and_a_mark_goes_with_its_row(open_tab: OpenTab, hub: PageHub) -> None:
    tab = await opened(open_tab)
    bar = tab.get_by_role("toolbar", name="What is marked")
    await tab.locator(".grid").focus()
    await tab.keyboard.press("Home")
    await tab.keyboard.press("Space")
    await tab.keyboard.press("Shift+ArrowDown")
    await tab.keyboard.press("Shift+ArrowDown")
    await expect(bar).to_contain_text("3 marked")
    await expect(row(tab, "api-00002")).to_have_attribute("aria-selected", "true")
    key = next(key for key in hub.held if key.name == "api-00001")
    hub.remove(key, is_withdrawn=True)
    await expect(bar).to_contain_text("2 marked")
    await tab.keyboard.press("Control+a")
    await expect(bar).to_contain_text("39 marked")
    await tab.keyboard.press("Escape")
    await expect(bar).to_have_count(0)


async def test_columns_are_chosen_ordered_and_remembered(open_tab: OpenTab) -> None:
    tab = await opened(open_tab)
    titles = tab.locator(".grid-head .sort")
    assert await titles.all_inner_texts() == ["Name", "Namespace", "Ready", "Status", "Restarts", "Age"]
    await tab.get_by_role("button", name="Columns").click()
    await tab.get_by_role("checkbox", name="Ready").uncheck()
    await tab.get_by_role("button", name="Restarts: further to the front").click()
    await expect(titles).to_have_text(["Name", "Namespace", "Restarts", "Status", "Age"])
    await tab.keyboard.press("Escape")
    await expect(tab.get_by_role("button", name="Columns")).to_be_focused()
    await tab.reload()
    await expect(titles).to_have_text(["Name", "Namespace", "Restarts", "Status", "Age"])
    await tab.get_by_role("button", name="Columns").click()
    await tab.get_by_role("button", name="As they came").click()
    await expect(titles).to_have_text(["Name", "Namespace", "Ready", "Status", "Restarts", "Age"])


async def test_what_is_shown_can_be_taken_away_as_a_table(open_tab: OpenTab, hub: PageHub) -> None:
    hub.put("pods", "payments", "aa", ["1/1", '=cmd|" /C calc"', 1, 0])
    tab = await opened(open_tab)
    await tab.get_by_role("searchbox", name="Filter Pods").fill("name:aa")
    await expect(tab.locator(".tally")).to_have_text("1 of 41")
    await tab.get_by_role("button", name="Export").click()
    async with tab.expect_download() as download:
        await tab.get_by_role("button", name="The 1 shown as CSV").click()
    saved = await download.value
    assert saved.suggested_filename == "harbour-pods.csv"
    text = (await asyncio.to_thread(pathlib.Path(await saved.path()).read_bytes)).decode()
    # A text that a spreadsheet would run is none any more.
    quoted = '"\'=cmd|"" /C calc"""'
    assert (
        text == f"Name,Namespace,Ready,Status,Restarts,Age\r\naa,payments,1/1,{quoted},1,1970-01-01T00:00:00.000Z\r\n"
    )


async def test_rows_stay_in_place_under_a_pointer_and_say_how_many_wait(open_tab: OpenTab, hub: PageHub) -> None:
    tab = await opened(open_tab)
    await row(tab, "api-00003").hover()
    hub.put("pods", "payments", "aa-new", ["1/1", "Running", 0, 1])
    await expect(tab.locator(".moves-waiting")).to_have_text("1 waiting")
    assert (await rows_of(tab))[0] == "api-00000"
    hub.put("pods", "checkout", "api-00000", ["1/1", "Error", 0, 1])
    await expect(row(tab, "api-00000")).to_contain_text("Error")  # what a row says goes on changing
    await expect(row(tab, "aa-new")).to_be_visible()  # when the pointer has rested
    assert (await rows_of(tab))[0] == "aa-new"


async def test_far_rows_are_there_when_one_goes_to_them(open_tab: OpenTab, hub: PageHub) -> None:
    for number in range(40, 3000):
        hub.put("pods", "payments", f"api-{number:05}", ["1/1", "Running", 0, 1])
    tab = await opened(open_tab)
    await expect(tab.locator(".tally")).to_have_text("3,000")
    await tab.locator(".grid").focus()
    await tab.keyboard.press("End")
    await expect(row(tab, "api-02999")).to_have_class(r"grid-row active odd")
    await tab.keyboard.press("k")
    await expect(row(tab, "api-02998")).to_have_class(r"grid-row active")
    # The active row follows its object, out of sight too.
    await tab.locator(".grid").evaluate("grid => { grid.scrollTop = 0 }")
    await expect(row(tab, "api-00001")).to_be_visible()
    hub.remove(next(key for key in hub.held if key.name == "api-02999"))
    await tab.keyboard.press("k")
    await expect(row(tab, "api-02997")).to_have_class(r"grid-row active odd")


async def test_the_tools_are_accessible_on_a_phone_too(open_tab: OpenTab) -> None:
    for options in ({}, {"viewport": PHONE, "color_scheme": "dark"}):
        tab = await opened(open_tab, **options)
        box = tab.get_by_role("checkbox", name="Mark api-00001")
        await box.click(force=True)
        await expect(box).to_be_checked()
        await tab.get_by_role("button", name="Columns").click()
        panel, size = await tab.locator(".popover").bounding_box(), tab.viewport_size
        assert panel is not None
        assert size is not None
        assert panel["x"] >= 0
        assert panel["x"] + panel["width"] <= size["width"]
        await tab.evaluate(await asyncio.to_thread(AXE.read_text))
        found = await tab.evaluate("axe.run()")
        assert [violation["id"] for violation in found["violations"]] == []
