"""Tells a caller what they can choose from: clusters, types and namespaces with anything visible in them."""

import asyncio
from collections.abc import Awaitable, Callable

from octokube.runtime.clock import Clock
from octokube.v1 import cluster_service_pb2 as pb
from octokube_hub.errors import Refused, unauthenticated
from octokube_hub.fanout.authority import Authority
from octokube_hub.policy import PolicySet, Scope
from octokube_hub.replica import Registry, Replica

GATHER_SECONDS = 1.0
_SLICE = 5_000
_MAX_CACHED = 256


class Catalog:
    """Computes catalogs, once for each distinct scope and state of a cluster."""

    def __init__(self, registry: Registry, policy: Callable[[], PolicySet], clock: Clock) -> None:
        self.registry = registry
        self.policy = policy
        self.clock = clock
        self._namespaces: dict[tuple[str, str], tuple[int, list[str]]] = {}

    async def compute(self, authority: Authority) -> pb.WatchCatalogResponse:
        """The complete catalog of one caller, without ``server_time``."""
        scope = authority.scope()
        response = pb.WatchCatalogResponse(policy_revision=self.policy().revision)
        edge = self.policy().next_edge(authority.subject, self.clock.now())
        if edge is not None:
            response.next_edge.FromDatetime(edge)
        for replica in self.registry:
            if not scope.may_see_cluster(replica.cluster):
                continue
            cluster = response.clusters.add(name=replica.cluster)
            cluster.state.CopyFrom(replica.state.to_message())
            for name in sorted(replica.types):
                if scope.may_see(replica.cluster, name):
                    cluster.types.append(replica.types[name])
            cluster.namespaces.extend(await self._visible_namespaces(replica, scope))
        return response

    async def _visible_namespaces(self, replica: Replica, scope: Scope) -> list[str]:
        key = (replica.cluster, scope.fingerprint)
        cached = self._namespaces.get(key)
        if cached is not None and cached[0] == replica.membership_revision:
            return cached[1]
        revision = replica.membership_revision
        found: set[str] = set()
        looked_at = 0
        for type in replica.store.types():
            selector = scope.selector(replica.cluster, type)
            if selector.none:
                continue
            for namespace in replica.store.namespaces(type):
                if not namespace or namespace in found or not selector.has_namespace(namespace):
                    continue
                for stored in replica.store.of_namespace(type, namespace):
                    if selector.allows(namespace, stored.key.name):
                        found.add(namespace)
                        break
                    looked_at += 1
                    if looked_at % _SLICE == 0:
                        await asyncio.sleep(0)
        if len(self._namespaces) >= _MAX_CACHED:
            self._namespaces.clear()
        result = sorted(found)
        self._namespaces[key] = (revision, result)
        return result


class CatalogSession:
    """One caller's catalog stream: a complete catalog at once, and another whenever it is different, at most one a
    second. A caller who does not read gets the newest when they do.
    """

    def __init__(self, catalog: Catalog, authority: Authority) -> None:
        self._catalog = catalog
        self._authority = authority
        self._end: Refused | None = None
        self._wake = asyncio.Event()
        self._scope: Scope | None = None
        """What was looked at last."""

    def wake(self) -> None:
        """Has the stream look at its lease at once."""
        self._wake.set()

    def tick(self) -> None:
        """To be called several times a second: a window's edge is not to wait until changes have been gathered."""
        end_reason, scope = self._authority.look()
        if end_reason is not None or scope is not self._scope:
            self.wake()

    def drain(self, retry_after_seconds: float) -> None:
        """Ends the stream and asks the caller to come back."""
        self._end = Refused(
            "UNAVAILABLE", "the hub is about to stop; come back", retry_after_seconds=retry_after_seconds
        )
        self.wake()

    async def run(self, write: Callable[[bytes], Awaitable[None]]) -> None:
        """Streams until the caller goes (cancellation). Raises Refused when the hub ends it."""
        former: pb.WatchCatalogResponse | None = None
        stamp: object = None
        while True:
            self._wake.clear()
            self._check_end()
            fresh_stamp = self._stamp()
            if fresh_stamp != stamp:
                stamp = fresh_stamp
                response = await self._catalog.compute(self._authority)
                self._check_end()
                if self._stamp() != fresh_stamp:
                    stamp = None  # something has changed while it was computed; it may be what they may see
                    continue
                if response != former:
                    former = pb.WatchCatalogResponse()
                    former.CopyFrom(response)
                    response.server_time.FromDatetime(self._catalog.clock.now())
                    await write(response.SerializeToString())
            await self._pause()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(GATHER_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return

    def _check_end(self) -> None:
        if self._end is not None:
            raise self._end
        if self._authority.end_reason is not None:
            raise unauthenticated("the token is not valid any more; sign in again")

    def _stamp(self) -> object:
        """Equal for two moments between which no catalog can have changed."""
        now = self._catalog.clock.now()
        policy = self._catalog.policy()
        scope = self._scope = self._authority.scope()
        return (
            scope.fingerprint,
            policy.revision,
            policy.next_edge(self._authority.subject, now),
            [
                (replica.cluster, replica.membership_revision, replica.types_revision, replica.state)
                for replica in self._catalog.registry
            ],
        )
