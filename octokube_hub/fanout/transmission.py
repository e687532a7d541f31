"""Cuts what a receiver lacks into frames, made when they are sent and shared by all who lack the same."""

import sys
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

from octokube.state import Changes, EncodedObject, Gone, Key, SnapshotDigest, Stored, TombstoneReason
from octokube.v1 import frame_pb2
from octokube_hub.fanout import encoding
from octokube_hub.fanout.encoding import Header
from octokube_hub.fanout.patches import Patches
from octokube_hub.fanout.resume import worthless_token
from octokube_hub.fanout.transitions import Step, decide
from octokube_hub.fanout.view import AudienceView

PATCH_LIMIT = 250
"""Patches in one delta: about 10 ms of comparing. What changes beyond it is sent whole."""
SORTED_SNAPSHOT_LIMIT = 10_000
"""Sorting more would hold up the event loop for longer than an ordered first screen is worth."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One frame without what is a single stream's own.

    ``cursor`` is the view's version that a receiver has reached with it; None where that can't be said.
    """

    kind: int
    shared: bytes
    as_of_seconds: float
    cursor: int | None = None
    is_last: bool = False


class Transmission:
    """A sequence of frames that belong together, encoded one by one on demand and kept for the next who asks.

    What it tells is settled when it is made; only the joining of bytes is left for later. Memory: references to
    the objects it tells of, and the frames encoded so far, for as long as somebody is sending them.
    """

    def __init__(self, pieces: Iterator[Piece], *, is_delta: bool = False) -> None:
        self.is_delta = is_delta
        """Whether each piece has a cursor from which a receiver who breaks off can go on."""
        self._source = pieces
        self._pieces: list[Piece] = []

    def piece(self, index: int) -> Piece:
        """The frame at an index, which is not beyond the one that is the last."""
        while len(self._pieces) <= index:
            self._pieces.append(next(self._source))
        return self._pieces[index]


def delta(
    view: AudienceView, cursor: int, header: Header, token: bytes, *, is_exact: bool, patches: Patches | None = None
) -> Transmission:
    """What leads a reader at ``cursor`` to the view's newest version. Raises Gone beyond the tombstones.

    ``is_exact``: the reader's copy is what the view was at ``cursor``; then a key that came and went meanwhile is not
    mentioned. A reader who broke off a longer catch-up is told of it once too often rather than once too seldom.
    ``patches``: the reader takes merge patches, for the objects of which it is known what an exact reader holds.
    """
    changes = view.store.changes_after(cursor)
    tombstones = [
        (removed.version, removed.key, removed.reason)
        for removed in changes.tombstones
        if not is_exact or view.was_held(removed.key, cursor)
    ]
    bases = _bases(view, changes.entries, cursor) if is_exact and patches is not None else {}
    elements = _merged(changes.entries, tombstones, bases, patches)
    return Transmission(_deltas(elements, header, token, changes.to_version, is_stepwise=True), is_delta=True)


def catch_up(view: AudienceView, changes: Changes[EncodedObject], header: Header, token: bytes) -> Transmission:
    """What leads a reader who resumes from an older position of the replica to the view's newest version.

    Nobody knows what exactly they hold; scope and selection are the same as then, so that the keys that are visible now
    were visible then, too. What has changed and is without the labels that are selected may have had them then.
    """
    entries: list[Stored[EncodedObject]] = []
    tombstones = [
        (removed.version, removed.key, removed.reason) for removed in changes.tombstones if view.is_visible(removed.key)
    ]
    for changed in changes.entries:
        stored = view.store.get(changed.key)
        if stored is not None:
            entries.append(Stored(stored.key, changed.version, stored.value))
        elif view.selection.labels is not None and view.is_visible(changed.key):
            tombstones.append((changed.version, changed.key, TombstoneReason.WITHDRAWN))
    tombstones.sort(key=lambda one: one[0])
    return Transmission(_deltas(_merged(entries, tombstones), header, token, view.version, is_stepwise=False))


