"""What goes wrong between an agent and its API server, and that the copy is right afterwards."""

import asyncio
import contextlib
import pathlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from octokube_agent.app import Agent
from octokube_agent.reflector import reflector as reflector_module
from octokube_agent.reflector import requests as requests_module
from octokube_agent.served_type import TypeCondition
from octokube_agent.settings import AgentSettings
from octokube_demo import ALWAYS, DEFAULT_TOKEN, DemoCluster, DemoServer
from tests.agent.suite.conftest import KubeCluster, simulated_cluster
from tests.agent.suite.reading import body_of
from tests.agent.suite.test_following_a_cluster import widget_definition
from tests.support.running import running_agent
from tests.support.waiting import eventually, until

pytestmark = pytest.mark.timeout(60)  # what is waited for are real back-offs, on a machine that may be busy

NOWHERE = "127.0.0.1:1"
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


@contextlib.asynccontextmanager
async def simulated(
    directory: pathlib.Path, **settings: Any
) -> AsyncIterator[tuple[KubeCluster, DemoCluster, DemoServer]]:
    async with simulated_cluster(directory, workload=False, **settings) as cluster:
        assert cluster.simulated is not None
        yield cluster, *cluster.simulated


def following(cluster: KubeCluster) -> contextlib.AbstractAsyncContextManager[Agent]:
    return running_agent(AgentSettings(cluster="prod-eu", hub=NOWHERE, kubeconfig=str(cluster.kubeconfig)))


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "data": data}


def has(agent: Agent, name: str) -> bool:
    return agent.hot_state.named("configmaps", "default", name) is not None


async def test_a_list_longer_than_a_page_is_read_whole(tmp_path: pathlib.Path) -> None:
    async with simulated(tmp_path, server_version="v1.30.1") as (cluster, demo, server):
        for index in range(1_201):
            demo.api.create(
                "configmaps", {"metadata": {"name": f"c{index}", "namespace": "default"}}, namespace="default"
            )
        async with following(cluster) as agent:
            assert len(agent.hot_state.of_type("configmaps")) >= 1_201
            assert server.requests("list configmaps") == 3


async def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from octokube_agent.kube import client

    monkeypatch.setattr(client, "MAX_ANSWER_BYTES", 60_000)
    async with simulated(tmp_path, server_version="v1.30.1") as (cluster, demo, _):
        for index in range(300):
            demo.api.create(
                "configmaps",
                {"metadata": {"name": f"c{index}", "namespace": "default"}, "data": {"x": "y" * 100}},
                namespace="default",
            )
        async with following(cluster) as agent:
            await until(agent.hot_state, lambda: len(agent.hot_state.of_type("configmaps")) >= 300)


async def test_an_object_of_two_megabytes_passes_in_a_list_and_in_a_watch(tmp_path: pathlib.Path) -> None:
    async with simulated(tmp_path) as (cluster, _, _), following(cluster) as agent:
        await cluster.admin.create(CONFIG_MAPS, config_map("huge", x="y" * 2_100_000))
        await until(agent.hot_state, lambda: has(agent, "huge"))
        async with following(cluster) as second:
            body = body_of(second.hot_state, "configmaps", "default", "huge")
            assert body is not None
            assert len(body["data"]["x"]) == 2_100_000


async def test_a_forbidden_type_is_reported_and_follows_once_it_is_permitted(tmp_path: pathlib.Path) -> None:
    async with simulated(tmp_path) as (cluster, _, server):
        await cluster.admin.create(CONFIG_MAPS, config_map("a"))
        server.faults.forbid("configmaps")
        async with following(cluster) as agent:
            served = agent.hot_state.served("configmaps")
            assert served is not None
            assert served.condition is TypeCondition.FORBIDDEN
            assert "does not allow the agent" in served.reason
            assert agent.hot_state.served("secrets").condition is TypeCondition.SYNCED  # type: ignore[union-attr]
            server.faults.permit("configmaps")
            await cluster.admin.create(
                "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", widget_definition("example.com")
            )
            await until(agent.hot_state, lambda: has(agent, "a"))
            await until(agent.hot_state, lambda: condition(agent, "configmaps") is TypeCondition.SYNCED)


