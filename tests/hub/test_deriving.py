"""A view that comes from another scope's is what it would be if it were made anew, and its readers are led there."""

import asyncio
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octokube.v1 import frame_pb2
from octokube_hub.fanout.audience import Audience
from octokube_hub.fanout.view import AudienceView
from tests.hub.objects import key
from tests.hub.policies import policy
from tests.hub.world import Subscriber, World, everything

NAMESPACES = ("red", "blue", "green", "")
rows = st.lists(
    st.tuples(
        st.sampled_from(["user:eve", "team:a"]),
        st.sampled_from(["red", "blue", "*", "**", "cluster", "[gb]*"]),
        st.sampled_from(["pods", "nodes", "*", "configmaps"]),
        st.sampled_from(["*", "*", "n1", "n[12]", "*0"]),
        st.sampled_from(["allow", "allow", "allow", "deny"]),
    ),
    max_size=6,
)
# What happens between two looks of a reader: an object comes or changes, goes, or the reader looks.
steps = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "remove", "read", "swap"]),
        st.sampled_from(["pods", "configmaps"]),
        st.sampled_from(["red", "blue", "green"]),
        st.integers(0, 3),
    ),
    max_size=14,
)


def rules(found: Iterable[tuple[str, str, str, str, str]]):
    lines = [
        f"p, {who}, *, {namespace}, {type}, {name}, read, always, {effect}"
        for who, namespace, type, name, effect in found
    ]
    return policy("\n".join(lines), teams="g, user:eve, team:a")


