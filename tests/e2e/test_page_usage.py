"""What pods use is drawn in their table and on their page, where the cluster measures it and policy lets it be seen."""

import re

from playwright.async_api import expect

from tests.e2e.test_page_operations import Visit, demo, no_findings, open_first, pytestmark, visit
from tests.support.demo import RunningDemo
from tests.web.test_page import chromium

__all__ = ["chromium", "demo", "pytestmark", "visit"]


async def test_a_table_of_pods_draws_what_each_uses_and_its_page_in_full(visit: Visit) -> None:
    tab = await visit("alice", "type=pods&namespace=payments")
    await expect(tab.locator(".grid-row .usage").first).to_have_text(re.compile(r"^\d+m$"))
    await no_findings(tab)
    await open_first(tab)
    await tab.get_by_role("tab", name="Metrics").click()
    await expect(
        tab.get_by_role("img", name=re.compile(r"^CPU: \d+m now, at most .* request .*, limit"))
    ).to_be_visible()
    await tab.get_by_text("As a table").click()
    await expect(tab.locator(".overview .page-table tbody tr").first).to_contain_text("MiB")
    await no_findings(tab)


async def test_who_may_not_see_measurements_is_shown_none(visit: Visit, demo: RunningDemo) -> None:
    rules = demo.policies / "policy.csv"
    rules.write_text(rules.read_text() + "p, user:alice, *, **, pods.metrics.k8s.io, *, *, always, deny\n")
    tab = await visit("alice", "type=pods&namespace=payments")
    await expect(tab.locator(".grid-body [role=rowheader]").first).to_be_visible()
    await expect(tab.locator(".usage")).to_have_count(0)
    await open_first(tab)
    await expect(tab.get_by_role("tab", name="History")).to_be_visible()
    await expect(tab.get_by_role("tab", name="Metrics")).to_have_count(0)
