"""Runs `octokube up` on the real cluster, with a node and a pod behind it that a kubelet stand-in serves."""

import asyncio
import contextlib
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from octokube_demo.certificates import self_signed
from octokube_demo.kubelet import KubeletServer
from tests.agent.fake_hub import FakeHub
from tests.agent.operations.conftest import Desk
from tests.agent.operations.kubelets import make_node, make_pod
from tests.agent.suite.conftest import real
from tests.support.demo import Finished, octokube, started
from tests.support.kube_admin import KubeAdmin
from tests.support.real_cluster import RealCluster


@dataclass(frozen=True, slots=True)
class RunningUp:
    """The chain, its data directory, what it has logged so far, and one person at a command line."""

    admin: KubeAdmin
    kubelet: KubeletServer
    namespace: str
    node: str
    data: Path
    output: bytearray
    url: str
    surroundings: dict[str, str]

    async def run(self, *words: str, **extra: str) -> Finished:
        """A command as it ends."""
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

    @property
    def here(self) -> tuple[str, str]:
        """The option that names the namespace."""
        return ("-n", self.namespace)


@contextlib.asynccontextmanager
async def running_up(cluster: RealCluster, directory: Path) -> AsyncIterator[RunningUp]:
    """`octokube up` that allows every operation, and pod web on a node of its own."""
    name = f"up-{uuid.uuid4().hex[:12]}"
    async with (
        real(cluster) as kube,
        FakeHub() as hub,
        KubeletServer().serving(tls=self_signed().context) as kubelet,
    ):
        desk = Desk(kube, hub)
        await kube.admin.namespace(name)
        await make_node(desk, name, kubelet)
        await make_pod(desk, name, "web", name, labels={"app": "web"})
        options = ("--kubeconfig", str(cluster.kubeconfig()), "--port", "0", "--hub-port", "0", "--log-level", "debug")
        options += ("--data", str(directory / "data"), "--operations", "all")
        try:
            async with started("up", *options, XDG_DATA_HOME=str(directory)) as process:
                assert process.stdout is not None
                output = bytearray()
                async with asyncio.timeout(60):
                    while b"Ctrl+C stops it" not in output:
                        line = await process.stdout.readline()
                        assert line, f"it ended before it ran: {output.decode()}"
                        output += line
                told = output.decode()
                found = [re.search(rf"{word}=(\S+)", told) for word in ("OCTOKUBE_HUB", "OCTOKUBE_TOKEN")]
                url = re.search(r"http://\S+", told)
                assert found[0] is not None
                assert found[1] is not None
                assert url is not None
                surroundings = {"OCTOKUBE_HUB": found[0][1], "OCTOKUBE_TOKEN": found[1][1]}
                reading = asyncio.create_task(_keep(process.stdout, output))
                yield RunningUp(kube.admin, kubelet, name, name, directory / "data", output, url[0], surroundings)
                reading.cancel()
        finally:
            await kube.admin.delete(f"/api/v1/namespaces/{name}/pods/web")
            await kube.admin.delete(f"/api/v1/nodes/{name}")


async def _keep(stream: asyncio.StreamReader, output: bytearray) -> None:
    while part := await stream.read(65_536):
        output += part
