"""Measures what it costs to keep N people current, beside N watches on the kube-apiserver itself.

A change is a pod's status as a kubelet writes it, on a real kube-apiserver. It counts as delivered to a subscriber when
the subscriber has come to hold its object's newest state: several changes of one object that travel together count as
many, because whoever watches directly has no use for the ones in between either. How many entries did travel is printed
beside it. Whoever writes and whoever receives are processes of their own, whose CPU is counted for nobody. The
apiserver's own cost of the writes, and of doing nothing, is measured with nobody watching, and taken off.
"""

import asyncio
import contextlib
import pathlib
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.table import Table

from benchmarks.support import arrangements
from benchmarks.support.arrangements import Running
from benchmarks.support.children import Child
from benchmarks.support.measuring import connections_to, cpu_seconds, percentile, rss_bytes
from benchmarks.support.pods import fill
from tests.support.kube_admin import KubeAdmin
from tests.support.real_cluster import ADMIN_TOKEN, RealCluster

SAMPLED = 5
"""Connections that are looked at closely: enough for a latency, few enough to cost their process nothing."""
DIRECT_DELIVERIES_A_SECOND = 20_000
"""With more events a second the apiserver's watches would take all of two cores: their rate is lowered, and said."""
SETTLE_SECONDS = 2.0
IDLE_SECONDS = 5.0
DRAIN_ROUNDS = 10
ETCD_RATE = 400.0
"""More changes a second than a kube-apiserver can commit beside everything else on two cores are written to its etcd,
as another apiserver of the same cluster would: it learns of them in the same way, and sends them to who watches."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure. ``rates`` are changes a second, ``subscribers`` how many people.

    One person at the ``quiet_rate`` shows what is added to a single change's way; 0 leaves that out.
    """

    subscribers: tuple[int, ...] = (1, 100, 1000)
    rates: tuple[float, ...] = (200.0, 1000.0)
    pods: int = 1000
    seconds: float = 8.0
    ways: tuple[str, ...] = ("direct", "inside", "apart", "inside, bodies")
    quiet_rate: float = 5.0
    is_profiling: bool = False


@dataclass(slots=True)
class Line:
    """One measurement. CPU in µs per delivered change; latencies in ms from the apiserver's answer to the writer."""

    way: str
    subscribers: int
    rate: float
    asked_rate: float = 0.0
    changes: int = 0
    cpu_us: dict[str, float] = field(default_factory=dict)
    bytes_per_change: float = 0.0
    entries_per_change: float = 0.0
    frames: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    rss_mb: dict[str, float] = field(default_factory=dict)
    connections: int = 0
    apiserver_cores: float = 0.0
    missing: int = 0
    lag_ms: float | None = None

    @property
    def total_us(self) -> float:
        """The CPU of all parts together."""
        return sum(self.cpu_us.values())


