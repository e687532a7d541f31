"""Failure mode 11: a deny is lost or policy fails open."""

import asyncio
import contextlib
import os
import pathlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octokube_hub.app import Hub
from octokube_hub.policy import AccessRequest, PolicyEngine, PolicyError, PolicySet, engine, load_policy
from octokube_hub.policy.model import MODEL
from tests.failure_modes.streams import KINDS, Doors
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key
from tests.hub.policies import write_policy
from tests.policy import test_equivalence as random_policies
from tests.policy.conftest import build_from_texts
from tests.support.waiting import eventually

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
POLICY = """# who sees what
p, user:alice, demo, **, **, *, *, always, allow
p, user:alice, demo, **, secrets, *, *, always, deny
p, team:guests, demo, *, *, *, *, @nights, deny
p, role:everyone, demo, *, pods, api-*, read, always, deny   # not even for a moment
"""
TEAMS = """g, user:alice, team:guests
g, user:alice, team:guests-of-honour, @nights
"""
WINDOWS = """nights: { daily: "00:00-24:00", zone: UTC, since: 2026-01-01T00:00Z, until: 2027-01-01T00:00Z }
days:
  - days: Mon-Fri
    from: "09:00"
    to: "18:00"
    zone: Europe/Berlin
    except: [2026-12-24/2026-12-26]
"""
FILES = {"policy.csv": POLICY, "teams.csv": TEAMS, "windows.yaml": WINDOWS}


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    random_policies.rows,
    random_policies.rows,
    random_policies.memberships,
    random_policies.subjects,
    st.lists(random_policies.requests, min_size=1, max_size=12),
    random_policies.times,
    st.randoms(use_true_random=False),
)
def test_adding_a_deny_never_adds_access(rows, more, memberships, subject, asked, at, chance) -> None:
    """Wherever in the file it stands: for streams, for single decisions, for what is selected and what is listed."""
    denies = [(*row[:-1], "deny") for row in more]
    mixed = rows + denies
    chance.shuffle(mixed)
    before = random_policies.build_random(build_from_texts, rows, memberships)
    after = random_policies.build_random(build_from_texts, mixed, memberships)
    scope, narrower = before.scope(subject, at), after.scope(subject, at)
    for cluster, resource, namespace, name, verb in asked:
        request = AccessRequest(subject, cluster, resource, namespace, name, verb)
        assert before.decide(request, at).is_allowed or not after.decide(request, at).is_allowed
        assert scope.allows(*request_of(request)) or not narrower.allows(*request_of(request))
        if "/" not in resource:
            was_selected = scope.selector(cluster, resource).allows(namespace, name)
            assert was_selected or not narrower.selector(cluster, resource).allows(namespace, name)
            assert scope.may_see(cluster, resource) or not narrower.may_see(cluster, resource)
        assert scope.may_see_cluster(cluster) or not narrower.may_see_cluster(cluster)


def request_of(request: AccessRequest) -> tuple[str, str, str, str, str]:
    """A request as a scope is asked."""
    return request.cluster, request.resource, request.namespace, request.name, request.verb


@contextlib.asynccontextmanager
async def by_hand(directory: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PolicyEngine]:
    """An engine that looks when it is told to."""
    monkeypatch.setattr(engine, "_SETTLE_SECONDS", 0.0)
    running = PolicyEngine(directory)
    await running.start()
    await running.stop()
    yield running


async def look(running: PolicyEngine) -> None:
    """What its following does, once."""
    try:
        await running._look()
    except PolicyError as error:
        running._refuse(error, None)


def denies_of(policy: PolicySet) -> set[tuple[str, ...]]:
    """The denies in force, as they are written."""
    return {row.columns for row in policy.rows if row.rule.effect == "deny"}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", FILES)
