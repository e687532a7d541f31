"""`octokube demo` and `octokube get`, as a newcomer runs them."""

import asyncio
import json
import re
import shutil
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.demo import RunningDemo, environment, octokube, running_demo, started

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

POLICIES = Path(__file__).parents[2] / "policies"
EXAMPLE = Path(__file__).parents[2] / "examples" / "live_pods.py"


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[RunningDemo]:
    policies = tmp_path / "policies"
    shutil.copytree(POLICIES, policies)
    async with running_demo(policies, "--churn", "20") as demo:
        yield demo


async def test_the_demo_says_where_it_is_who_the_people_are_and_what_each_sees(demo: RunningDemo) -> None:
    for person in ("alice", "bob", "carol", "admin"):
        assert f"demo:{person}" in demo.output
    assert str(demo.policies) in demo.output
    assert demo.url in demo.output


async def test_people_get_what_the_rules_permit_and_nothing_of_the_rest(demo: RunningDemo) -> None:
    mine = await octokube("get", "pods", "-n", "payments", OCTOKUBE_HUB=demo.hub, OCTOKUBE_TOKEN="demo:alice")
    assert mine.code == 0
    assert "NAME" in mine.out.splitlines()[0]
    assert len(mine.out.splitlines()) > 3
    others = await octokube("get", "pods", "-n", "platform", OCTOKUBE_HUB=demo.hub, OCTOKUBE_TOKEN="demo:alice")
    assert (others.code, others.out) == (0, "")
    assert "No pods visible to you in namespace platform." in others.err
    everything = await octokube("get", "pods", "-o", "json", OCTOKUBE_HUB=demo.hub, OCTOKUBE_TOKEN="demo:alice")
    assert {item["metadata"]["namespace"] for item in json.loads(everything.out)["items"]} == {"payments"}
    nodes = await octokube("get", "nodes", OCTOKUBE_HUB=demo.hub, OCTOKUBE_TOKEN="demo:bob")
    assert len(nodes.out.splitlines()) > 1
    secrets = await octokube("get", "secrets", "-n", "payments", OCTOKUBE_HUB=demo.hub, OCTOKUBE_TOKEN="demo:alice")
    assert secrets.out == ""


async def test_objects_are_found_by_label_and_by_what_they_say(demo: RunningDemo) -> None:
    alice = {"OCTOKUBE_HUB": demo.hub, "OCTOKUBE_TOKEN": "demo:alice"}
    all_pods = json.loads((await octokube("get", "pods", "-o", "json", **alice)).out)["items"]
    app = all_pods[0]["metadata"]["labels"]["app"]
    chosen = await octokube("get", "pods", "-l", f"app={app}", "-o", "json", **alice)
    names = {item["metadata"]["name"] for item in json.loads(chosen.out)["items"]}
    assert names
    assert names < {item["metadata"]["name"] for item in all_pods}
    assert all(app in name for name in names)
    found = await octokube("search", f"app={app}", "-t", "pods", **alice)
    assert names & {line.split()[2].partition("/")[2] for line in found.out.splitlines()}
    assert all("payments/" in line for line in found.out.splitlines())
    none = await octokube("search", "no-such-word", **alice)
    assert (none.code, none.out) == (1, "")
    assert "nothing that you may see holds these words" in none.err
    bad = await octokube("get", "pods", "-l", "app=a b", **alice)
    assert bad.code == 1
    assert "label_selector can't be read: a comma or the end is expected at 7" in bad.err


async def test_a_named_object_is_shown_whole_and_absent_and_forbidden_ones_look_alike(demo: RunningDemo) -> None:
    names = await octokube(
        "get", "pods", "-n", "platform", "-o", "name", OCTOKUBE_HUB=demo.hub, OCTOKUBE_TOKEN="demo:bob"
    )
    name = names.out.split()[0].partition("/")[2]
    whole = await octokube(
        "get", "po", name, "-n", "platform", "-o", "json", OCTOKUBE_HUB=demo.hub, OCTOKUBE_TOKEN="demo:bob"
    )
    assert json.loads(whole.out)["metadata"]["name"] == name
    forbidden = await octokube("get", "po", name, "-n", "platform", OCTOKUBE_HUB=demo.hub, OCTOKUBE_TOKEN="demo:alice")
    absent = await octokube(
        "get", "po", "no-such", "-n", "platform", OCTOKUBE_HUB=demo.hub, OCTOKUBE_TOKEN="demo:alice"
    )
    assert forbidden.code == absent.code == 1
    assert forbidden.err.replace(name, "X") == absent.err.replace("no-such", "X")


