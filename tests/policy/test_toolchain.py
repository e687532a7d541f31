"""``octokube policy test``, ``explain``, ``diff`` and ``matrix``: their words and exit codes."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from octokube.cli.main import main
from octokube_hub.policy import AccessRequest, Subject, load_policy
from octokube_hub.policy.explaining import consider

POLICIES = Path(__file__).parents[2] / "policies"
NOON = "2026-03-04T12:00Z"


@pytest.fixture
def run(capsys):
    def call(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["policy", *map(str, arguments)])
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return call


@pytest.fixture
def edited(tmp_path):
    """A copy of the example set, to be edited."""
    return Path(shutil.copytree(POLICIES, tmp_path / "policies"))


def append(directory: Path, row: str, file: str = "policy.csv") -> None:
    path = directory / file
    path.write_text(path.read_text() + row + "\n")


def test_the_tables_of_the_example_set_pass(run):
    code, out, _ = run("test", POLICIES)
    assert code == 0
    assert out == f"{POLICIES}: 27 of 27 cases passed\n"


def test_a_failed_case_is_told_with_its_line_and_the_row_that_decides(run, edited):
    append(edited, "p, user:alice, demo, payments, pods, *, logs, always, deny")
    code, out, _ = run("test", edited)
    assert code == 1
    first, *_, last = out.splitlines()
    assert first.startswith(f"{edited}/tests/people.yaml:9: expected allow (logs are granted by name), but policy.csv:")
    assert last == f"{edited}: 25 of 27 cases passed"
    found = json.loads(run("test", "-o", "json", edited)[1])
    assert [case["line"] for case in found["cases"] if not case["passed"]] == [9, 11]


def test_a_directory_without_cases_is_no_success(run, edited):
    shutil.rmtree(edited / "tests")
    assert run("test", edited)[0] == 2


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


def test_diff_of_equal_policies_is_empty(run, edited):
    append(edited, "# a comment")
    code, out, _ = run("diff", POLICIES, edited, "--at", NOON)
    assert (code, out[:31]) == (0, "nobody gains or loses anything ")


def test_diff_tells_who_gains_and_loses_what(run, edited):
    append(edited, "p, user:bob, demo, payments, pods, api-1, get, always, allow")
    append(edited, "p, team:platform, demo, platform, pods, *, logs, always, deny")
    code, out, _ = run("diff", POLICIES, edited, "--at", NOON)
    assert code == 1
    assert "+ user:bob: get on demo/payments pods/api-1" in out.splitlines()
    assert "- user:bob: logs on demo/platform pods/any" in out.splitlines()
    assert not any("alice" in line for line in out.splitlines())


def test_diff_tells_from_when_a_window_makes_the_difference(run, edited):
    append(edited, "p, user:dana, demo, payments, pods, *, get, @office-hours, allow")
    code, out, _ = run("diff", POLICIES, edited, "--at", "2026-03-07T12:00Z")
    assert code == 1
    assert "+ user:dana: get on demo/payments pods/any (from 2026-03-09T08:00:00Z)" in out.splitlines()


def test_diff_with_an_inventory_speaks_of_its_objects_only(run, edited, tmp_path):
    append(edited, "p, user:bob, demo, payments, pods, api-*, get, always, allow")
    inventory = tmp_path / "inventory.json"
    pod = {"cluster": "demo", "namespace": "payments", "resource": "pods"}
    inventory.write_text(json.dumps([{**pod, "name": "api-7"}, {**pod, "name": "web-1"}]))
    _, out, _ = run("diff", POLICIES, edited, "--at", NOON, "--inventory", inventory, "-o", "json")
    assert [(change["who"], change["object"]) for change in json.loads(out)["changes"]] == [
        ("user:bob", "demo/payments pods/api-7")
    ]
    inventory.write_text("{}x")
    assert run("diff", POLICIES, edited, "--inventory", inventory)[0] == 2


@pytest.mark.parametrize("output", ["text", "json", "html"])
def test_matrix_shows_who_can_do_what(run, output):
    code, out, _ = run("matrix", POLICIES, "--at", NOON, "-o", output)
    assert code == 0
    assert "demo/payments pods/any" in out
    if output == "json":
        found = {(line["who"], line["object"]): line["verbs"] for line in json.loads(out)["access"]}
        assert found["user:alice", "demo/payments pods/any"] == ["get", "list", "watch", "logs"]
        assert ("user:alice", "demo/platform pods/any") not in found


def test_the_pre_commit_hooks_run_commands_that_pass_on_the_example_set(run, monkeypatch):
    monkeypatch.chdir(POLICIES.parent)
    hooks = yaml.safe_load(Path(".pre-commit-hooks.yaml").read_text())
    assert [hook["id"] for hook in hooks] == ["octokube-policy-check", "octokube-policy-test"]
    for hook in hooks:
        program, group, *words = hook["entry"].split()
        assert (program, group) == ("octokube", "policy")
        assert run(*words, *hook["args"])[0] == 0


def test_check_finds_a_row_that_a_deny_on_a_team_leaves_nothing_of(run, tmp_path):
    allow = "p, user:{}, demo, a, secrets, *, get, always, allow\n"
    (tmp_path / "policy.csv").write_text(
        allow.format("alice") + allow.format("bob") + "p, role:developer, demo, *, secrets, *, *, always, deny\n"
    )
    (tmp_path / "teams.csv").write_text(
        "g, user:alice, team:payments\ng, team:payments, role:developer\n"
        "g, user:bob, role:developer, Mon-Fri 09:00-18:00 UTC\n"
    )
    code, out, _ = run("check", "--strict", tmp_path)
    assert code == 1
    assert out.splitlines()[0].endswith(
        "policy.csv:1: warning: this never allows anything: policy.csv:3 denies all of it"
    )
    assert "policy.csv:2: " not in out  # bob is a developer at times only
