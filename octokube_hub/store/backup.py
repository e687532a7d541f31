"""Copies what a hub remembers into one file while the hub runs, and puts it back where no hub has anything.

A backup is a tar file (mode 0600: it holds keys) with the database, the authority of agents' certificates and, when
asked for, recordings. Policy files are not in it: they have a home of their own.
"""

import contextlib
import os
import pathlib
import sqlite3
import tarfile
import tempfile

import sqlite_utils

from octokube.runtime.errors import UserError
from octokube_hub.store import audit_chain
from octokube_hub.store.audit import verified
from octokube_hub.store.database import BUSY_TIMEOUT_SECONDS, FILE_NAME
from octokube_hub.store.migrations import migrations

AUTHORITY_NAME = "authority.pem"
RECORDINGS_FOLDER = "recordings"


def back_up(data: pathlib.Path, file: pathlib.Path, *, has_recordings: bool = False) -> audit_chain.Finding:
    """Writes a new file and tells the audit log that is in it. The hub may run, and goes on writing meanwhile.

    Guarantees: the database is as it was at one instant; the file is whole when it has its name. Raises UserError.
    """
    if not (data / FILE_NAME).is_file():
        raise UserError(f"there is no {FILE_NAME} in {data}; name the hub's directory with --data")
    if file.exists():
        raise UserError(f"{file} exists already, and a backup overwrites nothing; name another file with --to")
    try:
        with tempfile.TemporaryDirectory(prefix=".octokube-backup-", dir=file.parent) as folder:
            copy = pathlib.Path(folder) / FILE_NAME
            _copy_database(data / FILE_NAME, copy)
            found = _checked(copy)
            made = pathlib.Path(folder) / "backup.tar"
            with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
                with tarfile.open(fileobj=opened, mode="w") as archive:
                    archive.add(copy, FILE_NAME)
                    if (data / AUTHORITY_NAME).is_file():
                        archive.add(data / AUTHORITY_NAME, AUTHORITY_NAME)
                    if has_recordings:
                        _add_recordings(archive, data / RECORDINGS_FOLDER)
                opened.flush()
                os.fsync(opened.fileno())
            # A link, unlike a rename, never takes the place of a file that came into being meanwhile.
            os.link(made, file)
    except (OSError, sqlite3.Error) as error:
        raise UserError(f"the backup {file} can't be made ({error}); check the rights and the space there") from error
    return found


def restore(file: pathlib.Path, data: pathlib.Path) -> audit_chain.Finding:
    """Puts a backup into a directory that is empty or not there, after checking it. Raises UserError otherwise."""
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise UserError(f"{data} is not empty, and restore overwrites nothing; name another directory with --data")
    try:
        data.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".octokube-restore-", dir=data.parent) as folder:
            unpacked = pathlib.Path(folder) / "data"
            unpacked.mkdir(mode=0o700)
            with tarfile.open(file, "r:") as archive:
                for member in archive:
                    _check_member(member, file)
                    archive.extract(member, unpacked, filter="data")
            if not (unpacked / FILE_NAME).is_file():
                raise UserError(f"{file} holds no {FILE_NAME}; name a file that octokube backup has made")
            found = _checked(unpacked / FILE_NAME)
            if found.fault:
                raise UserError(
                    f"the audit log in {file} is broken after {found.records} records ({found.fault}): it was changed "
                    "after it was written; use another backup"
                )
            for name in (FILE_NAME, AUTHORITY_NAME):
                if (unpacked / name).exists():
                    (unpacked / name).chmod(0o600)
            unpacked.replace(data)
    except (OSError, tarfile.TarError, sqlite3.Error) as error:
        raise UserError(
            f"{file} can't be restored into {data} ({error}); check the file, the rights and the space"
        ) from error
    return found


def inspect(data: pathlib.Path) -> audit_chain.Finding:
    """Checks a hub's database, which may be in use, and changes nothing. Raises UserError when it can't be read."""
    try:
        with tempfile.TemporaryDirectory(prefix="octokube-inspect-") as folder:
            copy = pathlib.Path(folder) / FILE_NAME
            _copy_database(data / FILE_NAME, copy)
            return _checked(copy)
    except (OSError, sqlite3.Error) as error:
        raise UserError(f"the database {data / FILE_NAME} can't be read ({error})") from error


def _copy_database(source: pathlib.Path, target: pathlib.Path) -> None:
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        contextlib.closing(
            sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_SECONDS)
        ) as hub,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        # All pages in one step: one read transaction, which in WAL keeps no writer waiting. Step by step, each write
        # of the hub would start the copy anew.
        hub.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without -wal and -shm beside it


def _add_recordings(archive: tarfile.TarFile, folder: pathlib.Path) -> None:
    for recording in sorted(folder.glob("*")):
        # One whose time is over may be removed by the hub meanwhile.
        with contextlib.suppress(FileNotFoundError):
            archive.add(recording, f"{RECORDINGS_FOLDER}/{recording.name}", recursive=False)


def _checked(path: pathlib.Path) -> audit_chain.Finding:
    """Follows the audit log's chain. Raises UserError when this version can't read the database."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        fault = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if fault != "ok":
            raise UserError(f"the database is damaged ({fault}); use another backup")
        database = sqlite_utils.Database(connection)
        if unknown := _unknown_steps(database):
            raise UserError(
                f"the database was written by a newer Octokube (steps {', '.join(unknown)}); use that version"
            )
        migrations.apply(database)
        return verified(database)


def _unknown_steps(database: sqlite_utils.Database) -> list[str]:
    known = {step.name for step in migrations.pending(sqlite_utils.Database(memory=True))}
    return sorted({step.name for step in migrations.applied(database)} - known)


def _check_member(member: tarfile.TarInfo, file: pathlib.Path) -> None:
    """A backup has these names only: a file made by somebody else puts nothing anywhere."""
    folder, _, rest = member.name.partition("/")
    is_ours = (member.name in (FILE_NAME, AUTHORITY_NAME) and member.isfile()) or (
        folder == RECORDINGS_FOLDER and member.isfile() and rest not in ("", "..") and "/" not in rest
    )
    if not is_ours:
        raise UserError(f"{file} holds {member.name!r}, which no backup has; name a file that octokube backup has made")
