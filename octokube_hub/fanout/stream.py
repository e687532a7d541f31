"""Serves one Watch stream."""

import asyncio
import functools
from collections import deque
from collections.abc import Awaitable, Callable

import structlog
from google.protobuf.message import DecodeError

from octokube.runtime.clock import Clock
from octokube.v1 import cluster_service_pb2 as pb
from octokube_hub.fanout import encoding, transmission
from octokube_hub.fanout.authority import Authority
from octokube_hub.fanout.clusters import Fanout
from octokube_hub.fanout.encoding import Header
from octokube_hub.fanout.selection import BadSubscription, Selection, read_subscription
from octokube_hub.fanout.track import Track
from octokube_hub.fanout.window import BadAck, Window
from octokube_hub.policy import Scope

log = structlog.get_logger(__name__)

SUBSCRIBE_SECONDS = 15.0
BOOKMARK_SECONDS = 4.0
"""The contract promises one every 5 s; the rest is for the way."""
STALL_SECONDS = 10.0
"""A subscriber that makes no progress for so long is not kept a snapshot for: it starts over when it reads again."""
CUT_SECONDS = 0.4
"""How long a subscriber whose token has ended may keep the hub waiting before it is cut off."""
MAX_REQUEST_BYTES = 1024 * 1024
MAX_RESUME_POINTS = 500
Write = Callable[[bytes], Awaitable[None]]


class _Ended(Exception):
    """The stream is over; carries the last message to the subscriber."""

    def __init__(self, close: pb.Close) -> None:
        super().__init__()
        self.close = close


