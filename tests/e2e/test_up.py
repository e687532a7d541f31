"""`octokube up` on a real kube-apiserver, with nothing but a kubeconfig."""

import asyncio
import re
from pathlib import Path

import pytest

from tests.conftest import require_assets
from tests.support.demo import octokube, started
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.e2e, pytest.mark.real, pytest.mark.timeout(180)]


@pytest.fixture(autouse=True)
def _assets() -> None:
    require_assets("octokube up on a real cluster", "etcd", "kube-apiserver")


async def test_up_gives_this_person_everything_and_nobody_else_anything(
    real_cluster: RealCluster, tmp_path: Path
) -> None:
    options = ("--kubeconfig", str(real_cluster.kubeconfig()), "--port", "0", "--hub-port", "0")
    async with started("up", *options, "--data", str(tmp_path / "data")) as process:
        assert process.stdout is not None
        output = ""
        async with asyncio.timeout(60):
            while "Ctrl+C stops it" not in output:
                line = await process.stdout.readline()
                assert line, f"it ended before it ran: {output}"
                output += line.decode()
        assert "was just written" in output
        hub, token = re.search(r"OCTOKUBE_HUB=(\S+)", output), re.search(r"OCTOKUBE_TOKEN=(\S+)", output)
        assert hub is not None
        assert token is not None
        mine = await octokube("get", "namespaces", "-o", "name", OCTOKUBE_HUB=hub[1], OCTOKUBE_TOKEN=token[1])
        assert "namespaces/kube-system" in mine.out.splitlines()
        # Demo people exist in the demo only: here their names are just unknown tokens.
        other = await octokube("get", "namespaces", OCTOKUBE_HUB=hub[1], OCTOKUBE_TOKEN="demo:admin")
        assert (other.code, other.out) == (2, "")
        assert "does not accept this token" in other.err
