"""tools/check-breaking says with what it compared, and is right."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]

pytestmark = pytest.mark.timeout(60)


class Checkout:
    """A small git repository that holds the contract and the tool."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        (path / "tools").mkdir(parents=True)
        shutil.copytree(ROOT / "proto", path / "proto")
        shutil.copy(ROOT / "buf.yaml", path)
        shutil.copy(ROOT / "tools" / "check-breaking", path / "tools")

    def git(self, *arguments: str) -> None:
        identity = {
            "GIT_AUTHOR_NAME": "test",
            "GIT_AUTHOR_EMAIL": "test@example.com",
            "GIT_COMMITTER_NAME": "test",
            "GIT_COMMITTER_EMAIL": "test@example.com",
            "GIT_CONFIG_GLOBAL": os.devnull,
        }
        subprocess.run(["git", *arguments], cwd=self.path, check=True, capture_output=True, env=os.environ | identity)

    def commit(self, message: str) -> None:
        self.git("add", ".")
        self.git("commit", "-q", "-m", message)

    def rename_a_field(self) -> None:
        path = self.path / "proto" / "octokube" / "v1" / "frame.proto"
        path.write_text(path.read_text().replace("string cluster = 3;", "string cluster_name = 3;", 1))

    def check(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        path = f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            [self.path / "tools" / "check-breaking", *arguments],
            cwd=self.path,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PATH": path, "GIT_CEILING_DIRECTORIES": str(self.path.parent)},
        )


@pytest.fixture
def checkout(tmp_path: pathlib.Path) -> Checkout:
    checkout = Checkout(tmp_path / "checkout")
    checkout.git("init", "-q", "-b", "main")
    checkout.commit("first")
    return checkout


def test_before_the_first_release_the_branch_main_is_the_measure(checkout: Checkout) -> None:
    result = checkout.check()
    assert result.returncode == 0, result.stderr
    assert "compatible with main (no release yet) at" in result.stdout
    checkout.rename_a_field()
    result = checkout.check()
    assert result.returncode == 1
    assert 'name from "cluster" to "cluster_name"' in result.stdout
    assert "breaks what main (no release yet) at" in result.stdout


def test_after_a_release_its_tag_is_the_measure(checkout: Checkout) -> None:
    """What main has broken since the release stays broken for those who run the release."""
    checkout.git("tag", "v0.1.0")
    checkout.rename_a_field()
    checkout.commit("second")
    result = checkout.check()
    assert result.returncode == 1
    assert "breaks what release v0.1.0 at" in result.stdout
    assert checkout.check("HEAD").returncode == 0


def test_an_unknown_revision_is_one_sentence(checkout: Checkout) -> None:
    result = checkout.check("v9.9.9")
    assert result.returncode == 2
    assert result.stderr == "check-breaking: git knows no revision 'v9.9.9'; give a tag, a branch or a commit\n"


def test_outside_of_git_it_says_that_there_is_nothing_to_compare_with(tmp_path: pathlib.Path) -> None:
    result = Checkout(tmp_path / "unpacked").check()
    assert (result.returncode, result.stdout) == (
        0,
        "contract: not a git checkout, so there is no former contract to compare with\n",
    )
