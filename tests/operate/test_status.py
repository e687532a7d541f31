"""octokube status tells an operator how a running hub is, and by its exit code whether something is wrong."""

import asyncio
import json
import pathlib

import pytest
from click.testing import CliRunner, Result

from octokube.cli.main import COMMANDS
from octokube.cli.status import lines, status
from octokube.v1 import admin_service_pb2 as pb
from octokube_hub.app import Hub
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key


async def ask(hub: Hub, *arguments: str, person: str = "admin") -> Result:
    runner = CliRunner(env={"OCTOKUBE_HUB": hub.address, "OCTOKUBE_TOKEN": f"demo:{person}"})
    # The command has a loop of its own, as in a process of its own.
    return await asyncio.to_thread(runner.invoke, status, arguments, standalone_mode=False)


async def test_it_shows_clusters_streams_and_the_audit_log_of_a_hub_that_is_well(hub: Hub, agent: FakeAgent) -> None:
    agent.put(key("pods", "red", "web"))
    await agent.connect()
    found = await ask(hub)
    assert found.return_value == 0
    titles, row = found.stdout.splitlines()[-2:]
    assert titles.split() == ["CLUSTER", "CONDITION", "AS", "OF", "OBJECTS", "AGENT", "KUBERNETES"]
    assert row.split()[:2] == ["c1", "live"]
    assert row.split()[-3:] == ["1", "test", "v1.33"]
    assert "in force" in found.stdout
    assert "0 running" in found.stdout


async def test_a_cluster_without_an_agent_is_told_and_makes_the_exit_code_1(hub: Hub, agent: FakeAgent) -> None:
    found = await ask(hub, "-o", "json")
    assert found.return_value == 1
    told = json.loads(found.stdout)
    assert told["clusters"][0]["name"] == "c1"
    assert any("c1 is offline" in sentence for sentence in told["problems"])


async def test_refused_policy_files_are_told_with_the_line_and_make_the_exit_code_1(
    hub: Hub, policies: pathlib.Path
) -> None:
    policies.joinpath("policy.csv").write_text("p, broken")
    while (found := await ask(hub)).return_value == 0:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    assert "wrong: the policy files are not in force: policy.csv:1" in found.stdout


async def test_who_may_not_ask_gets_one_sentence(hub: Hub) -> None:
    found = await ask(hub, person="carol")
    assert "refused" in str(found.exception)


def test_what_others_named_can_not_steer_the_terminal() -> None:
    found = pb.GetHubStatusResponse(version="1")
    cluster = found.clusters.add(name="c1", agent_version="\x1b[2Jgone")
    cluster.state.reason = "bad\nwrong: nothing"
    assert all(line.isprintable() for line in lines(found, 0.0))


@pytest.mark.parametrize("name", ["status"])
def test_the_command_line_has_it(name: str) -> None:
    assert name in COMMANDS
