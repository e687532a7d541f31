"""Policies by a few lines."""

import pathlib

from octokube_hub.policy import PolicySet
from octokube_hub.policy.loading import build_policy
from octokube_hub.policy.sources import Sources


def policy(rules: str, *, teams: str = "", windows: str = "") -> PolicySet:
    """The set of these files."""
    texts = {"policy.csv": rules, "teams.csv": teams, "windows.yaml": windows}
    return build_policy(Sources({name: text.encode() for name, text in texts.items() if text}, ()))


def write_policy(directory: pathlib.Path, rules: str, *, teams: str = "", windows: str = "") -> None:
    """Writes a policy directory, each file in one step; an empty one is removed."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in (("teams.csv", teams), ("windows.yaml", windows), ("policy.csv", rules)):
        if text:
            fresh = directory / f".{name}.new"
            fresh.write_text(text)
            fresh.replace(directory / name)
        else:
            (directory / name).unlink(missing_ok=True)
