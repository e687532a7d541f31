"""Files that a reviewer would read otherwise than the hub."""

import os

import pytest

from octokube_hub.policy import PolicyError, load_policy
from octokube_hub.policy.checking import check_directory

ROW = "p, user:alice, demo, payments, pods, *, read, always, allow\n"
DENY = "p, role:everyone, demo, payments, pods, *, *, always, deny\n"


@pytest.mark.parametrize(
    ("character", "words"),
    [
        ("\r", "a carriage return stands here without a line feed"),
        *((stray, f"U+{ord(stray):04X} stands here") for stray in "\v\f\x1c\x85\u2028\u2029\u202e\u2066\ufeff"),
    ],
)
@pytest.mark.parametrize("file", ["policy", "teams"])
def test_a_deny_cannot_hide_in_a_comment_behind_what_looks_like_a_line_end(problems, file, character, words):
    (problem,) = problems(**{file: f"{ROW}# nobody sees pods:{character}{DENY}"})
    assert (problem.file, problem.line) == (f"{file}.csv", 2)
    assert words in problem.message


@pytest.mark.parametrize("character", ["\u200b", "\u00ad", "\u2060", "\u00a0", "\t", "\u200d", "\x1b"])
@pytest.mark.parametrize("word", ["role:everyone", "payments", "demo", "pods"])
def test_a_name_with_a_character_that_nobody_sees_is_refused(problems, word, character):
    (problem,) = problems(policy=ROW + DENY.replace(word, f"{word[:2]}{character}{word[2:]}"))
    assert problem.line == 2
    assert f"the invisible character U+{ord(character):04X} stands in {word!r}" in problem.message


def test_comments_may_hold_what_their_language_needs(build):
    assert build(policy=f"# 👩\u200d💻 می\u200cخواهم\u00a0naïve\n{ROW}").rows


def test_a_link_to_nothing_is_no_deleted_file(tmp_path):
    (tmp_path / "policy.csv").write_text(ROW)
    (tmp_path / "teams.csv").symlink_to("elsewhere.csv")
    with pytest.raises(PolicyError, match=r"teams\.csv: this is a link to nothing"):
        load_policy(tmp_path)
    (tmp_path / "teams.csv").unlink()
    assert load_policy(tmp_path).rows


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path, make):
    (tmp_path / "policy.csv").write_text(ROW)
    make(tmp_path / "windows.yaml")
    with pytest.raises(PolicyError, match=r"windows\.yaml: this is not a file"):
        load_policy(tmp_path)


def test_a_file_whose_name_is_no_text_can_be_told(tmp_path):
    (tmp_path / "policy.csv").write_text(ROW)
    (tmp_path / os.fsdecode(b"\xff.csv")).touch()
    (problem,) = check_directory(tmp_path).problems
    assert problem.file == "\\xff.csv"
    problem.message.encode()


def test_a_name_that_differs_in_case_alone_is_warned_about_once(build):
    policy = build(
        policy=ROW + DENY.replace("role:everyone", "user:Alice") * 2 + DENY.replace("everyone", "Everyone"),
        teams="g, user:bob, team:Payments\ng, user:bob, team:payments\ng, user:carol, role:Everyone\n",
    )
    found = [(p.file, p.line, p.message) for p in policy.warnings if "case counts" in p.message]
    assert found == [
        ("policy.csv", 2, "user:Alice is somebody else than user:alice of policy.csv:1: case counts; write both alike"),
        ("policy.csv", 4, "role:Everyone is somebody else than role:everyone: case counts; write both alike"),
        (
            "teams.csv",
            2,
            "team:payments is somebody else than team:Payments of teams.csv:1: case counts; write both alike",
        ),
    ]