class Bench:
    """One kube-apiserver with pods, and the writer that changes them."""

    def __init__(self, plan: Plan, cluster: RealCluster, directory: pathlib.Path, path: str) -> None:
        self._plan = plan
        self._cluster = cluster
        self._directory = directory
        self._path = path
        self._write_costs: dict[float, float] = {}
        self._idle_cores = 0.0

    @property
    def kubeconfig(self) -> pathlib.Path:
        """What an agent needs to follow the apiserver."""
        return self._cluster.kubeconfig()

    async def direct(self, subscribers: int, rate: float) -> Line:
        """N watches on the apiserver."""
        async with KubeAdmin(self._cluster.url, ADMIN_TOKEN) as admin:
            version = (await admin.get(f"{self._path}?limit=1"))["metadata"]["resourceVersion"]
        async with Child(
            "benchmarks.load.watchers", url=self._cluster.url, token=ADMIN_TOKEN, path=self._path,
            resource_version=version, count=subscribers, sampled=SAMPLED,
        ) as crowd:  # fmt: skip
            await crowd.answer()
            await asyncio.sleep(SETTLE_SECONDS)
            return await self._measure("direct", crowd, subscribers, rate, {})

    async def through(self, way: str, running: Running, subscribers: int, rate: float, *, stalled: int = 0) -> Line:
        """N browsers on a gateway, and some beside them that read nothing."""
        async with Child(
            "benchmarks.load.browsers", url=running.url, tokens=running.tokens, namespace="bench",
            count=subscribers, sampled=SAMPLED, stalled=stalled,
            has_bodies="bodies" in way,
        ) as crowd:  # fmt: skip
            await crowd.answer()
            await asyncio.sleep(SETTLE_SECONDS)
            if running.host is not None:
                await running.host.ask("lag")
                if self._plan.is_profiling:
                    await running.host.ask("profile")
            line = await self._measure(way, crowd, subscribers, rate, running.pids)
            if running.host is not None:
                line.lag_ms = 1e3 * await running.host.ask("lag")
                if self._plan.is_profiling:
                    print("profile:", await running.host.ask("unprofile"))
            return line

    async def idle(self) -> None:
        """Learns what the apiserver does when nobody asks anything of it; that is charged to nobody."""
        before = cpu_seconds(self._cluster.apiserver_pid)
        await asyncio.sleep(IDLE_SECONDS)
        self._idle_cores = (cpu_seconds(self._cluster.apiserver_pid) - before) / IDLE_SECONDS

    async def write_cost(self, rate: float) -> float:
        """The apiserver's CPU seconds for one write at this rate; to be asked first while nobody watches."""
        if rate not in self._write_costs:
            began, before = time.monotonic(), cpu_seconds(self._cluster.apiserver_pid)
            written = await self._write(rate)
            await asyncio.sleep(SETTLE_SECONDS)
            used = cpu_seconds(self._cluster.apiserver_pid) - before - self._idle_cores * (time.monotonic() - began)
            self._write_costs[rate] = used / max(1, len(written["committed"]))
        return self._write_costs[rate]

    async def _measure(self, way: str, crowd: Child, subscribers: int, rate: float, pids: dict[str, int]) -> Line:
        pids = {**pids, "apiserver": self._cluster.apiserver_pid}
        await crowd.ask("reset")
        connections = connections_to(self._cluster.port)
        before = {name: cpu_seconds(pid) for name, pid in pids.items()}
        began = time.monotonic()
        written = await self._write(rate)
        await _drained(crowd, subscribers)
        passed_seconds = time.monotonic() - began
        used = {name: cpu_seconds(pid) - before[name] for name, pid in pids.items()}
        received = await crowd.ask("report")
        committed = written["committed"]
        apiserver_cores = used["apiserver"] / passed_seconds
        used["apiserver"] -= await self.write_cost(rate) * len(committed) + self._idle_cores * passed_seconds
        delivered = max(1, len(committed) * subscribers)
        line = Line(way, subscribers, len(committed) / written["seconds"], rate, len(committed))
        line.cpu_us = {name: max(0.0, seconds) / delivered * 1e6 for name, seconds in used.items()}
        line.bytes_per_change = received["bytes"] / delivered
        line.entries_per_change = received["entries"] / max(1, received["sampled"] * len(committed))
        line.frames = received["messages"] / subscribers
        line.rss_mb = {name: rss_bytes(pid) / 2**20 for name, pid in pids.items()}
        line.connections = connections
        line.apiserver_cores = apiserver_cores
        latencies, line.missing = _latencies(committed, received["seen"], received["sampled"])
        line.p50_ms = percentile(latencies, 0.5) * 1e3
        line.p99_ms = percentile(latencies, 0.99) * 1e3
        if received["lost"]:
            raise RuntimeError(f"{received['lost']} of {subscribers} connections were lost ({way})")
        return line

    async def _write(self, rate: float) -> dict[str, Any]:
        async with Child(
            "benchmarks.load.writer", url=self._cluster.url, token=ADMIN_TOKEN, path=self._path,
            pods=self._plan.pods, rate=rate, seconds=self._plan.seconds,
            etcd=self._cluster.etcd_url if rate >= ETCD_RATE else "",
        ) as writer:  # fmt: skip
            await writer.answer()
            written: dict[str, Any] = await writer.ask("write")
            return written


async def _drained(crowd: Child, subscribers: int) -> None:
    """Waits until everything has arrived that is on its way: bookmarks alone go on."""
    before = -subscribers
    for _ in range(DRAIN_ROUNDS):
        await asyncio.sleep(SETTLE_SECONDS)
        now = await crowd.ask("messages")
        if now - before < subscribers * SETTLE_SECONDS / 2:
            return
        before = now


def _latencies(
    committed: list[tuple[str, str, float]], seen: list[tuple[str, str, float]], sampled: int
) -> tuple[list[float], int]:
    """Seconds from the commit of each state to its arrival; and how many newest states did not arrive."""
    at = {(name, version): when for name, version, when in committed}
    latencies = [when - at[name, version] for name, version, when in seen if (name, version) in at]
    newest: dict[str, int] = {}
    for name, version, _ in committed:
        newest[name] = max(newest.get(name, 0), int(version))
    arrived = [(name, version) for name, version, _ in seen]
    missing = sum(sampled - arrived.count((name, str(version))) for name, version in list(newest.items())[:50])
    return latencies, missing


@contextlib.asynccontextmanager
async def benching(plan: Plan) -> AsyncIterator[Bench]:
    """A kube-apiserver with pods in it."""
    with tempfile.TemporaryDirectory(prefix="octokube-bench-") as name:
        directory = pathlib.Path(name)
        async with RealCluster(directory / "cluster") as cluster:
            async with KubeAdmin(cluster.url, ADMIN_TOKEN) as admin:
                path = await fill(admin, "bench", plan.pods)
            yield Bench(plan, cluster, directory, path)