async def test_what_becomes_forbidden_is_no_longer_held(tmp_path: pathlib.Path) -> None:
    async with simulated(tmp_path) as (cluster, _, server), following(cluster) as agent:
        await cluster.admin.create(CONFIG_MAPS, config_map("a"))
        await until(agent.hot_state, lambda: has(agent, "a"))
        server.faults.forbid("configmaps")
        server.faults.end_watches()
        await until(agent.hot_state, lambda: condition(agent, "configmaps") is TypeCondition.FORBIDDEN)
        assert not agent.hot_state.of_type("configmaps")


def condition(agent: Agent, type: str) -> TypeCondition | None:
    served = agent.hot_state.served(type)
    return served.condition if served is not None else None


async def test_a_dropped_event_is_repaired_by_the_list_after_a_410(tmp_path: pathlib.Path) -> None:
    async with simulated(tmp_path) as (cluster, _, server), following(cluster) as agent:
        await cluster.admin.create(CONFIG_MAPS, config_map("gone"))
        await until(agent.hot_state, lambda: has(agent, "gone"))
        version = agent.hot_state.version
        server.faults.drop_watch_events(1, "configmaps")
        await cluster.admin.delete(f"{CONFIG_MAPS}/gone")
        await cluster.admin.create(CONFIG_MAPS, config_map("next"))
        await until(agent.hot_state, lambda: has(agent, "next"))
        assert has(agent, "gone")
        server.faults.gone_watches = ALWAYS
        server.faults.compact()
        server.faults.end_watches()
        await until(agent.hot_state, lambda: not has(agent, "gone"))
        server.faults.clear()
        assert "gone" in [item.key.name for item in agent.hot_state.changes_after(version).tombstones]


async def test_a_server_that_always_answers_410_gets_few_requests_and_its_lists_are_still_taken(
    tmp_path: pathlib.Path,
) -> None:
    async with simulated(tmp_path, server_version="v1.30.1") as (cluster, _, server), following(cluster) as agent:
        server.faults.gone_watches = ALWAYS
        server.faults.end_watches()
        before = server.requests("watch configmaps")
        await cluster.admin.create(CONFIG_MAPS, config_map("a"))
        await until(agent.hot_state, lambda: has(agent, "a"))
        await asyncio.sleep(2.0)
        # Full jitter from half a second: 60 in two seconds would be a loop without any.
        assert server.requests("watch configmaps") - before < 20
        server.faults.clear()
        await cluster.admin.create(CONFIG_MAPS, config_map("b"))
        await until(agent.hot_state, lambda: has(agent, "b"))


async def test_an_older_list_is_refused_and_the_state_never_goes_back(tmp_path: pathlib.Path) -> None:
    async with simulated(tmp_path, server_version="v1.30.1") as (cluster, _, server), following(cluster) as agent:
        for index in range(5):
            await cluster.admin.create(CONFIG_MAPS, config_map(f"c{index}"))
        await until(agent.hot_state, lambda: has(agent, "c4"))
        server.faults.list_revisions_back = 3
        server.faults.gone_watches = ALWAYS
        server.faults.end_watches()
        before = server.requests("list configmaps")
        await eventually(lambda: server.requests("list configmaps") > before + 1)
        assert has(agent, "c4")
        server.faults.clear()
        await cluster.admin.delete(f"{CONFIG_MAPS}/c4")
        await until(agent.hot_state, lambda: not has(agent, "c4"))


async def test_lines_that_are_cut_or_repeated_do_no_harm(tmp_path: pathlib.Path) -> None:
    async with simulated(tmp_path) as (cluster, _, server), following(cluster) as agent:
        server.faults.watch_lines_to_repeat = 3
        for index in range(3):
            await cluster.admin.create(CONFIG_MAPS, config_map(f"r{index}"))
        await until(agent.hot_state, lambda: has(agent, "r2"))
        server.faults.watch_lines_to_cut = 1
        for index in range(5):
            await cluster.admin.create(CONFIG_MAPS, config_map(f"c{index}"))
        await until(agent.hot_state, lambda: all(has(agent, f"c{index}") for index in range(5)))
        names = [stored.key.name for stored in agent.hot_state.of_type("configmaps")]
        assert len(names) == len(set(names))


