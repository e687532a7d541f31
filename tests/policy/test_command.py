"""``octokube policy``: its words and exit codes."""

import json
from pathlib import Path

import pytest

from octokube.cli.main import main

POLICIES = str(Path(__file__).parents[2] / "policies")
NOON = "2026-03-04T12:00Z"


@pytest.fixture
def run(capsys):
    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["policy", *arguments])
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return call


def test_check_accepts_the_example_set(run):
    code, out, _ = run("check", "--strict", POLICIES)
    assert code == 0
    assert out.startswith(f"{POLICIES}: valid (18 rows, 6 memberships, 3 named windows, 0 warnings), revision ")


def test_check_names_file_and_line_of_every_problem(run, tmp_path):
    (tmp_path / "policy.csv").write_text("p, user:alice, demo, a, pods, *, reed, always, allow\nx\n")
    (tmp_path / "notes.txt").write_text("")
    code, out, _ = run("check", str(tmp_path))
    assert code == 1
    lines = out.splitlines()
    assert lines[0].startswith(f"{tmp_path}/policy.csv:1: unknown verb 'reed'")
    assert lines[1].startswith(f"{tmp_path}/policy.csv:2: a row begins with p or g")
    assert lines[-1] == f"{tmp_path}: refused (2 errors, 0 warnings)"


def test_check_fails_on_warnings_only_when_it_is_to_be_strict(run, tmp_path):
    (tmp_path / "policy.csv").write_text("p, role:ghost, demo, a, pods, *, read, always, allow\n")
    assert run("check", str(tmp_path))[0] == 0
    code, out, _ = run("check", "--strict", str(tmp_path))
    assert code == 1
    assert f"{tmp_path}/policy.csv:1: warning: nobody is in role:ghost" in out


def test_check_warns_of_a_policy_that_allows_nothing(run, tmp_path):
    assert "policy.csv: warning: no row allows anything" in run("check", str(tmp_path))[1]
    assert run("check", "--strict", str(tmp_path))[0] == 1


def test_check_writes_json(run, tmp_path):
    (tmp_path / "windows.yaml").write_text("a: { daily: noon, zone: UTC }\n")
    code, out, _ = run("check", "-o", "json", str(tmp_path))
    assert code == 1
    found = json.loads(out)
    assert (found["valid"], found["revision"]) == (False, None)
    assert [(problem["file"], problem["line"], problem["severity"]) for problem in found["problems"]] == [
        ("windows.yaml", 1, "error")
    ]


def test_check_reads_the_tables_as_well(run, tmp_path):
    (tmp_path / "policy.csv").write_text("p, user:alice, demo, a, pods, *, read, always, allow\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "t.yaml").write_text("- { who: user:alice }\n")
    code, out, _ = run("check", str(tmp_path))
    assert code == 1
    assert f"{tmp_path}/tests/t.yaml:1: " in out


def test_check_of_no_directory_is_a_usage_error(run, tmp_path):
    code, _, err = run("check", str(tmp_path / "nope"))
    assert code == 2
    assert "does not exist" in err


def test_can_names_the_deciding_row_the_path_and_the_next_change(run):
    code, out, _ = run(
        *("can", "user:carol", "exec", "pods/api-1", "-n", "payments", "--cluster", "demo"),
        *("--at", "2026-03-04T12:10Z", "--policies", POLICIES),
    )
    assert code == 0
    assert out.splitlines()[:7] == [
        "allowed",
        "  asked        user:carol exec pods api-1, namespace payments, cluster demo",
        "  at           2026-03-04T12:10:00Z",
        "  row          policy.csv:23: p, role:sre, demo, *, pods, *, logs|exec|delete, always, allow",
        "  window       always",
        "  by way of    teams.csv:7: user:carol in role:sre, @oncall-carol is open, until 2026-03-04T12:15:00Z",
        "  member of    role:everyone, role:sre",
    ]
    assert "  next change  denied from 2026-03-04T12:15:00Z" in out


def test_can_says_when_a_denied_thing_will_be_allowed(run):
    code, out, _ = run(
        *("can", "user:alice", "restart", "deployments.apps/api", "-n", "payments", "--cluster", "demo"),
        *("--at", "2026-03-07T12:00Z", "--policies", POLICIES),
    )
    assert code == 1
    assert out.startswith("denied: no row allows it\n")
    assert "  next change  allowed from 2026-03-09T08:00:00Z" in out


def test_can_writes_json(run):
    code, out, _ = run(
        *("can", "user:bob", "get", "secrets/tls", "-n", "platform", "--cluster", "demo"),
        *("--at", NOON, "--policies", POLICIES, "-o", "json"),
    )
    assert code == 1
    found = json.loads(out)
    assert (found["allowed"], found["reason"], found["at"]) == (False, "denied", "2026-03-04T12:00:00Z")
    assert found["row"]["file"] == "policy.csv"
    assert [step["group"] for step in found["path"]] == ["team:platform", "role:developer"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("user:bob", "watch", "nodes"), 0),  # known to be cluster-scoped
        (("user:bob", "watch", "nodes/node-1", "-n", "cluster"), 0),
        (("user:dana", "watch", "pods/x", "-n", "payments"), 1),
        (("user:dana", "watch", "pods/x", "-n", "payments", "--group", "team:payments"), 0),
        (("user:alice", "get", "pods/x", "-n", "payments", "--subresource", "log"), 0),
        (("user:alice", "fly", "pods/x", "-n", "payments"), 1),
        (("role:admin", "get", "pods/x", "-n", "payments"), 2),
        (("user:alice", "get", "pods/x"), 2),  # where?
        (("user:alice", "get", "pods/x", "-n", "payments", "--at", "noon"), 2),
    ],
)
def test_can_answers_with_its_exit_code(run, arguments, code):
    at = () if "--at" in arguments else ("--at", NOON)
    assert run("can", *arguments, "--cluster", "demo", "--policies", POLICIES, *at)[0] == code


def test_can_refuses_to_answer_from_an_invalid_policy(run, tmp_path):
    (tmp_path / "policy.csv").write_text("x\ny\n")
    code, out, err = run(
        "can", "user:alice", "get", "pods/x", "-n", "a", "--cluster", "demo", "--policies", str(tmp_path)
    )
    assert (code, out) == (2, "")
    assert f"{tmp_path}/policy.csv:1: " in err and "(and 1 more)" in err
