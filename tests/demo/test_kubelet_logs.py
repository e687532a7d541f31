"""Container logs: through the apiserver, and from a kubelet alone."""

from __future__ import annotations

import asyncio
import json
import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from octokube_demo import DemoCluster, DemoServer
from octokube_demo.certificates import self_signed
from octokube_demo.kubelet import KubeletServer
from octokube_demo.kubelet.containers import Run
from octokube_demo.kubelet.loglines import line_time
from octokube_demo.kubelet.logs import KEPT_LINES, LogOptions, line_count, past_lines
from tests.demo.conftest import PODS, Client, pod
from tests.support.waiting import HANG_SECONDS

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RUN = Run("uid-1", "web", "shop/api:1", NOW - timedelta(minutes=10))


def _past(run: Run, options: LogOptions, now: datetime) -> tuple[list[bytes], int]:
    lines, count = past_lines(run, options, now)
    return [line() for line in lines], count


def _time(ago: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _running_pod(name: str, *containers: str, started_ago: float = 60.0) -> dict[str, Any]:
    value = pod(name, nodeName="n1")
    value["spec"]["containers"] = [{"name": one, "image": "shop/api:1"} for one in containers]
    states = [
        {"name": one, "restartCount": 0, "state": {"running": {"startedAt": _time(started_ago)}}} for one in containers
    ]
    return {**value, "status": {"phase": "Running", "containerStatuses": states}}


def test_lines_are_the_same_whenever_and_however_they_are_read() -> None:
    whole, count = _past(RUN, LogOptions(), NOW)
    tail, _ = _past(RUN, LogOptions(tail_lines=5), NOW)
    later, later_count = _past(RUN, LogOptions(), NOW + timedelta(seconds=30))
    assert whole[-5:] == tail
    assert later[:count] == whole
    assert later_count > count == len(whole)


def test_times_grow_and_nothing_is_written_before_its_time() -> None:
    times = [line_time(RUN, number) for number in range(line_count(RUN, NOW))]
    assert times == sorted(times)
    assert times[-1] <= NOW < line_time(RUN, len(times))


def test_since_and_limits_cut_and_old_lines_are_rotated_away() -> None:
    recent, _ = _past(RUN, LogOptions(since=NOW - timedelta(seconds=60), has_timestamps=True), NOW)
    first = datetime.fromisoformat(recent[0].split(b" ")[0].decode().replace("000Z", "Z"))
    assert NOW - timedelta(seconds=60) <= first
    old = Run("uid-1", "web", "shop/api:1", NOW - timedelta(days=30))
    assert len(_past(old, LogOptions(), NOW)[0]) == KEPT_LINES


def test_a_crashed_run_ends_with_its_last_words() -> None:
    run = Run("uid-1", "web", "shop/api:1", NOW - timedelta(seconds=90), NOW - timedelta(seconds=30), exit_code=1)
    lines, _ = _past(run, LogOptions(), NOW)
    assert lines[-1].endswith(b"FATAL exiting with code 1\n")
    assert _past(run, LogOptions(tail_lines=1), NOW)[0] == lines[-1:]


async def test_the_apiserver_passes_logs_through(client: Client, cluster: DemoCluster) -> None:
    cluster.store.create("pods", _running_pod("p", "web"))
    status, text = await client.get(f"{PODS}/p/log", tailLines=3, timestamps="true")
    lines = text.splitlines()
    assert (status, len(lines)) == (200, 3)
    stamp, _, body = lines[-1].partition(" ")
    assert json.loads(body)["app"] == "web"
    assert stamp.endswith("Z")
    _, text = await client.get(f"{PODS}/p/log", limitBytes=10)
    assert len(text) == 10


async def test_following_goes_on_until_the_container_ends(client: Client, cluster: DemoCluster) -> None:
    cluster.store.create("pods", _running_pod("p", "web"))
    async with client.session.get(f"{PODS}/p/log", params={"follow": "true", "tailLines": "1"}) as response:
        for _ in range(3):
            assert await response.content.readline()
        cluster.store.delete("pods", "default", "p")
        async with asyncio.timeout(HANG_SECONDS):
            await response.content.read()


async def test_a_follower_that_leaves_is_noticed(client: Client, cluster: DemoCluster, server: DemoServer) -> None:
    cluster.store.create("pods", _running_pod("p", "web"))
    async with client.session.get(f"{PODS}/p/log", params={"follow": "true", "tailLines": "1"}) as response:
        await response.content.readline()
    await client.get("/livez")  # and nothing hangs when the fixtures close


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({}, "a container name must be specified for pod p, choose one of: [web proxy]"),
        ({"container": "other"}, "container other is not valid for pod p"),
        ({"container": "web", "previous": "true"}, 'previous terminated container "web" in pod "p" not found'),
        ({"container": "web", "tailLines": "many"}, "tailLines must be a number that is not negative, not 'many'"),
    ],
)
async def test_wrong_questions_get_the_real_answers(
    client: Client, cluster: DemoCluster, query: dict[str, str], message: str
) -> None:
    cluster.store.create("pods", _running_pod("p", "web", "proxy"))
    status, answer = await client.get(f"{PODS}/p/log", **query)
    assert (status, answer["message"]) == (400, message)


async def test_a_pod_without_a_node_has_an_empty_log_and_a_missing_one_is_missing(
    client: Client, cluster: DemoCluster
) -> None:
    cluster.store.create("pods", pod("waiting"))
    assert await client.get(f"{PODS}/waiting/log") == (200, "")
    assert (await client.get(f"{PODS}/missing/log"))[0] == 404
    cluster.store.create("pods", {**pod("starting", nodeName="n1"), "status": {"phase": "Pending"}})
    status, answer = await client.get(f"{PODS}/starting/log")
    assert (status, answer["message"]) == (
        400,
        'container "web" in pod "starting" is waiting to start: ContainerCreating',
    )


async def test_a_kubelet_alone_serves_any_pod_over_tls_for_a_real_apiserver() -> None:
    tls = self_signed()
    async with KubeletServer().serving(tls=tls.context) as kubelet:
        context = ssl.create_default_context(cadata=tls.certificate_pem.decode())
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session,
            session.get(f"{kubelet.url}/containerLogs/any/pod/web", params={"follow": "true"}) as response,
        ):
            assert response.status == 200
            assert b"starting web" in await response.content.readline()
