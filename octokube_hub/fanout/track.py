"""Leads one receiver through one cluster: where they are, and which frame is next."""

from collections.abc import Callable
from dataclasses import dataclass

from octokube.runtime.clock import Clock
from octokube.state import Gone
from octokube.v1 import frame_pb2
from octokube_hub.fanout import encoding, transmission
from octokube_hub.fanout.audience import Audience, Member
from octokube_hub.fanout.clusters import ClusterFanout
from octokube_hub.fanout.encoding import Header
from octokube_hub.fanout.resume import ResumeState, Unreadable
from octokube_hub.fanout.selection import NOTHING, Selection
from octokube_hub.fanout.transmission import Transmission
from octokube_hub.policy import Scope
from octokube_hub.replica import ClusterState

TRANSFER_LIMIT = 500_000
"""Objects in both views together up to which a move is told as a difference, which is found in slices. Beyond, as a
snapshot: the references to all of it are not worth keeping."""
REPLACEMENT_LIMIT = 20_000
"""The same where a new selection is told as tombstones and a snapshot: about 5 ms."""
LARGE_DELTA = 500
"""Changes beyond which a delta is made in a turn of its own."""


@dataclass(frozen=True, slots=True)
class Untold:
    """The receiver was sent nothing on this stream; what they may hold, their resume token says."""


@dataclass(frozen=True, slots=True)
class At:
    """The receiver holds what an audience saw at a version; not ``is_exact``: with parts of what came after.

    ``is_carried``: that was when the audience had another scope.
    """

    member: Member
    cursor: int
    is_exact: bool
    is_carried: bool = False


@dataclass(frozen=True, slots=True)
class Unsure:
    """A snapshot or a move was broken off: nobody can say what the receiver holds, and the next is a snapshot."""

    outcome: str


@dataclass(slots=True)
class Sending:
    """A transmission under way."""

    transmission: Transmission
    outcome: str = ""
    index: int = 0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The next frame of one stream. ``commit`` is to be called once it is on its way."""

    shared: bytes
    state: ClusterState | None
    outcome: str
    is_spaced: bool
    """Whether the subscriber's minimum spacing applies before it."""
    commit: Callable[[float], None]


