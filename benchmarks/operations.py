"""Measures what the way through hub and agent adds to shells and logs, beside the same thing done directly.

A real kube-apiserver stands before a kubelet that costs next to nothing; agent and hub are processes of their own.
Direct is a websocket (shell) or a request (logs) on that apiserver, and `kubectl logs -f` for the large log. Directly
and through are measured in turn, and the medians are compared.
"""

import asyncio
import contextlib
import os
import pathlib
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp
from rich.table import Table

from benchmarks.load.kubelet import BLOCK
from benchmarks.support.children import Child
from benchmarks.support.measuring import cpu_seconds, percentile
from octokube.client.operations import connect_operations
from octokube.v1 import operation_pb2 as pb
from octokube.v1 import resource_pb2
from tests.support.assets import find_asset
from tests.support.demo import environment
from tests.support.kube_admin import KubeAdmin
from tests.support.processes import Program
from tests.support.real_cluster import ADMIN_TOKEN, RealCluster

POLICY = (
    "p, role:everyone, *, **, *, *, read, always, allow\np, role:everyone, *, **, pods, *, logs|exec, always, allow\n"
)
NAMESPACE = "bench"
NODE = "bench-node"
PEOPLE = 10
EXEC_QUERY = "command=cat&container=web&stdin=true&stdout=true&stderr=true"


@dataclass(frozen=True, slots=True)
class Plan:
    """``strokes`` keys are pressed in each of ``rounds``; ``bulk_bytes`` is the log; ``follows`` are open at once."""

    strokes: int = 200
    rounds: int = 3
    bulk_bytes: int = 200 * 1024 * 1024
    follows: int = 200
    follow_seconds: float = 8.0
    tick_seconds: float = 0.5


@dataclass(slots=True)
class Figures:
    """Everything that was measured. Times in milliseconds, rates in MB (10⁶ bytes) a second."""

    echo_direct_ms: list[float]
    echo_through_ms: list[float]
    bulk_direct: list[float]
    bulk_through: list[float]
    follows: int
    lag_direct_ms: list[float]
    lag_through_ms: list[float]
    follow_cores: dict[str, float]


class Stage:
    """A cluster, its kubelet, and a hub with its agent."""

    def __init__(self, cluster: RealCluster, hub: str, tokens: list[str], pids: dict[str, int]) -> None:
        self.cluster = cluster
        self.hub = hub
        self.tokens = tokens
        self.pids = pids


async def run(plan: Plan) -> Figures:
    """All three measurements on one stage."""
    async with stage(plan) as running:
        echo: dict[str, list[float]] = {"direct": [], "through": []}
        for _ in range(plan.rounds):
            echo["direct"].append(statistics.median(await _echo_direct(running, plan.strokes)))
            echo["through"].append(statistics.median(await _echo_through(running, plan.strokes)))
        bulk: dict[str, list[float]] = {"direct": [], "through": []}
        for _ in range(plan.rounds):
            bulk["direct"].append(await _bulk(plan, _kubectl_logs(running)))
            bulk["through"].append(await _bulk(plan, _octokube_logs(running)))
        direct = await _follow(plan, lambda index: _follow_direct(running, index))
        before = {name: cpu_seconds(pid) for name, pid in running.pids.items()}
        began = time.monotonic()
        through = await _follow(plan, lambda index: _follow_through(running, index))
        seconds = time.monotonic() - began
        cores = {name: (cpu_seconds(pid) - before[name]) / seconds for name, pid in running.pids.items()}
        return Figures(
            echo["direct"], echo["through"], bulk["direct"], bulk["through"], plan.follows, direct, through, cores
        )


@contextlib.asynccontextmanager
async def stage(plan: Plan) -> AsyncIterator[Stage]:
    """Starts everything."""
    async with contextlib.AsyncExitStack() as stack:
        directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="octokube-bench-")))
        cluster = await stack.enter_async_context(RealCluster(directory / "cluster"))
        kubelet = await stack.enter_async_context(
            Child("benchmarks.load.kubelet", bulk_bytes=plan.bulk_bytes, tick_seconds=plan.tick_seconds)
        )
        await kubelet.answer()
        await _make_pods(cluster, (await kubelet.ask("where"))["port"], plan.follows)
        policies = directory / "policies"
        policies.mkdir()
        (policies / "policy.csv").write_text(POLICY)
        data = ["--data", str(directory / "data")]
        serve = ["serve", *data, "--policies", str(policies), "--listen", "127.0.0.1:0", "--recording", "off"]
        hub = Program("hub", "octokube_hub.cli", serve, "hub.serving", directory)
        address = (await hub.start())["address"]
        stack.push_async_callback(hub.stop)
        tokens = [await _make(*data, "token", "create", f"user:engineer-{index}") for index in range(PEOPLE)]
        credential = directory / "credential"
        credential.write_text(await _make(*data, "agent-credential", "create", "prod"))
        agent = Program(
            "agent",
            "octokube_agent.cli",
            ["--cluster", "prod", "--hub", address, "--kubeconfig", str(cluster.kubeconfig()),
             "--credential-file", str(credential), "--operations", "all"],
            "link.opened",
            directory,
        )  # fmt: skip
        await agent.start()
        stack.push_async_callback(agent.stop)
        yield Stage(cluster, address, tokens, {"hub": hub.pid, "agent": agent.pid})


