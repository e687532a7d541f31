"""Runs agent, hub and gateway as processes of their own, to be killed and started again."""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.support.demo import environment

READY_SECONDS = 45.0


class Program:
    """One program and its log. Each start must write ``ready_event`` within READY_SECONDS."""

    def __init__(self, name: str, module: str, arguments: list[str], ready_event: str, directory: Path) -> None:
        self.name = name
        self.log_file = directory / f"{name}.log"
        self._module = module
        self.arguments = arguments
        self._ready_event = ready_event
        self._process: asyncio.subprocess.Process | None = None
        self._starts = 0

    @property
    def pid(self) -> int:
        """The process that runs."""
        assert self._process is not None
        return self._process.pid

    async def start(self, *extra: str) -> dict[str, Any]:
        """Starts it and waits until it says that it is ready; what it said, as a dictionary."""
        self._starts += 1
        offset = self.log_file.stat().st_size if self.log_file.exists() else 0
        with self.log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self._module, *self.arguments, *extra, "--log-format", "json",
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, env=environment(),
            )  # fmt: skip
        try:
            async with asyncio.timeout(READY_SECONDS):
                while True:
                    for line in self.log_file.read_bytes()[offset:].splitlines():
                        event = _event(line)
                        if event.get("event") == self._ready_event:
                            return event
                    assert self._process.returncode is None, f"{self.name} ended: {self.tail()}"
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{self.name} was not ready in {READY_SECONDS} s: {self.tail()}") from None

    async def kill(self) -> None:
        """Ends it as a crash would: at once, without a word."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> None:
        """Asks it to end, and makes it after a while. Does nothing when it has ended."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(15):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise AssertionError(f"{self.name} did not stop within 15 s of SIGTERM: {self.tail()}") from None

    def tail(self) -> str:
        """The end of its log."""
        return self.log_file.read_text(errors="replace")[-3000:]


class Chain:
    """Agent, hub and gateway between one cluster and its people. Addresses stay the same over restarts."""

    def __init__(self, directory: Path, kubeconfig: Path, policies: Path, cluster: str = "prod") -> None:
        self.directory = directory
        self.policies = policies
        self.cluster = cluster
        self.data = directory / "hub-data"
        self.hub_address = ""
        self.web_url = ""
        self._kubeconfig = kubeconfig
        self.hub: Program
        self.agent: Program
        self.web: Program

    async def start(self) -> None:
        """Starts all three, on free ports."""
        options = ["serve", "--data", str(self.data), "--policies", str(self.policies)]
        self.hub = Program("hub", "octokube_hub.cli", options, "hub.serving", self.directory)
        self.hub_address = (await self.hub.start("--listen", "127.0.0.1:0"))["address"]
        credential = await self.make("agent-credential", "create", self.cluster)
        (self.directory / "credential").write_text(credential)
        self.agent = Program(
            "agent",
            "octokube_agent.cli",
            ["--cluster", self.cluster, "--hub", self.hub_address, "--kubeconfig", str(self._kubeconfig),
             "--credential-file", str(self.directory / "credential")],
            "link.opened",
            self.directory,
        )  # fmt: skip
        self.web = Program("web", "octokube_web.cli", ["--hub", self.hub_address], "gateway.listening", self.directory)
        _, listening = await asyncio.gather(self.agent.start(), self.web.start("--listen", "127.0.0.1:0"))
        self.web_url = listening["url"]

    async def restart_hub(self) -> None:
        """Starts a killed hub where it was."""
        await self.hub.start("--listen", self.hub_address)

    async def make(self, *arguments: str) -> str:
        """Runs `octokube-hub …`; the last word it prints, which is the secret it made."""
        return (await self.ask(*arguments)).split()[-1]

    async def ask(self, *arguments: str) -> str:
        """Runs `octokube-hub …` on the hub's data; what it prints."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "octokube_hub.cli", *arguments, "--data", str(self.data),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env=environment(),
        )  # fmt: skip
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return out.decode()

    async def stop(self) -> None:
        """Stops what runs: gateway, agent, hub."""
        for program in (self.web, self.agent, self.hub):
            await program.stop()


@contextlib.asynccontextmanager
async def running_chain(directory: Path, kubeconfig: Path, policies: Path) -> AsyncIterator[Chain]:
    """A chain that serves."""
    chain = Chain(directory, kubeconfig, policies)
    try:
        await chain.start()
        yield chain
    finally:
        with contextlib.suppress(AttributeError):  # a part that was never made
            await chain.stop()


def _event(line: bytes) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
