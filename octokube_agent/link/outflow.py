"""Turns the hot state into the sequence of frames that one session sends."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from octokube.state import EncodedObject, Gone, Removed, SnapshotDigest, Stored
from octokube_agent.health import Health
from octokube_agent.hot_state import HotState
from octokube_agent.link import frames


@dataclass(frozen=True, slots=True)
class OutFrame:
    """An encoded LinkFrame, and the version that a hub which applied it has reached (None inside a snapshot)."""

    content: bytes
    version: int | None


class Outflow:
    """The frames of one session: first what leads the hub from where it is to now, then changes and bookmarks.

    Pure but for reading the hot state and the health: no waiting, no sending. Frames are made one at a time, when there
    is room to send them, so that an object that changed meanwhile is sent once, in its newest state. The exception is
    a snapshot: it is the state of one version, and holds references to it until it has been sent.

    ``as_of`` says only what is true of a hub that has applied the frame: the time at which the changes were gathered
    comes with the last frame of them, and until then the former time is repeated.
    """

    def __init__(
        self, hot_state: HotState, health: Health, *, resume_version: int, frame_bytes: int = frames.FRAME_BYTES
    ) -> None:
        self._hot_state = hot_state
        self._health = health
        self._frame_bytes = frame_bytes
        is_reachable = hot_state.horizon <= resume_version <= hot_state.version
        self.is_snapshot = resume_version == 0 or not is_reachable
        self._version = 0 if self.is_snapshot else resume_version
        self._pending: Iterator[OutFrame] | None = self._snapshot() if self.is_snapshot else None
        self._told_state = b""
        # A hub that resumes knows a later time itself; this one is never wrong.
        self._as_of = health.began_at

    @property
    def version(self) -> int:
        """The version that the hub reaches with the frames handed out so far."""
        return self._version

    @property
    def is_inside(self) -> bool:
        """Whether frames that belong together are being handed out, between which no bookmark may stand."""
        return self._pending is not None

    @property
    def has_news(self) -> bool:
        """Whether there is something to send besides a bookmark."""
        return self._pending is not None or self._hot_state.version > self._version

    @property
    def has_new_state(self) -> bool:
        """Whether the cluster's state differs from the last that was told."""
        return frames.cluster_state(self._health.freshness) != self._told_state

    def next(self) -> OutFrame | None:
        """The next frame of a snapshot or of changes; None when the hub has been told everything."""
        while True:
            if self._pending is None:
                if self._hot_state.version <= self._version:
                    return None
                self._pending = self._changes()
            frame = next(self._pending, None)
            if frame is not None:
                if frame.version is not None:
                    self._version = frame.version
                return frame
            self._pending = None

    def bookmark(self) -> OutFrame:
        """Progress, with the cluster's state. Only to be called when not ``is_inside``."""
        if self._hot_state.version <= self._version:
            self._as_of = self._health.freshness.as_of
        return OutFrame(frames.bookmark(self._version, self._header(is_state_told=True)), self._version)

    def _header(self, *, is_state_told: bool = False, has_types: bool = False) -> frames.Header:
        freshness = self._health.freshness
        state = b""
        if is_state_told:
            state = self._told_state = frames.cluster_state(freshness)
        types = frames.type_list(self._hot_state.types()) if has_types else b""
        return frames.Header(self._as_of, types=types, cluster_state=state)

    def _snapshot(self) -> Iterator[OutFrame]:
        version = self._hot_state.version
        # The ring of tombstones goes along: a hub that has restarted can then lead its subscribers on from where they
        # were, instead of sending everything to each of them.
        objects, tombstones = self._hot_state.all(), self._hot_state.tombstones()
        horizon = self._hot_state.horizon
        self._as_of = self._health.freshness.as_of
        header = self._header(is_state_told=True, has_types=True)
        yield OutFrame(frames.snapshot_begin(version, horizon, header), None)
        digest = SnapshotDigest()

        def elements() -> Iterator[tuple[int, bytes]]:
            both: tuple[list[Stored[EncodedObject] | Removed], ...] = ([*objects], [*tombstones])
            for item in heapq.merge(*both, key=lambda item: item.version):
                if isinstance(item, Stored):
                    digest.add(item.key, item.value.resource_version)
                    yield item.version, frames.entry(item)
                else:
                    yield item.version, frames.tombstone(item, self._hot_state.deleted_at(item.version))

        for chunk in frames.chunks(elements(), limit_bytes=self._frame_bytes):
            yield OutFrame(frames.snapshot_part(chunk.content, self._header()), None)
        yield OutFrame(frames.snapshot_end(version, digest, len(tombstones), self._header()), version)

    def _changes(self) -> Iterator[OutFrame]:
        """What happened since, cut into frames in version order: each leads from one version to a later one."""
        before = self._version
        as_of = self._health.freshness.as_of
        has_types = self._hot_state.types_version > before
        try:
            changes = self._hot_state.changes_after(before)
        except Gone:
            # More deletions than the ring holds happened between two frames: the hub is sent everything anew.
            yield from self._snapshot()
            return
        deleted_at = {removed.version: self._hot_state.deleted_at(removed.version) for removed in changes.tombstones}

        def elements() -> Iterator[tuple[int, bytes]]:
            items: list[Stored[EncodedObject] | Removed] = [*changes.entries, *changes.tombstones]
            items.sort(key=lambda item: item.version)
            for item in items:
                if not isinstance(item, Stored):
                    yield item.version, frames.tombstone(item, deleted_at[item.version])
                elif self._is_current(item):
                    yield item.version, frames.entry(item)

        pending: frames.Chunk | None = None
        for chunk in frames.chunks(elements(), limit_bytes=self._frame_bytes):
            if pending is not None:
                yield self._delta(before, pending.to_version, pending.content, has_types=has_types)
                before, has_types = pending.to_version, False
            pending = chunk
        self._as_of = as_of
        # The last frame reaches the version up to which the changes were asked for, whatever came last in it.
        yield self._delta(before, changes.to_version, pending.content if pending else b"", has_types=has_types)

    def _delta(self, before: int, to_version: int, content: bytes, *, has_types: bool) -> OutFrame:
        return OutFrame(frames.delta(before, to_version, content, self._header(has_types=has_types)), to_version)

    def _is_current(self, stored: Stored[EncodedObject]) -> bool:
        """Whether an object is still as it was when the changes were asked for; else it comes with the next ones."""
        return self._hot_state.is_current(stored)
