"""``octokube policy explain``: every row, and what would mend a refusal."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from octokube_hub.policy import AccessRequest, Subject, load_policy
from octokube_hub.policy.explaining import consider

POLICIES = Path(__file__).parents[2] / "policies"
NOON = "2026-03-04T12:00Z"
ON_CALL = """
oncall-dana: { since: 2026-11-30T08:00+01:00, until: 2026-12-07T08:00+01:00 }
last-year: { since: 2025-01-01T00:00Z, until: 2026-01-01T00:00Z }
"""


@pytest.fixture
def rota(tmp_path):
    (tmp_path / "policy.csv").write_text(
        "p, role:sre, demo, *, pods, *, exec, @oncall-dana, allow\n"
        "p, role:sre, demo, *, pods, *, logs, always, allow\n"
        "p, team:old, demo, *, secrets, *, get, always, allow\n"
        "p, team:new, demo, *, configmaps, *, get, always, allow\n"
    )
    (tmp_path / "teams.csv").write_text(
        "g, user:dana, team:platform\ng, team:platform, role:sre, @oncall-dana\ng, user:dana, team:old, @last-year\n"
    )
    (tmp_path / "windows.yaml").write_text(ON_CALL)
    return tmp_path


def lines_about_the_nearest(out: str) -> list[str]:
    lines = out.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("  nearest miss "))
    return [line.strip() for line in lines[start : lines.index("rows considered:")]]


def ask(rota: Path, *question: str) -> tuple[object, ...]:
    return ("explain", *question, "--cluster", "demo", "--at", "2026-11-23T09:00Z", "--policies", rota)


def test_a_closed_membership_is_told_with_its_place_and_when_it_opens(run, rota):
    code, out, _ = run(*ask(rota, "user:dana", "logs", "pods/api-1", "-n", "payments"))
    assert code == 1
    assert lines_about_the_nearest(out) == [
        "nearest miss policy.csv:2 would match if user:dana were in role:sre",
        "team:platform is in role:sre by teams.csv:2, while @oncall-dana, which opens 2026-11-30T07:00:00Z",
    ]


def test_a_closed_window_on_the_row_is_told_with_when_it_opens(run, rota):
    _, out, _ = run(*ask(rota, "user:dana", "exec", "pods/api-1", "-n", "payments"))
    assert lines_about_the_nearest(out) == [
        "nearest miss policy.csv:1 would match if user:dana were in role:sre and window @oncall-dana were open",
        "team:platform is in role:sre by teams.csv:2, while @oncall-dana, which opens 2026-11-30T07:00:00Z",
        "the row counts while @oncall-dana, which opens 2026-11-30T07:00:00Z",
    ]


def test_a_membership_that_is_over_is_told_as_such(run, rota):
    _, out, _ = run(*ask(rota, "user:dana", "get", "secrets/tls", "-n", "payments"))
    assert lines_about_the_nearest(out)[1:] == [
        "user:dana is in team:old by teams.csv:3, while @last-year, which does not open again"
    ]


def test_that_no_membership_exists_is_told(run, rota):
    _, out, _ = run(*ask(rota, "user:dana", "get", "configmaps/x", "-n", "payments"))
    assert lines_about_the_nearest(out)[1:] == [
        "nothing ever makes user:dana a member of team:new: that takes a g row or a group of the identity provider"
    ]


def test_the_same_is_told_to_programs(run, rota):
    found = json.loads(run(*ask(rota, "user:dana", "exec", "pods/api-1", "-n", "payments"), "-o", "json")[1])["nearest"]
    window = {"name": "@oncall-dana", "open": False, "opens_at": "2026-11-30T07:00:00Z"}
    assert found["window"] == window
    assert [(step["member"], step["group"], step["line"]) for step in found["memberships"]] == [
        ("user:dana", "team:platform", 1),
        ("team:platform", "role:sre", 2),
    ]
    assert found["memberships"][1]["window"] == window
    assert found["memberships"][0]["window"] == {"name": "always", "open": True, "opens_at": None}


def test_of_two_rows_that_lack_a_membership_the_one_that_time_mends_is_nearer(run, rota):
    (rota / "policy.csv").write_text(
        "p, team:new, demo, *, pods, *, logs, always, allow\n" + (rota / "policy.csv").read_text()
    )
    _, out, _ = run(*ask(rota, "user:dana", "logs", "pods/api-1", "-n", "payments"))
    assert lines_about_the_nearest(out)[0].startswith("nearest miss policy.csv:3 ")


def test_there_is_no_nearest_miss_where_a_deny_takes_what_a_row_allows(run, rota):
    with (rota / "policy.csv").open("a") as file:
        file.write(
            "p, user:bob, demo, *, pods, *, logs, always, allow\np, user:bob, demo, *, pods, *, *, always, deny\n"
        )
    code, out, _ = run(*ask(rota, "user:bob", "logs", "pods/api-1", "-n", "payments"))
    assert code == 1
    assert "row          policy.csv:6" in out
    assert "nearest miss" not in out


def test_explain_names_the_nearest_miss(run):
    code, out, _ = run(
        *("explain", "user:alice", "restart", "deployments.apps/api", "-n", "platform", "--cluster", "demo"),
        *("--at", NOON, "--policies", POLICIES),
    )
    assert code == 1
    assert "  nearest miss policy.csv:8 would match if namespace were payments\n" in out
    assert out.count("  policy.csv:") == 18  # every row


def test_explain_writes_json(run):
    code, out, _ = run(
        *("explain", "user:alice", "restart", "deployments.apps/api", "-n", "payments", "--cluster", "demo"),
        *("--at", "2026-03-07T12:00Z", "--policies", POLICIES, "-o", "json"),
    )
    assert code == 1
    found = json.loads(out)
    assert found["nearest"]["would_match_if"] == ["window @office-hours were open"]
    assert found["next_change"] == "2026-03-09T08:00:00Z"


def test_a_row_without_misses_is_one_that_the_authority_counts():
    """Explaining and deciding never disagree: allowed is some allow without misses, and no deny without."""
    policy = load_policy(POLICIES)
    at = datetime(2026, 3, 4, 12, 10, tzinfo=UTC)
    for who in ("alice", "bob", "carol", "admin", "dana"):
        for namespace in ("payments", "platform", ""):
            for resource in ("pods", "secrets", "nodes", "deployments.apps", "pods/log"):
                for verb in ("get", "patch", "reveal", "exec", "fly"):
                    request = AccessRequest(Subject(f"user:{who}"), "demo", resource, namespace, "x", verb)
                    matching = [item.row.rule.effect for item in consider(policy, request, at) if not item.misses]
                    expected = "allow" in matching and "deny" not in matching
                    assert policy.decide(request, at).is_allowed == expected, request