async def _make(*arguments: str) -> str:
    *data, one, two, name = arguments
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "octokube_hub.cli", one, two, name, *data,
        stdout=asyncio.subprocess.PIPE, env=environment(),
    )  # fmt: skip
    out, _ = await process.communicate()
    return out.decode().split()[-1]


async def _make_pods(cluster: RealCluster, kubelet_port: int, follows: int) -> None:
    async with KubeAdmin(cluster.url, ADMIN_TOKEN) as admin:
        await admin.create("/api/v1/nodes", {"metadata": {"name": NODE}})
        status = {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": kubelet_port}},
        }
        await admin.patch(f"/api/v1/nodes/{NODE}/status", {"status": status})
        path = await admin.namespace(NAMESPACE)
        for name in ("bulk", "shell", *(f"tick-{index}" for index in range(follows))):
            spec = {"nodeName": NODE, "containers": [{"name": "web", "image": "web:1"}]}
            await admin.create(f"{path}/pods", {"metadata": {"name": name}, "spec": spec})
            running = {"name": "web", "image": "web:1", "imageID": "", "ready": True, "restartCount": 0}
            running["state"] = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
            await admin.patch(
                f"{path}/pods/{name}/status", {"status": {"phase": "Running", "containerStatuses": [running]}}
            )


def _target(pod: str) -> pb.OperationTarget:
    return pb.OperationTarget(cluster="prod", key=resource_pb2.Key(type="pods", namespace=NAMESPACE, name=pod))


async def _echo_direct(running: Stage, strokes: int) -> list[float]:
    url = f"{running.cluster.url}/api/v1/namespaces/{NAMESPACE}/pods/shell/exec?{EXEC_QUERY}"
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.ws_connect(url, protocols=("v4.channel.k8s.io",), ssl=False) as socket,
    ):

        async def stroke() -> None:
            await socket.send_bytes(b"\x00x")
            while (await socket.receive_bytes())[1:] != b"x":
                pass

        return await _timed(stroke, strokes)


async def _echo_through(running: Stage, strokes: int) -> list[float]:
    start = pb.OperationStart(
        target=_target("shell"), exec=pb.ExecOperation(container="web", command=["cat"], stdin=True)
    )
    async with connect_operations(running.hub, running.tokens[0]) as client, client.run(start) as operation:
        outputs = aiter(operation)

        async def stroke() -> None:
            await operation.send(b"x")
            while (await anext(outputs)).stdout != b"x":
                pass

        return await _timed(stroke, strokes)