async def test_a_file_cut_off_at_any_byte_never_makes_a_deny_disappear_or_mean_less(
    name: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In force is the old policy, or exactly the whole lines that are left: those can't be told from an edit."""
    for file, text in FILES.items():
        (tmp_path / file).write_text(text)
    whole = FILES[name].encode()
    async with by_hand(tmp_path, monkeypatch) as running:
        complete = running.current
        for cut in range(1, len(whole)):
            (tmp_path / name).write_bytes(whole[:cut])
            await look(running)
            left = whole[:cut].splitlines(keepends=True)
            is_whole = left[-1].endswith(b"\n") or whole[cut : cut + 1] == b"\n"
            if running.current is complete:
                assert running.alarm is not None, cut
            else:
                assert is_whole, f"cut at {cut}, within a line: {left[-1]!r}"
                assert running.current.files[name] == whole[:cut]
                assert running.current.rows == load_policy(tmp_path).rows
                kept = {row.columns for row in complete.rows if row.file != name or row.line <= len(left)}
                assert {row.columns for row in running.current.rows} == kept, "each row that is left is as it was"
                assert denies_of(running.current) == kept & denies_of(complete)
            (tmp_path / name).write_bytes(whole)
            await look(running)
            assert running.alarm is None
            complete = running.current
            assert complete.rows == load_policy(tmp_path).rows


def overwrite(name: str, content: bytes) -> Callable[[pathlib.Path], None]:
    """An edit of one file."""

    def edit(directory: pathlib.Path) -> None:
        (directory / name).write_bytes(content)

    return edit


def replace_by_directory(directory: pathlib.Path) -> None:
    """Something that can't be read as a file."""
    (directory / "policy.csv").unlink()
    (directory / "policy.csv").mkdir()


def dangle_in_a_circle(directory: pathlib.Path) -> None:
    """A link that leads to itself."""
    (directory / "policy.csv").unlink()
    (directory / "policy.csv").symlink_to(directory / "policy.csv")


DENY = b"p, role:everyone, demo, **, **, *, *, always, deny\n"
ERRORS = {
    "not UTF-8": overwrite("policy.csv", POLICY.encode() + b"p, user:\xff\n"),
    "torn": overwrite("policy.csv", POLICY.encode() + bytes(100)),
    "an unknown effect": overwrite("policy.csv", POLICY.encode() + DENY.replace(b"deny", b"dney")),
    "an unknown verb": overwrite(
        "policy.csv", POLICY.encode() + b"p, user:alice, demo, *, pods, *, raed, always, deny\n"
    ),
    "a field too few": overwrite("policy.csv", POLICY.encode() + b"p, role:everyone, demo, **, **, *, *, deny\n"),
    "a pattern that is never closed": overwrite("policy.csv", DENY.replace(b"demo", b"dem[o")),
    "no such window": overwrite("policy.csv", DENY.replace(b"always", b"@nigths")),
    "an unknown kind of row": overwrite("policy.csv", DENY.replace(b"p,", b"d,")),
    "an unclosed quote": overwrite("policy.csv", DENY.replace(b"deny", b'"deny')),
    "a circle of teams": overwrite("teams.csv", TEAMS.encode() + b"g, team:a, team:b\ng, team:b, team:a\n"),
    "a window that is gone": lambda directory: (directory / "windows.yaml").unlink(),
    "a window that is never open": overwrite("windows.yaml", b"nights: []\n"),
    "no YAML": overwrite("windows.yaml", WINDOWS.encode() + b"x: {"),
    "another model": overwrite("model.conf", MODEL.replace(" && !some(where (p.eft == deny))", "").encode()),
    "a directory for a file": replace_by_directory,
    "a link to itself": dangle_in_a_circle,
}


@pytest.mark.parametrize("edit", ERRORS.values(), ids=ERRORS.keys())
async def test_what_cannot_be_loaded_leaves_the_last_good_policy_and_rings(
    edit: Callable[[pathlib.Path], None], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file, text in FILES.items():
        (tmp_path / file).write_text(text)
    async with by_hand(tmp_path, monkeypatch) as running:
        before = running.current
        edit(tmp_path)
        for _ in range(3):  # and so it stays, however often it is looked at
            await look(running)
            assert running.current is before
            assert running.alarm is not None and not running.alarm.is_enforcing_files
            assert all(problem.file and problem.message for problem in running.alarm.problems)


@pytest.mark.timeout(30)
async def test_no_stream_sees_a_secret_while_the_files_with_the_deny_are_written_anew(
    hub: Hub, policies: pathlib.Path, doors: Doors, agent: FakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In place and piece by piece with the deny at the end, file by file, and by swapping links as ConfigMaps do."""
    monkeypatch.setattr(engine, "_SETTLE_SECONDS", 0.4)  # so that a busy machine does not make the writer look done
    monkeypatch.setattr(engine, "_LONGEST_SETTLE_SECONDS", 4.0)
    allow = "p, user:alice, *, **, **, *, read, always, allow\n"
    deny = "p, team:guests, *, *, secrets, *, *, always, deny\n"
    member = "g, user:alice, team:guests\n"
    mount = policies.parent / "mount"
    for number in range(4):
        write_policy(mount / str(number), f"# {number}\n{allow}{deny}", teams=member)
    write_policy(policies, allow + deny, teams=member)
    assert hub._policy is not None
    await eventually(lambda: len(hub._policy.current.rows) == 2)  # type: ignore[union-attr]
    agent.put(key("pods", "red", "web"))
    agent.put(key("secrets", "red", "password"))
    await agent.connect()
    taps = [await doors.open(kind, "demo:alice") for kind in KINDS]
    for tap in taps:
        await tap.until(lambda tap: b"red" in tap.since(0))
    for number in range(3):
        text = f"# anew {number}\n{allow}{deny}"
        with open(policies / "policy.csv", "w") as writer:  # noqa: ASYNC230 - the slow writer is the point
            for piece in text.splitlines(keepends=True):
                writer.write(piece)
                writer.flush()
                await asyncio.sleep(0.1)
        await eventually(lambda: hub._policy.current.files.get("policy.csv") == text.encode())  # type: ignore[union-attr]  # noqa: B023
    for name in ("policy.csv", "teams.csv"):
        (policies / name).unlink()
        (policies / name).symlink_to(policies / "..data" / name)
        if name == "policy.csv":
            swap(policies, mount / "0")
    for number in range(4):
        swap(policies, mount / str(number))
        wanted = f"# {number}\n{allow}{deny}".encode()
        await eventually(lambda: hub._policy.current.files.get("policy.csv") == wanted)  # type: ignore[union-attr]  # noqa: B023
    assert [tap.kind for tap in taps if b"password" in tap.since(0) or b"canary<secrets" in tap.since(0)] == []


def swap(directory: pathlib.Path, target: pathlib.Path) -> None:
    """Has ``..data`` lead elsewhere, in one step."""
    (directory / "..new").symlink_to(target)
    os.replace(directory / "..new", directory / "..data")