def transfer(
    old: AudienceView, cursor: int, new: AudienceView, header: Header, token: bytes, *, slice: int = sys.maxsize
) -> Generator[None, None, Transmission]:
    """What leads a reader of one view to another view of the same replica: tombstones for what leaves, entries for
    what enters or has changed. Raises Gone when ``cursor`` is beyond the old view's tombstones.

    Pauses after each ``slice`` of objects. It leads to what the new view is when it begins, and both views have to be
    equal to the replica then; what happens to them during a pause makes no difference.

    Until the last frame the receiver is between two scopes; if they break off there, they are not to resume from the
    token they have.
    """
    _check_reach(old, cursor)
    held, objects, version = old.keys_at(cursor), new.store.all(), new.version
    yield
    present: set[Key] = set()
    entering: list[Stored[EncodedObject]] = []
    for start in range(0, len(objects), slice):
        _check_reach(old, cursor)
        for stored in objects[start : start + slice]:
            present.add(stored.key)
            known = old.store.get(stored.key)
            is_current = known is not None and known.version <= cursor
            is_held = old.was_held(stored.key, cursor)
            if decide(is_held=is_held, is_visible=True, has_object=True, is_current=is_current) is Step.ENTRY:
                entering.append(stored)
        yield
    leaving: list[tuple[Key, TombstoneReason]] = []
    for index, key in enumerate(held):
        if index % slice == slice - 1:
            yield
        has_object = key in present
        is_visible = has_object or new.why_gone(key) is TombstoneReason.DELETED
        step = decide(is_held=True, is_visible=is_visible, has_object=has_object, is_current=True)
        if step is Step.WITHDRAWN:
            leaving.append((key, TombstoneReason.WITHDRAWN))
        elif step is Step.DELETED:
            leaving.append((key, TombstoneReason.DELETED))

    def elements() -> Iterator[tuple[int, bytes]]:
        for key, reason in leaving:
            yield 0, encoding.tombstone(key, reason)
        for stored in entering:
            yield 0, encoding.entry(stored.value)

    early_token = worthless_token()
    return Transmission(_deltas(elements(), header, token, version, is_stepwise=False, early_token=early_token))


def exchange(old: AudienceView, new: AudienceView, header: Header, token: bytes) -> Transmission:
    """The same for a reader who has all of the old view, at once. Namespaces that only one of the two sees are taken as
    a whole.
    """
    leaving = [(stored.key, new.why_gone(stored.key)) for stored in _only_in(old, new)]
    entering = _only_in(new, old)

    def elements() -> Iterator[tuple[int, bytes]]:
        for key, reason in leaving:
            yield 0, encoding.tombstone(key, reason)
        for stored in entering:
            yield 0, encoding.entry(stored.value)

    early_token = worthless_token()
    return Transmission(_deltas(elements(), header, token, new.version, is_stepwise=False, early_token=early_token))


def _only_in(view: AudienceView, other: AudienceView) -> list[Stored[EncodedObject]]:
    found: list[Stored[EncodedObject]] = []
    for type in view.store.types():
        for namespace in view.store.namespaces(type):
            objects = view.store.of_namespace(type, namespace)
            if other.store.has_any(type, namespace):
                objects = [stored for stored in objects if stored.key not in other.store]
            found += objects
    return found


def follow(view: AudienceView, cursor: int, header: Header, token: bytes) -> Transmission:
    """The same for a view that was derived from the old one: the cursor means the same in both, and costs nothing to
    look up but what has changed since. Raises Gone when it is beyond the view's tombstones.
    """
    changes = view.store.changes_after(cursor)
    tombstones = [
        # What is not visible any more is told as withdrawn, whether or not it was deleted before.
        (removed.version, removed.key, view.why_gone(removed.key))
        for removed in changes.tombstones
        if view.was_held(removed.key, cursor)
    ]
    elements = _merged(changes.entries, tombstones)
    return Transmission(
        _deltas(elements, header, token, changes.to_version, is_stepwise=False, early_token=worthless_token())
    )


