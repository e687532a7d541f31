"""Stores which policy revisions have been in force, and since when."""

import datetime

import sqlite_utils

from octokube_hub.store.database import Database


class PolicyRevisions:
    """The policy_revisions table: one row each time a revision comes into force."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, revision: str, commit: str | None, at: datetime.datetime) -> None:
        """Notes that a revision is in force from now on, without waiting for the disk."""
        row = {"revision": revision, "commit": commit, "activated_at": at.timestamp()}

        def add(database: sqlite_utils.Database) -> None:
            database.table("policy_revisions").insert(row)

        self._database.submit(add)
