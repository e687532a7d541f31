"""Knows every cluster of the hub."""

from collections.abc import Callable, Iterator

from octokube.runtime.clock import Clock
from octokube.runtime.turns import Turns
from octokube_hub.replica.replica import Replica


class Registry:
    """One replica for each cluster that has a credential or whose agent has connected. Clusters are never forgotten
    while the hub runs: an absent agent leaves the last known state.

    What ingest writes, fan-out reads here: the two know nothing of each other.
    """

    def __init__(self, clock: Clock) -> None:
        self.turns = Turns()
        """For all heavy work on replicas, whoever does it: a slice with each turn of the event loop."""
        self._clock = clock
        self._replicas: dict[str, Replica] = {}
        self._listeners: dict[object, Callable[[Replica], None]] = {}

    def __iter__(self) -> Iterator[Replica]:
        return iter([self._replicas[name] for name in sorted(self._replicas)])

    def __len__(self) -> int:
        return len(self._replicas)

    def get(self, cluster: str) -> Replica | None:
        """The replica of a cluster that is known."""
        return self._replicas.get(cluster)

    def ensure(self, cluster: str) -> Replica:
        """The replica of a cluster, which is known from now on."""
        replica = self._replicas.get(cluster)
        if replica is None:
            replica = self._replicas[cluster] = Replica(cluster, self._clock)
            for listener in list(self._listeners.values()):
                listener(replica)
        return replica

    def listen(self, listener: Callable[[Replica], None]) -> Callable[[], None]:
        """Calls back with each new replica. Returns what ends that, which may be called more than once."""
        registration = object()
        self._listeners[registration] = listener

        def end() -> None:
            self._listeners.pop(registration, None)

        return end
