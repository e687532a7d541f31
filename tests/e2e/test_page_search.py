"""An engineer finds things by what they say and by their labels, and is told why something may not be seen."""

import re

from playwright.async_api import expect

from tests.e2e.test_page_operations import Visit, demo, no_findings, pytestmark, visit
from tests.support.demo import RunningDemo
from tests.web.test_page import PHONE, chromium

__all__ = ["chromium", "demo", "pytestmark", "visit"]


async def test_everything_that_may_be_seen_is_searched_by_the_keyboard_alone(visit: Visit) -> None:
    tab = await visit("alice", "type=pods")
    await expect(tab.locator(".grid-body [role=rowheader]").first).to_be_visible()
    await tab.keyboard.press("Control+Shift+F")
    await expect(tab.get_by_role("heading", name="Search", exact=True)).to_be_visible()
    await expect(tab.get_by_label("Words")).to_be_focused()
    await tab.keyboard.type("image-or-label-that-is-not-there")
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_text("Nothing that you may see holds these words.")).to_be_visible()
    await tab.keyboard.press("Control+A")
    await tab.keyboard.type("app=")
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_role("status").filter(has_text="found in")).to_be_visible()
    first = tab.locator(".hits li").first
    await expect(first).to_contain_text("payments")
    await expect(first).to_contain_text("label app=")
    assert "platform" not in await tab.locator(".page-body").inner_text()
    await no_findings(tab)
    await tab.reload()
    await expect(first).to_be_visible()
    name = await first.locator("a").inner_text()
    await first.locator("a").focus()
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_role("heading", name=name)).to_be_visible()


async def test_a_table_is_narrowed_by_labels_that_are_offered_or_written(visit: Visit) -> None:
    tab = await visit("alice", "type=pods&namespace=payments")
    tally = tab.locator(".toolbar .tally")
    await expect(tab.locator(".grid-body [role=rowheader]").first).to_be_visible()
    await expect(tally).to_have_text(re.compile(r"^[1-9]\d*$"))
    everything = int(await tally.inner_text())
    await tab.get_by_role("button", name="Labels", exact=True).click()
    await no_findings(tab)
    label = tab.locator(".label-list button").filter(has_text=re.compile("^app=")).first
    times = int((await label.inner_text()).split()[-1])
    await label.click()
    await tab.get_by_role("button", name="Show only these").click()
    await expect(tally).to_have_text(str(times))
    assert times < everything
    assert "labels=app" in tab.url
    await tab.get_by_role("button", name=re.compile("^Labels: app=")).click()
    await tab.get_by_label("Selector, as kubectl").fill("app in web")
    await tab.keyboard.press("Enter")
    await expect(tab.get_by_text("( is expected at 8")).to_be_visible()
    await tab.get_by_role("button", name="Whatever the labels").click()
    await expect(tally).to_have_text(str(everything))


async def test_what_was_found_goes_when_it_may_no_longer_be_seen(visit: Visit, demo: RunningDemo) -> None:
    tab = await visit("alice", "page=search&filter=app%3D")
    await expect(tab.locator(".hits li").first).to_be_visible()
    rules = demo.policies / "policy.csv"
    rules.write_text("".join(line for line in rules.read_text().splitlines(True) if "team:payments" not in line))
    await expect(tab.locator(".hits")).to_have_count(0)


async def test_whoever_wonders_is_told_why_and_what_decides(visit: Visit) -> None:
    tab = await visit("alice", "type=pods&namespace=platform")
    await expect(tab.get_by_text("Nothing here is visible to you.")).to_be_visible()
    await tab.locator(".grid-place").get_by_role("button", name="Why?").click()
    dialog = tab.get_by_role("dialog", name="Why?")
    await expect(dialog.get_by_text("Nothing lets you")).not_to_have_count(0)
    await tab.keyboard.press("Escape")
    await tab.goto(tab.url.replace("platform", "payments"))
    await tab.locator(".grid-body [role=rowheader]").first.wait_for()
    await tab.locator(".grid").focus()
    await tab.keyboard.press("w")
    await expect(dialog).to_contain_text("team:payments")
    await expect(dialog.locator("li").filter(has_text="watch:")).to_be_visible()
    await no_findings(tab)
    await dialog.get_by_role("button", name="Your access").click()
    await expect(tab.get_by_role("heading", name="Your access")).to_be_visible()


async def test_the_search_page_fits_a_phone(visit: Visit) -> None:
    tab = await visit("alice", "page=search&filter=app%3D", viewport=PHONE)
    await expect(tab.locator(".hits li").first).to_be_visible()
    assert await tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await no_findings(tab)
