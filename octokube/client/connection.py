"""Opens a hub to a program: views that stay current, and single questions."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from octokube.client.feed import Feed, FeedError
from octokube.client.grpc_feed import GrpcFeed
from octokube.client.view import ClusterView
from octokube.client.viewed import ViewedObject
from octokube.runtime import channels
from octokube.runtime.tasks import Tasks
from octokube.state import Key
from octokube.v1 import cluster_service_pb2, resource_pb2


class Client:
    """A hub as one token may see it. Made by ``connect``."""

    def __init__(self, feed: Feed, token: str, tasks: Tasks) -> None:
        self.feed = feed
        self._token = token
        self._tasks = tasks

    def view(
        self,
        *types: str,
        namespace: str | Iterable[str] = "**",
        cluster: str | Iterable[str] = "*",
        name: str | Iterable[str] = (),
        labels: str = "",
        has_bodies: bool = True,
        on_interrupted: Callable[[str], None] | None = None,
    ) -> ClusterView:
        """A live copy of the objects of some types, which follows from now on; close it, or the client, to stop.

        ``types`` are plurals with their group ("pods", "deployments.apps") or "*". Clusters, namespaces and names are
        names or globs; cluster-scoped objects are in the namespace "cluster", and "**" is everything. ``labels`` is a
        selector as kubectl's ``-l`` takes it: "app=web,tier!=cache". Without bodies
        only table rows are sent, a tenth of the bytes. ``on_interrupted`` is called with the reason when the connection
        breaks. Narrowing asks for less than the policy allows, and never gets more. Raises ValueError without a type.
        """
        if not all(isinstance(type, str) for type in types):
            raise TypeError('name types one by one, such as view("pods", "services")')
        if not types:
            raise ValueError('say which types to view, such as view("pods"), or view("*") for all')
        subscription = cluster_service_pb2.Subscription(
            clusters=_listed(cluster),
            types=types,
            namespaces=_listed(namespace),
            names=_listed(name),
            label_selector=labels,
            detail=cluster_service_pb2.DETAIL_OBJECTS if has_bodies else cluster_service_pb2.DETAIL_ROWS,
        )
        if self._tasks.is_closed:
            raise RuntimeError("the client is closed; open views inside of `async with connect(...)`")
        return ClusterView(self.feed, self._token, subscription, self._tasks, on_interrupted=on_interrupted)

    async def get(self, cluster: str, type: str, name: str, *, namespace: str = "") -> ViewedObject | None:
        """One object with its body, asked for once. None both when it does not exist and when it may not be seen.

        Raises FeedError.
        """
        key = resource_pb2.Key(type=type, namespace=namespace, name=name)
        request = cluster_service_pb2.GetObjectRequest(cluster=cluster, key=key)
        try:
            answer = await self.feed.get_object(self._token, request.SerializeToString())
        except FeedError as error:
            if error.code == "NOT_FOUND":
                return None
            raise
        entry = cluster_service_pb2.GetObjectResponse.FromString(answer).entry
        found = Key(entry.key.type, entry.key.namespace, entry.key.name, entry.key.uid)
        return ViewedObject(found, entry.resource_version, entry.row, entry.body)

    async def catalog(self) -> cluster_service_pb2.WatchCatalogResponse:
        """The clusters, types and namespaces that may be seen now. Raises FeedError."""
        stream = self.feed.watch_catalog(self._token, peer="")
        try:
            message = await stream.receive()
        finally:
            await stream.close()
        if message is None:
            raise FeedError("UNAVAILABLE", "the hub ended the catalog without an answer; try again")
        return cluster_service_pb2.WatchCatalogResponse.FromString(message)

    async def explain(
        self, cluster: str, type: str, *verbs: str, namespace: str = "", name: str = "", subresource: str = ""
    ) -> tuple[cluster_service_pb2.AccessAnswer, ...]:
        """What the token's bearer may do to an object (or a type, without a name), why, and when that changes.

        One answer a verb, in order; without verbs, for all that exist on the type. Raises FeedError.
        """
        request = cluster_service_pb2.ExplainAccessRequest(
            cluster=cluster,
            key=resource_pb2.Key(type=type, namespace=namespace, name=name),
            subresource=subresource,
            verbs=verbs,
        )
        answer = await self.feed.explain_access(self._token, request.SerializeToString())
        return tuple(cluster_service_pb2.ExplainAccessResponse.FromString(answer).answers)

    async def search(
        self,
        text: str,
        *,
        types: Iterable[str] = ("*",),
        namespace: str | Iterable[str] = "**",
        cluster: str | Iterable[str] = "*",
        labels: str = "",
    ) -> AsyncIterator[cluster_service_pb2.SearchHit]:
        """Objects that hold all words of a text in name, labels, annotations or images, as they are found.

        In the order of cluster, type, namespace and name; where to search is narrowed as with ``view``. Only what may
        be seen is searched. Raises FeedError.
        """
        request = cluster_service_pb2.SearchRequest(
            within=cluster_service_pb2.Subscription(
                clusters=_listed(cluster), types=types, namespaces=_listed(namespace), label_selector=labels
            ),
            text=text,
        )
        while True:
            answer = await self.feed.search(self._token, request.SerializeToString())
            part = cluster_service_pb2.SearchResponse.FromString(answer)
            for hit in part.hits:
                yield hit
            if not part.next:
                return
            request.after = part.next

    async def who_am_i(self) -> cluster_service_pb2.WhoAmIResponse:
        """Who the hub takes the token's bearer for. Raises FeedError."""
        return await self.feed.who_am_i(self._token)


@asynccontextmanager
async def connect(hub: str, token: str, *, ca_file: str | None = None) -> AsyncIterator[Client]:
    """Opens the way to a hub at ``host:port``; nothing is sent yet. Views end with the context.

    Without ``ca_file``, plain text to this machine and the system's CAs elsewhere. Raises UserError for an address or
    a CA file that is none; that a hub is unreachable, or refuses the token, is told where something is asked of it.

    Example::

        async with connect("hub.example.com:7443", token) as client:
            pods = await client.view("pods", namespace="payments").synced()
            async for change in pods:
                print(change.kind.name, change.object.key.name)
    """
    async with channels.open_channel(hub, ca_file=ca_file) as channel, connected(GrpcFeed(channel), token) as client:
        yield client


@asynccontextmanager
async def connected(feed: Feed, token: str) -> AsyncIterator[Client]:
    """A client over a feed that is open already, whatever carries it."""
    async with Tasks("client") as tasks:
        yield Client(feed, token, tasks)


def _listed(value: str | Iterable[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
