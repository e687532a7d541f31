"""Keeps a live copy of what one subscription selects."""

import asyncio
import datetime
import weakref
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase

import structlog

from octokube.client.changes import Changes
from octokube.client.copies import ClusterCopy
from octokube.client.feed import Feed, FeedError
from octokube.client.following import FINAL_CODES, follow
from octokube.client.receiver import Receiver
from octokube.client.viewed import ChangeKind, ViewChange, ViewedObject
from octokube.runtime.backoff import Backoff
from octokube.runtime.tasks import Tasks
from octokube.v1 import cluster_service_pb2, resource_pb2

log = structlog.get_logger(__name__)


class AmbiguousName(LookupError):
    """Several objects of a view have the name that was asked for. The text says what to add."""


class ClusterView:
    """What the policy lets a token see of a selection of objects, as it is now.

    Made by ``Client.view``. It follows the hub by itself and resumes after every break; meanwhile it shows what it had,
    and ``as_of`` stands still. What the policy withdraws is forgotten at once. When the hub refuses for good (the token
    has ended), everything is forgotten and every question raises the FeedError that says why.

    Guarantees: reads are of one instant per cluster, and never of a snapshot that is not complete. Not guaranteed: that
    two clusters are of the same instant.
    """

    def __init__(
        self,
        feed: Feed,
        token: str,
        subscription: cluster_service_pb2.Subscription,
        tasks: Tasks,
        *,
        on_interrupted: Callable[[str], None] | None = None,
    ) -> None:
        self._feed = feed
        self._token = token
        self._subscription = subscription
        self._on_interrupted = on_interrupted
        self._receiver = Receiver()
        self._expected: frozenset[str] | None = None
        self._iterations: weakref.WeakSet[Changes] = weakref.WeakSet()  # a loop that was left is nobody's any more
        self._changed = asyncio.Event()
        self._error: FeedError | None = None
        self.notices: list[cluster_service_pb2.Notice] = []
        """The newest remarks of the hub, at most 16: such as that nobody shows you a type."""
        self.interruption = ""
        """Why the connection broke, while a new one is being tried; empty while it stands."""
        self._tasks = (
            tasks.start_guarded(self._follow(), name="view"),
            tasks.start_guarded(self._learn_clusters(), name="view/clusters"),
        )

    @property
    def clusters(self) -> dict[str, ClusterCopy]:
        """What is held of each cluster, to be read only; how fresh it is, is said by ``state``."""
        self._check()
        return self._receiver.clusters

    @property
    def is_synced(self) -> bool:
        """Whether the first complete state of every cluster that may be seen is here: from then on absence counts."""
        self._check()
        copies = self._receiver.clusters
        return self._expected is not None and all(
            name in copies and copies[name].is_synced for name in self._expected | copies.keys()
        )

    @property
    def as_of(self) -> datetime.datetime | None:
        """The time up to which the view is known to be current: the oldest of its clusters'. None while not synced."""
        if not self.is_synced:
            return None
        times = [copy.as_of_seconds for copy in self._receiver.clusters.values()]
        return datetime.datetime.fromtimestamp(min(times), datetime.UTC) if times else None

    @property
    def is_live(self) -> bool:
        """Whether the view is synced, connected, and each cluster's own path to the hub stands."""
        live = resource_pb2.CLUSTER_CONDITION_LIVE
        return (
            self.is_synced
            and not self.interruption
            and all(copy.state.condition == live for copy in self._receiver.clusters.values())
        )

    async def synced(self, timeout_seconds: float | None = None) -> "ClusterView":
        """Waits for the first complete state. Raises TimeoutError, which names what is missing, or FeedError."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while not self.is_synced:
                    await self._wait()
        except TimeoutError as error:
            copies = self._receiver.clusters
            missing = [n for n in sorted(self._expected or ()) if n not in copies or not copies[n].is_synced]
            what = f"cluster {', '.join(missing)}" if missing else "the hub"
            raise TimeoutError(f"no complete answer from {what} within {timeout_seconds:g} s") from error
        return self

    async def until(self, condition: Callable[["ClusterView"], object], timeout_seconds: float | None = None) -> None:
        """Waits until a condition on the view holds; it is asked again after each change.

        Raises TimeoutError, or FeedError when the hub has refused for good, or the view is closed.
        """
        async with asyncio.timeout(timeout_seconds):
            while not condition(self):
                self._check()
                await self._wait()

    def get(
        self, name: str, *, namespace: str | None = None, type: str | None = None, cluster: str | None = None
    ) -> ViewedObject | None:
        """The object of a name, or None. What the view selects only one of need not be said.

        Raises AmbiguousName when several have the name in what was said.
        """
        if namespace is None:
            found = [pair for pair in self._find(type, None, cluster) if pair[1].key.name == name]
        else:
            found = [
                (place, stored.value)
                for place, copy in self.clusters.items()
                if cluster is None or place == cluster
                for each in ([type] if type is not None else list(copy.store.types()))
                if (stored := copy.store.named(each, namespace, name)) is not None
            ]
        if len(found) > 1:
            places = ", ".join(f"{place}: {one.key.type} {one.key.namespace}/{name}" for place, one in found[:3])
            raise AmbiguousName(f"{len(found)} objects are named {name} ({places}…); say namespace, type or cluster")
        return found[0][1] if found else None

    def list(
        self, *, namespace: str | None = None, type: str | None = None, cluster: str | None = None
    ) -> Sequence[ViewedObject]:
        """The objects, sorted by cluster, type, namespace and name."""
        return [viewed for _, viewed in self.items(namespace=namespace, type=type, cluster=cluster)]

    def items(
        self, *, namespace: str | None = None, type: str | None = None, cluster: str | None = None
    ) -> Sequence[tuple[str, ViewedObject]]:
        """The same as pairs of cluster and object."""
        return sorted(self._find(type, namespace, cluster), key=lambda pair: (pair[0], pair[1].key))

    def __len__(self) -> int:
        return sum(len(copy.store) for copy in self.clusters.values())

    def __aiter__(self) -> Changes:
        """Every object as ADDED, and then what changes: whoever applies it all holds what the view holds."""
        return self.changes(from_nothing=True)

    def changes(self, *, from_nothing: bool = False) -> Changes:
        """What changes from now on; ``from_nothing`` begins with what is held, as ADDED."""
        self._check()
        changes = Changes()
        if from_nothing:
            for cluster, viewed in self.items():
                changes.note(ViewChange(ChangeKind.ADDED, cluster, viewed))
        if self._tasks[0].done():
            changes.end(None)
        self._iterations.add(changes)
        return changes

    async def close(self) -> None:
        """Stops following. Iterations end; what is held can still be read."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def __aenter__(self) -> "ClusterView":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _wait(self) -> None:
        """Waits for the next change. Raises FeedError when none will come, since the view is closed."""
        if self._tasks[0].done():
            raise FeedError("CANCELLED", "the view is closed; open another")
        self._changed.clear()
        await self._changed.wait()
        self._check()

    def _check(self) -> None:
        if self._error is not None:
            raise FeedError(
                self._error.code, self._error.message, self._error.retry_after_seconds
            ) from self._error.__cause__

    def _find(self, type: str | None, namespace: str | None, cluster: str | None) -> Iterator[tuple[str, ViewedObject]]:
        for name, copy in self.clusters.items():
            if cluster is not None and name != cluster:
                continue
            for one in copy.store.all() if type is None else copy.store.of_type(type):
                if namespace is None or one.key.namespace == namespace:
                    yield name, one.value

    async def _follow(self) -> None:
        error: FeedError | None = None
        try:
            async for progress in follow(self._feed, self._token, self._subscription, self._receiver):
                self._take_interruption(progress.message if progress.is_interrupted else "")
                if progress.notice is not None:
                    self.notices = [*self.notices[-15:], progress.notice]
                for changes in list(self._iterations) if progress.changes else ():
                    for change in progress.changes:
                        changes.note(change)
                self._changed.set()
        except FeedError as refusal:
            error = self._error = refusal
            self._receiver.forget()
        except Exception as defect:
            # Told to whoever asks, and not by a log: a program that has set up none might print the token with it.
            error = self._error = FeedError("INTERNAL", f"the view failed: {type(defect).__name__}: {defect}")
            error.__cause__ = defect
        finally:
            for changes in list(self._iterations):
                changes.end(error)
            self._changed.set()

    def _take_interruption(self, reason: str) -> None:
        self.interruption = reason
        if reason and self._on_interrupted is not None:
            try:
                self._on_interrupted(reason)
            except Exception as error:
                log.warning(
                    "view.callback_failed", error=type(error).__name__
                )  # the caller's fault, and no reason to end

    async def _learn_clusters(self) -> None:
        """Asks which clusters may be seen: of one that sends nothing, nobody would know that it is missing."""
        backoff = Backoff()
        while True:
            asked_seconds = 0.0
            catalog = self._feed.watch_catalog(self._token, peer="")
            try:
                message = await catalog.receive()
            except FeedError as error:
                if error.code in FINAL_CODES:
                    return  # the view's own stream meets the same, and tells it
                message, asked_seconds = None, error.retry_after_seconds or 0.0
            finally:
                await catalog.close()
            if message is not None:
                break
            await asyncio.sleep(asked_seconds + backoff.next_seconds())
        names = [cluster.name for cluster in cluster_service_pb2.WatchCatalogResponse.FromString(message).clusters]
        patterns = self._subscription.clusters
        self._expected = frozenset(name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns))
        self._changed.set()
