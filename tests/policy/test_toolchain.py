"""``octokube policy test``, ``diff`` and ``matrix``: their words and exit codes."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

POLICIES = Path(__file__).parents[2] / "policies"
NOON = "2026-03-04T12:00Z"


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
