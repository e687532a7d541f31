"""Builds policy sets from texts."""

from collections.abc import Callable

import pytest

from octokube_hub.policy import PolicyError, PolicySet, Problem
from octokube_hub.policy.loading import build_policy
from octokube_hub.policy.sources import Sources

Build = Callable[..., PolicySet]


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
