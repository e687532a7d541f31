"""Shares one view, and the frames made from it, among all subscribers who see the same."""

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass

import structlog

from octokube.runtime.tasks import Tasks
from octokube.runtime.turns import Turns
from octokube.state import EncodedObject, Gone, Key, Stored
from octokube_hub.fanout import transmission
from octokube_hub.fanout.encoding import Header
from octokube_hub.fanout.patches import Patches
from octokube_hub.fanout.resume import ResumeState, Sealer
from octokube_hub.fanout.selection import Selection
from octokube_hub.fanout.transmission import Transmission
from octokube_hub.fanout.view import AudienceKey, AudienceView
from octokube_hub.policy import Scope
from octokube_hub.replica import Replica

log = structlog.get_logger(__name__)

BUILD_SLICE = 2_000
"""Objects taken into a new view between two turns of the event loop: about 5 ms."""
FOLLOW_SLICE = 1_000
"""Changes of the replica that a view follows with one turn of the event loop, when there are many: about 4 ms."""
MOVED_AT_ONCE = 4_000
"""Objects in two views together up to which the way from the one to the other is found in one turn: about 5 ms."""
DERIVED_AT_MOST = 20_000
"""Objects of a view up to which another one is made from it in one turn: about 4 ms."""
SNAPSHOT_REUSE_SECONDS = 1.0
"""Subscribers who come within this time (all of them, after a hub's restart) share one encoded snapshot and what
changed since."""
BASES_SECONDS = 1.0
"""What objects were before they changed is remembered so long, and up to twice: several rounds of a busy fan-out."""
MAX_CACHED = 16
"""Distinct positions of lagging readers for which frames of one version are kept."""


@dataclass(eq=False, slots=True)
class Member:
    """One subscriber's place in an audience. ``wake`` is called when there is something new to read."""

    audience: "Audience"
    wake: Callable[[], None]


