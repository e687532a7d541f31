"""The demo's page in a real browser: live pods, different for alice and bob."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.conftest import require_assets
from tests.support.demo import RunningDemo, running_demo

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.timeout(120)]

POLICIES = Path(__file__).parents[2] / "policies"
CHROMIUM = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[RunningDemo]:
    require_assets("the demo's page in a browser", "chromium")
    policies = tmp_path / "policies"
    shutil.copytree(POLICIES, policies)
    async with running_demo(policies, "--churn", "20") as demo:
        yield demo


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    require_assets("the demo's page in a browser", "chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        yield browser
        await browser.close()


async def signed_in(browser: Browser, demo: RunningDemo, person: str) -> Page:
    """The page of a person, in a browser profile of their own, once it shows rows."""
    page = await (await browser.new_context(viewport={"width": 1440, "height": 900})).new_page()
    await page.goto(demo.url)
    await page.get_by_role("button", name=person).first.click()
    await expect(rows(page).first).to_be_visible()
    return page


def rows(page: Page):  # type: ignore[no-untyped-def]
    """The grid's rows below its head."""
    return page.get_by_role("grid").get_by_role("row").filter(has=page.get_by_role("gridcell"))


async def test_alice_and_bob_see_live_pods_that_differ_and_a_policy_edit_reaches_the_page(
    browser: Browser, demo: RunningDemo
) -> None:
    alice = await signed_in(browser, demo, "alice")
    bob = await signed_in(browser, demo, "bob")
    for page in (alice, bob):
        await expect(page.locator(".status-bar")).to_contain_text("Live")
    assert "payments" in await alice.get_by_role("grid").inner_text()
    assert "payments" not in await bob.get_by_role("grid").inner_text()
    assert "platform" in await bob.get_by_role("grid").inner_text()

    rules = demo.policies / "policy.csv"
    rules.write_text(rules.read_text() + "\np, user:alice, *, payments, pods, *, *, always, deny\n")
    await expect(rows(alice)).to_have_count(0)
    await expect(rows(bob).first).to_be_visible()
