"""Measures first copies and reconnections of N people beside lists of the kube-apiserver, and what each part holds.

10,000 pods are on a real kube-apiserver. More are on the simulated one, since a kube-apiserver takes minutes to be
given them; what is measured, agent, hub and gateway, is the same. A snapshot is timed from before the websocket is
opened to the frame that ends it. "block" is the longest time for which the event loop of hub and gateway came to
nothing else, in CPU time of its own, and by the clock, which on two cores also counts waiting for the load's programs.
"""

import asyncio
import contextlib
import pathlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from benchmarks.support import arrangements
from benchmarks.support.arrangements import Running
from benchmarks.support.children import Child
from benchmarks.support.measuring import rss_bytes
from benchmarks.support.pods import fill
from tests.support.kube_admin import KubeAdmin
from tests.support.processes import Program, running_chain
from tests.support.real_cluster import ADMIN_TOKEN, RealCluster

SETTLE_SECONDS = 3.0
LOAD_SECONDS = 90.0
LISTERS = 20
"""As many lists at once as two cores can serve in seconds: a thousand would be 40 GB."""
INFORMER_LIMIT = 10_000
"""The official client takes milliseconds for each object; its memory for each is the same for more of them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``crowd``: how many reconnect at once. ``large``: pods of the simulated cluster, 0 for none."""

    pods: int = 10_000
    large: int = 100_000
    crowd: int = 1000


@dataclass(slots=True)
class Snapshot:
    """People who are brought up to date at once."""

    what: str
    pods: int
    people: int
    seconds: float
    bytes: int
    busy_ms: float | None = None
    lag_ms: float | None = None


@dataclass(slots=True)
class Memory:
    """What one holder of objects takes for each, beside the JSON it stands for."""

    holder: str
    objects: int
    bytes_per_object: float
    projected_json: float
    raw_json: float

    @property
    def of_projected(self) -> float:
        """How many times its JSON an object takes."""
        return self.bytes_per_object / self.projected_json


@dataclass(slots=True)
class Figures:
    """Everything that a run of this benchmark found."""

    snapshots: list[Snapshot]
    memory: list[Memory]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where an apiserver is, and how it lets in."""

    url: str
    token: str
    kubeconfig: pathlib.Path


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the processes hold when there is next to nothing to hold."""

    agent_bytes: int
    hub_bytes: int


async def run(plan: Plan) -> Figures:
    """All of it."""
    figures = Figures([], [])
    with tempfile.TemporaryDirectory(prefix="octokube-bench-") as name:
        directory = pathlib.Path(name)
        empty = await _baseline(directory)
        async with RealCluster(directory / "cluster") as real:
            async with KubeAdmin(real.url, ADMIN_TOKEN) as admin:
                await fill(admin, "bench", plan.pods)
            cluster = Cluster(real.url, ADMIN_TOKEN, real.kubeconfig())
            async with arrangements.gateway_inside(directory / "inside", cluster.kubeconfig) as running:
                figures.memory += await _memory(running, cluster, empty, plan.pods)
                figures.snapshots += await _snapshots(running, plan.pods, plan.crowd)
            figures.snapshots += await _hub_restart(directory / "apart", cluster.kubeconfig, plan)
            figures.snapshots += await _lists(cluster, plan)
        if plan.large:
            async with _simulated(directory, plan.large) as (cluster, filler):
                await filler.ask("fill")
                async with arrangements.gateway_inside(directory / "large", cluster.kubeconfig) as running:
                    figures.memory += await _memory(running, cluster, empty, plan.large)
                    figures.snapshots += await _snapshots(running, plan.large, 0)
    return figures


@contextlib.asynccontextmanager
async def _simulated(directory: pathlib.Path, pods: int) -> AsyncIterator[tuple[Cluster, Child]]:
    async with Child("benchmarks.load.simulated_cluster", directory=str(directory), pods=pods) as child:
        await child.answer()
        where = await child.ask("where")
        yield Cluster(where["url"], where["token"], pathlib.Path(where["kubeconfig"])), child


async def _baseline(directory: pathlib.Path) -> Baseline:
    async with (
        _simulated(directory, 0) as (cluster, _),
        arrangements.gateway_inside(directory / "empty", cluster.kubeconfig) as running,
    ):
        await asyncio.sleep(SETTLE_SECONDS)
        return Baseline(rss_bytes(running.pids["agent"]), rss_bytes(running.pids["hub and gateway"]))


async def _loaded(running: Running, objects: int) -> None:
    """Waits until the hub holds the cluster."""
    assert running.host is not None
    async with asyncio.timeout(LOAD_SECONDS):
        while await running.host.ask("objects") < objects:  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.2)
    await asyncio.sleep(SETTLE_SECONDS)


async def _memory(running: Running, cluster: Cluster, empty: Baseline, pods: int) -> list[Memory]:
    assert running.host is not None
    await _loaded(running, pods)
    agent = rss_bytes(running.pids["agent"]) - empty.agent_bytes
    hub = rss_bytes(running.pids["hub and gateway"]) - empty.hub_bytes
    sizes = await running.host.ask("sizes")
    objects = sizes["objects"]
    projected = sizes["body_bytes"] / objects
    async with Child(
        "benchmarks.load.listers", url=cluster.url, token=cluster.token, path="/api/v1/namespaces/bench/pods", count=1
    ) as lister:
        await lister.answer()
        raw = (await lister.ask("list"))["bytes"] / pods
    lines = [
        Memory("agent", objects, agent / objects, projected, raw),
        Memory("hub (gateway inside)", objects, hub / objects, projected, raw),
    ]
    for is_informer, name in ((False, "a dict of parsed JSON"), (True, "the official client's informer")):
        if is_informer and pods > INFORMER_LIMIT:
            continue
        async with Child(
            "benchmarks.load.holders", url=cluster.url, token=cluster.token, namespace="bench", is_informer=is_informer,
            count=pods,
        ) as holder:  # fmt: skip
            await holder.answer()
            held = await holder.ask("hold")
            lines.append(Memory(name, held["objects"], held["bytes"] / held["objects"], projected, raw))
    return lines


