"""Owns the SQLite file, and the one thread that touches it."""

import asyncio
import os
import pathlib
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import sqlite_utils
import structlog

from octokube.runtime.errors import UserError
from octokube_hub.store.migrations import migrations

log = structlog.get_logger(__name__)

T = TypeVar("T")

FILE_NAME = "hub.sqlite"
BUSY_TIMEOUT_SECONDS = 5
"""How long a write waits for another program's (the command line makes tokens while the hub runs)."""

StoreError = sqlite3.Error
"""What ``call`` raises when the disk or the file can't be used."""


class Database:
    """The hub's database: WAL, one dedicated thread, file mode 0600.

    Guarantees: what ``call`` has returned from is on disk (synchronous=FULL); work is done in the order it was handed
    over. The event loop is never blocked. Not guaranteed: that nobody else writes; see ``has_foreign_changes``.
    """

    def __init__(self, directory: pathlib.Path) -> None:
        self.path = directory / FILE_NAME
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="hub-store")
        self._database: sqlite_utils.Database | None = None
        self._data_version = 0

    async def open(self) -> None:
        """Opens or creates the file and brings it to the newest shape. Raises UserError when that is impossible."""
        try:
            await asyncio.wrap_future(self._thread.submit(self._open))
        except (OSError, sqlite3.Error) as error:
            self._thread.shutdown(wait=False)
            reason = getattr(error, "strerror", None) or str(error)
            raise UserError(
                f"the database {self.path} can't be used ({reason}); give with --data a directory you may write to"
            ) from error

    async def call(self, work: Callable[[sqlite_utils.Database], T]) -> T:
        """Runs work on the database's thread, in a transaction of its own, and returns its result."""
        return await asyncio.wrap_future(self.submit(work))

    async def read(self, work: Callable[[sqlite_utils.Database], T]) -> T:
        """The same for work that only reads, however long: no other program's write waits for it."""
        future = self._thread.submit(self._read, work)
        future.add_done_callback(_log_failure)
        return await asyncio.wrap_future(future)

    def submit(self, work: Callable[[sqlite_utils.Database], T]) -> "Future[T]":
        """The same without waiting: for what has to be remembered but holds nobody up. A failure is logged."""
        future = self._thread.submit(self._run, work)
        future.add_done_callback(_log_failure)
        return future

    async def has_foreign_changes(self) -> bool:
        """Whether another program has written since the last time this was asked."""
        return await asyncio.wrap_future(self._thread.submit(self._look))

    async def close(self) -> None:
        """Finishes what was handed over, and closes the file."""
        if self._database is not None:
            await asyncio.wrap_future(self._thread.submit(self._database.close))
            self._database = None
        self._thread.shutdown(wait=False)

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # The file is made before SQLite does, so that it never exists with wider rights; -wal and -shm inherit them.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        self.path.chmod(0o600)
        connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_SECONDS, check_same_thread=False)
        database = sqlite_utils.Database(connection)
        try:
            database.enable_wal()
            database.execute("PRAGMA synchronous = FULL")
            migrations.apply(database)
            self._data_version = _data_version(database)
        except BaseException:
            database.close()
            raise
        self._database = database

    def _run(self, work: Callable[[sqlite_utils.Database], T]) -> T:
        database = self._opened()
        # IMMEDIATE takes the right to write at the start, where it can be waited for: a transaction that has read
        # before it writes fails at once when another program has written in between.
        database.execute("BEGIN IMMEDIATE")
        try:
            result = work(database)
            database.execute("COMMIT")
        except BaseException:
            database.rollback()
            raise
        return result

    def _read(self, work: Callable[[sqlite_utils.Database], T]) -> T:
        with self._opened().atomic() as database:
            return work(database)

    def _opened(self) -> sqlite_utils.Database:
        if self._database is None:
            raise RuntimeError("the database is not open")
        return self._database

    def _look(self) -> bool:
        if self._database is None:
            return False
        former, self._data_version = self._data_version, _data_version(self._database)
        return self._data_version != former


def _data_version(database: sqlite_utils.Database) -> int:
    """A number that SQLite changes whenever another connection has changed the file."""
    return int(database.execute("PRAGMA data_version").fetchone()[0])


def _log_failure(future: "Future[T]") -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        log.error("store.failed", reason=f"{type(error).__name__}: {error}")
