"""WATCH: every change once and in order, from any position, or a clear 410."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import pytest

from octokube_demo import DEFAULT_TOKEN, DemoCluster, DemoServer, DemoSettings
from tests.demo.conftest import CONFIGMAPS, CRD_PATH, WIDGETS, Client, configmap, take, widget, widget_definition
from tests.support.waiting import eventually


async def test_a_watch_from_a_list_sees_what_happened_since(client: Client, cluster: DemoCluster) -> None:
    _, listed = await client.get(CONFIGMAPS)
    cluster.store.create("configmaps", configmap("a", x="1"))
    cluster.store.update("configmaps", "default", "a", configmap("a", x="2"))
    async with client.watch(CONFIGMAPS, resourceVersion=listed["metadata"]["resourceVersion"]) as events:
        added, modified = await take(events, 2)
        cluster.store.delete("configmaps", "default", "a")
        deleted = (await take(events, 1))[0]
    assert [one["type"] for one in (added, modified, deleted)] == ["ADDED", "MODIFIED", "DELETED"]
    assert added["object"]["kind"] == "ConfigMap"
    versions = [int(one["object"]["metadata"]["resourceVersion"]) for one in (added, modified, deleted)]
    assert versions == sorted(set(versions))
    assert deleted["object"]["data"] == {"x": "2"}


async def test_a_watch_without_a_version_starts_with_what_is_there(client: Client, cluster: DemoCluster) -> None:
    cluster.store.create("configmaps", configmap("a"))
    async with client.watch(CONFIGMAPS) as events:
        assert (await take(events, 1))[0]["type"] == "ADDED"


async def test_a_namespaced_watch_sees_its_namespace_only(client: Client, cluster: DemoCluster) -> None:
    async with client.watch(CONFIGMAPS, resourceVersion=cluster.store.revision) as events:
        other = configmap("elsewhere")
        other["metadata"]["namespace"] = "kube-system"
        cluster.store.create("configmaps", other)
        cluster.store.create("configmaps", configmap("here"))
        assert (await take(events, 1))[0]["object"]["metadata"]["name"] == "here"


async def test_a_selection_is_entered_and_left(client: Client, cluster: DemoCluster) -> None:
    def labelled(team: str) -> dict[str, object]:
        value = configmap("a", x="1")
        value["metadata"]["labels"] = {"team": team}
        return value

    cluster.store.create("configmaps", labelled("red"))
    async with client.watch(CONFIGMAPS, resourceVersion=cluster.store.revision, labelSelector="team=blue") as events:
        cluster.store.update("configmaps", "default", "a", labelled("blue"))
        cluster.store.update("configmaps", "default", "a", labelled("green"))
        entered, left = await take(events, 2)
    assert (entered["type"], left["type"]) == ("ADDED", "DELETED")
    assert left["object"]["metadata"]["labels"] == {"team": "blue"}
    assert left["object"]["metadata"]["resourceVersion"] == str(cluster.store.revision)


async def test_bookmarks_come_only_when_asked_for_and_carry_the_current_version(
    client: Client, cluster: DemoCluster
) -> None:
    cluster.store.create("secrets", {**configmap("other"), "kind": "Secret"})
    async with client.watch(CONFIGMAPS, resourceVersion=cluster.store.revision, allowWatchBookmarks="true") as events:
        bookmark = (await take(events, 1))[0]
    assert bookmark["type"] == "BOOKMARK"
    assert bookmark["object"]["metadata"]["resourceVersion"] == str(cluster.store.revision)
    async with client.watch(CONFIGMAPS, resourceVersion=cluster.store.revision) as events:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await take(events, 1)


async def test_a_watch_list_ends_its_beginning_with_a_marked_bookmark(client: Client, cluster: DemoCluster) -> None:
    cluster.store.create("configmaps", configmap("a"))
    cluster.store.create("configmaps", configmap("b"))
    asked = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    async with client.watch(CONFIGMAPS, **asked) as events:
        first, second, end = await take(events, 3)
    assert [one["type"] for one in (first, second, end)] == ["ADDED", "ADDED", "BOOKMARK"]
    assert end["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


async def test_a_server_refuses_or_forbids_watch_lists_as_its_age_does() -> None:
    asked = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "resourceVersion": "0"}
    for choice, field in (("refused", "sendInitialEvents"), ("ignored", "resourceVersionMatch")):
        old = DemoCluster(DemoSettings(workload=False, watch_list=choice))  # type: ignore[arg-type]
        async with old.serving() as server, _session(server) as session:
            status, answer = await Client(session).get(CONFIGMAPS, watch="1", **asked)
            assert (status, answer["details"]["causes"][0]["field"]) == (422, field)


def _session(server: DemoServer) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(server.url, headers={"Authorization": f"Bearer {DEFAULT_TOKEN}"})


async def test_a_compacted_version_gets_an_error_event_410(
    client: Client, cluster: DemoCluster, server: DemoServer
) -> None:
    cluster.store.create("configmaps", configmap("a"))
    server.faults.compact()
    async with client.watch(CONFIGMAPS, resourceVersion=1) as events:
        error = (await take(events, 1))[0]
        assert error["type"] == "ERROR"
        assert (error["object"]["code"], error["object"]["reason"]) == (410, "Expired")
        assert error["object"]["message"].startswith("too old resource version: 1 (")
        assert [event async for event in events] == []


async def test_history_is_forgotten_beyond_its_bound() -> None:
    cluster = DemoCluster(DemoSettings(workload=False, history_limit=5))
    start = cluster.store.revision
    for number in range(8):
        cluster.store.create("configmaps", configmap(f"n{number}"))
    async with cluster.serving() as server, _session(server) as session:
        client = Client(session)
        async with client.watch(CONFIGMAPS, resourceVersion=start + 2) as events:
            assert (await take(events, 1))[0]["type"] == "ERROR"
        async with client.watch(CONFIGMAPS, resourceVersion=start + 3) as events:
            assert (await take(events, 5))[0]["object"]["metadata"]["name"] == "n3"


async def test_a_quiet_type_keeps_its_positions_while_another_churns(client: Client, cluster: DemoCluster) -> None:
    then = cluster.store.revision
    for number in range(5000):
        cluster.store.create("secrets", {**configmap(f"n{number}"), "kind": "Secret"})
    async with client.watch(CONFIGMAPS, resourceVersion=then) as events:
        cluster.store.create("configmaps", configmap("a"))
        assert (await take(events, 1))[0]["type"] == "ADDED"


async def test_a_watch_ends_when_its_time_is_up(client: Client) -> None:
    started = time.monotonic()
    async with client.watch(CONFIGMAPS, timeoutSeconds=1, resourceVersion="0") as events:
        assert [event async for event in events] == []
    assert 0.9 < time.monotonic() - started < 3


async def test_a_two_megabyte_object_passes(client: Client, cluster: DemoCluster) -> None:
    async with client.session.get(CONFIGMAPS, params={"watch": "1", "resourceVersion": "0"}) as response:
        status, _ = await client.post(CONFIGMAPS, configmap("big", x="y" * 2_000_000))
        assert status == 201
        received = 0
        while received < 2_000_000:
            received += len(await response.content.readany())


async def test_watches_of_a_removed_type_see_its_objects_go_and_then_end(client: Client) -> None:
    await client.post(CRD_PATH, widget_definition())
    await client.post(WIDGETS, widget("w"))
    async with client.watch(WIDGETS, resourceVersion="0") as events:
        assert (await take(events, 1))[0]["type"] == "ADDED"
        await client.delete(f"{CRD_PATH}/widgets.example.com")
        rest = [event async for event in events]
    assert [event["type"] for event in rest] == ["DELETED"]


async def test_a_hundred_watchers_share_one_encoding(client: Client, cluster: DemoCluster, server: DemoServer) -> None:
    async def first_name() -> str:
        async with client.watch(CONFIGMAPS, resourceVersion=cluster.store.revision) as events:
            waiting.release()
            name: str = (await take(events, 1))[0]["object"]["metadata"]["name"]
            return name

    waiting = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(first_name()) for _ in range(100)]
        for _ in tasks:
            await waiting.acquire()
        cluster.store.create("configmaps", configmap("a"))
    assert {task.result() for task in tasks} == {"a"}
    change = cluster.store.table("configmaps").history.since(cluster.store.table("configmaps").history.first)[-1]
    assert change.cached_line("ADDED v1") is not None
    await eventually(lambda: not server.open_watches())
    assert cluster.store.table("configmaps").history._waiters == []


async def test_a_watcher_that_leaves_is_forgotten(client: Client, server: DemoServer, cluster: DemoCluster) -> None:
    async with client.watch(CONFIGMAPS, resourceVersion="0"):
        assert server.open_watches("configmaps") == 1
    await eventually(lambda: not server.open_watches())
    assert server.requests("watch configmaps") == 1


async def test_a_stopped_server_ends_its_watches_and_answers_again_on_the_same_port(
    client: Client, server: DemoServer, cluster: DemoCluster
) -> None:
    port = server.port
    async with client.watch(CONFIGMAPS, resourceVersion="0") as events:
        await server.stop()
        assert [event async for event in events] == []
    with pytest.raises(aiohttp.ClientConnectorError):
        await client.get("/api/v1/namespaces")
    await server.start()
    assert server.port == port
    assert (await client.get("/api/v1/namespaces"))[0] == 200