async def _snapshots(running: Running, pods: int, crowd: int) -> list[Snapshot]:
    assert running.host is not None
    host = running.host
    lines: list[Snapshot] = []

    async def take(what: str, people: int, child: Child, command: str) -> None:
        await host.ask("lag")
        await host.ask("busy")
        found = await child.ask(command)
        busy, lag = 1e3 * await host.ask("busy"), 1e3 * await host.ask("lag")
        lines.append(Snapshot(what, pods, people, found["seconds"], found["bytes"], busy, lag))

    for has_bodies, detail in ((False, "rows"), (True, "objects")):
        async with _crowd(running, 1, has_bodies=has_bodies) as one:
            await take(f"snapshot of {detail}", 1, one, "anew")
            await take(f"snapshot of {detail}, again", 1, one, "anew")
    if crowd:
        async with _crowd(running, crowd) as many:
            await take("snapshots, all at once", crowd, many, "anew")
            await take("resumes, all at once", crowd, many, "resume")
    return lines


def _crowd(running: Running, count: int, *, has_bodies: bool = False) -> "_Crowd":
    return _Crowd(running.url, running.tokens, count, has_bodies=has_bodies)


class _Crowd(Child):
    """Pages that are open when the context is entered."""

    def __init__(self, url: str, tokens: list[str], count: int, *, has_bodies: bool = False) -> None:
        super().__init__(
            "benchmarks.load.browsers", url=url, tokens=tokens, namespace="bench", count=count, sampled=0,
            has_bodies=has_bodies,
        )  # fmt: skip

    async def __aenter__(self) -> "_Crowd":
        await super().__aenter__()
        await self.answer()
        return self


async def _hub_restart(directory: pathlib.Path, kubeconfig: pathlib.Path, plan: Plan) -> list[Snapshot]:
    """Kills the hub under everybody, and brings everybody back with the tokens they hold."""
    arrangements.write_policy(directory)
    async with running_chain(directory, kubeconfig, directory / "policies") as chain:
        tokens = [await chain.make("token", "create", f"user:engineer-{index}") for index in range(5)]
        await asyncio.sleep(SETTLE_SECONDS)
        async with _Crowd(chain.web_url, tokens, plan.crowd) as crowd:
            full = await crowd.ask("anew")
            await crowd.ask("close")
            opened = _links(chain.agent)
            await chain.hub.kill()
            await chain.restart_hub()
            async with asyncio.timeout(LOAD_SECONDS):
                while _links(chain.agent) == opened:  # noqa: ASYNC110 - it is another process
                    await asyncio.sleep(0.1)
            await asyncio.sleep(SETTLE_SECONDS)
            resumed = await crowd.ask("resume")
    return [
        Snapshot("snapshots, separate gateway", plan.pods, plan.crowd, full["seconds"], full["bytes"]),
        Snapshot("resumes after a restart of the hub", plan.pods, plan.crowd, resumed["seconds"], resumed["bytes"]),
    ]


def _links(agent: Program) -> int:
    """How often an agent has opened its link."""
    return agent.log_file.read_bytes().count(b"link.opened")


async def _lists(cluster: Cluster, plan: Plan) -> list[Snapshot]:
    lines = []
    for people in (1, min(LISTERS, plan.crowd)):
        async with Child(
            "benchmarks.load.listers", url=cluster.url, token=cluster.token, path="/api/v1/namespaces/bench/pods",
            count=people,
        ) as listers:  # fmt: skip
            await listers.answer()
            found = await listers.ask("list")
            lines.append(Snapshot("LIST from the kube-apiserver", plan.pods, people, found["seconds"], found["bytes"]))
    return lines


def tables(figures: Figures) -> list[Table]:
    """The figures, to be printed."""
    snapshots = Table(title="Snapshots and reconnections")
    for title in ("what", "pods", "people", "to the last, ms", "bytes each", "all MB", "block ms CPU", "block ms"):
        snapshots.add_column(title, justify="left" if title == "what" else "right")
    for line in figures.snapshots:
        blocks = ("" if value is None else f"{value:.1f}" for value in (line.busy_ms, line.lag_ms))
        snapshots.add_row(
            line.what, f"{line.pods:,}", f"{line.people:,}", f"{line.seconds * 1e3:,.0f}",
            f"{line.bytes / line.people:,.0f}", f"{line.bytes / 1e6:,.1f}", *blocks,
        )  # fmt: skip
    memory = Table(title="Memory: bytes per object, over a process that holds none")
    for title in ("holder", "objects", "bytes each", "projected JSON", "of projected", "raw JSON", "of raw"):
        memory.add_column(title, justify="left" if title == "holder" else "right")
    for each in figures.memory:
        memory.add_row(
            each.holder, f"{each.objects:,}", f"{each.bytes_per_object:,.0f}", f"{each.projected_json:,.0f}",
            f"{each.of_projected:.2f} ×", f"{each.raw_json:,.0f}",
            f"{each.bytes_per_object / each.raw_json:.2f} ×",
        )  # fmt: skip
    return [snapshots, memory]


def as_json(figures: Figures) -> dict[str, Any]:
    """The figures as plain values."""
    return asdict(figures)


def from_json(values: dict[str, Any]) -> Figures:
    """The figures that ``as_json`` wrote."""
    return Figures([Snapshot(**line) for line in values["snapshots"]], [Memory(**line) for line in values["memory"]])
