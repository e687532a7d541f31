"""Builds the distribution with setuptools, and the Web IDE with npm before it, so that a wheel holds the page."""

import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from setuptools import build_meta as setuptools_backend
from setuptools.build_meta import (  # the hooks that need no page
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

ROOT = pathlib.Path(__file__).resolve().parent.parent
IDE = ROOT / "octokube_web" / "ide"
PAGE = ROOT / "octokube_web" / "static" / "index.html"
SKIP = "OCTOKUBE_SKIP_IDE"
OLDEST_NODE = 20

Config = Mapping[str, Any] | None


def build_wheel(wheel_directory: str, config_settings: Config = None, metadata_directory: str | None = None) -> str:
    """PEP 517: the page first, then the wheel."""
    ensure_page()
    return setuptools_backend.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory: str, config_settings: Config = None, metadata_directory: str | None = None) -> str:
    """PEP 660: the page first, then the link to the checkout."""
    ensure_page()
    return setuptools_backend.build_editable(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory: str, config_settings: Config = None) -> str:
    """PEP 517: the page first, so that whoever installs from the sdist needs no Node.js."""
    ensure_page()
    return setuptools_backend.build_sdist(sdist_directory, config_settings)


def ensure_page() -> None:
    """Builds the page unless it is there and newer than its sources. Ends with one sentence when it can't."""
    if os.environ.get(SKIP) or is_fresh():
        return
    npm = shutil.which("npm")
    if npm is None or node_version() < OLDEST_NODE:
        fail(f"the Web IDE is built with Node.js {OLDEST_NODE} or newer, which is not on the PATH")
    for arguments in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        done = subprocess.run([str(npm), *arguments], cwd=IDE, stdout=sys.stderr, check=False)
        if done.returncode != 0:
            fail(f"npm {' '.join(arguments)} failed in octokube_web/ide (its words are above)")


def is_fresh() -> bool:
    """Whether the built page is newer than everything it is built from. Without the sources it is what it is."""
    if not PAGE.exists():
        return False
    built_at = PAGE.stat().st_mtime
    sources = (
        path
        for path in IDE.rglob("*")
        if path.is_file() and "node_modules" not in path.parts and not path.name.endswith(".tsbuildinfo")
    )
    return all(path.stat().st_mtime <= built_at for path in sources)


def node_version() -> int:
    """The major version of Node.js on the PATH; 0 without one."""
    node = shutil.which("node")
    if node is None:
        return 0
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = answer.strip().removeprefix("v").partition(".")[0]
    return int(major) if major.isdigit() else 0


def fail(reason: str) -> None:
    """Ends the build with one sentence, and no traceback below it."""
    sys.stderr.write(
        f"error: {reason}; install Node.js {OLDEST_NODE}+ from nodejs.org or your distribution, "
        f"or set {SKIP}=1 to install without the page.\n"
    )
    raise SystemExit(1)
