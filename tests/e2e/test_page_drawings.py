"""Topology and events: drawn, told as text, live, by mouse and by the keyboard alone."""

import pathlib
import re
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, expect

from tests.conftest import require_assets
from tests.e2e.test_page_operations import POLICIES, Visit, no_findings, pytestmark, visit
from tests.support.demo import RunningDemo, running_demo
from tests.web.test_page import PHONE, chromium

__all__ = ["chromium", "pytestmark", "visit"]


@pytest.fixture
async def demo(tmp_path: pathlib.Path) -> AsyncIterator[RunningDemo]:
    """A cluster in which something happens."""
    require_assets("page", "chromium")
    shutil.copytree(POLICIES, tmp_path / "policies")
    async with running_demo(tmp_path / "policies", "--churn", "60") as demo:
        yield demo


async def shown_seconds(status: Locator) -> int:
    """How much time a timeline says that it shows."""
    first, last = (
        sum(int(part) * 60**index for index, part in enumerate(reversed(one.split(":"))))
        for one in re.findall(r"\d\d:\d\d:\d\d", await status.inner_text())
    )
    return (last - first) % 86_400


async def test_owners_are_drawn_with_what_they_own_and_walked_by_keys(visit: Visit) -> None:
    tab = await visit("alice", "page=topology")
    node = tab.locator(".topology-node")
    await expect(node.filter(has_text="payments-api").first).to_be_visible()
    assert await tab.locator(".topology-canvas path").count() > 10
    await no_findings(tab)
    first = node.first
    await first.focus()
    name = await first.get_attribute("data-node")
    await tab.keyboard.press("ArrowRight")
    focused = tab.locator(".topology-node:focus")
    await expect(focused).not_to_have_attribute("data-node", name or "")
    name = await focused.locator(".topology-name").inner_text()
    await tab.keyboard.press("Enter")
    await expect(tab.locator(".panel h2")).to_have_text(name)


async def test_the_same_is_told_as_a_list_and_narrowed_by_a_name(visit: Visit) -> None:
    tab = await visit("alice", "page=topology")
    await tab.get_by_text("As a list").click()
    lines = tab.locator(".topology-list a")
    await expect(lines.first).to_be_visible()
    many = await lines.count()
    await tab.get_by_label("Part of a name").fill("payments-db")
    await expect(tab.locator(".topology-node")).to_have_count(3)
    assert await lines.count() < many
    await no_findings(tab)
    await tab.get_by_label("Part of a name").fill("nothing-is-named-so")
    await expect(tab.get_by_text("Nothing is named like")).to_be_visible()


@pytest.mark.parametrize("mode", ["Network", "Selectors"])
async def test_services_lead_to_the_pods_that_they_choose(visit: Visit, mode: str) -> None:
    tab = await visit("alice", "page=topology")
    await tab.get_by_label("What is drawn").select_option(mode)
    await tab.get_by_label("Part of a name").fill("payments-api")
    await expect(tab.locator(".topology-node").filter(has_text="Service")).not_to_have_count(0)
    await expect(tab.locator(".topology-node").filter(has_text="Pod")).not_to_have_count(0)
    assert mode.lower() in tab.url


async def test_a_drawing_goes_when_it_may_no_longer_be_seen(visit: Visit, demo: RunningDemo) -> None:
    tab = await visit("alice", "page=topology")
    await expect(tab.locator(".topology-node").first).to_be_visible()
    rules = demo.policies / "policy.csv"
    rules.write_text("".join(line for line in rules.read_text().splitlines(True) if "team:payments" not in line))
    await expect(tab.locator(".topology-node")).to_have_count(0)


async def test_events_lie_in_lanes_and_the_time_is_chosen_by_keys_and_by_drawing(visit: Visit) -> None:
    tab = await visit("admin", "page=events")
    await expect(tab.locator(".timeline-mark").first).to_be_visible()
    status = tab.locator(".events-tools [role=status]")
    await no_findings(tab)
    await tab.locator(".timeline").focus()
    before = await status.inner_text()
    await tab.keyboard.press("+")
    await expect(status).not_to_have_text(before)
    await expect(tab.get_by_role("button", name="Go along with the time")).to_be_visible()
    await tab.get_by_role("button", name="1 h").click()
    await expect(tab.get_by_role("button", name="Go along with the time")).to_have_count(0)
    whole = await shown_seconds(status)
    box = await tab.locator(".timeline-field").bounding_box()
    assert box is not None
    await tab.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 8)
    await tab.mouse.down()
    await tab.mouse.move(box["x"] + box["width"] * 0.99, box["y"] + 8)
    await tab.mouse.up()
    await expect(tab.get_by_role("button", name="Go along with the time")).to_be_visible()
    assert await shown_seconds(status) == pytest.approx(whole * 0.6, rel=0.25)
    await tab.get_by_role("button", name="All").click()
    await expect(tab.locator(".page-table tbody tr").first).to_be_visible()
    first = tab.locator(".page-table tbody a").first
    name = (await first.inner_text()).split()[1]
    await first.click()
    await expect(tab.locator(".panel h2")).to_have_text(name)


async def test_both_fit_a_phone(visit: Visit) -> None:
    for page in ("topology", "events"):
        tab = await visit("alice", f"page={page}", viewport=PHONE)
        await expect(tab.locator(".topology-node, .timeline, .nothing.empty").first).to_be_visible()
        assert await tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        await no_findings(tab)
