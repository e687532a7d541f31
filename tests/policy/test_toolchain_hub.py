"""``octokube policy … --hub``: the policy in force at a hub, its objects and its decisions."""

import asyncio
import json
import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from octokube.cli.policy import hubs
from octokube.client.grpc_feed import GrpcFeed
from octokube.runtime.channels import open_channel
from octokube.v1 import cluster_service_pb2, resource_pb2
from octokube_hub.app import Hub
from octokube_hub.settings import HubSettings
from tests.hub.clocks import FakeClock
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key
from tests.hub.policies import write_policy

RULES = """p, user:admin, *, **, **, *, *, always, allow
p, team:red, *, red, *, *, read, always, allow
"""
TEAMS = "g, user:alice, team:red\n"
NOW = "2026-11-23T10:00Z"


@pytest.fixture
async def hub(tmp_path) -> AsyncIterator[Hub]:
    """A running hub in demo mode, with two pods."""
    write_policy(tmp_path / "in-force", RULES, teams=TEAMS)
    settings = HubSettings(listen="127.0.0.1:0", data=tmp_path / "data", policies=tmp_path / "in-force", is_demo=True)
    running = Hub(settings, clock=FakeClock())
    await running.start()
    agent = FakeAgent("c1", running.address, await running.create_agent_credential("c1"))
    agent.put(key("pods", "red", "web"))
    agent.put(key("pods", "blue", "api"))
    await agent.connect()
    yield running
    await agent.close()
    await running.close()


@pytest.fixture
def new(tmp_path) -> Path:
    """A policy that shows alice blue instead of red."""
    write_policy(tmp_path / "new", RULES.replace("*, red,", "*, blue,"), teams=TEAMS)
    return tmp_path / "new"


@pytest.fixture
def ask(run, hub, monkeypatch, tmp_path, capsys):
    """Runs a command beside the hub, in a directory without a policy."""
    monkeypatch.chdir(tmp_path)

    async def call(*words: object, who: str = "admin") -> tuple[int, str, str]:
        monkeypatch.setenv("OCTOKUBE_TOKEN", f"demo:{who}")
        capsys.readouterr()
        with capture_logs():  # the hub's, which share the output with the command here
            return await asyncio.to_thread(run, *words, "--hub", hub.address)

    return call


async def test_can_and_explain_answer_by_the_policy_in_force_with_its_revision(ask, hub):
    question = ("user:alice", "get", "pods/web", "-n", "red", "--cluster", "c1", "--at", NOW)
    code, out, _ = await ask("can", *question)
    assert code == 0
    assert "row          policy.csv:2: p, team:red, *, red, *, *, read, always, allow" in out
    assert f"revision     {hub._policy.current.revision}" in out
    code, out, _ = await ask("explain", *question, "-o", "json")
    assert (code, json.loads(out)["path"][0]["group"]) == (0, "team:red")


async def test_matrix_speaks_of_the_objects_that_the_token_may_see(ask):
    _, out, _ = await ask("matrix", "-o", "json")
    found = {(item["who"], item["object"]) for item in json.loads(out)["access"]}
    assert ("user:alice", "c1/red pods/web") in found
    assert {place for _, place in found} == {"c1/red pods/web", "c1/blue pods/api"}


async def test_diff_compares_with_the_policy_in_force_at_the_objects_there_are(ask, new):
    code, out, _ = await ask("diff", new)
    assert code == 1
    assert "- user:alice, members of team:red: get, list, watch on c1/red pods/web" in out.splitlines()
    assert "+ user:alice, members of team:red: get, list, watch on c1/blue pods/api" in out.splitlines()
    assert (await ask("diff", new, new))[0] == 0


async def test_replay_asks_the_decisions_of_the_hub_again(ask, hub, new, monkeypatch):
    monkeypatch.setattr(hubs, "PAGE", 2)
    async with open_channel(hub.address) as channel:
        for who in ("alice", "admin", "alice"):
            request = cluster_service_pb2.GetObjectRequest(
                cluster="c1", key=resource_pb2.Key(type="pods", namespace="red", name="web")
            )
            await GrpcFeed(channel).get_object(f"demo:{who}", request.SerializeToString())
    code, out, _ = await ask("replay", new, "--since", "2026-11-23T00:00Z", "-o", "json")
    assert code == 1
    found = json.loads(out)
    turned = [(item["subject"], item["was"]["allowed"], item["would_be"]["allowed"]) for item in found["differences"]]
    assert turned == [("user:alice", True, False)] * 2
    assert found["left_out"] == 0  # the agent was let in without policy


@pytest.mark.parametrize("words", [("can", "user:alice", "get", "pods/x", "-n", "red", "--cluster", "c1"), ("matrix",)])
async def test_a_refused_question_is_no_answer(ask, words):
    code, out, err = await ask(*words, who="alice")
    assert (code, out) == (2, "")
    assert "the policy does not let you get policies.octokube.io" in err


async def test_a_directory_and_a_hub_are_not_asked_together(ask, new):
    code, _, err = await ask("matrix", new)
    assert code == 2
    assert "not both" in err


def test_a_hub_that_is_not_there_and_a_token_that_is_not_set_are_told(run, monkeypatch):
    monkeypatch.delenv("OCTOKUBE_TOKEN", raising=False)
    code, _, err = run("matrix", "--hub", "127.0.0.1:1")
    assert (code, "OCTOKUBE_TOKEN is not set" in err) == (2, True)
    code, _, err = run("matrix", "--hub", "127.0.0.1:1", "--token", "demo:admin")
    assert (code, "can't be reached" in err) == (2, True)


def test_without_a_hub_a_policy_has_to_be_named_or_to_be_there(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("matrix")[0] == 2
    assert run("diff", tmp_path)[0] == 2
    code, _, err = run("can", "user:alice", "get", "pods/x", "-n", "red", "--cluster", "c1")
    assert (code, "there is no directory policies" in err) == (2, True)


async def test_the_commands_on_the_page_that_ask_a_hub_get_answers(run, hub, new, monkeypatch, tmp_path, capsys):
    page = (Path(__file__).parents[2] / "docs" / "virtual-rbac.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```sh hub\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    commands = [shlex.split(line.replace("hub.example.com:7443", hub.address)) for line in block.splitlines()]
    assert [words[:3] for words in commands] == [["octokube", "policy", name] for name in ("can", "diff", "replay")]
    new.rename(tmp_path / "policies")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OCTOKUBE_TOKEN", "demo:admin")
    with capture_logs():
        codes = [(await asyncio.to_thread(run, *words[2:]))[0] for words in commands]
    assert codes == [1, 1, 0]  # denied, somebody gains, and nothing recorded would be decided otherwise
