"""After every step, whoever reads to the end holds exactly what policy shows them, however their view came to be."""

import asyncio
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octokube.state import Key
from octokube.v1 import cluster_service_pb2 as pb
from octokube.v1 import frame_pb2
from octokube_hub.fanout import audience as audience_module
from octokube_hub.fanout import clusters as clusters_module
from octokube_hub.fanout import view as view_module
from octokube_hub.policy import PolicySet, Subject
from tests.hub.objects import key
from tests.hub.policies import policy
from tests.hub.world import Source, Subscriber, World

NAMESPACES = ("red", "blue", "green")
TYPES = ("pods", "configmaps")
rows, whole = pb.DETAIL_ROWS, pb.DETAIL_OBJECTS
permissions = st.lists(
    st.tuples(
        st.sampled_from(["user:eve", "user:bob", "team:both", "team:both", "team:both"]),
        st.sampled_from(["red", "blue", "*", "**", "cluster", "[gb]*"]),
        st.sampled_from(["pods", "nodes", "*", "configmaps"]),
        st.sampled_from(["*", "*", "n1", "n[12]", "*0"]),
        st.sampled_from(["allow", "allow", "allow", "deny"]),
    ),
    max_size=5,
)
objects = st.tuples(st.sampled_from(TYPES), st.sampled_from(NAMESPACES), st.integers(0, 3))
readers = st.integers(0, 2)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), objects, st.booleans()),  # true: the row changes, false: only the body does
        st.tuples(st.just("remove"), objects),
        st.tuples(st.just("replace"), objects),  # by a namesake with another uid
        st.tuples(st.just("swap"), st.integers(0, 2)),
        st.tuples(st.just("read"), readers),
        st.tuples(st.just("read a frame"), readers),
        st.tuples(st.just("select"), readers, st.sampled_from([("**",), ("red",), ("*",), ("blue", "green")])),
        st.tuples(st.just("come back"), readers),
        st.tuples(st.just("new epoch")),
        st.tuples(st.just("trim")),
    ),
    max_size=24,
)


def rules(found: list[tuple[str, str, str, str, str]]) -> PolicySet:
    lines = [
        f"p, {who}, *, {where}, {type}, {name}, read, always, {effect}" for who, where, type, name, effect in found
    ]
    return policy("\n".join(lines), teams="g, user:eve, team:both\ng, user:bob, team:both")


class Checked(Subscriber):
    """Looks at each tombstone, by the policy that was in force when its frame was made."""

    def __init__(self, world: World, who: str) -> None:
        super().__init__(world, who)
        self.before_apply = self._look
        self._made_under = world.policy

    async def _write(self, message: bytes) -> None:
        self._made_under = self.world.policy
        await super()._write(message)

    def _look(self, response: pb.WatchResponse) -> None:
        scope = self._made_under.scope(Subject(f"user:{self.who}"), self.world.clock.now())
        copy = self.receiver.clusters.get("c1")
        for one in response.frame.tombstones:
            where = Key(one.key.type, one.key.namespace, one.key.name, one.key.uid)
            is_visible = scope.allows("c1", where.type, where.namespace, where.name, "watch")
            assert is_visible or (copy is not None and where in copy.objects), f"never knew of {where}"
            assert is_visible or one.reason == frame_pb2.TOMBSTONE_REASON_WITHDRAWN, f"told that {where} is deleted"