def at_once(steps: Generator[None, None, Transmission]) -> Transmission:
    """Goes through all steps without a pause."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            made: Transmission = end.value
            return made


def _check_reach(view: AudienceView, cursor: int) -> None:
    if cursor < view.store.horizon:
        raise Gone(f"version {cursor} is older than the view's tombstones")


def snapshot(view: AudienceView, header: Header, token: bytes) -> Transmission:
    """The whole view as a snapshot transaction."""
    return Transmission(_snapshot(view.store.all(), view.version, header, token))


def replacement(old: AudienceView, cursor: int, new: AudienceView, header: Header, token: bytes) -> Transmission:
    """Tombstones for what leaves, and then the new view as a snapshot: for a selection that was replaced.

    Raises Gone when ``cursor`` is beyond the old view's tombstones.
    """
    _check_reach(old, cursor)
    leaving = [key for key in old.keys_at(cursor) if key not in new.store]
    rest = _snapshot(new.store.all(), new.version, header, token)

    def pieces() -> Iterator[Piece]:
        for chunk in encoding.chunks((0, encoding.tombstone(key, TombstoneReason.WITHDRAWN)) for key in leaving):
            yield _delta_piece(header, chunk.content, token=worthless_token())
        yield from rest

    return Transmission(pieces())


def _snapshot(objects: list[Stored[EncodedObject]], version: int, header: Header, token: bytes) -> Iterator[Piece]:
    if len(objects) <= SORTED_SNAPSHOT_LIMIT:
        objects.sort(key=lambda stored: stored.key)
    digest = SnapshotDigest()
    kind = frame_pb2.FRAME_KIND_SNAPSHOT_BEGIN
    yield Piece(kind, encoding.shared_frame(kind, header, item_count=len(objects)), header.as_of_seconds)

    def elements() -> Iterator[tuple[int, bytes]]:
        for stored in objects:
            digest.add(stored.key, stored.value.resource_version)
            yield 0, encoding.entry(stored.value)

    for chunk in encoding.chunks(elements(), first_bytes=encoding.FIRST_PART_BYTES):
        kind = frame_pb2.FRAME_KIND_SNAPSHOT_PART
        yield Piece(kind, encoding.shared_frame(kind, header, content=chunk.content), header.as_of_seconds)
    kind = frame_pb2.FRAME_KIND_SNAPSHOT_END
    shared = encoding.shared_frame(kind, header, token=token, item_count=digest.item_count, digest=digest.value)
    yield Piece(kind, shared, header.as_of_seconds, version, is_last=True)


def _bases(view: AudienceView, entries: list[Stored[EncodedObject]], cursor: int) -> dict[Key, EncodedObject]:
    """What a reader exactly at ``cursor`` holds of the objects that changed; only those of which it is known."""
    held: dict[Key, EncodedObject] = {}
    if view.bases is not None:
        for stored in entries:
            base = view.bases.held_at(stored.key, cursor)
            if base is not None and len(held) < PATCH_LIMIT:
                held[stored.key] = base
    return held


def _merged(
    entries: list[Stored[EncodedObject]],
    tombstones: list[tuple[int, Key, TombstoneReason]],
    bases: dict[Key, EncodedObject] | None = None,
    patches: Patches | None = None,
) -> Iterator[tuple[int, bytes]]:
    """Elements in the order of versions: a predecessor's tombstone comes before its successor of the same name."""
    # Both are in order already; merged as they are asked for, ten thousands of them cost one part at a time.
    left = iter(tombstones)
    gone = next(left, None)
    for stored in entries:
        while gone is not None and gone[0] < stored.version:
            yield gone[0], encoding.tombstone(gone[1], gone[2])
            gone = next(left, None)
        base = bases.get(stored.key) if bases else None
        patch = patches.between(base, stored.value) if base is not None and patches is not None else None
        element = encoding.entry(stored.value) if patch is None else encoding.patched_entry(stored.value, patch)
        yield stored.version, element
    while gone is not None:
        yield gone[0], encoding.tombstone(gone[1], gone[2])
        gone = next(left, None)


def _deltas(
    elements: Iterable[tuple[int, bytes]],
    header: Header,
    token: bytes,
    to_version: int,
    *,
    is_stepwise: bool,
    early_token: bytes = b"",
) -> Iterator[Piece]:
    pending: encoding.Chunk | None = None
    for chunk in encoding.chunks(elements):
        if pending is not None:
            cursor = pending.last if is_stepwise else None
            yield _delta_piece(header, pending.content, cursor=cursor, token=early_token)
        pending = chunk
    content = pending.content if pending is not None else b""
    yield _delta_piece(header, content, cursor=to_version, token=token, is_last=True)


def _delta_piece(
    header: Header, content: bytes, *, cursor: int | None = None, token: bytes = b"", is_last: bool = False
) -> Piece:
    kind = frame_pb2.FRAME_KIND_DELTA
    shared = encoding.shared_frame(kind, header, content=content, token=token)
    return Piece(kind, shared, header.as_of_seconds, cursor, is_last)


def farewell(header: Header) -> Transmission:
    """An empty snapshot: has a receiver forget a cluster of which nobody knows what they hold."""
    return Transmission(_snapshot([], 0, header, worthless_token()))
