"""A fan-out without a network: replicas that a test writes, sessions that it reads frame by frame."""

import asyncio
from collections.abc import Callable

from octokube.client.receiver import Receiver
from octokube.client.viewed import ViewChange
from octokube.runtime.tasks import Tasks
from octokube.state import Key, new_epoch
from octokube.v1 import cluster_service_pb2 as pb
from octokube.v1 import frame_pb2, resource_pb2
from octokube_hub.fanout.authority import Authority
from octokube_hub.fanout.clusters import Fanout
from octokube_hub.fanout.pacing import Pacer, Rounds
from octokube_hub.fanout.resume import KEY_BYTES, Sealer
from octokube_hub.fanout.stream import WatchSession
from octokube_hub.identity import Identity
from octokube_hub.identity.leases import Lease
from octokube_hub.policy import PolicySet, Subject
from octokube_hub.replica import ClusterCondition, Registry, Replica
from octokube_hub.replica.codec import Put, Remove
from octokube_hub.replica.gathering import Gathering
from tests.hub.clocks import FakeClock
from tests.hub.objects import encoded, type_named

TYPES = ("configmaps", "nodes", "pods", "secrets")


class Unpaced(Pacer):
    """Leaves no time between rounds, so that a test needs none."""

    spacing_seconds = 0.0


class Source:
    """Stands in for a cluster's agent: writes its replica as a session does."""

    def __init__(self, replica: Replica, clock: FakeClock) -> None:
        self.replica = replica
        self.clock = clock
        self.epoch = new_epoch()
        self.version = 0
        self.count = 0

    def put(self, key: Key, *, status: str = "Running", note: str = "", label: str = "") -> None:
        """Creates or changes an object. A namesake with another uid is removed in the same frame."""
        former = self.replica.store.named(key.type, key.namespace, key.name)
        steps: list[Put | Remove] = []
        start = self.version
        if former is not None and former.key.uid != key.uid:
            self.version += 1
            steps.append(Remove(self.version, former.key))
        self.version += 1
        self.count += 1
        steps.append(Put(self.version, key, encoded(key, str(self.count), status=status, note=note, label=label)))
        assert start <= self.version
        self.replica.apply(steps, self.version, types=None, as_of_seconds=self._now())

    def remove(self, key: Key) -> None:
        """Deletes an object."""
        self.version += 1
        self.replica.apply([Remove(self.version, key)], self.version, types=None, as_of_seconds=self._now())

    async def load(self, keys: dict[Key, tuple[str, str]] | None = None, *, is_new_epoch: bool = False) -> None:
        """Sends a snapshot: of what the replica holds, or of these objects with (resource version, status)."""
        gathering = Gathering(self.replica.store)
        if is_new_epoch:
            self.epoch = new_epoch()
            self.version = 0
        puts: list[Put] = []
        held = {stored.key: stored.value for stored in self.replica.store.all()}
        chosen = held if keys is None else {key: encoded(key, value[0], status=value[1]) for key, value in keys.items()}
        base = 0
        for key, value in chosen.items():
            base += 1
            puts.append(Put(base, key, held.get(key, value) if keys is None else value))
        self.version = max(self.version, base)
        gathering.add(puts)
        gone = await gathering.finish(self.version, gathering._digest.item_count, gathering._digest.value)
        self.replica.take(
            gathering,
            gone,
            epoch=self.epoch,
            types={name: type_named(name) for name in TYPES},
            as_of_seconds=self._now(),
        )
        self.replica.set_state(ClusterCondition.LIVE)

    def _now(self) -> float:
        return self.clock.now().timestamp()


class World:
    """One hub's fan-out with a policy that a test swaps."""

    def __init__(self, policy: PolicySet) -> None:
        self.clock = FakeClock()
        self.policy = policy
        self.registry = Registry(self.clock)
        self.tasks = Tasks("test")
        self.sealer = Sealer(bytes(KEY_BYTES))
        self.fanout = Fanout(self.registry, self.sealer, self.tasks, rounds=Rounds(Unpaced()))
        self.sources: dict[str, Source] = {}
        self.subscribers: list[Subscriber] = []

    async def add_cluster(self, name: str, *, is_loaded: bool = True) -> Source:
        """A cluster; loaded with nothing in it."""
        source = self.sources[name] = Source(self.registry.ensure(name), self.clock)
        if is_loaded:
            await source.load({})
        return source

    def subscribe(self, who: str, subscription: pb.Subscription | None = None, **options: object) -> "Subscriber":
        """Opens a stream; by default on everything, as rows."""
        subscriber = Subscriber(self, who)
        self.subscribers.append(subscriber)
        subscriber.open(subscription or everything(), **options)  # type: ignore[arg-type]
        return subscriber

    def swap(self, policy: PolicySet) -> None:
        """A new policy comes into force."""
        self.policy = policy
        for subscriber in self.subscribers:
            if subscriber.session is not None:
                subscriber.session.wake()

    async def close(self) -> None:
        """Ends every stream."""
        for subscriber in self.subscribers:
            await subscriber.close()
        await self.tasks.close()


