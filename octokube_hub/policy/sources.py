"""Reads the files of a policy directory as one consistent picture."""

import hashlib
import os
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from octokube_hub.policy.model import MODEL_FILE
from octokube_hub.policy.problems import PolicyError, Problem

RULE_FILES = ("policy.csv", "teams.csv")
WINDOWS_FILE = "windows.yaml"
KNOWN_FILES = (MODEL_FILE, *RULE_FILES, WINDOWS_FILE)
_KNOWN_DIRECTORIES = frozenset({"tests"})
# A policy of 10,000 rows is 1 MB. More than this is some other file under the wrong name.
_SIZE_LIMIT_BYTES = 32 * 1024 * 1024
# The commit is for information and never worth a late revision.
_GIT_TIMEOUT_SECONDS = 0.3
_ATTEMPTS = 5

Signature = tuple[tuple[str, int, int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """What the directory held at one moment: known files by name, and the names that mean nothing here."""

    files: Mapping[str, bytes]
    unknown: tuple[str, ...]

    @property
    def revision(self) -> str:
        """A hash of names and content, 12 hexadecimal digits."""
        digest = hashlib.sha256()
        for name in sorted(self.files):
            content = self.files[name]
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()[:12]


def sign(directory: Path) -> Signature:
    """What stat says about the known files, following links: (name, device, inode, size, mtime, ctime), times in ns.

    Cheap enough to be asked for several times a second. An edit changes it, except one of equal size within one tick of
    the file system's clock; whoever relies on it reads young files all the same. Raises PolicyError when a file exists
    and cannot be read.
    """
    found = []
    for name in KNOWN_FILES:
        try:
            status = os.stat(directory / name)
        except (FileNotFoundError, NotADirectoryError):
            _refuse_dangling(directory, name)
            continue
        except OSError as error:
            raise _unreadable(name, error) from error
        if not stat.S_ISREG(status.st_mode):  # a pipe, say, would be read for ever
            raise PolicyError((Problem(name, 0, "this is not a file; put a file in its place, or delete it"),))
        found.append((name, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns))
    return tuple(found)


def read_sources(directory: Path) -> Sources:
    """All known files, from between two equal signatures, so that no half of a swap meets the other half.

    A missing directory has no files. Raises PolicyError when something exists and cannot be read, or keeps changing.
    """
    for _ in range(_ATTEMPTS):
        before = sign(directory)
        files = _read_files(directory)
        if sign(directory) == before:
            return Sources(files, _find_unknown(directory))
    raise PolicyError((Problem(".", 0, "the files keep changing while they are read; write them in one go"),))


def find_commit(directory: Path, found: Sources) -> str | None:
    """The commit that files which were read are equal to, or None: no git, no repository, or files that differ from it.

    A file that git was told to ignore is in no commit, and rules in it are not reviewed there.
    """
    status = _run_git(directory, "status", "--porcelain", "--ignored", "--", *KNOWN_FILES)
    if status is None or status:
        return None
    commit = _run_git(directory, "rev-parse", "--verify", "HEAD") or None
    try:  # another commit may have been checked out since they were read
        return commit if read_sources(directory).revision == found.revision else None
    except PolicyError:
        return None


def _read_files(directory: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for name in KNOWN_FILES:
        try:
            # Nothing waits here should a pipe have taken the file's place since it was looked at.
            with open(os.open(directory / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
                content = file.read(_SIZE_LIMIT_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise _unreadable(name, error) from error
        if len(content) > _SIZE_LIMIT_BYTES:
            raise PolicyError((Problem(name, 0, f"it is larger than {_SIZE_LIMIT_BYTES} bytes; split the policy"),))
        files[name] = content
    return files


def _find_unknown(directory: Path) -> tuple[str, ...]:
    try:
        names = sorted(entry.name for entry in os.scandir(directory))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise _unreadable(".", error) from error
    return tuple(
        os.fsencode(name).decode(errors="backslashreplace")  # any bytes can be a name, and not any can be printed
        for name in names
        # Hidden files are a tool's (.git, ..data of a ConfigMap), and a ~ is an editor's.
        if name not in KNOWN_FILES and name not in _KNOWN_DIRECTORIES and not name.startswith(".") and name[-1] != "~"
    )


def _refuse_dangling(directory: Path, name: str) -> None:
    """A link to nothing is a swap under way or a broken checkout, and no deletion: its rules are to stay."""
    if os.path.lexists(directory / name):
        raise PolicyError((Problem(name, 0, "this is a link to nothing; mend the link, or delete it"),))


def _unreadable(name: str, error: OSError) -> PolicyError:
    reason = (error.strerror or "input/output error").lower()
    return PolicyError((Problem(name, 0, f"it cannot be read ({reason}); mend its permissions or the volume"),))


def _run_git(directory: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            # A repository's own configuration must not name a program to be run here.
            ["git", "-c", "core.fsmonitor=false", "-C", str(directory), *arguments],
            capture_output=True,
            text=True,
            timeout=_GIT_TIMEOUT_SECONDS,
            check=False,
            # Reading must not take the index lock from the person who is working there.
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
