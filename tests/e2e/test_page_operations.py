"""An engineer works on the demo's cluster from the page: logs, a terminal, deeds, and reasons for what is refused."""

import asyncio
import pathlib
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import yaml
from playwright.async_api import Browser, Page, expect

from tests.conftest import require_assets
from tests.support.demo import RunningDemo, octokube, running_demo
from tests.web.test_page import AXE, PHONE, chromium, sign_in

__all__ = ["chromium"]

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
POLICIES = pathlib.Path(__file__).parents[2] / "policies"
WIDE = {"width": 1440, "height": 900}
Visit = Callable[..., Awaitable[Page]]


@pytest.fixture
async def demo(tmp_path: pathlib.Path) -> AsyncIterator[RunningDemo]:
    require_assets("page", "chromium")
    shutil.copytree(POLICIES, tmp_path / "policies")
    async with running_demo(tmp_path / "policies", "--churn", "0") as demo:
        yield demo


@pytest.fixture
async def visit(demo: RunningDemo, chromium: Browser) -> AsyncIterator[Visit]:
    """Opens an address as somebody who has signed in. A violation of the content security policy fails the test."""
    complaints: list[str] = []

    async def visit(who: str, query: str, **options: Any) -> Page:
        context = await chromium.new_context(**{"viewport": WIDE, "reduced_motion": "reduce", **options})
        tab = await context.new_page()
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        await tab.goto(f"{demo.url.rstrip('/')}/?cluster=demo&{query}")
        await sign_in(tab, who)
        return tab

    yield visit
    assert [text for text in complaints if not text.startswith("Failed to load resource")] == []


async def open_first(tab: Page) -> str:
    """Opens the table's first object; its name."""
    first = tab.locator(".grid-body [role=rowheader]").first
    name = await first.inner_text()
    await first.click()
    await expect(tab.locator(".panel .actions button").first).to_be_visible()
    return name


async def no_findings(tab: Page) -> None:
    """axe has nothing to say about what is shown."""
    await tab.evaluate(AXE.read_text())
    found = await tab.evaluate("axe.run()")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []


async def test_the_log_of_a_workload_is_followed_filtered_and_held_still(visit: Visit) -> None:
    tab = await visit("alice", "type=deployments.apps&namespace=payments")
    await open_first(tab)
    await tab.get_by_role("tab", name="Logs").click()
    foot = tab.locator(".log-foot")
    await expect(foot).to_contain_text("Following")
    await expect(tab.locator(".log-line").first).to_be_visible()

    async def count() -> int:
        found = re.search(r"([\d,]+) lines", await foot.inner_text())
        return int(found[1].replace(",", "")) if found else 0

    await grows(count)
    await tab.locator(".log").hover()
    await tab.mouse.wheel(0, -2000)
    await expect(tab.get_by_role("button", name="Jump to the end")).to_be_visible()
    await no_findings(tab)
    await tab.get_by_role("button", name="Jump to the end").click()
    await expect(tab.get_by_role("button", name="Jump to the end")).to_have_count(0)
    await tab.get_by_label("Filter lines").fill("no such words anywhere")
    await expect(tab.locator(".log-line")).to_have_count(0)
    await tab.get_by_label("Filter lines").fill("/level/")
    await expect(tab.locator(".log-line").first).to_be_visible()
    async with tab.expect_download() as download:
        await tab.get_by_role("button", name="Download").click()
    path = await (await download.value).path()
    assert "level" in path.read_text()


async def grows(count: Callable[[], Awaitable[int]]) -> None:
    """Waits until a number has grown."""
    first = await count()
    async with asyncio.timeout(15):
        while await count() <= first:  # noqa: ASYNC110 - the page is looked at from outside
            await asyncio.sleep(0.1)


async def test_a_terminal_takes_keys_shows_that_it_is_recorded_and_tells_the_exit_code(visit: Visit) -> None:
    tab = await visit("admin", "type=pods&namespace=payments")
    await open_first(tab)
    await tab.get_by_role("tab", name="Terminal").click()
    screen, foot = tab.locator(".terminal"), tab.locator(".log-foot")
    await expect(foot).to_contain_text("Recorded")
    await expect(foot).to_contain_text("left")
    await expect(tab.locator(".xterm-helper-textarea")).to_be_focused()
    await tab.keyboard.type("echo say-what\n")
    await expect(screen.locator(".xterm-rows")).to_contain_text("say-what")
    await no_findings(tab)
    # Every key goes to the shell but the one that leaves it.
    await tab.keyboard.press("Escape")
    await expect(tab.locator(".panel")).to_be_visible()
    await tab.keyboard.press("Control+Shift+F6")
    await expect(tab.locator(".panel")).to_be_focused()
    await tab.locator(".xterm-helper-textarea").focus()
    await tab.keyboard.press("Control+u")
    await tab.keyboard.type("exit 7\n")
    await expect(foot).to_contain_text("exit code 7")
    await tab.get_by_role("button", name="Open another").click()
    await expect(foot).to_contain_text("Connected")
    # What was shown can be looked at again, as it was.
    await tab.goto(f"{tab.url.partition('?')[0]}?page=sessions")
    await tab.get_by_role("button", name="Play the session of user:admin").last.click()
    await expect(tab.locator(".replay-screen .xterm-rows")).to_contain_text("say-what")
    await no_findings(tab)
    await tab.get_by_role("slider", name="Position").fill("0")
    await expect(tab.locator(".replay-screen .xterm-rows")).not_to_contain_text("say-what")
    await tab.keyboard.press("Escape")
    await expect(tab.locator(".replay")).to_have_count(0)


