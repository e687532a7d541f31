"""``octokube policy test`` and ``check``, and what runs them before a commit."""

import json
import shutil
from pathlib import Path

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
