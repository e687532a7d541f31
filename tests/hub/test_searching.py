"""Search finds what objects say, in parts, and never more than the asker may watch."""

import asyncio
import pathlib

import pytest

from octokube.client import FeedError
from octokube.client.connection import connected
from octokube.client.feed import Feed
from octokube.runtime.turns import Turns
from octokube.v1 import cluster_service_pb2 as pb
from octokube_hub.app import Hub
from octokube_hub.fanout import searching
from tests.hub.conftest import RULES
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import documented, key
from tests.hub.policies import write_policy
from tests.support.waiting import eventually

EVERYWHERE = pb.Subscription(clusters=["*"], types=["*"], namespaces=["**"])
ALICE = "demo:alice"
WEB = {
    "metadata": {
        "labels": {"app": "Shop", "tier": "front"},
        "annotations": {"team.example.com/owner": "Größe & Söhne"},
    },
    "spec": {"containers": [{"image": "registry.example.com/shop/web:1.4"}]},
}
BATCH = {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"initContainers": [{"image": "alpine:3"}]}}}}}}


async def search(feed: Feed, text: str, token: str = ALICE, **asked: object) -> pb.SearchResponse:
    request = pb.SearchRequest(within=asked.pop("within", EVERYWHERE), text=text, **asked)  # type: ignore[arg-type]
    return pb.SearchResponse.FromString(await feed.search(token, request.SerializeToString()))


async def names(feed: Feed, text: str, token: str = ALICE, **asked: object) -> list[str]:
    return [hit.key.name for hit in (await search(feed, text, token, **asked)).hits]


@pytest.fixture
async def filled(agent: FakeAgent) -> FakeAgent:
    agent.put(key("pods", "red", "web-1"), documented(key("pods", "red", "web-1"), WEB))
    agent.put(key("configmaps", "red", "batch"), documented(key("configmaps", "red", "batch"), BATCH))
    agent.put(key("pods", "red", "api"))
    agent.put(key("pods", "blue", "web-2"), documented(key("pods", "blue", "web-2"), WEB))
    await agent.connect()
    return agent


@pytest.mark.parametrize(
    ("text", "field", "told"),
    [
        ("WEB-1", pb.SEARCH_FIELD_NAME, "web-1"),
        ("app=shop", pb.SEARCH_FIELD_LABEL, "app=Shop"),
        ("shop/web:1.4", pb.SEARCH_FIELD_IMAGE, "registry.example.com/shop/web:1.4"),
        ("größe", pb.SEARCH_FIELD_ANNOTATION, "team.example.com/owner=Größe & Söhne"),
    ],
)
async def test_names_labels_images_and_annotations_are_found(
    feed: Feed, filled: FakeAgent, text: str, field: int, told: str
) -> None:
    answer = await search(feed, text)
    assert [(hit.cluster, hit.key.name, hit.field, hit.text) for hit in answer.hits] == [("c1", "web-1", field, told)]
    assert list(answer.hits[0].labels) == ["app=Shop", "tier=front"]
    assert not answer.next


async def test_images_of_what_makes_pods_are_found_too(feed: Feed, filled: FakeAgent) -> None:
    assert await names(feed, "alpine") == ["batch"]


async def test_all_words_have_to_be_there_wherever_they_are(feed: Feed, filled: FakeAgent) -> None:
    assert await names(feed, "web tier=front") == ["web-1"]
    assert await names(feed, "web tier=back") == []


async def test_only_the_fields_that_are_asked_for_are_searched(feed: Feed, filled: FakeAgent) -> None:
    assert await names(feed, "shop", fields=[pb.SEARCH_FIELD_NAME]) == []
    assert await names(feed, "shop", fields=[pb.SEARCH_FIELD_LABEL]) == ["web-1"]


async def test_a_search_is_narrowed_as_a_subscription_is(feed: Feed, filled: FakeAgent) -> None:
    within = pb.Subscription(clusters=["*"], types=["pods"], namespaces=["red"], label_selector="tier!=front")
    assert await names(feed, "", within=within) == ["api"]


async def test_nobody_finds_what_they_may_not_watch(feed: Feed, filled: FakeAgent) -> None:
    assert await names(feed, "web-2") == []
    assert await names(feed, "web", "demo:admin") == ["web-2", "web-1"]
    assert (await search(feed, "web-2")).SerializeToString() == (await search(feed, "web-9")).SerializeToString()


async def test_parts_follow_each_other_without_a_hole_or_a_repetition(
    feed: Feed, filled: FakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "PART", 1)
    found, parts, after = [], 0, b""
    while True:
        answer = await search(feed, "e", "demo:admin", after=after)
        found += [hit.key.name for hit in answer.hits]
        parts += 1
        if not answer.next:
            break
        after = answer.next
    assert found == await whole(feed, monkeypatch)
    assert parts == 5


async def whole(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(searching, "PART", 1_000)
    return await names(feed, "e", "demo:admin")


async def test_a_program_is_given_all_parts(feed: Feed, filled: FakeAgent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "PART", 1)
    async with connected(feed, "demo:admin") as client:
        assert [hit.key.name async for hit in client.search("web")] == ["web-2", "web-1"]


async def test_what_went_out_of_sight_while_it_was_looked_for_is_not_in_the_answer(
    hub: Hub, policies: pathlib.Path, feed: Feed, filled: FakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "SLICE", 1)
    taken = asyncio.Event()
    go_on = asyncio.Event()

    async def take(_: Turns) -> None:
        taken.set()
        await go_on.wait()

    monkeypatch.setattr(Turns, "take", take)
    asked = asyncio.create_task(names(feed, "web"))
    await taken.wait()
    engine = hub._policy
    assert engine is not None
    former = engine.current.revision
    write_policy(policies, RULES.replace("user:alice", "user:nobody"))
    await eventually(lambda: engine.current.revision != former)
    go_on.set()
    assert await asked == []


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (pb.SearchRequest(within=EVERYWHERE, text="x" * 201), "at most 200 characters"),
        (pb.SearchRequest(within=EVERYWHERE, limit=1001), "at most 1000 hits"),
        (pb.SearchRequest(within=EVERYWHERE, fields=[9]), "is none that can be searched"),  # type: ignore[list-item]
        (pb.SearchRequest(within=EVERYWHERE, after=b"\xff"), "no protobuf"),
        (pb.SearchRequest(within=pb.Subscription(label_selector="a b")), "label_selector can't be read"),
    ],
)
async def test_what_can_not_be_searched_is_told_in_one_sentence(
    feed: Feed, request_: pb.SearchRequest, says: str
) -> None:
    with pytest.raises(FeedError) as refused:
        await feed.search("demo:alice", request_.SerializeToString())
    assert refused.value.code == "INVALID_ARGUMENT"
    assert says in refused.value.message


async def test_without_a_token_nothing_is_searched(feed: Feed, filled: FakeAgent) -> None:
    with pytest.raises(FeedError) as refused:
        await search(feed, "web", "okt_nobody")
    assert refused.value.code == "UNAUTHENTICATED"