async def _timed(stroke: Callable[[], Awaitable[None]], strokes: int) -> list[float]:
    found: list[float] = []
    for _ in range(strokes):
        began = time.perf_counter()
        await stroke()
        found.append(1e3 * (time.perf_counter() - began))
        await asyncio.sleep(0.005)  # nobody types at the machine's speed
    return found[strokes // 10 :]


def _kubectl_logs(running: Stage) -> tuple[list[str], dict[str, str]]:
    kubectl = find_asset("kubectl")
    words = [str(kubectl), "--kubeconfig", str(running.cluster.kubeconfig()), "-n", NAMESPACE, "logs", "-f", "bulk"]
    return words, environment()


def _octokube_logs(running: Stage) -> tuple[list[str], dict[str, str]]:
    words = [sys.executable, "-m", "octokube", "logs", "-f", "-n", NAMESPACE, "bulk"]
    return words, environment(OCTOKUBE_HUB=running.hub, OCTOKUBE_TOKEN=running.tokens[0])


async def _bulk(plan: Plan, command: tuple[list[str], dict[str, str]]) -> float:
    """MB a second from the first byte to the last, of a program's output."""
    words, surroundings = command
    reading, writing = os.pipe()
    process = await asyncio.create_subprocess_exec(*words, stdout=writing, env=surroundings)
    os.close(writing)
    total, seconds = await asyncio.to_thread(_drain, reading)
    await process.wait()
    expected = plan.bulk_bytes // len(BLOCK) * len(BLOCK)
    if total != expected:
        raise RuntimeError(f"{words[0]} gave {total} of {expected} bytes")
    return total / 1e6 / seconds


def _drain(descriptor: int) -> tuple[int, float]:
    with open(descriptor, "rb", buffering=0) as pipe:
        total = len(pipe.read(1))
        began = time.monotonic()
        while part := pipe.read(1 << 20):
            total += len(part)
        return total, time.monotonic() - began


async def _follow(plan: Plan, follow: Callable[[int], AsyncIterator[bytes]]) -> list[float]:
    """The percentiles, 0 to 100, of the lags of all lines of all follows, in the seconds after all have begun."""
    lags: list[float] = []
    is_measuring = False
    begun: set[int] = set()

    async def one(index: int) -> None:
        rest = b""
        async for part in follow(index):
            now = time.monotonic_ns()
            begun.add(index)
            *lines, rest = (rest + part).split(b"\n")
            if is_measuring:
                lags.extend((now - int(line)) / 1e6 for line in lines)

    tasks = [asyncio.create_task(one(index)) for index in range(plan.follows)]
    try:
        async with asyncio.timeout(90):
            while len(begun) < plan.follows:
                for task in tasks:
                    if task.done():
                        task.result()
                await asyncio.sleep(0.1)
        is_measuring = True
        await asyncio.sleep(plan.follow_seconds)
        is_measuring = False
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return [round(percentile(lags, share / 100), 3) for share in range(101)]


async def _follow_direct(running: Stage, index: int) -> AsyncIterator[bytes]:
    url = f"{running.cluster.url}/api/v1/namespaces/{NAMESPACE}/pods/tick-{index}/log?follow=true&container=web"
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    timeout = aiohttp.ClientTimeout(total=None)
    async with (
        aiohttp.ClientSession(headers=headers, timeout=timeout) as session,
        session.get(url, ssl=False) as response,
    ):
        async for part in response.content.iter_any():
            yield part


async def _follow_through(running: Stage, index: int) -> AsyncIterator[bytes]:
    token = running.tokens[index % PEOPLE]
    await asyncio.sleep(index // PEOPLE * 0.15)  # what one person may begin in a second is limited
    start = pb.OperationStart(target=_target(f"tick-{index}"), logs=pb.LogsOperation(follow=True, container="web"))
    async with connect_operations(running.hub, token) as client, client.run(start) as operation:
        async for output in operation:
            yield output.stdout
        raise RuntimeError(f"a follow ended: {operation.result.message}")


def added_echo_ms(figures: Figures) -> float:
    """What the way adds to a key's echo, in the median."""
    return statistics.median(figures.echo_through_ms) - statistics.median(figures.echo_direct_ms)


def bulk_share(figures: Figures) -> float:
    """The throughput of a log, of the direct one's."""
    return statistics.median(figures.bulk_through) / statistics.median(figures.bulk_direct)


def table(figures: Figures) -> Table:
    """For people."""
    result = Table("what", "direct", "through hub and agent", "", title="Operations: shells and logs")
    direct, through = statistics.median(figures.echo_direct_ms), statistics.median(figures.echo_through_ms)
    result.add_row("echo of a key, p50 ms", f"{direct:.2f}", f"{through:.2f}", f"{added_echo_ms(figures):+.2f}")
    rates = statistics.median(figures.bulk_direct), statistics.median(figures.bulk_through)
    result.add_row("one log, MB/s", f"{rates[0]:.0f}", f"{rates[1]:.0f}", f"{bulk_share(figures):.0%}")
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        lags = [percentile(lag, share) for lag in (figures.lag_direct_ms, figures.lag_through_ms)]
        what = f"lag of a line, {figures.follows} follows, {name} ms"
        result.add_row(what, f"{lags[0]:.1f}", f"{lags[1]:.1f}", f"{lags[1] - lags[0]:+.1f}")
    cores = ", ".join(f"{name} {used:.2f}" for name, used in figures.follow_cores.items())
    result.add_row(f"cores for {figures.follows} follows", "", cores, "")
    return result


def as_json(figures: Figures) -> dict[str, Any]:
    """Plain values."""
    return asdict(figures)


def from_json(values: dict[str, Any]) -> Figures:
    """The figures that ``as_json`` wrote."""
    return Figures(**values)
