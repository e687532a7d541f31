"""``octokube policy replay``: recorded decisions asked again, each at its own instant."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from octokube.cli.policy import replaying
from octokube_hub.broker.deciding import Decider
from octokube_hub.policy import AccessRequest, Subject
from octokube_hub.store import AuditEntry, AuditLog, Database
from tests.hub.clocks import FakeClock

MORNING = datetime(2026, 3, 4, 8, tzinfo=UTC)
OLD = """p, user:alice, demo, payments, pods, *, exec, always, allow
p, team:payments, demo, payments, pods, *, get, always, allow
"""
ALICE, BOB = Subject("user:alice"), Subject("user:bob", frozenset({"team:payments"}))


def ask(subject: Subject, verb: str = "exec", name: str = "api-1", **others: str) -> AccessRequest:
    values = {"cluster": "demo", "resource": "pods", "namespace": "payments"} | others
    return AccessRequest(subject, **values, name=name, verb=verb)


@pytest.fixture
def record(build, tmp_path):
    """Has the policy OLD decide requests, one an hour from MORNING on; the directory of the log."""

    def decide(*requests: AccessRequest) -> Path:
        async def work() -> None:
            database = Database(tmp_path / "data")
            await database.open()
            clock = FakeClock(MORNING.isoformat())
            log = AuditLog(database)
            decider = Decider(lambda: build(OLD), log, clock)
            for request in requests:
                await decider.decide(request, "object.get")
                clock.advance(3600)
            await log.record(
                AuditEntry(at=clock.now(), subject="user:admin", action="token.create", target="t", outcome="done")
            )
            await database.close()

        asyncio.run(work())
        return tmp_path / "data"

    return decide


@pytest.fixture
def replay(run, tmp_path):
    """Replays the log against a policy of this text: exit code and output."""

    def call(data: Path, policy: str, *options: str) -> tuple[int, str]:
        directory = tmp_path / "new"
        directory.mkdir(exist_ok=True)
        (directory / "policy.csv").write_text(policy)
        words = ("--since", MORNING.isoformat(), *options)
        code, out, _ = run("replay", directory, "--data", data, *words)
        return code, out

    return call


def test_the_same_policy_decides_the_same(record, replay):
    data = record(ask(ALICE), ask(ALICE, "logs"), ask(BOB, "get"))
    assert replay(data, OLD) == (0, "0 of 3 decisions would be others\n")


def test_what_would_be_decided_otherwise_is_told_with_the_rows_of_then_and_now(record, replay):
    data = record(ask(ALICE), ask(ALICE, "logs"), ask(BOB, "get"), ask(ALICE))
    new = (
        "p, team:payments, demo, payments, pods, *, get|logs, always, allow\n"
        "p, user:alice, *, *, pods, *, *, always, deny\n"
    )
    code, out = replay(data, new)
    assert code == 1
    revision = json.loads(replay(data, new, "-o", "json")[1])["differences"][0]["was"]["revision"]
    assert out.splitlines() == [
        "2 of 4 decisions would be others",
        "2026-03-04T08:00:00Z user:alice exec demo/payments pods/api-1 (2 times, the last at 2026-03-04T11:00:00Z)",
        f"    was allowed by policy.csv:1, revision {revision}; "
        "would be denied by policy.csv:2: p, user:alice, *, *, pods, *, *, always, deny",
    ]


def test_a_question_is_asked_at_its_own_instant(record, replay):
    data = record(ask(ALICE), ask(ALICE))
    code, out = replay(data, OLD.replace("always", "2026-03-04T08:30Z/2026-03-05T00:00Z"), "-o", "json")
    found = json.loads(out)
    assert code == 1
    assert [item["at"] for item in found["differences"]] == ["2026-03-04T08:00:00Z"]
    assert found["differences"][0]["would_be"] == {"allowed": False, "reason": "no-rule", "row": None}


def test_the_teams_of_the_identity_provider_are_those_of_then(record, replay):
    data = record(ask(BOB, "get"))
    code, out = replay(data, "p, user:bob, demo, payments, pods, *, get, always, allow\n", "-o", "json")
    assert (code, json.loads(out)["differences"]) == (0, [])
    code, out = replay(data, "p, team:platform, demo, payments, pods, *, get, always, allow\n", "-o", "json")
    assert (code, json.loads(out)["differences"][0]["groups"]) == (1, ["team:payments"])


def test_since_and_until_bound_what_is_asked(record, replay):
    data = record(*[ask(ALICE)] * 4)
    until = (MORNING + timedelta(hours=3)).isoformat()
    out = replay(data, "", "--since", (MORNING + timedelta(hours=1)).isoformat(), "--until", until)[1]
    assert out.splitlines()[0] == "2 of 2 decisions would be others"


def test_a_log_of_many_pages_is_read_to_its_beginning(record, replay, monkeypatch):
    monkeypatch.setattr(replaying, "MAX_LIST", 2)
    data = record(*[ask(ALICE, name=f"api-{number}") for number in range(5)])
    assert replay(data, "")[1].splitlines()[0] == "5 of 5 decisions would be others"


def test_what_cannot_be_asked_again_is_counted_and_not_guessed(record, replay):
    data = record(ask(ALICE, name="x" * 600), ask(ALICE))
    assert replay(data, "")[1].splitlines()[:2] == [
        "1 of 2 decisions would be others",
        "1 could not be asked again: their records do not hold the whole question",
    ]


def test_no_log_and_a_malformed_instant_are_usage_errors(run, tmp_path):
    assert run("replay", tmp_path, "--since", "2026-03-04T08:00Z", "--data", tmp_path)[0] == 2
    code, _, err = run("replay", tmp_path, "--since", "yesterday", "--data", tmp_path)
    assert code == 2
    assert "--since" in err