@pytest.fixture
def derived(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """How each attempt to make a view from another one went."""
    return observed(monkeypatch, "derive")


@pytest.fixture
def carried(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """How each attempt to keep a view for another scope went."""
    return observed(monkeypatch, "rescope")


def observed(monkeypatch: pytest.MonkeyPatch, name: str) -> list[bool]:
    outcomes: list[bool] = []
    method = getattr(Audience, name)

    def observe(*arguments) -> bool:
        outcomes.append(method(*arguments))
        return outcomes[-1]

    monkeypatch.setattr(Audience, name, observe)
    return outcomes


def held(subscriber: Subscriber) -> dict[str, str]:
    """What a reader has, with its row's first cell."""
    copy = subscriber.receiver.clusters.get("c1")
    return {str(name): value.row.cells[0].text for name, value in copy.objects.items()} if copy else {}


@settings(max_examples=120, deadline=None)
@given(rows, rows, steps, st.booleans())
def test_a_reader_ends_with_what_a_fresh_reader_is_told(before, after, steps, is_alone) -> None:
    async def run() -> None:
        world = World(rules(before))
        source = await world.add_cluster("c1")
        for type in ("pods", "configmaps"):
            for namespace in ("red", "blue", "green"):
                source.put(key(type, namespace, "n0"))
        source.put(key("nodes", "", "n0"))
        readers = [world.subscribe("eve") for _ in range(1 if is_alone else 2)]
        reader = readers[0]
        for subscriber in readers:
            await subscriber.read_all()
        policies = [rules(before), rules(after)]
        for count, (what, type, namespace, number) in enumerate(steps):
            where = key(type, namespace, f"n{number}")
            stored = source.replica.store.named(*where[:3])
            if what == "put":
                source.put(where, status=f"S{count}")
            elif what == "remove" and stored is not None:
                source.remove(stored.key)
            elif what == "read":
                await reader.read_all()
            elif what == "swap":
                policies.reverse()
                world.swap(policies[0])
                await reader.settle()
        world.swap(policies[-1])
        fresh = world.subscribe("eve")
        for subscriber in (*readers, fresh):
            await subscriber.read_all()
        assert all(held(subscriber) == held(fresh) for subscriber in readers)
        scope = world.policy.scope(fresh_subject(), world.clock.now())
        assert set(held(fresh)) == {
            str(one.key)
            for one in source.replica.store.all()
            if scope.allows("c1", one.key.type, one.key.namespace, one.key.name, "watch")
        }
        await world.close()

    asyncio.run(run())


def fresh_subject():
    from octokube_hub.policy import Subject

    return Subject("user:eve")


@pytest.mark.parametrize("people", [1, 2])
async def test_only_the_namespaces_that_the_edit_concerns_are_looked_at(
    people: int, derived: list[bool], carried: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(policy("p, user:eve, *, *, *, *, read, always, allow"))
    source = await world.add_cluster("c1")
    for number in range(50):
        source.put(key("pods", "red", f"n{number}"))
    source.put(key("pods", "blue", "n0"))
    [eve, *others] = [world.subscribe("eve") for _ in range(people)]
    for subscriber in (eve, *others):
        await subscriber.read_all()
    looked_at: list[str] = []
    is_visible = AudienceView.is_visible

    def observe(view: AudienceView, asked) -> bool:
        looked_at.append(asked.namespace)
        return is_visible(view, asked)

    monkeypatch.setattr(AudienceView, "is_visible", observe)
    world.swap(
        policy("p, user:eve, *, *, *, *, read, always, allow\np, user:eve, *, blue, pods, *, read, always, deny")
    )
    [told] = await eve.read_all()
    assert (carried, derived) == (([True], []) if people == 1 else ([], [True]))
    assert set(looked_at) == {"blue"}
    assert [tombstone.key.namespace for tombstone in told.frame.tombstones] == ["blue"]
    assert not told.frame.entries
    await world.close()


async def test_what_was_deleted_unseen_and_then_hidden_is_told_as_withdrawn(carried: list[bool]) -> None:
    """That it does not exist any more is not the reader's to know: it went out of sight."""
    world = World(policy("p, user:eve, *, *, *, *, read, always, allow"))
    source = await world.add_cluster("c1")
    source.put(key("pods", "red", "web"))
    eve = world.subscribe("eve")
    await eve.read_all()
    source.remove(key("pods", "red", "web"))
    world.swap(policy("p, user:eve, *, blue, *, *, read, always, allow"))
    told = [response.frame for response in await eve.read_all()]
    reasons = [tombstone.reason for frame in told for tombstone in frame.tombstones]
    assert carried == [True]
    assert reasons == [frame_pb2.TOMBSTONE_REASON_WITHDRAWN]
    await world.close()


async def test_what_came_and_was_hidden_unseen_is_not_told(carried: list[bool]) -> None:
    world = World(policy("p, user:eve, *, *, *, *, read, always, allow"))
    source = await world.add_cluster("c1")
    source.put(key("pods", "blue", "web"))
    eve = world.subscribe("eve")
    await eve.read_all()
    source.put(key("pods", "red", "secret"))
    world.swap(policy("p, user:eve, *, blue, *, *, read, always, allow"))
    await eve.read_all()
    assert carried == [True]
    assert b"secret" not in b"".join(eve.messages)
    await world.close()


async def test_a_view_lets_go_of_the_one_it_was_made_from(derived: list[bool]) -> None:
    world = World(policy("p, user:eve, *, *, *, *, read, always, allow"))
    await world.add_cluster("c1")
    both = [world.subscribe("eve", everything()) for _ in range(2)]
    for eve in both:
        await eve.read_all()
    world.swap(policy("p, user:eve, *, blue, *, *, read, always, allow"))
    for eve in both:
        await eve.read_all()
    [fanout] = world.fanout
    [audience] = fanout._audiences.values()
    world.fanout.trim(0.0)
    assert derived == [True]
    assert audience._basis is None
    await world.close()


async def test_who_went_on_in_the_former_view_is_led_from_there(derived: list[bool]) -> None:
    """What a version means is the same in both views only up to the one at which the second was made."""
    wide, narrow = "*, *, *, *, read, always, allow", "*, blue, *, *, read, always, allow"
    world = World(policy(f"p, user:eve, {wide}\np, user:bob, {wide}"))
    source = await world.add_cluster("c1")
    source.put(key("pods", "red", "web"))
    eve, bob = world.subscribe("eve"), world.subscribe("bob")
    await eve.read_all()
    await bob.read_all()
    world.swap(policy(f"p, user:eve, {narrow}\np, user:bob, {wide}"))
    await eve.read_all()
    for number in range(5):  # the view that bob is still in goes on, and this one does not
        source.put(key("pods", "red", f"n{number}"))
    await bob.read_all()
    source.put(key("pods", "blue", "web"))
    world.swap(policy(f"p, user:eve, {narrow}\np, user:bob, {narrow}"))
    await bob.read_all()
    assert derived == [True]
    assert bob.names() == {"pods/blue/web"}
    await world.close()


async def test_a_snapshot_made_for_the_former_scope_is_not_sent_under_the_new_one(carried: list[bool]) -> None:
    """A second reader comes at once, within the time in which a snapshot is shared."""
    world = World(policy("p, user:eve, *, *, *, *, read, always, allow"))
    source = await world.add_cluster("c1")
    source.put(key("pods", "red", "secret"))
    eve = world.subscribe("eve")
    await eve.read_all()
    world.swap(policy("p, user:eve, *, blue, *, *, read, always, allow"))
    await eve.read_all()
    other = world.subscribe("eve")
    await other.read_all()
    assert carried == [True]
    assert b"secret" not in b"".join(other.messages)
    await world.close()


async def test_edits_that_follow_each_other_unread_are_told_as_one(carried: list[bool]) -> None:
    world = World(policy("p, user:eve, *, red, *, *, read, always, allow"))
    source = await world.add_cluster("c1")
    for namespace in ("red", "blue", "green"):
        source.put(key("pods", namespace, "web"))
    eve = world.subscribe("eve")
    await eve.read_all()
    for namespace in ("blue", "green"):
        world.swap(policy(f"p, user:eve, *, {namespace}, *, *, read, always, allow"))
        eve.session._tracks["c1"].rescope(world.policy.scope(fresh_subject(), world.clock.now()), is_visible=True)
    told = [response.frame for response in await eve.read_all()]
    assert carried == [True, True]
    assert [one.key.namespace for frame in told for one in frame.tombstones] == ["red"]
    assert len(held(eve)) == 1
    assert b"blue" not in b"".join(eve.messages)
    await world.close()
