"""Holds the hub's copy of one cluster."""

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from octokube.runtime.clock import Clock
from octokube.state import Changes, EncodedObject, Gone, Key, Removed, Stored, TombstoneReason, VersionedStore
from octokube.v1 import resource_pb2
from octokube_hub.replica.codec import Put, Remove
from octokube_hub.replica.gathering import Gathering
from octokube_hub.replica.state import ClusterCondition, ClusterState

log = structlog.get_logger(__name__)

MAX_REASON_LENGTH = 300


@dataclass(frozen=True, slots=True)
class ReplicaEvent:
    """What has just changed in a replica. All of ``removed`` left before any of ``changed`` came."""

    changed: list[Stored[EncodedObject]] = field(default_factory=list)
    removed: list[Key] = field(default_factory=list)
    has_new_state: bool = False
    has_new_types: bool = False
    is_first_load: bool = False


Listener = Callable[[ReplicaEvent], None]


class Replica:
    """One cluster's objects in the versions of its agent, its types, and how fresh both are.

    Written by one agent session at a time; every method is synchronous and belongs to one event loop. Listeners are
    called at once, one event for each applied frame. Guarantee: within an epoch, ``changes_after(v)`` for any v from
    ``horizon`` on tells all that a copy at v lacks. When the epoch changes, listeners are told true differences
    only, and positions of the former epoch are worth nothing any more.
    """

    def __init__(self, cluster: str, clock: Clock) -> None:
        self.cluster = cluster
        self._clock = clock
        self.epoch: bytes | None = None
        """None until a first snapshot was taken over: the absence of an object means nothing before."""
        self.store: VersionedStore[EncodedObject] = VersionedStore()
        self.types: dict[str, resource_pb2.ResourceType] = {}
        self.types_revision = 0
        self.membership_revision = 0
        """Grows whenever an object comes or goes, and not when one only changes."""
        self.as_of_seconds = 0.0
        """Unix time up to which the content is known to be current; 0 before the first load."""
        self.steady_as_of_seconds = 0.0
        """The same, moved by the agent's bookmarks only: it goes on at one pace, however busy the cluster is, and so
        tells a subscriber nothing about objects they may not see."""
        self.agent_version = ""
        self.server_version = ""
        self.state = ClusterState(ClusterCondition.OFFLINE, self._now(), "no agent has connected since the hub started")
        self._floor = 0
        self._listeners: list[Listener] = []

    @property
    def is_loaded(self) -> bool:
        """Whether a complete state has been taken over."""
        return self.epoch is not None

    @property
    def version(self) -> int:
        """The newest applied version of the epoch."""
        return self.store.version

    @property
    def horizon(self) -> int:
        """The oldest version that ``changes_after`` can start from."""
        return max(self._floor, self.store.horizon)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Calls back synchronously with each event. Returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def changes_after(self, version: int) -> Changes[EncodedObject]:
        """What a copy that was equal at a version of this epoch lacks. Raises Gone beyond the horizon."""
        if version < self._floor:
            raise Gone(f"version {version} is older than what the newest snapshot reaches back to, {self._floor}")
        return self.store.changes_after(version)

    def take(
        self,
        gathering: Gathering,
        gone: list[Key],
        *,
        epoch: bytes,
        types: dict[str, resource_pb2.ResourceType],
        as_of_seconds: float,
    ) -> None:
        """Takes a finished snapshot over, as one change."""
        is_first_load = self.epoch is None
        is_membership_changed = bool(gone) or gathering.has_new_keys
        self.epoch = epoch
        self.store = gathering.store
        self._floor = gathering.store.version if gathering.horizon is None else gathering.horizon
        self.as_of_seconds = max(self.as_of_seconds, as_of_seconds)
        self.steady_as_of_seconds = max(self.steady_as_of_seconds, as_of_seconds)
        self.membership_revision += is_membership_changed
        has_new_types = self._set_types(types)
        log.info(
            "replica.loaded",
            cluster=self.cluster,
            version=self.version,
            objects=len(self.store),
            horizon=self.horizon,
            changed=len(gathering.changed),
            removed=len(gone),
        )
        self._tell(ReplicaEvent(gathering.changed, gone, False, has_new_types, is_first_load))

    def apply(
        self,
        steps: list[Put | Remove],
        to_version: int,
        *,
        types: dict[str, resource_pb2.ResourceType] | None,
        as_of_seconds: float,
    ) -> None:
        """Applies the planned steps of one delta, as one change."""
        changed: list[Stored[EncodedObject]] = []
        removed: list[Key] = []
        for step in steps:
            if isinstance(step, Put):
                self.membership_revision += step.key not in self.store
                self.store.put(step.key, step.version, step.value)
                stored = self.store.get(step.key)
                if stored is not None:
                    changed.append(stored)
            elif self.store.remove(step.key, step.version):
                self.membership_revision += 1
                removed.append(step.key)
            else:
                # Came and went between two frames: another hub's subscriber may hold it and come back to this one.
                self.store.bury(Removed(step.key, step.version, TombstoneReason.DELETED))
        self.store.advance(to_version)
        self.as_of_seconds = max(self.as_of_seconds, as_of_seconds)
        has_new_types = types is not None and self._set_types(types)
        if removed:
            # Within one frame an object may go and come back: what counts is where it stands now.
            removed = [key for key in removed if key not in self.store]
            changed = [stored for stored in changed if self.store.get(stored.key) is stored]
        if changed or removed or has_new_types:
            self._tell(ReplicaEvent(changed, removed, has_new_types=has_new_types))

    def progress(self, as_of_seconds: float) -> None:
        """Takes a bookmark's time. Tells nobody: subscribers' bookmarks have their own pace."""
        self.as_of_seconds = max(self.as_of_seconds, as_of_seconds)
        self.steady_as_of_seconds = max(self.steady_as_of_seconds, as_of_seconds)

    def set_state(self, condition: ClusterCondition, reason: str = "") -> None:
        """Says how fresh the copy is; listeners hear of it when it is new."""
        reason = reason[:MAX_REASON_LENGTH]
        if (condition, reason) == (self.state.condition, self.state.reason):
            return
        is_same_condition = condition is self.state.condition
        since_seconds = self.state.since_seconds if is_same_condition else self._now()
        self.state = ClusterState(condition, since_seconds, reason)
        log.info("cluster.state", cluster=self.cluster, condition=condition.name, reason=reason)
        self._tell(ReplicaEvent(has_new_state=True))

    def _set_types(self, types: dict[str, resource_pb2.ResourceType]) -> bool:
        if types == self.types:
            return False
        self.types = types
        self.types_revision += 1
        return True

    def _tell(self, event: ReplicaEvent) -> None:
        for listener in list(self._listeners):
            listener(event)

    def _now(self) -> float:
        return self._clock.now().timestamp()