async def run(plan: Plan) -> list[Line]:
    """All measurements of a plan, in one run."""
    lines: list[Line] = []
    async with benching(plan) as bench:
        direct_rates = {n: min(plan.rates[0], DIRECT_DELIVERIES_A_SECOND / n) for n in plan.subscribers}
        quiet_rates = {plan.quiet_rate} if plan.quiet_rate else set()
        await bench.idle()
        for rate in sorted({*direct_rates.values(), *plan.rates, *quiet_rates}):
            await bench.write_cost(rate)
        if "direct" in plan.ways:
            if plan.quiet_rate:
                lines.append(await bench.direct(1, plan.quiet_rate))
            for subscribers, rate in direct_rates.items():
                lines.append(await bench.direct(subscribers, rate))
                print(lines[-1])
        for way in plan.ways:
            if way == "direct":
                continue
            start = arrangements.gateway_apart if way == "apart" else arrangements.gateway_inside
            async with start(bench._directory / way.replace(", ", "-"), bench.kubeconfig) as running:
                if plan.quiet_rate:
                    lines.append(await bench.through(way, running, 1, plan.quiet_rate))
                for subscribers in plan.subscribers:
                    for rate in plan.rates:
                        if rate != plan.rates[0] and (way != "apart" or subscribers != max(plan.subscribers)):
                            continue
                        lines.append(await bench.through(way, running, subscribers, rate))
                        print(lines[-1])
    return lines


def table(lines: list[Line]) -> Table:
    """The measurements, each with its ratio to the direct watches of as many people."""
    result = Table(title="Fan-out: CPU µs and bytes per delivered change")
    for title in ("way", "people", "changes/s", "apiserver", "agent", "hub", "gateway", "all", "of direct", "bytes",
                  "of direct", "entries", "frames", "p50 ms", "p99 ms", "connections", "lost"):  # fmt: skip
        result.add_column(title, justify="left" if title == "way" else "right")
    # Later lines replace the quiet ones, which compare nothing but latencies.
    direct = {line.subscribers: line for line in lines if line.way == "direct"}
    for line in lines:
        cpu = line.cpu_us
        hub = cpu.get("hub", cpu.get("hub and gateway"))
        beside = direct.get(line.subscribers)
        is_compared = beside is not None and beside is not line
        result.add_row(
            line.way, f"{line.subscribers:,}", f"{line.rate:,.0f}", f"{cpu['apiserver']:.2f}",
            *(f"{value:.2f}" if value is not None else "" for value in (cpu.get("agent"), hub, cpu.get("gateway"))),
            f"{line.total_us:.2f}", _part(line.total_us, beside.total_us) if is_compared and beside else "",
            f"{line.bytes_per_change:,.0f}",
            _part(line.bytes_per_change, beside.bytes_per_change) if is_compared and beside else "",
            f"{line.entries_per_change:.2f}", f"{line.frames:,.0f}", f"{line.p50_ms:.1f}", f"{line.p99_ms:.1f}",
            str(line.connections), str(line.missing),
        )  # fmt: skip
    return result


def _part(value: float, whole: float) -> str:
    """A value as a part of another; nothing where one of them was too small to be measured."""
    return f"1/{whole / value:.1f}" if value and whole else ""


def as_json(lines: list[Line]) -> list[dict[str, Any]]:
    """The measurements as plain values."""
    return [asdict(line) for line in lines]


def from_json(values: list[dict[str, Any]]) -> list[Line]:
    """The measurements that ``as_json`` wrote."""
    return [Line(**value) for value in values]


def processes(lines: list[Line]) -> Table:
    """What the measured processes held meanwhile, and for how long the hub's event loop came to nothing else."""
    result = Table(title="Fan-out: memory, apiserver, event loop")
    for title in ("way", "people", "changes/s", "apiserver MB", "agent MB", "hub MB", "gateway MB", "apiserver cores",
                  "longest block ms"):  # fmt: skip
        result.add_column(title, justify="left" if title == "way" else "right")
    for line in lines:
        held = line.rss_mb
        sizes = (
            held.get("apiserver"),
            held.get("agent"),
            held.get("hub", held.get("hub and gateway")),
            held.get("gateway"),
        )
        result.add_row(
            line.way, f"{line.subscribers:,}", f"{line.rate:,.0f}",
            *(f"{size:,.0f}" if size is not None else "" for size in sizes),
            f"{line.apiserver_cores:.2f}", "" if line.lag_ms is None else f"{line.lag_ms:.1f}",
        )  # fmt: skip
    return result
