"""Writes the starter policy: everything for the person at this machine, nothing for anybody else."""

import getpass
import re
from importlib import resources
from pathlib import Path

from octokube.runtime.errors import UserError

FILES = ("policy.csv", "teams.csv", "windows.yaml")


def local_subject() -> str:
    """``user:NAME`` for the person at this machine."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in some containers
        name = "operator"
    return "user:" + (re.sub(r"[^a-z0-9._-]", "-", name.lower()) or "operator")


def write_starter_policy(directory: Path, subject: str) -> bool:
    """Writes the commented starter set where no rule file is yet. True when it did; never overwrites anything."""
    if (directory / "policy.csv").exists():
        return False
    source = resources.files("octokube.cli") / "starter"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            target = directory / name
            if not target.exists():
                target.write_text((source / name).read_text(encoding="utf-8").replace("{subject}", subject))
    except OSError as error:
        raise UserError(
            f"the starter policy can't be written to {directory} ({error.strerror}); give a directory with --policies"
        ) from error
    return True
