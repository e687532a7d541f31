"""Switches the product's mechanisms off, one at a time, to see which invariant falls."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from octokube.client.receiver import Receiver
from octokube_agent.hot_state import HotState
from octokube_agent.link import window as link_window
from octokube_hub.fanout import audience, stream, track, window
from octokube_hub.fanout.resume import ResumeState
from octokube_hub.identity.leases import Lease
from octokube_hub.ingest import fencing, session
from octokube_hub.ingest.cursor import Verdict
from octokube_hub.replica import Replica, gathering
from tests.simulation.invariants import I1, I2, I3, I6

Patch = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True, slots=True)
class Mutation:
    """One mechanism, what takes it away, and the invariants of which one has to fall without it."""

    name: str
    patch: Patch
    invariants: tuple[str, ...]


def _without_tombstones(owner: Any) -> Patch:
    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        original = owner.changes_after

        def changes_after(self: Any, version: int) -> Any:
            return replace(original(self, version), tombstones=[])

        monkeypatch.setattr(owner, "changes_after", changes_after)

    return patch


def _without_horizon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent forgets that its ring has an end: what fell out of it is never told."""
    original = HotState.changes_after

    def changes_after(self: Any, version: int) -> Any:
        return original(self, max(version, self._store.horizon))

    monkeypatch.setattr(HotState, "changes_after", changes_after)
    monkeypatch.setattr(HotState, "horizon", property(lambda self: 0))


def _without_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    original = gathering.Gathering.finish

    async def finish(self: Any, version: int, item_count: int, digest: int) -> Any:
        return await original(self, version, self._digest.item_count, self._digest.value)

    monkeypatch.setattr(gathering.Gathering, "finish", finish)


def _without_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    def take(self: Any, cluster: str, end: Any) -> Any:
        self._holds.pop(cluster, None)
        return original(self, cluster, end)

    original = fencing.Fencing.take
    monkeypatch.setattr(fencing.Fencing, "take", take)
    monkeypatch.setattr(fencing.Fencing, "is_held", lambda self, hold: True)
    monkeypatch.setattr(fencing.Fencing, "release", lambda self, hold: True)


def _without_withdrawal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(track.Track, "rescope", lambda self, scope, *, is_visible: None)


def _without_look_at_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream.WatchSession, "_follow_scope", lambda self, selection: None)


def _without_sequences(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Receiver.apply

    def apply(self: Any, frame: Any) -> Any:
        self.sequence = frame.sequence - 1
        return original(self, frame)

    monkeypatch.setattr(Receiver, "apply", apply)


def _without_scope_in_token(monkeypatch: pytest.MonkeyPatch) -> None:
    original = track.Track._read_token

    def read_token(self: Any) -> tuple[str, ResumeState | None]:
        opened = self._fanout.sealer.open

        class Sealer:
            def open(_, cluster: str, token: bytes) -> ResumeState:
                return replace(opened(cluster, token), scope=bytes.fromhex(self._scope.fingerprint))

        fanout, self._fanout = self._fanout, _Shadow(self._fanout, Sealer())
        try:
            return original(self)
        finally:
            self._fanout = fanout

    monkeypatch.setattr(track.Track, "_read_token", read_token)


class _Shadow:
    def __init__(self, fanout: Any, sealer: Any) -> None:
        self.replica = fanout.replica
        self.sealer = sealer


def _without_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """A view that is built in slices takes objects as they were when it began."""

    async def build(self: Any) -> None:
        for stored in self.view.replica.store.all():
            await audience.asyncio.sleep(0)
            self.view.put(stored)
        self._complete()

    monkeypatch.setattr(audience.Audience, "build", build)


def _without_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub takes any frame for the next one."""
    monkeypatch.setattr(session, "judge", lambda held, start, to: Verdict.ACCEPT if to > held else Verdict.DUPLICATE)


def _without_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub resumes an agent without asking whether it is the same process."""
    monkeypatch.setattr(
        session,
        "resume_version",
        lambda held, offered, horizon: held.version if held and horizon <= held.version <= offered.version else 0,
    )


MUTATIONS = (
    Mutation("tombstones of the agent", _without_tombstones(HotState), (I2,)),
    Mutation("end of the agent's tombstone ring", _without_horizon, (I2,)),
    Mutation("tombstones of the hub", _without_tombstones(Replica), (I2,)),
    Mutation("digest of a snapshot", _without_digest, (I2,)),
    Mutation("window towards a subscriber", lambda m: m.setattr(window.Window, "has_room", lambda *_: True), (I6,)),
    Mutation("window towards the hub", lambda m: m.setattr(link_window.Window, "has_room", lambda *_: True), (I6,)),
    Mutation("fence", _without_fence, (I2,)),
    Mutation("withdrawal when the policy changes", _without_withdrawal, (I1,)),
    Mutation("look at the policy before each frame", _without_look_at_policy, (I1,)),
    Mutation("end of a lease", lambda m: m.setattr(Lease, "has_ended", lambda *_: False), (I1,)),
    Mutation("check of sequences", _without_sequences, (I3,)),
    Mutation("scope in the resume token", _without_scope_in_token, (I2,)),
    Mutation("second look at an object while a view is built", _without_second_look, (I2,)),
    Mutation("check for gaps on the link", _without_gaps, (I2,)),
    Mutation("epoch of the agent", _without_epoch, (I2,)),
)
