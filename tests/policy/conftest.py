"""Builds policy sets from texts, and runs ``octokube policy``."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from octokube.cli.main import main
from octokube_hub.policy import PolicyError, PolicySet, Problem
from octokube_hub.policy.loading import build_policy
from octokube_hub.policy.sources import Sources

Build = Callable[..., PolicySet]
POLICIES = Path(__file__).parents[2] / "policies"


def build_from_texts(policy: str = "", teams: str = "", windows: str = "", **others: str) -> PolicySet:
    texts = {"policy.csv": policy, "teams.csv": teams, "windows.yaml": windows, **others}
    return build_policy(Sources({name: text.encode() for name, text in texts.items() if text}, ()))


@pytest.fixture(scope="session")
def build() -> Build:
    return build_from_texts


@pytest.fixture(scope="session")
def problems() -> Callable[..., list[Problem]]:
    """The errors of a set that must be refused."""

    def refuse(**texts: str) -> list[Problem]:
        with pytest.raises(PolicyError) as refused:
            build_from_texts(**texts)
        return list(refused.value.problems)

    return refuse


@pytest.fixture
def run(capsys):
    """Runs ``octokube policy`` with these words: exit code, output, errors."""

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
