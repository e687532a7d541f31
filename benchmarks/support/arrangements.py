"""Starts Octokube the ways it is run, between one cluster and its people."""

import contextlib
import pathlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from benchmarks.support.children import Child
from tests.support.processes import Program, running_chain

POLICY = "p, role:everyone, *, **, *, *, read, always, allow\n"
PEOPLE = 5


@dataclass(frozen=True, slots=True)
class Running:
    """Where the gateway is, tokens for its people, and the process of each part."""

    url: str
    tokens: list[str]
    pids: dict[str, int]
    host: Child | None = None
    """The process of hub and gateway, when it is one."""


@contextlib.asynccontextmanager
async def gateway_inside(directory: pathlib.Path, kubeconfig: pathlib.Path) -> AsyncIterator[Running]:
    """Hub and gateway in one process, the agent in another."""
    write_policy(directory)
    async with Child("benchmarks.load.hub_and_gateway", directory=str(directory), tokens=PEOPLE) as host:
        await host.answer()
        where = await host.ask("where")
        (directory / "credential").write_text(where["credential"])
        agent = Program(
            "agent",
            "octokube_agent.cli",
            ["--cluster", "prod", "--hub", where["hub"], "--kubeconfig", str(kubeconfig),
             "--credential-file", str(directory / "credential")],
            "link.opened",
            directory,
        )  # fmt: skip
        await agent.start()
        try:
            pids = {"agent": agent.pid, "hub and gateway": host.pid}
            yield Running(where["url"], where["tokens"], pids, host)
        finally:
            await agent.stop()


@contextlib.asynccontextmanager
async def gateway_apart(directory: pathlib.Path, kubeconfig: pathlib.Path) -> AsyncIterator[Running]:
    """Agent, hub and gateway as processes of their own."""
    write_policy(directory)
    async with running_chain(directory, kubeconfig, directory / "policies") as chain:
        tokens = [await chain.make("token", "create", f"user:engineer-{index}") for index in range(PEOPLE)]
        pids = {"agent": chain.agent.pid, "hub": chain.hub.pid, "gateway": chain.web.pid}
        yield Running(chain.web_url, tokens, pids)


def write_policy(directory: pathlib.Path) -> None:
    """Lets everybody read everything."""
    (directory / "policies").mkdir(parents=True)
    (directory / "policies" / "policy.csv").write_text(POLICY)