async def test_throttling_and_failures_are_waited_out(tmp_path: pathlib.Path) -> None:
    async with simulated(tmp_path) as (cluster, _, server), following(cluster) as agent:
        server.faults.throttled_requests = 60
        server.faults.end_watches()
        await eventually(lambda: server.faults.throttled_requests == 0)
        server.faults.failed_requests = 30
        server.faults.failure_code = 503
        server.faults.end_watches()
        await eventually(lambda: server.faults.failed_requests == 0)
        await cluster.admin.create(CONFIG_MAPS, config_map("a"))
        await until(agent.hot_state, lambda: has(agent, "a"))


async def test_a_watch_that_falls_silent_is_opened_anew(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests_module, "SILENCE_SECONDS", 0.6)
    async with simulated(tmp_path, bookmark_seconds=0.1) as (cluster, _, server), following(cluster) as agent:
        before = server.requests("watch configmaps")
        server.faults.is_watch_silent = True
        await cluster.admin.create(CONFIG_MAPS, config_map("a"))
        await eventually(lambda: server.requests("watch configmaps") > before)
        server.faults.is_watch_silent = False
        await until(agent.hot_state, lambda: has(agent, "a"))


async def test_a_rotated_token_is_read_from_the_kubeconfig(tmp_path: pathlib.Path) -> None:
    async with simulated(tmp_path) as (cluster, demo, server), following(cluster) as agent:
        await asyncio.sleep(2.1)  # the agent reads its files at most every two seconds
        demo.tokens.rotate(DEFAULT_TOKEN, "rotated")
        server.kubeconfig(cluster.kubeconfig, token="rotated")
        server.faults.end_watches()
        demo.api.create("configmaps", {"metadata": {"name": "a", "namespace": "default"}}, namespace="default")
        await until(agent.hot_state, lambda: has(agent, "a"))
        await eventually(lambda: agent.health.is_path_ok)


async def test_watch_list_is_used_where_it_is_offered(tmp_path: pathlib.Path) -> None:
    async with simulated(tmp_path) as (cluster, _, server):
        await cluster.admin.create(CONFIG_MAPS, config_map("a"))
        async with following(cluster) as agent:
            assert has(agent, "a")
            assert server.requests("list configmaps") == 0
            await cluster.admin.create(CONFIG_MAPS, config_map("b"))
            await until(agent.hot_state, lambda: has(agent, "b"))


@pytest.mark.parametrize(("watch_list", "server_version"), [("refused", "v1.33.2"), ("ignored", "v1.20.2")])
async def test_lists_are_used_where_watch_list_is_not_offered(
    tmp_path: pathlib.Path, watch_list: str, server_version: str
) -> None:
    async with simulated(tmp_path, watch_list=watch_list, server_version=server_version) as (cluster, _, server):
        await cluster.admin.create(CONFIG_MAPS, config_map("a"))
        async with following(cluster) as agent:
            assert has(agent, "a")
            assert server.requests("list configmaps") == 1


async def test_a_type_that_keeps_failing_says_so_and_keeps_its_objects(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reflector_module, "FAILURES_UNTIL_REPORTED", 2)
    async with simulated(tmp_path, server_version="v1.30.1") as (cluster, _, server), following(cluster) as agent:
        await cluster.admin.create(CONFIG_MAPS, config_map("a"))
        await until(agent.hot_state, lambda: has(agent, "a"))
        server.faults.gone_watches = ALWAYS
        server.faults.gone_lists = ALWAYS
        server.faults.end_watches()
        await until(agent.hot_state, lambda: condition(agent, "configmaps") is TypeCondition.FAILING)
        assert has(agent, "a")
        server.faults.clear()
        await until(agent.hot_state, lambda: condition(agent, "configmaps") is TypeCondition.SYNCED)
