"""What `octokube up` prepares before anything runs."""

import datetime
from pathlib import Path

import pytest

from octokube.cli.starting import local_subject, write_starter_policy
from octokube.runtime.errors import UserError
from octokube_hub.policy import Subject, load_policy
from octokube_hub.policy.checking import check_directory

NOW = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)


def test_the_starter_set_gives_one_person_everything_and_nobody_else_anything(tmp_path: Path) -> None:
    assert write_starter_policy(tmp_path / "policies", "user:dana")
    policy = load_policy(tmp_path / "policies")
    mine = policy.scope(Subject("user:dana"), NOW)
    for resource, namespace, verb in [("pods", "payments", "watch"), ("nodes", "", "watch"), ("secrets", "a", "get")]:
        assert mine.allows("prod", resource, namespace, "x", verb)
    assert mine.allows("prod", "pods/exec", "payments", "x", "create")
    others = policy.scope(Subject("user:alice"), NOW)
    assert not others.may_see_cluster("prod")


def test_the_starter_set_passes_its_own_check(tmp_path: Path) -> None:
    write_starter_policy(tmp_path, "user:dana")
    assert check_directory(tmp_path).problems == ()


def test_a_starter_set_never_overwrites_edits(tmp_path: Path) -> None:
    write_starter_policy(tmp_path, "user:dana")
    (tmp_path / "policy.csv").write_text("# mine\n")
    assert not write_starter_policy(tmp_path, "user:dana")
    assert (tmp_path / "policy.csv").read_text() == "# mine\n"


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"the starter policy can't be written to .*; give a directory with --policies"):
        write_starter_policy(tmp_path / "file" / "policies", "user:dana")


def test_the_local_subject_is_a_name_that_policy_can_hold() -> None:
    assert local_subject().startswith("user:")
    assert len(local_subject()) > len("user:")
