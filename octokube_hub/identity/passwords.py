"""Knows the local accounts of a file, and whether somebody's password is right."""

import asyncio
import re
import secrets
from pathlib import Path

import structlog

from octokube.runtime.errors import UserError
from octokube.runtime.passwords import hash_password, is_hash, is_password

log = structlog.get_logger(__name__)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}")
CHECKS_AT_ONCE = 2
"""Each takes 32 MiB and a core for a moment."""

_Mark = tuple[int, int, int]


class LocalAccounts:
    """Guarantees: the file is read anew before a check when it has changed; while it can't be read, nobody gets in; a
    name that is not in it takes as long as a wrong password.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hashes: dict[str, str] = {}
        self._mark: _Mark | None = None
        self._checks = asyncio.Semaphore(CHECKS_AT_ONCE)
        # Nobody knows its password: names that do not exist are checked against it.
        self._nobody = hash_password(secrets.token_urlsafe(32))

    def load(self) -> None:
        """Reads the file. Raises UserError."""
        stat = self._stat()
        self._hashes = _read(self._path)
        self._mark = stat
        log.warning("accounts.local", file=str(self._path), accounts=len(self._hashes))

    async def is_right(self, name: str, password: str) -> bool:
        """Whether there is such an account, and this is its password."""
        async with self._checks:
            return await asyncio.to_thread(self._check, name, password)

    def _check(self, name: str, password: str) -> bool:
        self._reload()
        kept = self._hashes.get(name)
        is_same = is_password(password, kept if kept is not None else self._nobody)
        return is_same and kept is not None

    def _reload(self) -> None:
        try:
            if self._stat() != self._mark:
                self.load()
        except UserError as error:
            self._hashes, self._mark = {}, None
            log.error("accounts.unreadable", reason=str(error))

    def _stat(self) -> _Mark:
        try:
            stat = self._path.stat()
        except OSError as error:
            raise UserError(f"--local-accounts {self._path} can't be read: {error.strerror}") from error
        return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _read(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--local-accounts {path} can't be read: {type(error).__name__}") from error
    hashes: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, kept = line.strip().partition(" ")
        # The line itself is not told: somebody may have written a password there.
        if not _NAME.fullmatch(name) or not is_hash(kept) or name in hashes:
            raise UserError(
                f"--local-accounts {path}, line {number}, is no account of its own; make it with "
                "octokube people hash-password NAME"
            )
        hashes[name] = kept
    return hashes
