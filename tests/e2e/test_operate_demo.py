"""Operations from the command line, as an engineer runs them on the demo's cluster."""

import asyncio
import base64
import json
import re
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.support.demo import Finished, RunningDemo, octokube, running_demo, started
from tests.support.sockets import granted

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

POLICIES = Path(__file__).parents[2] / "policies"
CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: flags, namespace: payments}
data: {colour: blue}
"""


class Engineer:
    """One person at a command line."""

    def __init__(self, demo: RunningDemo, who: str) -> None:
        self.surroundings = {"OCTOKUBE_HUB": demo.hub, "OCTOKUBE_TOKEN": f"demo:{who}"}

    async def run(self, *words: str, **extra: str) -> Finished:
        return await octokube(*words, **self.surroundings, **extra)

    async def done(self, *words: str, **extra: str) -> str:
        """What a command that succeeds prints."""
        finished = await self.run(*words, **extra)
        assert finished.code == 0, (words, finished.out, finished.err)
        return finished.out

    async def refused(self, *words: str, **extra: str) -> str:
        """What a command that fails says."""
        finished = await self.run(*words, **extra)
        assert finished.code != 0, (words, finished.out)
        return finished.err

    async def names(self, type: str, namespace: str) -> list[str]:
        out = await self.done("get", type, "-n", namespace, "-o", "name")
        return [line.partition("/")[2] for line in out.split()]


def content(path: str) -> str:
    return Path(path).read_text()


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[RunningDemo]:
    shutil.copytree(POLICIES, tmp_path / "policies")
    async with running_demo(tmp_path / "policies", "--churn", "0") as demo:
        yield demo


async def test_an_engineer_looks_into_a_pod_and_leaves_with_its_exit_code(demo: RunningDemo, tmp_path: Path) -> None:
    admin = Engineer(demo, "admin")
    pod = (await admin.names("pods", "payments"))[0]
    described = await admin.done("describe", "pods", pod, "-n", "payments")
    assert f'"name": "{pod}"' in described and "owner: ReplicaSet" in described
    assert '"nodeName"' in await admin.done("schema", "pods", pod, "-n", "payments")
    lines = await admin.done("logs", pod, "-n", "payments", "--tail", "3")
    assert 0 < len(lines.splitlines()) <= 3
    assert (await admin.done("exec", pod, "-n", "payments", "--", "echo", "hello")).strip() == "hello"
    failed = await admin.run("exec", pod, "-n", "payments", "--", "sh", "-c", "exit 7")
    assert failed.code == 7
    copied = tmp_path / "copied"
    await admin.done("cp", f"{pod}:/etc/hostname", str(copied), "-n", "payments")
    assert (copied / "hostname").read_text().strip() == pod
    (*_, session) = [line for line in (await admin.done("sessions", "list")).splitlines() if pod in line]
    played = await admin.done("sessions", "play", session.split()[0], "--speed", "100")
    assert "hello" in played


async def test_a_change_is_shown_before_and_never_overwrites_what_others_did(demo: RunningDemo, tmp_path: Path) -> None:
    admin = Engineer(demo, "admin")
    file = tmp_path / "flags.yaml"
    file.write_text(CONFIG)
    assert "would be created" in await admin.done("create", "-f", str(file), "--dry-run")
    assert "created" in await admin.done("create", "-f", str(file))
    assert "409" in await admin.refused("create", "-f", str(file))
    file.write_text(CONFIG.replace("blue", "red"))
    tried = await admin.done("apply", "-f", str(file), "--dry-run", "--force")
    assert "-  colour: blue" in tried and "+  colour: red" in tried
    patched = await admin.done("patch", "configmaps/flags", "-n", "payments", "-p", '{"data": {"size": "7"}}')
    assert "+  size: '7'" in patched
    wrong = await admin.refused("patch", "configmaps/flags", "-n", "payments", "-p", "7")
    assert "a merge patch is an object" in wrong

    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i s/blue/green/ "$1"\n')
    editor.chmod(0o755)
    edited = await admin.done("edit", "configmaps/flags", "-n", "payments", EDITOR=str(editor))
    assert "+  colour: green" in edited
    unchanged = await admin.done("edit", "configmaps/flags", "-n", "payments", EDITOR="true")
    assert "not changed" in unchanged

    rival = " ".join(
        ("octokube", "patch", "configmaps/flags", "-n", "payments", "-p", '\'{"data":{"colour":"black"}}\'')
    )
    editor.write_text(f'#!/bin/sh\n{sys.executable} -m {rival} >/dev/null\nsed -i s/green/white/ "$1"\n')
    conflict = await admin.refused("edit", "configmaps/flags", "-n", "payments", EDITOR=str(editor))
    kept = re.search(r"what you wrote is kept in (\S+)", conflict)
    assert kept is not None and "white" in content(kept[1])
    now = json.loads(await admin.done("get", "configmaps", "flags", "-n", "payments", "-o", "json"))
    assert now["data"] == {"colour": "black", "size": "7"}
    assert "deleted" in await admin.done("delete", "configmaps/flags", "-n", "payments")


async def test_workloads_and_nodes_are_steered_and_say_how_far_it_is(demo: RunningDemo) -> None:
    admin = Engineer(demo, "admin")
    name = (await admin.names("deployments", "payments"))[0]
    where = (f"deployments/{name}", "-n", "payments")
    assert "scaled to 2" in await admin.done("scale", *where, "--replicas", "2")
    assert "are being replaced" in await admin.done("restart", *where)
    assert "complete" in await admin.done("rollout", *where, "--wait")
    assert "goes back to revision" in await admin.done("rollback", *where)
    node = (await admin.names("nodes", "cluster"))[0]
    assert "takes no new pods" in await admin.done("cordon", node)
    assert "takes new pods again" in await admin.done("uncordon", node)
    refused = await admin.run("drain", node)
    assert (refused.code, "the node is not drained" in refused.err) == (1, True)
    assert "belongs to a DaemonSet" in refused.out


async def test_a_port_of_a_pod_is_a_port_here(demo: RunningDemo) -> None:
    admin = Engineer(demo, "admin")
    pod = (await admin.names("pods", "payments"))[0]
    described = json.loads(await admin.done("get", "pods", pod, "-n", "payments", "-o", "json"))
    port = described["spec"]["containers"][0]["ports"][0]["containerPort"]
    async with started("port-forward", pod, f"0:{port}", "-n", "payments", **admin.surroundings) as process:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            line = (await process.stdout.readline()).decode()
        local = re.search(r"127\.0\.0\.1:(\d+)", line)
        assert local is not None, line
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{local[1]}/", timeout=aiohttp.ClientTimeout(total=10)) as response,
        ):
            assert response.status == 200
            assert await response.text()


async def test_whoever_may_not_is_told_so_in_a_sentence_and_nothing_of_what_there_is(demo: RunningDemo) -> None:
    admin, alice = Engineer(demo, "admin"), Engineer(demo, "alice")
    pod = (await admin.names("pods", "platform"))[0]
    answers = {
        (await alice.refused("exec", name, "-n", "platform", "--", "sh")).replace(name, "POD")
        for name in (pod, "no-such-pod")
    }
    assert answers == {"denied: Nothing lets you run commands in this.\n"}
    secret = (await admin.names("secrets", "payments"))[0]
    revealed = await admin.refused("reveal", secret, "password", "-n", "payments")
    assert "refuses this" in revealed


async def test_a_page_runs_a_command_over_its_socket(demo: RunningDemo) -> None:
    """The same operations for the Web IDE: one channel each, on the socket that carries the views."""
    admin = Engineer(demo, "admin")
    pod = (await admin.names("pods", "payments"))[0]
    key = {"type": "pods", "namespace": "payments", "name": pod}
    start = {"target": {"cluster": "demo", "key": key}, "exec": {"command": ["cat"], "stdin": True}}
    said, result = b"", {}
    async with (
        aiohttp.ClientSession(headers={"Authorization": "Bearer demo:admin"}) as session,
        session.ws_connect(f"{demo.url.rstrip('/')}/api/v1/socket", protocols=["octokube.v1.json"]) as socket,
        asyncio.timeout(20),
    ):
        channel = granted(await socket.receive_str())
        await socket.send_json({"channel": channel, "run": {"start": start}})
        await socket.send_json({"channel": channel, "run": {"input": {"stdin": base64.b64encode(b"hello").decode()}}})
        async for message in socket:
            told = json.loads(message.data)
            assert told["channel"] == channel, told
            if "closed" in told:
                assert told["closed"]["code"] == "OK", told
                break
            output = told["run"].get("output", {})
            said += base64.b64decode(output.get("stdout", ""))
            result = told["run"].get("result", result)
            if said == b"hello" and output:
                await socket.send_json({"channel": channel, "run": {"input": {"stdinClosed": True}}})
    assert said == b"hello"
    assert result["outcome"] == "OPERATION_OUTCOME_SUCCEEDED"