async def test_a_watch_streams_changes_and_a_policy_edit_ends_what_it_withdraws(demo: RunningDemo) -> None:
    arguments = ("get", "pods", "-n", "payments", "--watch", "-o", "json")
    async with started(*arguments, OCTOKUBE_HUB=demo.hub, OCTOKUBE_TOKEN="demo:alice") as watch:
        assert watch.stdout is not None
        seen: set[str] = set()
        async with asyncio.timeout(40):
            while "MODIFIED" not in seen:
                line = json.loads(await watch.stdout.readline())
                seen.add(line["type"])
                assert line["object"]["metadata"]["namespace"] == "payments"
            rules = demo.policies / "policy.csv"
            rules.write_text(rules.read_text() + "\np, user:alice, *, payments, pods, *, *, always, deny\n")
            edited_at = time.monotonic()
            while json.loads(await watch.stdout.readline())["type"] != "WITHDRAWN":
                pass
        assert time.monotonic() - edited_at < 5
    after = await octokube("get", "pods", OCTOKUBE_HUB=demo.hub, OCTOKUBE_TOKEN="demo:alice")
    assert "No pods visible to you" in after.err or "no type 'pods' is visible to you" in after.err


async def test_the_example_program_follows_its_pods(demo: RunningDemo) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(EXAMPLE), "payments", stdout=asyncio.subprocess.PIPE,
        env=environment(OCTOKUBE_HUB=demo.hub, OCTOKUBE_TOKEN="demo:alice"),
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(40):
            first = (await process.stdout.readline()).decode()
            change = (await process.stdout.readline()).decode()
    finally:
        process.terminate()
        await process.wait()
    assert re.match(r"payments: \d+ \w+.* \(as of \d\d:\d\d:\d\d UTC\)", first)
    assert change.split()[0] in ("ADDED", "MODIFIED", "DELETED")


async def test_a_person_without_rules_sees_nothing(demo: RunningDemo) -> None:
    stranger = await octokube("get", "pods", OCTOKUBE_HUB=demo.hub, OCTOKUBE_TOKEN="demo:mallory")
    assert (stranger.code, stranger.out) == (1, "")
    assert "no type 'pods' is visible to you" in stranger.err


@pytest.mark.parametrize("token", ["alice", "okt_0000", "demo:"])
async def test_an_unknown_token_is_refused_in_one_sentence(demo: RunningDemo, token: str) -> None:
    refused = await octokube("get", "pods", OCTOKUBE_HUB=demo.hub, OCTOKUBE_TOKEN=token)
    assert refused.code == 2
    assert len(refused.err.splitlines()) == 1
    assert "does not accept this token" in refused.err


async def test_a_port_in_use_is_one_sentence(demo: RunningDemo) -> None:
    port = demo.url.rstrip("/").rpartition(":")[2]
    second = await octokube("demo", "--no-open", "--port", port, "--hub-port", "0", seconds=60)
    assert second.code == 2
    assert f"can't listen on 127.0.0.1:{port}" in second.err
    assert "Traceback" not in second.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("demo", "--policies", "/nowhere"), "--policies /nowhere is not a directory"),
        (("demo", "--pods", "many"), "Invalid value for '--pods'"),
        (("up", "--hub-port", "0", "--kubeconfig", "/nowhere/config"), "/nowhere/config"),
        (("up", "--policies", "/nowhere"), "--policies /nowhere is not a directory"),
        (("get", "pods"), "OCTOKUBE_TOKEN is not set"),
    ],
)
async def test_bad_input_is_one_sentence_and_exit_code_2(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    failed = await octokube(*arguments, XDG_DATA_HOME=str(tmp_path), HOME=str(tmp_path))
    assert failed.code == 2
    assert sentence in failed.err
    assert "Traceback" not in failed.err


async def test_up_names_an_unreachable_cluster_and_a_broken_policy(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
        "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:9'}}]\n"
        "users: [{name: c, user: {token: t}}]\ncontexts: [{name: c, context: {cluster: c, user: c}}]\n"
    )
    options = (
        "up",
        "--kubeconfig",
        str(kubeconfig),
        "--port",
        "0",
        "--hub-port",
        "0",
        "--data",
        str(tmp_path / "data"),
    )
    unreachable = await octokube(*options)
    assert unreachable.code == 2
    assert "127.0.0.1:9" in unreachable.err.splitlines()[-1]
    assert "Traceback" not in unreachable.err
    rules = tmp_path / "data" / "policies" / "policy.csv"
    rules.write_text(rules.read_text() + "p, nonsense\n")
    broken = await octokube(*options)
    assert broken.code == 2
    assert "policy.csv:" in broken.err
    assert "Traceback" not in broken.err
