"""What the object page does beyond reading: files, ports, secret values, attaching, debugging, and who may do what."""

import io
import re
import tarfile

from playwright.async_api import expect

from tests.e2e.test_page_operations import Visit, demo, no_findings, open_first, pytestmark, visit
from tests.support.demo import RunningDemo
from tests.web.test_page import chromium

__all__ = ["chromium", "demo", "pytestmark", "visit"]


async def test_files_of_a_container_are_fetched_as_an_archive(visit: Visit) -> None:
    tab = await visit("admin", "type=pods&namespace=payments")
    await open_first(tab)
    await tab.get_by_role("tab", name="Files").click()
    await tab.get_by_label("File or folder").fill("/etc/hostname")
    await no_findings(tab)
    async with tab.expect_download() as download:
        await tab.keyboard.press("Enter")
    path = await (await download.value).path()
    with tarfile.open(fileobj=io.BytesIO(path.read_bytes())) as archive:
        assert [name.removeprefix("./") for name in archive.getnames()] == ["hostname"]
    await tab.get_by_label("File or folder").fill("/no/such/file")
    await tab.keyboard.press("Enter")
    await expect(tab.locator(".refusal", has_text=re.compile("exit code|no such|No such"))).to_be_visible()


async def test_a_port_is_reached_by_a_command_that_is_told(visit: Visit) -> None:
    tab = await visit("admin", "type=pods&namespace=payments&filter=payments-api")
    name = await open_first(tab)
    await tab.get_by_role("tab", name="Files").click()
    await expect(tab.locator(".port-list code").first).to_have_text(
        re.compile(rf"^octokube port-forward {re.escape(name)} \d+ -n payments --cluster demo$")
    )


async def test_a_secret_value_is_revealed_once_asked_and_confirmed_and_goes_with_the_right_to_it(
    visit: Visit, demo: RunningDemo
) -> None:
    rules = demo.policies / "policy.csv"
    rules.write_text("".join(line for line in rules.read_text().splitlines(True) if "reveal" not in line))
    tab = await visit("admin", "type=secrets&namespace=payments")
    await open_first(tab)
    await tab.get_by_role("tab", name="Values").click()
    await tab.get_by_role("button", name=re.compile("^Reveal")).first.click()
    dialog = tab.get_by_role("dialog", name=re.compile("^Reveal"))
    await no_findings(tab)
    await dialog.get_by_role("button", name="Reveal", exact=True).click()
    value = tab.locator(".value-list pre")
    await expect(value).not_to_be_empty()
    rules.write_text(rules.read_text() + "p, user:admin, *, **, secrets, *, reveal, always, deny\n")
    await expect(value).to_have_count(0)
    await expect(tab.get_by_role("button", name=re.compile("^Reveal")).first).to_have_attribute("aria-disabled", "true")


async def test_a_terminal_attaches_and_adds_a_container_to_debug_with(visit: Visit) -> None:
    tab = await visit("admin", "type=pods&namespace=payments")
    await open_first(tab)
    await tab.get_by_role("tab", name="Terminal").click()
    await expect(tab.locator(".log-foot")).to_contain_text("Connected")
    await tab.get_by_label("Connect to").select_option("Main process")
    await expect(tab.get_by_role("group", name=re.compile("^Terminal in"))).to_be_visible()
    await tab.get_by_label("Connect to").select_option("Debug container")
    await tab.get_by_label("Image").fill("busybox:1.36")
    await no_findings(tab)
    await tab.get_by_role("button", name="Add it and connect").click()
    await expect(tab.get_by_role("group", name=re.compile("^Terminal in"))).to_be_visible()
    await tab.locator(".terminal textarea").focus()
    await tab.keyboard.type("echo found-it\n")
    await expect(tab.locator(".log-foot")).to_contain_text(re.compile("Connected|ended"))


async def test_who_may_not_is_told_why_in_each_place(visit: Visit) -> None:
    tab = await visit("alice", "type=pods&namespace=payments")
    await open_first(tab)
    await tab.get_by_role("tab", name="Access").click()
    logs = tab.locator(".sentences li", has_text="logs:")
    await expect(logs).to_contain_text("team:payments")
    await expect(tab.locator(".sentences li", has_text="exec:")).to_contain_text("Nothing lets you")
    await no_findings(tab)
    await tab.get_by_role("tab", name="Files").click()
    await expect(tab.get_by_label("File or folder")).to_have_count(0)
    await expect(tab.locator(".overview .muted").first).to_contain_text("Nothing lets you")


async def test_a_log_is_narrowed_by_time_and_gravity_marked_unfolded_and_saved_whole(visit: Visit) -> None:
    tab = await visit("alice", "type=deployments.apps&namespace=payments")
    await open_first(tab)
    await tab.get_by_role("tab", name="Logs").click()
    lines = tab.locator(".log-line:not(.told)")
    await expect(lines.first).to_be_visible()
    await tab.get_by_role("button", name="Time, and all of it").click()
    await tab.get_by_label("Times").select_option("UTC")
    await expect(lines.first.locator("time")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d\.\d{3}Z$"))
    await tab.get_by_label("Since").select_option("Last hour")
    await expect(lines.first).to_be_visible()
    await tab.get_by_label("How grave").select_option("Errors")
    await expect(tab.locator(".log-line:not(.told):not(.error)")).to_have_count(0)
    await tab.get_by_label("How grave").select_option("All levels")
    await tab.get_by_label("Until").fill("2020-01-01T00:00:00")
    await expect(lines).to_have_count(0)
    await no_findings(tab)
    await tab.get_by_label("Until").fill("")
    await tab.get_by_label("Filter lines").fill("level")
    await expect(tab.locator(".log-text mark").first).to_have_text("level")
    await tab.get_by_role("button", name="Unfold").first.click()
    await expect(tab.locator(".log-text", has_text='"level": ').first).to_be_visible()
    await no_findings(tab)
    await tab.get_by_role("button", name="Time, and all of it").click()
    async with tab.expect_download() as download:
        await tab.get_by_role("button", name="Save all").click()
    assert len((await (await download.value).path()).read_text().splitlines()) > 3
