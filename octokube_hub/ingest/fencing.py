"""Lets one session speak for a cluster: the newest."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from octokube_hub.errors import Refused


@dataclass(eq=False, slots=True)
class Hold:
    """One session's hold on a cluster. ``end`` is called when a newer session has taken it over, or at a drain."""

    cluster: str
    fence: int
    end: Callable[[Refused], None]


class Fencing:
    """Guarantee: at any time at most one session holds a cluster, and its fence is greater than all before it."""

    def __init__(self) -> None:
        self._holds: dict[str, Hold] = {}
        self._fence = 0

    def __iter__(self) -> Iterator[Hold]:
        return iter(list(self._holds.values()))

    def take(self, cluster: str, end: Callable[[Refused], None]) -> tuple[Hold, bool]:
        """Gives the cluster to a new session and ends the older one's; the hold, and whether there was an older one."""
        self._fence += 1
        older = self._holds.get(cluster)
        hold = Hold(cluster, self._fence, end)
        self._holds[cluster] = hold
        if older is not None:
            older.end(Refused("ABORTED", f"a newer agent session of cluster {cluster} has taken over"))
        return hold, older is not None

    def is_held(self, hold: Hold) -> bool:
        """Whether this is still the cluster's session."""
        return self._holds.get(hold.cluster) is hold

    def release(self, hold: Hold) -> bool:
        """Gives the cluster back. False when a newer session has it already."""
        if not self.is_held(hold):
            return False
        del self._holds[hold.cluster]
        return True
