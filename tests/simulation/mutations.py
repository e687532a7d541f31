"""Switches the product's mechanisms off, one at a time, to see which invariant falls."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
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
from tests.simulation.invariants import DEFECT, I1, I2, I3, I6
from tests.simulation.schedule import (
    Step,
    change,
    churn,
    dawdle,
    disturb,
    doom,
    duplicate_agent,
    isolate,
    mislead,
    restart_agent,
    restart_subscriber,
    revoke,
    stall,
    step_clock,
    swap_policy,
    wait,
)

Patch = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True, slots=True)
class Mutation:
    """One mechanism, what takes it away, and the invariants of which one has to fall without it."""

    name: str
    patch: Patch
    invariants: tuple[str, ...]
    """Any of them will do."""
    steps: tuple[Step, ...]
    """What has to happen for the mechanism to matter."""
    limits: Mapping[str, float] = field(default_factory=dict)


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

    async def finish(self: Any, version: int, *_: Any, **__: Any) -> Any:
        sums = self._digest
        return await original(self, version, sums.item_count, sums.value, tombstone_count=self._tombstone_count)

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
    monkeypatch.setattr(stream.WatchSession, "_follow_scope", lambda *_: None)


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
            await asyncio.sleep(0)
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


def _without_names_after_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver drops its tokens, so that the hub does not know what it holds."""

    def distrust(self: Any) -> None:
        for copy in self.clusters.values():
            copy.resume_token = b""

    monkeypatch.setattr(Receiver, "distrust", distrust)


def _always(owner: Any, name: str, answer: object) -> Patch:
    return lambda monkeypatch: monkeypatch.setattr(owner, name, lambda *_: answer)


MUTATIONS = (
    Mutation("tombstones of the agent", _without_tombstones(HotState), (I2,), (isolate, change)),
    Mutation("the end of the agent's tombstone ring", _without_horizon, (I2,), (isolate, change, churn)),
    Mutation(
        "tombstones of the hub",
        _without_tombstones(Replica),
        (I2, DEFECT),
        (isolate, restart_subscriber),
        {"tombstone_limit": 20_000},
    ),
    Mutation("the digest of a snapshot", _without_digest, (I2,), (restart_agent, doom), {"WINDOW_BYTES": 4000}),
    Mutation("the window towards a subscriber", _always(window.Window, "has_room", True), (I6,), (churn, dawdle)),
    Mutation("the window towards the hub", _always(link_window.Window, "has_room", True), (I6,), (churn, stall)),
    Mutation("the fence", _without_fence, (I2,), (duplicate_agent, churn, change)),
    Mutation("withdrawal when the policy changes", _without_withdrawal, (I1,), (swap_policy, change)),
    Mutation("the look at the policy before each frame", _without_look_at_policy, (I1,), (swap_policy, change)),
    Mutation("the end of a lease", _always(Lease, "has_ended", False), (I1,), (revoke, change, wait)),
    Mutation("the check of sequences", _without_sequences, (I3,), (disturb, change)),
    Mutation("the scope in the resume token", _without_scope_in_token, (I2,), (restart_subscriber, swap_policy)),
    Mutation(
        "the second look while a view is built",
        _without_second_look,
        (I2, DEFECT),
        (churn, swap_policy),
        {"BUILT_AT_ONCE": 0, "BUILD_SLICE": 1, "turn_seconds": 0.002},
    ),
    Mutation("the check for gaps on the link", _without_gaps, (I2,), (doom, disturb, churn)),
    Mutation("the look at the clock", _always(stream.WatchSession, "tick", None), (I1,), (step_clock,)),
    Mutation("the naming of clusters after a fault", _without_names_after_a_fault, (I2,), (mislead,)),
    Mutation("the agent's epoch", _without_epoch, (I2,), (restart_agent, change)),
)
