"""Finds the real programs that some suites need."""

import os
import pathlib
import shutil

CACHE = pathlib.Path.home() / ".cache" / "octokube" / "assets"


def find_asset(name: str) -> pathlib.Path | None:
    """The program of this name in KUBEBUILDER_ASSETS, else in the cache, else on the path; None when it is nowhere."""
    named = os.environ.get("KUBEBUILDER_ASSETS")
    for folder in [pathlib.Path(named)] if named else [CACHE]:
        candidate = folder / name
        if candidate.exists() and os.access(candidate, os.X_OK):
            return candidate
    found = shutil.which(name) if not named else None
    return pathlib.Path(found) if found else None


def missing_assets(*names: str) -> list[str]:
    """Those of the names that are not there."""
    return [name for name in names if find_asset(name) is None]