class Subscriber:
    """Reads a stream one message at a time, when it is told to, and holds what it says."""

    def __init__(self, world: World, who: str) -> None:
        self.world = world
        self.who = who
        self.receiver = Receiver()
        self.session: WatchSession | None = None
        self.messages: list[bytes] = []
        self.responses: list[pb.WatchResponse] = []
        self.changes: list[ViewChange] = []
        self.close_message: pb.Close | None = None
        self.subscription = pb.Subscription()
        self.accepts_patches = False
        self.before_apply: Callable[[pb.WatchResponse], None] = lambda _: None
        self.lease = Lease("token", None)
        self.is_acknowledging = True
        self._task: asyncio.Task[pb.Close | None] | None = None
        self._slot: bytes | None = None
        self._taken = asyncio.Event()

    def open(
        self,
        subscription: pb.Subscription,
        *,
        is_resuming: bool = False,
        window_bytes: int = 0,
        accepts_patches: bool = False,
    ) -> None:
        """Opens a stream, with the newest tokens if asked for."""
        self.subscription = subscription
        self.accepts_patches = accepts_patches
        self.lease = Lease("token", None)
        identity = Identity(Subject(f"user:{self.who}"), "token", None)
        authority = Authority(identity, self.lease, lambda: self.world.policy, self.world.clock)
        session = self.session = WatchSession(self.world.fanout, authority, self.world.clock)
        self.lease.on_end = session.wake
        self.receiver.restart()
        points = self.receiver.resume_points() if is_resuming else []
        self._task = asyncio.create_task(session.run(self._write))
        self.subscribe(subscription, points, window_bytes=window_bytes)

    def subscribe(
        self, subscription: pb.Subscription, points: list[tuple[str, bytes]] | None = None, *, window_bytes: int = 0
    ) -> None:
        """Sends a Subscribe on the open stream."""
        self.subscription = subscription
        subscribe = pb.Subscribe(
            subscription=subscription, window_bytes=window_bytes, accepts_patches=self.accepts_patches
        )
        for cluster, token in points or []:
            subscribe.resume.add(cluster=cluster, resume_token=token)
        assert self.session is not None
        self.session.request(pb.WatchRequest(subscribe=subscribe).SerializeToString())

    async def close(self) -> None:
        """Goes away, with whatever was not read."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._task = self._slot = self.session = None

    async def settle(self) -> None:
        """Lets everything happen that needs no reading."""
        for _ in range(40):
            await asyncio.sleep(0)

    async def read(self) -> pb.WatchResponse | None:
        """The next message, applied and acknowledged; None when there is none."""
        await self.settle()
        if self._slot is None:
            return None
        message, self._slot = self._slot, None
        self._taken.set()
        self.messages.append(message)
        response = pb.WatchResponse.FromString(message)
        self.responses.append(response)
        self.before_apply(response)
        if response.HasField("frame"):
            self.changes += self.receiver.apply(response.frame)
            if self.is_acknowledging and self.session is not None:
                ack = pb.FrameAck(sequence=response.frame.sequence)
                self.session.request(pb.WatchRequest(ack=ack).SerializeToString())
        elif response.HasField("close"):
            self.close_message = response.close
        return response

    async def read_all(self) -> list[pb.WatchResponse]:
        """Reads until nothing more comes."""
        read = []
        while (response := await self.read()) is not None:
            read.append(response)
        return read

    def names(self, cluster: str = "c1") -> set[str]:
        """What is held, as type/namespace/name."""
        copy = self.receiver.clusters.get(cluster)
        return {f"{key.type}/{key.namespace}/{key.name}" for key in copy.objects} if copy is not None else set()

    async def _write(self, message: bytes) -> None:
        self._slot = message
        self._taken.clear()
        await self._taken.wait()


def everything(detail: pb.Detail = pb.DETAIL_ROWS) -> pb.Subscription:
    """All objects of all clusters."""
    return pb.Subscription(clusters=["*"], types=["*"], namespaces=["**"], detail=detail)


def row_of(value: bytes) -> resource_pb2.Row:
    """The row inside an encoded part."""
    return frame_pb2.Entry.FromString(value).row
