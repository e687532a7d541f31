"""Directs the workload: wakes the controllers, moves the timeline, and fills quiet moments with churn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

import structlog

from octokube_demo.controllers.garbage import Garbage
from octokube_demo.history import Change, ChangeKind
from octokube_demo.objects import Object, controller_of, labels_of
from octokube_demo.settings import DemoSettings
from octokube_demo.store import Store
from octokube_demo.workload.batch import CronJobs, Jobs
from octokube_demo.workload.building import build
from octokube_demo.workload.churn import Churn
from octokube_demo.workload.endpoints import Endpoints
from octokube_demo.workload.events import EventRecorder
from octokube_demo.workload.podlife import PodLife, keeps_crashing
from octokube_demo.workload.replicas import DaemonSets, ReplicaSets, StatefulSets
from octokube_demo.workload.rollouts import Deployments
from octokube_demo.workload.world import World
from octokube_demo.writing.api import Api

log = structlog.get_logger(__name__)

_TICK_SECONDS = 0.05
# Work of one tick beyond this waits for the next one, so that the process stays responsive at any churn.
_TICK_WRITES = 400
# After a rollout, which is some sixty changes at once, quiet churn rests until the mean is right again, but not longer.
_LONGEST_REST_SECONDS = 30.0

_CONTROLLED = {
    "ReplicaSet": "replicasets.apps",
    "Deployment": "deployments.apps",
    "StatefulSet": "statefulsets.apps",
    "DaemonSet": "daemonsets.apps",
    "Job": "jobs.batch",
    "CronJob": "cronjobs.batch",
}
_SELF_CONTROLLED = frozenset(_CONTROLLED.values()) | {"endpoints"}


class Workload:
    """The workload of one cluster.

    `build` fills the store; `run` lives in real time; `advance` lives a given number of seconds at once, which makes a
    seeded cluster with a fixed clock fully reproducible.

    The rate is a promise about the mean: reconciling what happened comes first and is not held back, churn fills up to
    `churn_per_second`, and rests after a burst.
    """

    def __init__(self, store: Store, api: Api, garbage: Garbage, settings: DemoSettings, random: Random) -> None:
        self._world = World(store, api, garbage, settings, random)
        self._is_built = False
        self._budget = 0.0
        events = EventRecorder(self._world, limit=max(300, min(5000, settings.pods)))
        self._pods = PodLife(self._world, events)
        self._crons = CronJobs(self._world, events)
        self._churn = Churn(self._world, events, self._pods, self._crons)
        self._reconcilers: dict[str, Callable[[Object], None]] = {
            "deployments.apps": Deployments(self._world, events).reconcile,
            "replicasets.apps": ReplicaSets(self._world, events).reconcile,
            "statefulsets.apps": StatefulSets(self._world, events).reconcile,
            "daemonsets.apps": DaemonSets(self._world, events).reconcile,
            "jobs.batch": Jobs(self._world, events).reconcile,
            "cronjobs.batch": self._crons.reconcile,
            "endpoints": Endpoints(self._world).reconcile,
        }

    def build(self) -> None:
        """Creates the workload, and follows every change from then on."""
        build(self._world)
        self._is_built = True
        self._world.store.on_change(self._changed)
        for value in self._world.store.values("endpoints"):
            self._world.mark("endpoints", (value["metadata"]["namespace"], value["metadata"]["name"]))
        self.advance(0.0)
        if self._world.settings.churn_per_second > 0:
            for pod in list(self._world.store.values("pods")):
                if keeps_crashing(pod) or (pod.get("status") or {}).get("phase") == "Pending":
                    self._pods.adopt(pod)

    def advance(self, seconds: float) -> None:
        """Lives this long, as fast as possible."""
        if not self._is_built:
            return
        timeline = self._world.timeline
        end = timeline.seconds + seconds
        while True:
            self._work(None)
            step = min(_TICK_SECONDS, end - timeline.seconds)
            if step <= 1e-9:
                return
            self._live(step)

    async def run(self) -> None:
        """Lives in real time until it is cancelled."""
        if not self._is_built:
            return
        loop = asyncio.get_running_loop()
        last = loop.time()
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            now = loop.time()
            # A process that was stopped for a while does not make up for it all at once.
            self._live(min(now - last, 1.0))
            last = now
            self._work(_TICK_WRITES)

    def _live(self, seconds: float) -> None:
        rate = self._world.settings.churn_per_second
        self._world.timeline.seconds += seconds
        if rate <= 0:
            return
        self._crons.tick()
        # What was not used is forgotten after a second, so that a pause is not followed by a storm.
        self._budget = min(self._budget + rate * seconds, max(rate, 1.0))
        tries = 0
        while self._budget >= 1 and tries < _TICK_WRITES:
            self._churn.happen()
            tries += 1
        self._budget = max(self._budget, -max(rate, 1.0) * _LONGEST_REST_SECONDS)

    def _work(self, limit: int | None) -> None:
        """Does what is due and what is dirty, at most about `limit` writes of it."""
        world = self._world
        end = None if limit is None else world.store.revision + limit
        while end is None or world.store.revision < end:
            if action := world.timeline.pop_due():
                action()
            elif world.dirty:
                type_name, key = next(iter(world.dirty))
                del world.dirty[(type_name, key)]
                value = world.store.peek(type_name, *key)
                if value is not None:
                    self._reconcile(type_name, key, value)
            else:
                return

    def _reconcile(self, type_name: str, key: tuple[str, str], value: Object) -> None:
        try:
            self._reconcilers[type_name](value)
        except (KeyError, TypeError, ValueError) as error:
            # Somebody wrote an object that no real API server would have taken; the others live on.
            log.warning("workload.not_understood", type=type_name, namespace=key[0], name=key[1], exc_info=error)

    def _changed(self, change: Change) -> None:
        self._budget -= 1
        world = self._world
        if change.type_name in _SELF_CONTROLLED:
            if change.kind is not ChangeKind.DELETED and _is_new_intent(change):
                world.mark(change.type_name, change.key)
        elif change.type_name == "pods":
            self._pods.changed(change)
            app = labels_of(change.value).get("app")
            if app and world.store.peek("endpoints", change.key[0], app) is not None:
                world.mark("endpoints", (change.key[0], app))
        if (owner := controller_of(change.value)) is not None:
            type_name = _CONTROLLED.get(owner["kind"])
            if type_name is not None:
                world.mark(type_name, (change.key[0], owner["name"]))


def _is_new_intent(change: Change) -> bool:
    """A controller's own status writes do not wake it again."""
    before, after = change.previous, change.value
    if before is None or before.get("spec") is not after.get("spec"):
        return True
    old, new = before["metadata"], after["metadata"]
    return any(old.get(field) != new.get(field) for field in ("deletionTimestamp", "labels"))
