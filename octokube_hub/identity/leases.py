"""Ends what is open when the secret that opened it ends, and tells it when its bearer's teams change."""

import asyncio
import dataclasses
import datetime
from collections.abc import Awaitable, Callable

import structlog

from octokube.runtime.clock import Clock
from octokube_hub.policy import Subject
from octokube_hub.store import Database

log = structlog.get_logger(__name__)

CHECK_SECONDS = 0.4
"""Another program (the command line) may revoke in the store; twice this is within the second that is promised."""


class Lease:
    """The right of one open stream to stay open. ``end_reason`` is None as long as it holds."""

    __slots__ = ("end_reason", "expires_at", "on_change", "on_end", "secret_id", "subject")

    def __init__(self, secret_id: str, expires_at: datetime.datetime | None, subject: Subject | None = None) -> None:
        self.secret_id = secret_id
        self.expires_at = expires_at
        self.subject = subject
        """Whose it is, with the teams as they were told last."""
        self.end_reason: str | None = None
        self.on_end: Callable[[], None] | None = None
        """Called once when it ends; to be set by the holder."""
        self.on_change: Callable[[], None] | None = None
        """Called when ``subject`` has changed; a holder who does not set it has the lease end instead."""

    def has_ended(self, now: datetime.datetime) -> bool:
        """Whether it is over at that instant. Once over it stays over, also when the clock is set back."""
        if self.end_reason is None and self.expires_at is not None and now >= self.expires_at:
            self.end("it has expired")
        return self.end_reason is not None

    def end(self, reason: str) -> None:
        """Ends it and tells its holder, once."""
        if self.end_reason is None:
            self.end_reason = reason
            if self.on_end is not None:
                self.on_end()


class Leases:
    """All leases on one kind of secret (tokens, or agent credentials).

    Guarantee: within a second of a secret's expiry or revocation, by whatever program, each lease on it has ended and
    its holder has been called. Holders that cannot wait ask ``has_ended`` before each thing they do.
    """

    def __init__(self, revoked_ids: Callable[[], Awaitable[frozenset[str]]], clock: Clock, *, kind: str) -> None:
        self._revoked_ids = revoked_ids
        self._clock = clock
        self._kind = kind
        self._open: dict[Lease, None] = {}
        self.has_unchecked = False
        """Whether a lease was opened since the last ``check_store``: its secret may have been revoked just before."""

    def __len__(self) -> int:
        return len(self._open)

    def open(self, secret_id: str, expires_at: datetime.datetime | None, subject: Subject | None = None) -> Lease:
        """A lease that is to be given back with ``close``."""
        lease = Lease(secret_id, expires_at, subject)
        self._open[lease] = None
        self.has_unchecked = True
        return lease

    def close(self, lease: Lease) -> None:
        """Gives a lease back. Its holder is not called any more."""
        self._open.pop(lease, None)

    def is_held(self, secret_id: str) -> bool:
        """Whether anything is open on a secret."""
        return any(lease.secret_id == secret_id and lease.end_reason is None for lease in self._open)

    def revoke(self, secret_id: str) -> int:
        """Ends every lease on a secret at once; how many there were."""
        ended = [lease for lease in self._open if lease.secret_id == secret_id and lease.end_reason is None]
        for lease in ended:
            lease.end("it was revoked")
        if ended:
            log.info("lease.revoked", kind=self._kind, secret=secret_id, streams=len(ended))
        return len(ended)

    def revoke_all_of(self, name: str) -> int:
        """Ends every lease of a subject at once; how many there were."""
        held = [lease for lease in self._open if lease.subject is not None and lease.subject.name == name]
        ended = [lease for lease in held if lease.end_reason is None]
        for lease in ended:
            lease.end("its bearer was shut out")
        return len(ended)

    def renew(self, secret_id: str, expires_at: datetime.datetime) -> None:
        """Prolongs every lease on a secret that has not ended."""
        for lease in self._open:
            if lease.secret_id == secret_id and lease.end_reason is None:
                lease.expires_at = expires_at

    def retell(self, name: str, teams: frozenset[str]) -> None:
        """Tells every lease of a subject which teams it is in now."""
        for lease in list(self._open):
            subject = lease.subject
            if subject is None or subject.name != name or subject.groups == teams:
                continue
            lease.subject = dataclasses.replace(subject, groups=teams)
            if lease.on_change is not None:
                lease.on_change()
            else:
                lease.end("the teams of its bearer have changed")

    def check_expiry(self) -> None:
        """Ends what has expired by now."""
        now = self._clock.now()
        for lease in list(self._open):
            lease.has_ended(now)

    async def check_store(self) -> None:
        """Ends what the store says is revoked."""
        self.has_unchecked = False
        held = {lease.secret_id for lease in self._open if lease.secret_id}
        if held:
            for secret_id in sorted(held & await self._revoked_ids()):
                self.revoke(secret_id)


async def keep_checking(database: Database, *leases: Leases) -> None:
    """Checks all leases for ever; reads the store only when something may have changed there."""
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        for held in leases:
            held.check_expiry()
        is_stale = await database.has_foreign_changes()
        for held in leases:
            if is_stale or held.has_unchecked:
                await held.check_store()