class Play:
    """A small world with three readers: two who are one person, and another; some take whole objects as patches."""

    def __init__(self, policies: list[PolicySet]) -> None:
        self.policies = policies
        self.world = World(policies[0])
        self.count = itertools.count()
        self.readers: list[Subscriber] = []
        self.source: Source

    async def begin(self, details: tuple[int, ...]) -> None:
        self.source = await self.world.add_cluster("c1")
        for type, namespace in itertools.product(TYPES, NAMESPACES):
            self.source.put(key(type, namespace, "n0"))
        self.source.put(key("nodes", "", "n0"))
        for who, detail in zip(("eve", "eve", "bob"), details, strict=True):
            has_patches = detail == pb.DETAIL_OBJECTS
            reader = Checked(self.world, who)
            self.world.subscribers.append(reader)
            reader.open(_selection(("**",), detail), accepts_patches=has_patches)
            self.readers.append(reader)
            await reader.read_all()
            self.check(reader)

    async def take(self, step: tuple) -> None:
        match step:
            case ("put", (type, namespace, number), is_row_changed):
                found = self.source.replica.store.named(type, namespace, f"n{number}")
                where = found.key if found is not None else key(type, namespace, f"n{number}")
                status = f"S{next(self.count)}" if is_row_changed else "Running"
                self.source.put(where, status=status, note=f"N{next(self.count)}")
            case ("remove", (type, namespace, number)):
                found = self.source.replica.store.named(type, namespace, f"n{number}")
                if found is not None:
                    self.source.remove(found.key)
            case ("replace", (type, namespace, number)):
                self.source.put(key(type, namespace, f"n{number}", f"uid-{next(self.count)}"))
            case ("swap", index):
                self.world.swap(self.policies[index])
                await self.readers[0].settle()
            case ("read", index):
                await self.readers[index].read_all()
                self.check(self.readers[index])
            case ("read a frame", index):
                await self.readers[index].read()
            case ("select", index, namespaces):
                reader = self.readers[index]
                reader.subscribe(_selection(namespaces, reader.subscription.detail))
                await reader.settle()
            case ("come back", index):
                reader = self.readers[index]
                subscription, has_patches = reader.subscription, reader.accepts_patches
                await reader.close()
                reader.open(subscription, is_resuming=True, accepts_patches=has_patches)
                await reader.settle()
            case ("new epoch",):
                await self.source.load(is_new_epoch=True)
            case ("trim",):
                self.world.fanout.trim(float(next(self.count)))

    def check(self, reader: Subscriber) -> None:
        """Names, uids, and contents are what the policy in force and the replica say."""
        copy = reader.receiver.clusters.get("c1")
        told = dict(copy.objects) if copy is not None else {}
        scope = self.world.policy.scope(Subject(f"user:{reader.who}"), self.world.clock.now())
        namespaces = set(reader.subscription.namespaces)
        true = {
            one.key: one.value
            for one in self.source.replica.store.all()
            if scope.allows("c1", one.key.type, one.key.namespace, one.key.name, "watch")
            and (namespaces == {"**"} or one.key.namespace in namespaces or (namespaces == {"*"} and one.key.namespace))
        }
        assert {(*name,) for name in told} == {(*name,) for name in true}
        for name, value in told.items():
            expected = _decoded(true[name])
            assert [cell.text for cell in value.row.cells] == [cell.text for cell in expected.row.cells]
            if reader.subscription.detail == pb.DETAIL_OBJECTS:
                assert value.body == expected.body


def _selection(namespaces: tuple[str, ...], detail: int) -> pb.Subscription:
    return pb.Subscription(clusters=["*"], types=["*"], namespaces=namespaces, detail=detail)


def _decoded(value):
    return frame_pb2.Entry.FromString(value.head + value.row + value.body)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("many", [0, 10_000], ids=["in slices", "at once"])
@pytest.mark.parametrize("tombstones", [2, 5_000])
@settings(max_examples=60, deadline=None)
@given(
    st.lists(permissions, min_size=3, max_size=3),
    st.sampled_from([(rows, rows, rows), (whole, whole, whole), (rows, whole, rows), (whole, rows, rows)]),
    steps,
)
def test_whatever_happens_between_what_is_read_is_the_filtered_truth(many, tombstones, found, details, steps) -> None:
    async def run() -> None:
        play = Play([rules(one) for one in found])
        await play.begin(details)
        for step in steps:
            await play.take(step)
        for reader in play.readers:
            await reader.read_all()
            play.check(reader)
        await play.world.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(view_module, "TOMBSTONE_LIMIT", tombstones)
        patch.setattr(audience_module, "MOVED_AT_ONCE", many)
        patch.setattr(clusters_module, "FOLLOWED_AT_ONCE", many)
        asyncio.run(run())