class Audience:
    """Guarantee: for equal cursors the very same encoded frames are handed out. All of it belongs to one event loop.

    ``released`` is the version up to which readers may read: changes gather between two rounds of the fan-out.
    """

    def __init__(
        self,
        key: AudienceKey,
        replica: Replica,
        scope: Scope,
        selection: Selection,
        sealer: Sealer,
        patches: Patches,
        turns: Turns,
        tasks: Tasks,
    ) -> None:
        self.key = key
        self.view = AudienceView(key, replica, scope, selection)
        self.released = 0
        self.members: dict[Member, None] = {}
        """In the order in which they came, as a set."""
        self._sealer = sealer
        self._patches = patches
        self._rotated_at = 0.0
        self._turns = turns
        self._tasks = tasks
        self._backlog: deque[list[Stored[EncodedObject]] | list[Key]] = deque()
        self._scope_bytes = bytes.fromhex(scope.fingerprint)
        self._made_at_version = -1
        self._deltas: dict[tuple[int, bool, bool], Transmission] = {}
        self._catch_ups: dict[int, Transmission] = {}
        self._transfers: dict[tuple[Audience, int], Transmission] = {}
        self._prepared: dict[tuple[Audience, int], Transmission | Gone | None] = {}
        """Moves that take several turns to find out; None for those under way."""
        self._basis: Audience | None = None
        """The audience that this one was made from, as long as there are members there who have not come yet."""
        self._derived_at = 0
        """The version up to which a cursor there means the same here."""
        self._snapshot: tuple[float, int, Transmission] | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the view is complete, and equal to the filtered replica. While it is not, nothing may be said of it:
        neither frames nor tokens."""
        return self.view.is_ready and not self._backlog

    async def build(self, candidates: list[Stored[EncodedObject]]) -> None:
        """Fills the view in slices. Changes that happen meanwhile are taken by ``apply``."""
        replica = self.view.replica
        for index, stored in enumerate(candidates):
            if index % max(BUILD_SLICE // self.view.selection.effort, 1) == 0:
                await self._turns.take()
            current = replica.store.get(stored.key)  # meanwhile it may have changed, or gone
            if current is not None:
                self.view.put(current)
        self._complete()

    def build_at_once(self, candidates: list[Stored[EncodedObject]]) -> None:
        """The same without giving way, when there is little to take."""
        for stored in candidates:
            self.view.put(stored)
        self._complete()

    def derive(self, basis: "Audience", limit: int) -> bool:
        """Fills the view from that of an audience whose members are about to come here. False when that is too much."""
        derived_at = basis.view.version
        if not basis.is_ready or len(basis.view.store) > DERIVED_AT_MOST or not self.view.derive(basis.view, limit):
            return False
        self._basis, self._derived_at = basis, derived_at
        self._complete()
        return True

    def rescope(self, key: AudienceKey, scope: Scope, limit: int) -> bool:
        """Becomes the audience of another scope, with the only member it has. False when that is too much, or others
        are led here: a move that is being found out says what the former scope allowed.

        What readers of this one were sent is told by ``carried`` from now on, not by ``delta``.
        """
        if not self.is_ready or self._prepared or not self.view.rescope(key, scope, limit):
            return False
        self.key = key
        self._scope_bytes = bytes.fromhex(scope.fingerprint)
        self._snapshot = self._basis = None
        self._made_at_version = -1
        self._complete()
        return True

    def carried(self, cursor: int) -> Transmission:
        """From a cursor of before this was the audience of another scope. Raises Gone."""
        return transmission.follow(self.view, cursor, self._header(), self.token())

    def apply(self, changed: list[Stored[EncodedObject]], removed: list[Key]) -> bool:
        """Follows the replica. True when this audience sees a difference."""
        view = self.view
        version = view.version
        for key in removed:
            view.remove(key)
        for stored in changed:
            view.put(stored)
        return view.version != version

    def defer(self, changed: list[Stored[EncodedObject]], removed: list[Key]) -> None:
        """Leaves changes for ``catch_on``. The audience is not ready until then."""
        self._backlog.extend(part for part in (removed, changed) if part)

    async def catch_on(self) -> None:
        """Follows what was deferred, in slices. Meanwhile the replica goes on: what counts is how an object is now."""
        view, replica = self.view, self.view.replica
        done = 0
        slice = max(FOLLOW_SLICE // view.selection.effort, 1)
        while self._backlog:
            await self._turns.take()
            part = self._backlog[0]
            for item in part[done : done + slice]:
                key = item.key if isinstance(item, Stored) else item
                current = replica.store.get(key)
                if current is None:
                    view.remove(key)
                    continue
                former = view.store.named(key.type, key.namespace, key.name)
                if former is not None and former.key.uid != key.uid:
                    view.remove(former.key)  # its own removal is still ahead in the backlog
                view.put(current)
            done += slice
            if done >= len(part):
                self._backlog.popleft()
                done = 0

    def release(self) -> "list[Member]":
        """Lets the members read up to the newest version; who they are, for the caller to wake."""
        self.released = self.view.version
        return list(self.members)

    def wake(self) -> None:
        """Wakes every member."""
        for member in list(self.members):
            member.wake()

    def delta(self, cursor: int, *, is_exact: bool, has_patches: bool = False) -> Transmission:
        """From a cursor to now, with merge patches where the reader takes them. Raises Gone."""
        self._drop_outdated()
        kind = (cursor, is_exact, has_patches)
        made = self._deltas.get(kind)
        if made is None:
            patches = self._patches if has_patches else None
            made = transmission.delta(
                self.view, cursor, self._header(), self.token(), is_exact=is_exact, patches=patches
            )
            if len(self._deltas) < MAX_CACHED:
                self._deltas[kind] = made
        return made

    def catch_up(self, version: int) -> Transmission:
        """From a version of the replica to now. Raises Gone."""
        self._drop_outdated()
        made = self._catch_ups.get(version)
        if made is None:
            changes = self.view.replica.changes_after(version)
            made = transmission.catch_up(self.view, changes, self._header(), self.token())
            if len(self._catch_ups) < MAX_CACHED:
                self._catch_ups[version] = made
        return made

    def transfer(self, old: "Audience", cursor: int) -> Transmission | None:
        """From a cursor in another audience to now in this one. Raises Gone.

        None while that is being found out in slices; members are woken when it is there. Both audiences are ready.
        """
        is_derived = self._basis is old and cursor <= self._derived_at
        if not is_derived and len(old.view.store) + len(self.view.store) > MOVED_AT_ONCE:
            return self._prepare(old, cursor)
        self._drop_outdated()
        # The other view may move on while this one does not, but only by what this one does not see: what a reader held
        # at the cursor, and what is here now, still decide everything.
        made = self._transfers.get((old, cursor))
        if made is None and is_derived:
            made = self._transfers[old, cursor] = transmission.follow(self.view, cursor, self._header(), self.token())
        if made is None and cursor == old.view.version:
            made = transmission.exchange(old.view, self.view, self._header(), self.token())
            if len(self._transfers) < MAX_CACHED:
                self._transfers[old, cursor] = made
        if made is None:
            made = transmission.at_once(
                transmission.transfer(old.view, cursor, self.view, self._header(), self.token())
            )
            if len(self._transfers) < MAX_CACHED:
                self._transfers[old, cursor] = made
        return made

    def _prepare(self, old: "Audience", cursor: int) -> Transmission | None:
        place = (old, cursor)
        if place not in self._prepared:
            steps = transmission.transfer(
                old.view, cursor, self.view, self._header(), self.token(), slice=MOVED_AT_ONCE
            )
            next(steps)  # which settles where it leads to: now, while both views and the token say the same
            self._prepared[place] = None
            self._tasks.start_guarded(self._find_out(place, steps), name=f"move/{self.view.replica.cluster}")
        made = self._prepared[place]
        if isinstance(made, Gone):
            raise made
        return made

    async def _find_out(self, place: "tuple[Audience, int]", steps: Generator[None, None, Transmission]) -> None:
        found: Transmission | Gone | None = None
        while found is None:
            await self._turns.take()
            try:
                next(steps)
            except StopIteration as end:
                found = end.value
            except Gone as gone:
                found = gone
            except Exception:
                log.exception("move.failed")
                found = Gone("the difference could not be found; a snapshot tells the same")
        self._prepared[place] = found
        self.wake()

    def replacement(self, old: "Audience", cursor: int) -> Transmission:
        """From a cursor in another audience to this one, by tombstones and a snapshot. Raises Gone."""
        return transmission.replacement(old.view, cursor, self.view, self._header(), self.token())

    def snapshot(self, now: float) -> Transmission:
        """Everything, from nothing. ``now`` is monotonic. It may be up to a second old: changes follow as deltas."""
        if self._snapshot is not None:
            made_at, version, made = self._snapshot
            if now - made_at < SNAPSHOT_REUSE_SECONDS and version >= self.view.store.horizon:
                return made
        made = transmission.snapshot(self.view, self._header(), self.token())
        self._snapshot = (now, self.view.version, made)
        return made

    def trim(self, now: float) -> None:
        """Lets go of what was kept for readers who come at the same time."""
        self._transfers.clear()
        if self._basis is not None and not self._basis.members:
            self._basis = None
        for place, found in list(self._prepared.items()):
            if found is not None:
                del self._prepared[place]
        if self.view.bases is not None and now - self._rotated_at >= BASES_SECONDS:
            self._rotated_at = now
            self.view.bases.rotate(self.view.version)
        if self._snapshot is not None and now - self._snapshot[0] >= SNAPSHOT_REUSE_SECONDS:
            self._snapshot = None

    def token(self) -> bytes:
        """A fresh token for the newest state.

        Sealed anew each time: two equal ones would tell that nothing has happened in the cluster in between, also of
        what this audience does not see.
        """
        replica = self.view.replica
        if replica.epoch is None:
            return b""
        state = ResumeState(replica.epoch, replica.version, self._scope_bytes, self.view.selection.fingerprint)
        return self._sealer.seal(replica.cluster, state)

    def _header(self) -> Header:
        return Header(self.view.replica.cluster, self.view.replica.as_of_seconds)

    def _complete(self) -> None:
        self.view.is_ready = True
        self.released = self.view.version

    def _drop_outdated(self) -> None:
        if self._made_at_version != self.view.version:
            self._made_at_version = self.view.version
            self._deltas.clear()
            self._catch_ups.clear()
            self._transfers.clear()