async def test_a_deed_is_asked_about_done_and_seen(visit: Visit) -> None:
    tab = await visit("admin", "type=deployments.apps&namespace=payments")
    name = await open_first(tab)
    row = tab.locator(".grid-body [role=row]", has_text=name)
    await tab.get_by_role("button", name="Scale", exact=True).click()
    await tab.get_by_label("Replicas").fill("0")
    await no_findings(tab)
    await tab.get_by_role("dialog").get_by_role("button", name="Scale").click()
    await expect(tab.get_by_role("dialog")).to_have_count(0)
    await expect(row).to_contain_text("0/0")
    await tab.get_by_role("tab", name="Related").click()
    await expect(tab.locator(".related-list a").first).to_contain_text(name)
    await no_findings(tab)
    await tab.get_by_role("button", name="Delete", exact=True).click()
    await tab.keyboard.press("Escape")
    await expect(row).to_have_count(1)
    await tab.get_by_role("button", name="Delete", exact=True).click()
    await tab.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(tab.get_by_text("This Deployment was deleted.")).to_be_visible()


async def test_what_is_dangerous_needs_its_name_and_what_is_refused_says_why_by_keyboard_alone(visit: Visit) -> None:
    admin = await visit("admin", "type=nodes")
    name = await open_first(admin)
    await admin.get_by_role("button", name="Drain").click()
    submit = admin.get_by_role("dialog").get_by_role("button", name="Drain")
    await expect(submit).to_be_disabled()
    await admin.keyboard.type(name)
    await expect(submit).to_be_enabled()
    await admin.keyboard.press("Escape")

    alice = await visit("alice", "type=deployments.apps&namespace=payments", viewport=PHONE)
    await open_first(alice)
    delete = alice.get_by_role("button", name="Delete", exact=True)
    await expect(delete).to_have_attribute("aria-disabled", "true")
    await delete.focus()
    await alice.keyboard.press("Enter")
    dialog = alice.get_by_role("dialog")
    await expect(dialog).to_contain_text("delete deployments.apps")
    await expect(dialog.locator("p").first).not_to_be_empty()
    await no_findings(alice)
    await alice.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)


async def test_a_permission_that_ends_takes_terminal_and_deeds_along(visit: Visit, demo: RunningDemo) -> None:
    tab = await visit("admin", "type=pods&namespace=payments")
    await open_first(tab)
    await tab.get_by_role("tab", name="Terminal").click()
    await expect(tab.locator(".log-foot")).to_contain_text("Connected")
    path = demo.policies / "policy.csv"
    deny = "p, user:admin, *, payments, pods, *, exec|delete, always, deny\n"
    path.write_text(path.read_text() + deny)
    await expect(tab.get_by_text("You may not open a shell here.")).to_be_visible()
    await expect(tab.locator(".terminal")).to_have_count(0)
    await expect(tab.get_by_text("A rule for user:admin refuses this.").first).to_be_visible()
    await expect(tab.get_by_role("button", name="Delete", exact=True)).to_have_attribute("aria-disabled", "true")


async def retype(tab: Page, label: str, value: str) -> None:
    """Writes another value behind the first member of this name in the editor."""
    line = tab.locator(".cm-line", has_text=re.compile(rf"^\s*{label}:")).first
    await line.click()
    await tab.keyboard.press("End")
    await tab.keyboard.press("Control+Shift+ArrowLeft")
    await tab.keyboard.type(value)