class WatchSession:
    """One subscriber's stream, whatever carries it.

    A message is made when ``next`` is called for it, and not before: what changes meanwhile gathers in the views.
    ``run`` does so for a transport that is written to, one message at a time. ``request`` and ``tick`` are synchronous
    and may be called in between. Whoever calls ``next`` also calls ``close`` when they are done.

    Guarantees: sequences are dense; the scope is asked for before every frame; a change of scope, the end of the token
    or a drain acts before any further frame. Non-guarantee: what has been handed to the transport can't be taken back;
    it is bounded by the window.
    """

    def __init__(self, fanout: Fanout, authority: Authority, clock: Clock) -> None:
        self._fanout = fanout
        self._authority = authority
        self._clock = clock
        self._is_awake = True
        self._needs_turn = False
        """Whether the next message is to be made in a turn of its own, because it may be heavy work."""
        self._waiter: asyncio.Future[None] | None = None
        self._window = Window(0)
        self._scope: Scope | None = None
        self._selection: Selection | None = None
        self._has_patches = False
        self._pending: pb.Subscribe | None = None
        self._fault = ""
        self._drain_seconds: float | None = None
        self._tracks: dict[str, Track] = {}
        self._due: dict[str, Track] = {}
        """Tracks that may have something to send, in the order of their turns."""
        self._end: pb.Close | None = None
        self._is_over = False
        self._known_clusters = 0
        self._farewells: deque[tuple[bytes, str]] = deque()
        self._notices: deque[pb.Notice] = deque(maxlen=16)
        self._sequence = 0
        self._blocked_since: float | None = None
        self._spaced_at = float("-inf")
        self._opened_at = clock.monotonic()
        self._task: asyncio.Task[object] | None = None
        self._writing_since: float | None = None
        self._is_cut = False
        self._unlisten = fanout.registry.listen(lambda _: self.wake())

    def wake(self) -> None:
        """Has the stream look again."""
        self._is_awake = True
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def request(self, message: bytes) -> None:
        """Takes a message of the subscriber. What is wrong with it ends the stream with a Close that says so."""
        try:
            if len(message) > MAX_REQUEST_BYTES:
                raise BadSubscription(f"a request of {len(message)} bytes; at most {MAX_REQUEST_BYTES} are taken")
            request = pb.WatchRequest.FromString(message)
            match request.WhichOneof("message"):
                case "ack":
                    self._window.acknowledged(request.ack.sequence)
                    self._blocked_since = None
                case "subscribe":
                    self._pending = _joined(self._pending, request.subscribe)
                case _:
                    raise BadSubscription("a request that is neither subscribe nor ack")
        except DecodeError:
            self._fault = "a request that is no protobuf of this contract"
        except (BadSubscription, BadAck) as error:
            self._fault = str(error)
        self.wake()

    def drain(self, retry_after_seconds: float) -> None:
        """Asks the subscriber to come back later, and ends the stream."""
        self._drain_seconds = retry_after_seconds
        self.wake()

    def tick(self) -> None:
        """To be called several times a second: heeds what comes with time alone."""
        now = self._clock.monotonic()
        if self._blocked_since is not None and now - self._blocked_since >= STALL_SECONDS:
            self._blocked_since = now
            for track in self._tracks.values():
                track.abandon()
        end_reason, scope = self._authority.look()
        has_ended = end_reason is not None
        is_stuck = self._writing_since is not None and now - self._writing_since >= CUT_SECONDS
        if has_ended and is_stuck and self._task is not None and not self._is_cut:
            # They do not read, and so would never be told: the transport is to drop the stream as it is.
            self._is_cut = True
            self._task.cancel()
        edge = self._authority.upcoming_change() if not has_ended else None
        if edge is not None:
            notice = pb.Notice(code="window-edge", message="what you may see changes by a time window of the policy")
            notice.at.FromDatetime(edge)
            self._notices.append(notice)
        is_late = self._selection is None and now - self._opened_at >= SUBSCRIBE_SECONDS
        has_due = False
        for name, track in self._tracks.items():
            if track.is_bookmark_due(now, BOOKMARK_SECONDS):
                self._due[name] = track
                has_due = True
        if (
            has_ended
            or is_late
            or has_due
            or edge is not None
            or (self._selection is not None and scope is not self._scope)
        ):
            self.wake()

    async def next(self) -> bytes | None:
        """The next message, once there is one; the last is a Close. None when the stream is over."""
        while True:
            if not self._is_awake and not self._is_over:
                self._waiter = asyncio.get_running_loop().create_future()
                try:
                    await self._waiter
                finally:
                    self._waiter = None
            self._is_awake = False
            has_turn, self._needs_turn = self._needs_turn, False
            if has_turn:
                try:
                    await self._fanout.turns.take()
                except BaseException:
                    self._is_awake = self._needs_turn = True  # whoever asks next finds what this one left
                    raise
            if self._is_over:
                return None  # perhaps only since it was woken: nothing may be joined or said any more
            try:
                message = self._next(has_turn=has_turn)
            except _Ended as ended:
                self._end = ended.close
                self._is_over = True
                return pb.WatchResponse(close=ended.close).SerializeToString()
            if message is not None:
                if self._due or self._notices or self._farewells:
                    self._is_awake = True
                self._fanout.traffic.sent(message)
                return message

    def close(self) -> None:
        """Leaves the audiences. The session is of no use afterwards. May be called more than once."""
        self._is_over = True
        self._unlisten()
        for track in self._tracks.values():
            track.close()
        self._tracks.clear()
        self._due.clear()
        self.wake()

    async def run(self, write: Write) -> pb.Close | None:
        """Streams until the stream ends for a reason, which is told in a Close as far as the subscriber reads it, and
        returned. None: what they hold of the stream was cut off. Ends by cancellation when the subscriber goes.
        """
        self._task = asyncio.current_task()
        try:
            while (message := await self.next()) is not None:
                self._writing_since = self._clock.monotonic()
                await write(message)
                self._writing_since = None
        except asyncio.CancelledError:
            if not self._is_cut or self._task is None or self._task.uncancel() > 0:
                raise
            return None
        finally:
            self._task = None
            self.close()
        return self._end

    def _next(self, *, has_turn: bool) -> bytes | None:
        """The message to send now. Everything that forbids sending is looked at here, at the last moment.

        None also when there is heavy work to do first and it is not this stream's turn: it is asked again in its turn.
        """
        now = self._clock.monotonic()
        end_reason, scope = self._authority.look()
        self._check_end(end_reason, now)
        is_moving = self._scope is not None and (self._pending is not None or scope != self._scope)
        if is_moving and not has_turn:
            self._ask_for_turn()
            return None
        if self._pending is not None:
            self._subscribe(self._pending, scope)
        if self._selection is None:
            return None
        if scope is not self._scope or self._known_clusters != len(self._fanout.registry):
            self._follow_scope(self._selection, scope)
        if self._notices:
            return pb.WatchResponse(notice=self._notices.popleft()).SerializeToString()
        if self._farewells:
            return self._farewell(*self._farewells[0], now)
        return self._next_frame(now, self._selection, has_turn=has_turn)

    def _ask_for_turn(self) -> None:
        self._needs_turn = self._is_awake = True

    def _check_end(self, reason: str | None, now: float) -> None:
        if self._fault:
            raise _Ended(_close(pb.CLOSE_REASON_BAD_REQUEST, self._fault))
        if reason is not None:
            raise _Ended(_close(pb.CLOSE_REASON_UNAUTHENTICATED, f"the token is not valid any more: {reason}; sign in"))
        if self._drain_seconds is not None:
            close = _close(pb.CLOSE_REASON_DRAIN, "the hub is about to stop; come back with your resume tokens")
            close.retry_after.FromMilliseconds(int(self._drain_seconds * 1000))
            raise _Ended(close)
        is_late = now - self._opened_at >= SUBSCRIBE_SECONDS
        if self._selection is None and self._pending is None and is_late:
            raise _Ended(_close(pb.CLOSE_REASON_BAD_REQUEST, f"no subscription within {SUBSCRIBE_SECONDS:g} seconds"))

    def _subscribe(self, message: pb.Subscribe, scope: Scope) -> None:
        self._pending = None
        try:
            selection = read_subscription(message.subscription)
            if len(message.resume) > MAX_RESUME_POINTS:
                raise BadSubscription(f"{len(message.resume)} resume points; at most {MAX_RESUME_POINTS} are taken")
        except BadSubscription as error:
            raise _Ended(_close(pb.CLOSE_REASON_BAD_REQUEST, str(error))) from error
        self._window.resize(message.window_bytes)
        self._has_patches = message.accepts_patches
        self._selection = selection
        self._scope = scope
        for name, track in list(self._tracks.items()):
            is_visible = scope.may_see_cluster(name)
            track.reselect(scope, selection, is_visible=is_visible, has_patches=self._has_patches)
            self._due[name] = track
            self._drop_finished(track)
        tokens = {point.cluster: point.resume_token for point in message.resume if point.resume_token}
        self._add_tracks(selection, scope, tokens)
        for name in sorted(tokens.keys() - self._tracks.keys()):
            # Whether such a cluster exists is not said: whoever names one that is not theirs to see is to forget it.
            pieces = transmission.farewell(Header(name, 0.0))
            self._farewells.append((pieces.piece(0).shared, "scope-changed"))
            self._farewells.append((pieces.piece(1).shared, ""))
        self._notice_unknown_types(selection, scope)

    def _follow_scope(self, selection: Selection, scope: Scope) -> None:
        if scope != self._scope:
            self._scope = scope
            for track in list(self._tracks.values()):
                track.rescope(scope, is_visible=scope.may_see_cluster(track.cluster))
                self._due[track.cluster] = track
                self._drop_finished(track)
            self._add_tracks(selection, scope, {})
        elif self._known_clusters != len(self._fanout.registry):
            self._add_tracks(selection, scope, {})

    def _add_tracks(self, selection: Selection, scope: Scope, tokens: dict[str, bytes]) -> None:
        self._known_clusters = len(self._fanout.registry)
        for fanout in self._fanout:
            name = fanout.replica.cluster
            if name not in self._tracks and selection.has_cluster(name) and scope.may_see_cluster(name):
                token = tokens.get(name, b"")
                self._tracks[name] = self._due[name] = Track(
                    fanout,
                    scope,
                    selection,
                    functools.partial(self._wake_track, name),
                    self._clock,
                    resume_token=token,
                    has_patches=self._has_patches,
                )

    def _wake_track(self, name: str) -> None:
        track = self._tracks.get(name)
        if track is not None:
            self._due[name] = track
            self.wake()

    def _drop_finished(self, track: Track) -> None:
        if track.is_finished:
            del self._tracks[track.cluster]
            self._due.pop(track.cluster, None)
            track.close()

    def _notice_unknown_types(self, selection: Selection, scope: Scope) -> None:
        replicas = [fanout.replica for fanout in self._fanout if fanout.replica.cluster in self._tracks]
        if not all(replica.is_loaded for replica in replicas):
            return
        for type in sorted(selection.named_types):
            if not any(type in replica.types and scope.may_see(replica.cluster, type) for replica in replicas):
                text = f"no cluster here shows you objects of type {type}"
                self._notices.append(pb.Notice(code="type-unknown", message=text))

    def _farewell(self, shared: bytes, outcome: str, now: float) -> bytes | None:
        message = encoding.watch_response(self._sequence + 1, shared, None, outcome)
        if not self._window.has_room(len(message)):
            self._blocked_since = now if self._blocked_since is None else self._blocked_since
            return None
        self._farewells.popleft()
        self._sequence += 1
        self._window.sent(self._sequence, len(message))
        return message

    def _next_frame(self, now: float, selection: Selection, *, has_turn: bool) -> bytes | None:
        while self._due:
            name, track = next(iter(self._due.items()))
            if track.is_heavy:
                if not has_turn:
                    self._ask_for_turn()
                    return None
                has_turn = False  # one slice, of one cluster
            outgoing = track.next(now)
            if outgoing is None and track.is_bookmark_due(now, BOOKMARK_SECONDS):
                outgoing = track.bookmark()
            if outgoing is None:
                del self._due[name]
                continue
            if outgoing.is_spaced and selection.minimum_spacing_seconds:
                wait_seconds = self._spaced_at + selection.minimum_spacing_seconds - now
                if wait_seconds > 0:
                    track.hold()
                    del self._due[name]
                    asyncio.get_running_loop().call_later(wait_seconds, self._wake_track, name)
                    continue
                self._spaced_at = now
            message = encoding.watch_response(self._sequence + 1, outgoing.shared, outgoing.state, outgoing.outcome)
            if not self._window.has_room(len(message)):
                self._blocked_since = now if self._blocked_since is None else self._blocked_since
                track.hold()
                return None
            outgoing.commit(now)
            self._sequence += 1
            self._window.sent(self._sequence, len(message))
            del self._due[name]
            if not track.is_settled:
                self._due[name] = track  # behind the others: each cluster has its turn
            self._drop_finished(track)
            return message
        return None


def _joined(former: pb.Subscribe | None, newer: pb.Subscribe) -> pb.Subscribe:
    """The newer of two requests that come faster than they are looked at, with all that the two name as held: what is
    no longer selected has to be told to leave. Raises BadSubscription when that is too much.
    """
    if former is not None:
        named = {point.cluster for point in newer.resume}
        newer.resume.extend(point for point in former.resume if point.cluster not in named)
        if len(newer.resume) > MAX_RESUME_POINTS:
            raise BadSubscription(f"more than {MAX_RESUME_POINTS} resume points in requests one after another")
    return newer


def _close(reason: "pb.CloseReason", message: str) -> pb.Close:
    is_retryable = reason == pb.CLOSE_REASON_DRAIN
    is_resumable = reason != pb.CLOSE_REASON_BAD_REQUEST
    return pb.Close(reason=reason, message=message, retryable=is_retryable, resumable=is_resumable)
