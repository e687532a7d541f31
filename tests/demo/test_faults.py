"""Every fault strikes as its line says, counts down, and can be cleared."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import pytest

from octokube_demo import ALWAYS, DemoCluster, DemoServer
from tests.demo.conftest import CONFIGMAPS, PODS, Client, configmap, pod, take


async def test_a_dropped_event_is_missing_from_every_watch_but_not_from_lists(
    client: Client, cluster: DemoCluster, server: DemoServer
) -> None:
    then = cluster.store.revision
    server.faults.drop_watch_events(1, "configmaps")
    cluster.store.create("configmaps", configmap("lost"))
    cluster.store.create("configmaps", configmap("seen"))
    for _ in range(2):
        async with client.watch(CONFIGMAPS, resourceVersion=then) as events:
            assert (await take(events, 1))[0]["object"]["metadata"]["name"] == "seen"
    _, answer = await client.get(CONFIGMAPS)
    assert [one["metadata"]["name"] for one in answer["items"]] == ["lost", "seen"]
    assert server.faults.struck["drop_watch_events"] == 1


async def test_gone_strikes_the_next_ones_or_always(client: Client, server: DemoServer) -> None:
    server.faults.gone_lists = 1
    assert (await client.get(CONFIGMAPS))[0] == 410
    assert (await client.get(CONFIGMAPS))[0] == 200
    server.faults.gone_watches = ALWAYS
    for _ in range(3):
        async with client.watch(CONFIGMAPS) as events:
            assert (await take(events, 1))[0]["object"]["code"] == 410
    server.faults.clear()
    async with client.watch(CONFIGMAPS, resourceVersion="0", allowWatchBookmarks="true") as events:
        assert (await take(events, 1))[0]["type"] == "BOOKMARK"


async def test_throttling_says_when_to_come_back(client: Client, server: DemoServer) -> None:
    server.faults.throttled_requests = 1
    server.faults.retry_after_seconds = 7
    async with client.session.get(CONFIGMAPS) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "7")
        assert (await response.json())["reason"] == "TooManyRequests"
    assert (await client.get(CONFIGMAPS))[0] == 200


@pytest.mark.parametrize(("code", "reason"), [(500, "InternalError"), (503, "ServiceUnavailable")])
async def test_failing_answers_with_the_chosen_code(client: Client, server: DemoServer, code: int, reason: str) -> None:
    server.faults.failed_requests = 1
    server.faults.failure_code = code
    status, answer = await client.get(CONFIGMAPS)
    assert (status, answer["reason"]) == (code, reason)


async def test_a_lagging_list_goes_back_in_time(client: Client, cluster: DemoCluster, server: DemoServer) -> None:
    for name in ("a", "b", "c"):
        cluster.store.create("configmaps", configmap(name))
    server.faults.list_revisions_back = 2
    _, answer = await client.get(CONFIGMAPS)
    assert [one["metadata"]["name"] for one in answer["items"]] == ["a"]
    assert int(answer["metadata"]["resourceVersion"]) == cluster.store.revision - 2


async def test_a_watch_breaks_in_the_middle_of_a_line(client: Client, cluster: DemoCluster, server: DemoServer) -> None:
    then = cluster.store.revision
    cluster.store.create("configmaps", configmap("a"))
    cluster.store.create("configmaps", configmap("b"))
    server.faults.watch_lines_to_cut = 1
    async with client.session.get(CONFIGMAPS, params={"watch": "1", "resourceVersion": str(then)}) as response:
        received = b""
        with pytest.raises(aiohttp.ClientPayloadError):
            async for chunk in response.content.iter_any():
                received += chunk
    assert received.startswith(b'{"type":"ADDED"')
    assert not received.endswith(b"\n")


async def test_a_repeated_event_comes_twice(client: Client, cluster: DemoCluster, server: DemoServer) -> None:
    then = cluster.store.revision
    cluster.store.create("configmaps", configmap("a"))
    server.faults.watch_lines_to_repeat = 1
    async with client.watch(CONFIGMAPS, resourceVersion=then) as events:
        first, second = await take(events, 2)
    assert first == second


async def test_a_delay_holds_every_request(client: Client, server: DemoServer) -> None:
    server.faults.delay_seconds = 0.15
    started = time.monotonic()
    await client.get(CONFIGMAPS)
    assert time.monotonic() - started >= 0.15


async def test_a_silent_watch_stays_open_and_says_nothing_until_it_is_cleared(
    client: Client, cluster: DemoCluster, server: DemoServer
) -> None:
    server.faults.is_watch_silent = True
    parameters = {"resourceVersion": str(cluster.store.revision), "allowWatchBookmarks": "true"}
    async with client.watch(CONFIGMAPS, **parameters) as events:
        cluster.store.create("configmaps", configmap("a"))
        waiting = asyncio.ensure_future(anext(events))
        done, _ = await asyncio.wait([waiting], timeout=0.25)
        assert not done
        server.faults.clear()
        assert (await waiting)["object"]["metadata"]["name"] == "a"


async def test_bookmarks_can_stop(client: Client, cluster: DemoCluster, server: DemoServer) -> None:
    server.faults.is_bookmarking = False
    parameters = {"resourceVersion": str(cluster.store.revision), "allowWatchBookmarks": "true", "timeoutSeconds": 1}
    async with client.watch(CONFIGMAPS, **parameters) as events:
        assert [event async for event in events] == []


async def test_connections_are_refused(client: Client, server: DemoServer) -> None:
    server.faults.is_refusing_connections = True
    with pytest.raises(aiohttp.ClientError):
        await client.get(CONFIGMAPS)
    server.faults.is_refusing_connections = False
    assert (await client.get(CONFIGMAPS))[0] == 200


async def test_a_forbidden_type_answers_403_in_the_words_of_rbac(client: Client, server: DemoServer) -> None:
    server.faults.forbid("deployments.apps")
    status, answer = await client.get("/apis/apps/v1/deployments")
    assert (status, answer["reason"]) == (403, "Forbidden")
    assert answer["message"] == (
        'deployments.apps is forbidden: User "octokube-agent" cannot list resource "deployments" '
        'in API group "apps" at the cluster scope'
    )
    assert (await client.get(CONFIGMAPS))[0] == 200
    server.faults.permit("deployments.apps")
    assert (await client.get("/apis/apps/v1/deployments"))[0] == 200


async def test_all_watches_can_be_ended(client: Client, server: DemoServer) -> None:
    async with client.watch(CONFIGMAPS, resourceVersion="0") as events:
        server.faults.end_watches()
        assert [event async for event in events] == []


async def test_a_kubelet_out_of_reach_is_told_apart(client: Client, cluster: DemoCluster, server: DemoServer) -> None:
    cluster.store.create("pods", pod("p", nodeName="n1"))
    server.faults.is_kubelet_down = True
    status, answer = await client.get(f"{PODS}/p/log")
    assert status == 500
    assert answer["message"].startswith("error dialing backend")
