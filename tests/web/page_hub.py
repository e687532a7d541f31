"""A hub for the page's tests: a few types, any number of pods, and changes when the test says so."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

from octokube.client.feed import FeedError
from octokube.state import Key, SnapshotDigest
from octokube.v1 import cluster_service_pb2, frame_pb2, resource_pb2

CLUSTER = "harbour"
PART = 500
TEXT, NUMBER = resource_pb2.COLUMN_KIND_TEXT, resource_pb2.COLUMN_KIND_NUMBER
STATUS, TIME = resource_pb2.COLUMN_KIND_STATUS, resource_pb2.COLUMN_KIND_TIME
_SYNCED, _FORBIDDEN = resource_pb2.TYPE_CONDITION_SYNCED, resource_pb2.TYPE_CONDITION_FORBIDDEN

_COLUMNS = {
    "pods": [("Ready", TEXT), ("Status", STATUS), ("Restarts", NUMBER), ("Age", TIME)],
    "deployments.apps": [("Ready", TEXT), ("Up-to-date", NUMBER), ("Age", TIME)],
    "nodes": [("Status", STATUS), ("Version", TEXT), ("Age", TIME)],
}
_KINDS = {
    "pods": "Pod", "configmaps": "ConfigMap", "secrets": "Secret", "nodes": "Node", "deployments.apps": "Deployment",
    "jobs.batch": "Job", "widgets.example.com": "Widget",
}  # fmt: skip


@dataclass
class Held:
    key: Key
    version: int
    cells: list[str | int]
    body: bytes

    def entry(self, kinds: list[tuple[str, int]], *, has_body: bool) -> frame_pb2.Entry:
        entry = frame_pb2.Entry(resource_version=str(self.version), body=self.body if has_body else b"")
        entry.key.CopyFrom(_key(self.key))
        for value, (_, kind) in zip(self.cells, kinds, strict=True):
            cell = entry.row.cells.add()
            if kind == NUMBER:
                cell.number = int(value)
            elif kind == TIME:
                cell.unix_seconds = int(value)
            else:
                cell.text = str(value)
        return entry


@dataclass(eq=False)
class Stream:
    """One Watch stream: what it selects, and what it has been sent."""

    hub: "PageHub"
    is_ended: bool = False
    sequence: int = 0
    acknowledged: int = 0
    resumed: list[bytes] = field(default_factory=list)
    wanted: cluster_service_pb2.Subscription | None = None
    down: "asyncio.Queue[bytes | FeedError | None]" = field(default_factory=asyncio.Queue)

    async def send(self, request: bytes) -> None:
        message = cluster_service_pb2.WatchRequest.FromString(request)
        if message.HasField("ack"):
            self.acknowledged = message.ack.sequence
            return
        self.wanted = message.subscribe.subscription
        self.resumed = [point.resume_token for point in message.subscribe.resume]
        if self.resumed:
            since = int(self.resumed[0])
            self.delta(self.hub.changed_since(since), self.hub.left_since(since))
        else:
            self._snapshot()

    async def receive(self) -> bytes | None:
        item = await self.down.get()
        if isinstance(item, FeedError):
            raise item
        return item

    async def close(self) -> None:
        self.is_ended = True
        self.hub.streams.discard(self)
        self.down.put_nowait(None)

    def delta(self, changed: Iterable[Held], left: Iterable[tuple[Key, int]]) -> None:
        frame = frame_pb2.Frame(kind=frame_pb2.FRAME_KIND_DELTA)
        frame.entries.extend(self._entry(held) for held in changed if self._selects(held.key))
        for key, reason in left:
            if self._selects(key):
                frame.tombstones.add(reason=reason).key.CopyFrom(_key(key))
        if frame.entries or frame.tombstones or self.sequence == 0:
            self._say(frame)

    def bookmark(self) -> None:
        self._say(frame_pb2.Frame(kind=frame_pb2.FRAME_KIND_BOOKMARK))

    def _snapshot(self) -> None:
        entries = [self._entry(held) for key, held in self.hub.held.items() if self._selects(key)]
        digest = SnapshotDigest()
        for entry in entries:
            digest.add(Key(entry.key.type, entry.key.namespace, entry.key.name, entry.key.uid), entry.resource_version)
        self._say(frame_pb2.Frame(kind=frame_pb2.FRAME_KIND_SNAPSHOT_BEGIN, item_count=len(entries)))
        for start in range(0, len(entries), PART):
            part = entries[start : start + PART]
            self._say(frame_pb2.Frame(kind=frame_pb2.FRAME_KIND_SNAPSHOT_PART, entries=part))
        self._say(
            frame_pb2.Frame(kind=frame_pb2.FRAME_KIND_SNAPSHOT_END, item_count=digest.item_count, digest=digest.value)
        )

    def _say(self, frame: frame_pb2.Frame) -> None:
        self.sequence += 1
        frame.sequence = self.sequence
        frame.cluster = CLUSTER
        frame.as_of.FromNanoseconds(time.time_ns())
        frame.resume_token = str(self.hub.version).encode()
        frame.cluster_state.CopyFrom(self.hub.state)
        self.down.put_nowait(cluster_service_pb2.WatchResponse(frame=frame).SerializeToString())

    def _entry(self, held: Held) -> frame_pb2.Entry:
        has_body = self.wanted is not None and self.wanted.detail == cluster_service_pb2.DETAIL_OBJECTS
        return held.entry(_COLUMNS.get(held.key.type, [("Age", TIME)]), has_body=has_body)

    def _selects(self, key: Key) -> bool:
        wanted = self.wanted
        if wanted is None or not {"*", key.type} & set(wanted.types) or (wanted.names and key.name not in wanted.names):
            return False
        return bool({"**", "*" if key.namespace else "cluster", key.namespace or "cluster"} & set(wanted.namespaces))


class PageHub:
    """A Feed. Every token that names a demo person is good until ``ended_tokens`` has it."""

    def __init__(self, pods: int = 40) -> None:
        self.version = 0
        self.held: dict[Key, Held] = {}
        self.left: list[tuple[int, Key, int]] = []
        self.streams: set[Stream] = set()
        self.catalogs: set[Stream] = set()
        self.ended_tokens: set[str] = set()
        self.is_down = False
        self.is_silent = False
        self.state = resource_pb2.ClusterState(condition=resource_pb2.CLUSTER_CONDITION_LIVE)
        now = int(time.time())
        for number in range(pods):
            namespace = ("checkout", "payments", "search")[number % 3]
            word = ("Running", "Running", "Pending", "Running", "CrashLoopBackOff")[number % 5]
            self.put("pods", namespace, f"api-{number:05}", ["1/1", word, number % 4, now - 90 * number - 5])
        self.put("nodes", "", "node-1", ["Ready", "v1.31.2", now - 90_000])
        self.put("deployments.apps", "payments", "api", ["2/2", 2, now - 7_000])
        self.put("secrets", "payments", "database", [now - 7_000], {"data": {"password": "(redacted)"}})

    @property
    def tables(self) -> list[Stream]:
        """The streams that are open, but for the one that counts what there is."""
        return [stream for stream in self.streams if stream.wanted is None or "*" not in stream.wanted.types]

    def put(
        self, type: str, namespace: str, name: str, cells: list[str | int], more: dict[str, object] | None = None
    ) -> Key:
        """Creates or changes an object, and sends it to whom it concerns."""
        key = Key(type, namespace, name, f"uid-{type}-{namespace}-{name}")
        self.version += 1
        metadata = {
            "name": name,
            "namespace": namespace,
            "resourceVersion": str(self.version),
            "labels": {"app": "api"},
        }
        body = {
            "kind": _KINDS[type],
            "apiVersion": "v1",
            "metadata": metadata,
            "status": {"cells": cells},
            **(more or {}),
        }
        self.held[key] = held = Held(key, self.version, cells, orjson.dumps(body))
        for stream in list(self.streams):
            stream.delta([held], [])
        return key

    def remove(self, key: Key, *, is_withdrawn: bool = False) -> None:
        """Deletes an object, or takes it out of sight."""
        del self.held[key]
        self.version += 1
        reason = frame_pb2.TOMBSTONE_REASON_WITHDRAWN if is_withdrawn else frame_pb2.TOMBSTONE_REASON_DELETED
        self.left.append((self.version, key, reason))
        for stream in list(self.streams):
            stream.delta([], [(key, reason)])

    def changed_since(self, version: int) -> list[Held]:
        return [held for held in self.held.values() if held.version > version]

    def left_since(self, version: int) -> list[tuple[Key, int]]:
        return [(key, reason) for at, key, reason in self.left if at > version]

    def beat(self) -> None:
        """Says on every stream that it is current."""
        for stream in [] if self.is_silent else list(self.streams):
            if stream.sequence:
                stream.bookmark()

    def tell_catalog(self) -> None:
        """Sends the present catalog to everyone."""
        for stream in self.catalogs:
            stream.down.put_nowait(self._catalog())

    def end_token(self, token: str) -> None:
        """Revokes a token: streams end, sign-ins fail."""
        self.ended_tokens.add(token)
        for stream in [*self.streams, *self.catalogs]:
            stream.down.put_nowait(FeedError("UNAUTHENTICATED", "the token is not valid any more; sign in again"))

    async def who_am_i(self, token: str) -> cluster_service_pb2.WhoAmIResponse:
        name = token.removeprefix("demo:")
        if self.is_down:
            raise FeedError("UNAVAILABLE", "the hub can't be reached")
        if token in self.ended_tokens or name == token:
            raise FeedError("UNAUTHENTICATED", "the token is not known")
        return cluster_service_pb2.WhoAmIResponse(subject=f"user:{name}", memberships=["team:payments"])

    async def explain_access(self, token: str, request: bytes) -> bytes:
        asked = cluster_service_pb2.ExplainAccessRequest.FromString(request)
        answer = cluster_service_pb2.AccessAnswer(verb="get", sentence=f"Nothing lets you get {asked.key.name}.")
        return cluster_service_pb2.ExplainAccessResponse(answers=[answer]).SerializeToString()

    async def get_object(self, token: str, request: bytes) -> bytes:
        raise FeedError("NOT_FOUND", "not visible to you")

    def watch(self, token: str, *, peer: str) -> Stream:
        stream = Stream(self)
        self.streams.add(stream)
        return stream

    def watch_catalog(self, token: str, *, peer: str) -> Stream:
        stream = Stream(self)
        self.catalogs.add(stream)
        stream.down.put_nowait(self._catalog())
        return stream

    def _catalog(self) -> bytes:
        catalog = cluster_service_pb2.WatchCatalogResponse(policy_revision="1")
        catalog.server_time.FromNanoseconds(time.time_ns())
        cluster = catalog.clusters.add(name=CLUSTER, state=self.state, namespaces=["checkout", "payments", "search"])
        for type in sorted(_KINDS):
            plural, _, group = type.partition(".")
            described = cluster.types.add(
                type=type,
                group=group,
                version="v1",
                kind=_KINDS[type],
                namespaced=type != "nodes",
                singular=plural[:-1],
            )
            described.condition = _FORBIDDEN if type == "jobs.batch" else _SYNCED
            if type == "jobs.batch":
                described.reason = "Kubernetes RBAC forbids the agent to list jobs.batch"
            for name, kind in _COLUMNS.get(type, [("Age", TIME)]):
                described.columns.add(name=name, kind=kind)
        return catalog.SerializeToString()


def _key(key: Key) -> resource_pb2.Key:
    return resource_pb2.Key(type=key.type, namespace=key.namespace, name=key.name, uid=key.uid)
