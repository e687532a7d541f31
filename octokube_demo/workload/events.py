"""Records core/v1 events as a real cluster does: repeated ones are counted, old ones vanish."""

from __future__ import annotations

from collections import OrderedDict

from octokube_demo.objects import Key, Object
from octokube_demo.workload.world import World


class EventRecorder:
    """Writes events. At most `limit` exist; then the one not repeated for longest goes (really: after an hour)."""

    def __init__(self, world: World, limit: int) -> None:
        self._world = world
        self._limit = limit
        self._known: OrderedDict[tuple[str, str, str], Key] = OrderedDict()

    def record(self, about: Object, reason: str, message: str, *, component: str, is_warning: bool = False) -> None:
        """One occurrence of something that happened to an object."""
        world = self._world
        meta = about["metadata"]
        identity = (meta["uid"], reason, message)
        key = self._known.get(identity)
        time = world.time()
        existing = world.store.peek("events", *key) if key else None
        if existing is not None:
            self._known.move_to_end(identity)
            world.store.replace("events", {**existing, "count": existing["count"] + 1, "lastTimestamp": time})
            return
        namespace = meta.get("namespace") or "default"
        # The real suffix is the time in nanoseconds; a drawn one keeps a seeded cluster reproducible.
        name = f"{meta['name']}.{world.random.getrandbits(60):015x}"
        world.store.insert(
            "events",
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": name, "namespace": namespace},
                "involvedObject": {
                    "kind": about["kind"],
                    "namespace": meta.get("namespace", ""),
                    "name": meta["name"],
                    "uid": meta["uid"],
                    "apiVersion": about["apiVersion"],
                    "resourceVersion": meta["resourceVersion"],
                },
                "reason": reason,
                "message": message,
                "source": {"component": component},
                "firstTimestamp": time,
                "lastTimestamp": time,
                "count": 1,
                "type": "Warning" if is_warning else "Normal",
                "eventTime": None,
                "reportingComponent": component,
                "reportingInstance": "",
            },
        )
        self._known[identity] = (namespace, name)
        while len(self._known) > self._limit:
            _, oldest = self._known.popitem(last=False)
            if world.store.peek("events", *oldest) is not None:
                world.store.remove("events", oldest)