class Track:
    """One cluster of one stream. Decides and encodes; sends nothing itself.

    There is a place (what the receiver holds) and a target (the audience whose view they are to hold), and each frame
    leads from the one towards the other: a resume or a snapshot to begin with, deltas while both are one audience, and
    the difference of two views after a change of scope. From the instant of that change nothing of the former audience
    is sent any more. Memory: a cursor, and while frames of one transmission are under way, a reference to them.
    """

    def __init__(
        self,
        fanout: ClusterFanout,
        scope: Scope,
        selection: Selection,
        wake: Callable[[], None],
        clock: Clock,
        *,
        resume_token: bytes = b"",
        has_patches: bool = False,
    ) -> None:
        self.cluster = fanout.replica.cluster
        self._fanout = fanout
        self._scope = scope
        self._selection = selection
        self._wake = wake
        self._resume_token = resume_token
        self._has_patches = has_patches
        self._place: Untold | At | Unsure = Untold()
        self._target: Member | None = None
        self._sending: Sending | None = None
        self._is_replacing = False
        self._is_ending = False
        self._has_forgotten = False
        self._told_state: ClusterState | None = None
        self._as_of_seconds = 0.0
        self._sent_at = clock.monotonic()
        self._unwatch = fanout.watch(wake)

    @property
    def is_finished(self) -> bool:
        """Whether the cluster has left the stream and the receiver has been told to forget it."""
        if not self._is_ending or self._sending is not None:
            return False
        return self._has_forgotten or (isinstance(self._place, Untold) and not self._resume_token)

    @property
    def is_settled(self) -> bool:
        """Whether ``next`` surely has nothing, until something wakes the track."""
        place = self._place
        return (
            self._sending is None
            and isinstance(place, At)
            and place.member is self._target
            and not place.is_carried
            and place.cursor >= place.member.audience.released
            and self._fanout.replica.state is self._told_state
        )

    @property
    def is_heavy(self) -> bool:
        """Whether making the next frame may take milliseconds: it is to be done in a turn of its own."""
        if self._sending is not None:
            return not self._sending.transmission.is_delta
        place = self._place
        if not isinstance(place, At) or place.member is not self._target or place.is_carried or self._is_replacing:
            return self._fanout.replica.is_loaded
        return place.member.audience.view.version - place.cursor > LARGE_DELTA

    def close(self) -> None:
        """Leaves the audiences. The track is of no use afterwards."""
        self._unwatch()
        self._aim(None)
        self._put(Untold())
        self._sending = None

    def rescope(self, scope: Scope, *, is_visible: bool) -> None:
        """Takes a new scope. Nothing is sent under the old one from now on.

        ``is_visible`` false: the scope shows nothing of the cluster any more, and the track ends.
        """
        self._scope = scope
        self._retarget(is_ending=not is_visible or self._selection is NOTHING, outcome="scope-changed")

    def reselect(self, scope: Scope, selection: Selection, *, is_visible: bool, has_patches: bool = False) -> None:
        """Takes a new selection, which is told as a new snapshot. One without the cluster ends the track."""
        self._scope = scope
        self._has_patches = has_patches
        self._selection = selection if selection.has_cluster(self.cluster) else NOTHING
        if isinstance(self._place, Untold) and self._resume_token:
            self._put(Unsure("subscription-changed"))  # they hold something, of the former selection
        self._resume_token = b""
        is_ending = not is_visible or self._selection is NOTHING
        self._is_replacing = not is_ending and isinstance(self._place, At)
        self._retarget(is_ending=is_ending, outcome="subscription-changed")

    def hold(self) -> None:
        """Takes back a delta of which nothing was sent: when there is room, it will tell of the newest state."""
        if self._sending is not None and self._sending.index == 0 and self._sending.transmission.is_delta:
            self._sending = None

    def abandon(self) -> None:
        """Lets go of frames that the receiver does not take; what they lack is found anew when they read again."""
        self._sending = None

    def next(self, now: float) -> Outgoing | None:
        """The frame that is due, the same until it is committed; None when there is none. ``now`` is monotonic."""
        if self._sending is None:
            self._sending = self._begin(now)
        state = self._fanout.replica.state
        if self._sending is not None:
            return self._outgoing(self._sending, state)
        if self._is_ending or state is self._told_state:
            return None
        return self._bookmark(state)

    def bookmark(self) -> Outgoing:
        """Progress without content. Only to be sent when ``next`` has nothing."""
        return self._bookmark(self._fanout.replica.state)

    def is_bookmark_due(self, now: float, after_seconds: float) -> bool:
        """Whether nothing was sent for so long that a bookmark is due. ``now`` is monotonic."""
        return not self._is_ending and self._sending is None and now - self._sent_at >= after_seconds

    def _retarget(self, *, is_ending: bool, outcome: str) -> None:
        self._is_ending = is_ending
        self._has_forgotten = False
        self._sending = None
        if isinstance(self._place, Unsure):
            self._place = Unsure(outcome)
        if self._target is not None:
            self._aim(self._join())

    def _join(self) -> Member:
        place = self._place
        if isinstance(place, At) and self._fanout.carry(place.member, self._scope, self._selection):
            self._place = At(place.member, place.cursor, place.is_exact, is_carried=True)
            return self._remembering(place.member)
        coming_from = place.member.audience if isinstance(place, At) else None
        member = self._fanout.join(self._scope, self._selection, self._wake, coming_from=coming_from)
        return self._remembering(member)

    def _remembering(self, member: Member) -> Member:
        if self._has_patches:
            member.audience.view.remember_bases()
        return member

    def _begin(self, now: float) -> Sending | None:
        if self._is_ending and not isinstance(self._place, At):
            return None if self.is_finished else Sending(transmission.farewell(self._header()), "scope-changed")
        if not self._fanout.replica.is_loaded:
            return None
        if self._target is None:
            self._aim(self._join())
        assert self._target is not None  # noqa: S101 - for the type checker
        audience = self._target.audience
        if not audience.is_ready:
            return None
        match self._place:
            case Untold():
                return self._start(audience, now)
            case Unsure(outcome):
                return Sending(audience.snapshot(now), outcome)
            case At(member, cursor, is_exact, is_carried):
                try:
                    if self._is_replacing or member.audience is not audience:
                        if not member.audience.is_ready:
                            return None  # its own view, too, decides what the receiver lacks
                        return self._move(member.audience, cursor, audience, now, is_exact=is_exact)
                    if is_carried:
                        made = audience.carried(cursor) if is_exact else audience.snapshot(now)
                        return Sending(made, "scope-changed")
                    if cursor < audience.released:
                        return Sending(audience.delta(cursor, is_exact=is_exact, has_patches=self._has_patches))
                except Gone:
                    return Sending(audience.snapshot(now), "position-too-old")
        return None

    def _start(self, audience: Audience, now: float) -> Sending:
        outcome, state = self._read_token()
        if state is not None:
            try:
                return Sending(audience.catch_up(state.version), outcome)
            except Gone:
                outcome = "position-too-old"
        return Sending(audience.snapshot(now), outcome)

    def _move(self, old: Audience, cursor: int, new: Audience, now: float, *, is_exact: bool) -> Sending | None:
        # What one selection shows of an object may be less than what another does: only a snapshot tells that.
        is_other = old.view.selection.fingerprint != new.view.selection.fingerprint and not self._is_ending
        is_replacing = self._is_replacing or is_other
        outcome = "subscription-changed" if is_replacing else "scope-changed"
        limit = REPLACEMENT_LIMIT if is_replacing else TRANSFER_LIMIT
        if not is_exact or len(old.view.store) + len(new.view.store) > limit:
            return Sending(new.snapshot(now), outcome)
        if is_replacing:
            return Sending(new.replacement(old, cursor), outcome)
        made = new.transfer(old, cursor)
        return Sending(made) if made is not None else None

    def _read_token(self) -> tuple[str, ResumeState | None]:
        if not self._resume_token:
            return "new", None
        replica = self._fanout.replica
        try:
            state = self._fanout.sealer.open(self.cluster, self._resume_token)
        except Unreadable:
            return "token-unreadable", None
        if state.subscription != self._selection.fingerprint:
            return "subscription-changed", None
        if state.scope.hex() != self._scope.fingerprint:
            return "scope-changed", None
        if state.epoch != replica.epoch or state.version > replica.version:
            return "epoch-unknown", None  # a version this hub has not reached is as unknown as another epoch
        return ("resumed", state) if state.version >= replica.horizon else ("position-too-old", None)

    def _outgoing(self, sending: Sending, state: ClusterState) -> Outgoing:
        piece = sending.transmission.piece(sending.index)
        is_begin = piece.kind == frame_pb2.FRAME_KIND_SNAPSHOT_BEGIN
        has_outcome = is_begin or (piece.kind == frame_pb2.FRAME_KIND_DELTA and sending.outcome == "resumed")
        told = state if (is_begin or state is not self._told_state) and not self._is_ending else None

        def commit(now: float) -> None:
            self._sent_at = now
            if told is not None:
                self._told_state = told
            if has_outcome:
                sending.outcome = ""
            sending.index += 1
            self._as_of_seconds = max(self._as_of_seconds, piece.as_of_seconds)
            if piece.is_last:
                self._land(piece.cursor or 0)
            elif sending.transmission.is_delta and self._target is not None:
                self._put(At(self._target, piece.cursor or 0, is_exact=False))
            elif not isinstance(self._place, Unsure):
                self._put(Unsure("position-too-old"))

        is_spaced = sending.transmission.is_delta and sending.index == 0
        return Outgoing(piece.shared, told, sending.outcome if has_outcome else "", is_spaced, commit)

    def _land(self, cursor: int) -> None:
        self._sending = None
        self._is_replacing = False
        self._resume_token = b""
        if self._is_ending or self._target is None:
            self._has_forgotten = True
            self._put(Untold())
        else:
            self._put(At(self._target, cursor, is_exact=True))

    def _bookmark(self, state: ClusterState) -> Outgoing:
        place = self._place
        token = b""
        if (
            isinstance(place, At)
            and place.member is self._target
            and not place.is_carried
            and place.member.audience.is_ready
            and place.cursor == place.member.audience.view.version
        ):
            # Nothing is outstanding: the view is as current as the hub's copy, by the agent's own steady steps.
            self._as_of_seconds = max(self._as_of_seconds, self._fanout.replica.steady_as_of_seconds)
            token = place.member.audience.token()
        header = Header(self.cluster, self._as_of_seconds)
        shared = encoding.shared_frame(frame_pb2.FRAME_KIND_BOOKMARK, header, token=token)

        def commit(now: float) -> None:
            self._sent_at = now
            self._told_state = state

        return Outgoing(shared, state, "", False, commit)

    def _header(self) -> Header:
        return Header(self.cluster, self._as_of_seconds)

    def _aim(self, member: Member | None) -> None:
        """Sets the target. A membership is kept as long as it is the target or the receiver's place."""
        former, self._target = self._target, member
        place = self._place
        if isinstance(place, At) and member is not None and member.audience is place.member.audience:
            self._target = place.member
            if member is not place.member:
                self._fanout.leave(member)
        if former is not None and former is not self._target and not (isinstance(place, At) and place.member is former):
            self._fanout.leave(former)

    def _put(self, place: Untold | At | Unsure) -> None:
        former, self._place = self._place, place
        is_kept = isinstance(place, At) and isinstance(former, At) and place.member is former.member
        if isinstance(former, At) and former.member is not self._target and not is_kept:
            self._fanout.leave(former.member)