async def test_an_edit_is_reviewed_applied_and_never_overwrites_what_others_did(
    visit: Visit, demo: RunningDemo
) -> None:
    tab = await visit("admin", "type=deployments.apps&namespace=payments")
    name = await open_first(tab)
    row = tab.locator(".grid-body [role=row]", has_text=name)

    async def scale(replicas: int) -> None:
        words = ("scale", f"deployments/{name}", "-n", "payments", "--replicas", str(replicas))
        done = await octokube(*words, OCTOKUBE_HUB=demo.hub, OCTOKUBE_TOKEN="demo:admin")
        assert done.code == 0, done.err

    await tab.get_by_role("tab", name="Edit").click()
    review = tab.get_by_role("button", name="Review", exact=True)
    await retype(tab, "replicas", "4")
    await no_findings(tab)
    await review.click()
    dialog = tab.get_by_role("dialog")
    await expect(dialog.locator(".diff-line.new", has_text="replicas: 4")).to_have_count(1)
    await expect(dialog.locator(".diff-line.gone", has_text="replicas:")).to_have_count(1)
    await no_findings(tab)
    await expect(row).not_to_contain_text("4/4")
    await dialog.get_by_role("button", name="Apply").click()
    await expect(dialog).to_have_count(0)
    await expect(row).to_contain_text("4/4")

    # Somebody else is quicker: nothing of theirs is lost, and nothing that was written here.
    await retype(tab, "revisionHistoryLimit", "7")
    await scale(1)
    await expect(tab.get_by_text("The object has changed since you began.")).to_be_visible()
    await tab.get_by_role("tab", name="YAML").click()
    await tab.get_by_role("tab", name="Edit").click()
    await review.click()
    await expect(dialog.locator(".refusal").first).to_contain_text("changed since you saw it")
    await expect(dialog.get_by_role("button", name="Apply")).to_be_disabled()
    await dialog.get_by_role("button", name="Go on editing").click()
    await tab.get_by_role("button", name="Take the newest, and keep what you wrote").click()
    await expect(tab.locator(".cm-content")).to_contain_text("replicas: 1")
    await expect(tab.locator(".cm-content")).to_contain_text("revisionHistoryLimit: 7")
    await review.click()
    await dialog.get_by_role("button", name="Apply").click()
    await expect(dialog).to_have_count(0)
    await expect(row).to_contain_text("1/1")


async def test_the_editor_marks_what_does_not_fit_and_knows_what_does(visit: Visit) -> None:
    tab = await visit("admin", "type=deployments.apps&namespace=payments")
    await open_first(tab)
    await tab.get_by_role("tab", name="Edit").click()
    await retype(tab, "replicas", "many")
    mark = tab.locator(".cm-lintRange-warning")
    await expect(mark.first).to_have_text("many")
    await mark.first.hover()
    await expect(tab.locator(".cm-tooltip-lint")).to_contain_text("a whole number is expected here")
    await retype(tab, "replicas", "2")
    await expect(mark).to_have_count(0)
    await tab.keyboard.press("End")
    await tab.keyboard.press("Enter")
    await tab.keyboard.type("minReady")
    await tab.locator(".cm-tooltip-autocomplete li", has_text="minReadySeconds").click()
    await tab.keyboard.type("5")
    await expect(tab.locator(".cm-content")).to_contain_text("minReadySeconds: 5")
    await tab.get_by_role("button", name="Review", exact=True).click()
    await expect(tab.get_by_role("dialog").locator(".diff-line.new", has_text="minReadySeconds: 5")).to_have_count(1)


async def test_what_is_marked_is_deleted_one_by_one_and_each_says_what_came_of_it(
    demo: RunningDemo, visit: Visit
) -> None:
    tab = await visit("admin", "type=pods&namespace=payments")
    await expect(tab.locator(".grid-body [role=rowheader]").nth(3)).to_be_visible()
    await tab.locator(".grid").focus()
    await tab.keyboard.press("Home")
    await tab.keyboard.press("Space")
    await tab.keyboard.press("Shift+ArrowDown")
    await tab.keyboard.press("Shift+ArrowDown")
    await expect(tab.get_by_role("toolbar", name="What is marked")).to_contain_text("3 marked")
    names = (await tab.locator(".grid-body [role=rowheader]").all_inner_texts())[:3]
    await tab.keyboard.press("Delete")
    dialog = tab.get_by_role("dialog")
    await expect(dialog.get_by_role("heading")).to_have_text("Delete 3 pods?")
    await no_findings(tab)
    # One of them is gone before it is confirmed: what was marked is meant, and not another of its name.
    words = ("delete", f"pods/{names[1]}", "-n", "payments", "--grace-seconds", "0")
    gone = await octokube(*words, OCTOKUBE_HUB=demo.hub, OCTOKUBE_TOKEN="demo:admin")
    assert gone.code == 0, gone
    await expect(tab.locator(".grid-body [role=rowheader]", has_text=names[1])).to_have_count(0)
    await dialog.get_by_role("button", name="Delete", exact=True).click()
    await expect(dialog.get_by_role("status")).to_have_text("2 done, 1 failed.")
    await expect(dialog.locator("li.failed")).to_contain_text(names[1])
    await dialog.get_by_role("button", name="Close").click()
    for name in names:
        await expect(tab.get_by_role("rowheader", name=name)).to_have_count(0)
    await expect(tab.locator(".grid")).to_be_focused()


async def test_marked_objects_are_taken_away_as_yaml(visit: Visit) -> None:
    tab = await visit("alice", "type=deployments.apps&namespace=payments")
    await expect(tab.locator(".grid-body [role=rowheader]").nth(1)).to_be_visible()
    await tab.locator(".grid").focus()
    await tab.keyboard.press("Control+a")
    await tab.get_by_role("button", name="Export").click()
    async with tab.expect_download() as download:
        await tab.get_by_role("button", name=re.compile("marked as YAML")).click()
    saved = await (await download.value).path()
    text = await asyncio.to_thread(pathlib.Path(saved).read_text)
    objects = list(yaml.safe_load_all(text))
    assert len(objects) > 1
    assert {one["kind"] for one in objects} == {"Deployment"}
