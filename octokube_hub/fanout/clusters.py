"""Keeps the audiences of each cluster equal to its replica."""

from collections.abc import Callable, Iterator

from octokube.runtime.tasks import Tasks
from octokube.runtime.turns import Turns
from octokube.state import EncodedObject, Stored
from octokube_hub.fanout.audience import Audience, Member
from octokube_hub.fanout.pacing import Rounds
from octokube_hub.fanout.patches import Patches
from octokube_hub.fanout.resume import Sealer
from octokube_hub.fanout.selection import Selection
from octokube_hub.fanout.traffic import Traffic
from octokube_hub.fanout.view import AudienceKey
from octokube_hub.policy import Scope
from octokube_hub.replica import Registry, Replica, ReplicaEvent

BUILT_AT_ONCE = 2_000
"""Objects in sight up to which a view is built within one turn of the event loop: about 5 ms."""
DROP_SLICE = 5_000
"""Objects of a view without members that are freed with one turn of the event loop: about 3 ms."""
FOLLOWED_AT_ONCE = 1_000
"""Changes times audiences up to which a frame of the agent is followed within one turn of the event loop."""


class ClusterFanout:
    """All audiences of one cluster. An audience exists as long as it has members."""

    def __init__(self, replica: Replica, sealer: Sealer, rounds: Rounds, tasks: Tasks, turns: Turns) -> None:
        self.replica = replica
        self._turns = turns
        self._behind: dict[Audience, None] = {}
        """Audiences that follow large changes in slices, in the order of their turns."""
        self._is_catching_on = False
        self.sealer = sealer
        self._rounds = rounds
        self._tasks = tasks
        self._patches = Patches()
        self._audiences: dict[AudienceKey, Audience] = {}
        self._watchers: dict[Callable[[], None], None] = {}
        replica.listen(self._follow)

    def __len__(self) -> int:
        return len(self._audiences)

    def watch(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Calls back when the cluster's state, or its first load, is news. Returns what ends that."""
        self._watchers[wake] = None
        return lambda: self._watchers.pop(wake, None)

    def join(
        self, scope: Scope, selection: Selection, wake: Callable[[], None], *, coming_from: Audience | None = None
    ) -> Member:
        """Makes somebody a member of the audience of this scope and selection, which may still be filling.

        Only for a replica that is loaded. ``coming_from``: the audience whose view they hold, from which a new one is
        made where the two have most in common.
        """
        key = AudienceKey(scope.fingerprint, selection.fingerprint)
        audience = self._audiences.get(key)
        if audience is None:
            audience = self._audiences[key] = Audience(
                key, self.replica, scope, selection, self.sealer, self._patches, self._turns, self._tasks
            )
            self._fill(audience, coming_from)
        member = Member(audience, wake)
        audience.members[member] = None
        return member

    def carry(self, member: Member, scope: Scope, selection: Selection) -> bool:
        """Makes the only member of an audience the only one of another scope, together with the view.

        False, and nothing has happened, where that audience is there already or this one is somebody else's, too.
        """
        audience = member.audience
        key = AudienceKey(scope.fingerprint, selection.fingerprint)
        if len(audience.members) > 1 or audience.key.selection != key.selection or key in self._audiences:
            return False
        former = audience.key
        if not audience.rescope(key, scope, BUILT_AT_ONCE // selection.effort):
            return False
        del self._audiences[former]
        self._audiences[key] = audience
        return True

    def leave(self, member: Member) -> None:
        """Ends a membership; an audience without members is forgotten."""
        audience = member.audience
        audience.members.pop(member, None)
        if not audience.members and self._audiences.get(audience.key) is audience:
            del self._audiences[audience.key]
            if len(audience.view.store) > DROP_SLICE:
                self._tasks.start_guarded(self._take_apart(audience), name=f"drop/{self.replica.cluster}")

    def trim(self, now: float) -> None:
        """Lets go of caches whose time is over. ``now`` is monotonic."""
        self._patches.clear()
        for audience in self._audiences.values():
            audience.trim(now)

    def _fill(self, audience: Audience, basis: Audience | None) -> None:
        is_alike = basis is not None and basis.view.selection.fingerprint == audience.view.selection.fingerprint
        at_once = BUILT_AT_ONCE // audience.view.selection.effort
        if basis is not None and is_alike and audience.derive(basis, at_once):
            return
        candidates = audience.view.candidates()
        if len(candidates) <= at_once:
            audience.build_at_once(candidates)
        else:
            self._tasks.start_guarded(self._build(audience, candidates), name=f"build/{self.replica.cluster}")

    async def _build(self, audience: Audience, candidates: list[Stored[EncodedObject]]) -> None:
        await audience.build(candidates)
        if audience.is_ready:
            audience.wake()

    def _follow(self, event: ReplicaEvent) -> None:
        effort = sum(audience.view.selection.effort for audience in self._audiences.values())
        work = (len(event.changed) + len(event.removed)) * effort
        if work:
            for audience in self._audiences.values():
                if work > FOLLOWED_AT_ONCE or audience in self._behind:
                    audience.defer(event.changed, event.removed)
                    self._behind[audience] = None
                elif audience.apply(event.changed, event.removed) and audience.is_ready:
                    self._rounds.request(audience)
            if self._behind and not self._is_catching_on:
                self._is_catching_on = True
                self._tasks.start_guarded(self._catch_on(), name=f"follow/{self.replica.cluster}")
        if event.has_new_state or event.is_first_load:
            for wake in list(self._watchers):
                wake()

    async def _take_apart(self, audience: Audience) -> None:
        while audience.view.store.take_apart(DROP_SLICE):
            await self._turns.take()

    async def _catch_on(self) -> None:
        try:
            while self._behind:
                audience = next(iter(self._behind))
                if self._audiences.get(audience.key) is audience:
                    await audience.catch_on()
                del self._behind[audience]
                if audience.is_ready:
                    self._rounds.request(audience)
        finally:
            self._is_catching_on = False


class Fanout:
    """The fan-out of every cluster of the hub."""

    def __init__(self, registry: Registry, sealer: Sealer, tasks: Tasks, *, rounds: Rounds | None = None) -> None:
        self.registry = registry
        self.turns = registry.turns
        self.rounds = rounds or Rounds()
        self.traffic = Traffic()
        self._sealer = sealer
        self._tasks = tasks
        self._clusters: dict[str, ClusterFanout] = {}
        for replica in registry:
            self._add(replica)
        registry.listen(self._add)

    def __iter__(self) -> Iterator[ClusterFanout]:
        return iter([self._clusters[name] for name in sorted(self._clusters)])

    @property
    def audiences(self) -> int:
        """How many audiences there are."""
        return sum(len(cluster) for cluster in self._clusters.values())

    def get(self, cluster: str) -> ClusterFanout | None:
        """The fan-out of a cluster that is known."""
        return self._clusters.get(cluster)

    def trim(self, now: float) -> None:
        """Lets go of caches whose time is over. ``now`` is monotonic."""
        for cluster in self._clusters.values():
            cluster.trim(now)

    def _add(self, replica: Replica) -> None:
        self._clusters[replica.cluster] = ClusterFanout(replica, self._sealer, self.rounds, self._tasks, self.turns)
