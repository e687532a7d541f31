"""Runs agent, hub and gateway in one process: started in one order, stopped in the reverse."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from octokube.client.calls import GrpcCalls
from octokube.client.identity import GrpcIdentity
from octokube.runtime.channels import open_channel
from octokube.runtime.errors import UserError
from octokube_agent.app import Agent
from octokube_agent.settings import AgentSettings
from octokube_hub.app import Hub
from octokube_hub.settings import HubSettings
from octokube_web.app import Gateway
from octokube_web.settings import DemoPerson, WebSettings

FIRST_STATE_SECONDS = 10.0
"""How long a start waits for a cluster's first complete state before the page opens with what is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSettings:
    """What the composed programs are told. Everything listens on loopback; port 0 takes a free one."""

    cluster: str
    kubeconfig: str | None
    context: str | None
    policies: Path
    data: Path
    web_port: int = 0
    hub_port: int = 0
    is_demo: bool = False
    demo_people: tuple[DemoPerson, ...] = ()
    operations: tuple[str, ...] = ("read-only",)


@dataclass(frozen=True, slots=True)
class RunningStack:
    """Where the parts are, once they run."""

    url: str
    hub: Hub
    hub_address: str
    objects: int
    is_complete: bool


async def run_stack(
    settings: StackSettings, stopping: asyncio.Event, on_running: Callable[[RunningStack], Awaitable[None]]
) -> None:
    """Runs until ``stopping`` is set or a part fails, which is then raised.

    ``on_running`` is awaited once, when the hub has welcomed the agent with its first complete state (or after
    FIRST_STATE_SECONDS without one). Raises UserError for what a person can mend: a bad policy, a port in use, a
    cluster that can't be reached. Order of start: hub, agent, gateway. Order of stop: gateway, agent, hub.
    """
    hub = Hub(
        HubSettings(
            listen=f"127.0.0.1:{settings.hub_port}",
            data=settings.data,
            policies=settings.policies,
            is_demo=settings.is_demo,
        )
    )
    await hub.start()
    hub_stopping = asyncio.Event()
    running_hub = asyncio.create_task(hub.run(hub_stopping), name="stack/hub")
    try:
        credential = await hub.create_agent_credential(settings.cluster)
        agent = Agent(
            AgentSettings(
                cluster=settings.cluster,
                hub=hub.address,
                credential=credential,
                kubeconfig=settings.kubeconfig,
                context=settings.context,
                operations=settings.operations,
            )
        )
        await _run_with_hub(settings, stopping, on_running, hub, running_hub, agent)
    finally:
        hub_stopping.set()
        await asyncio.wait({running_hub})
    running_hub.result()


async def _run_with_hub(
    settings: StackSettings,
    stopping: asyncio.Event,
    on_running: Callable[[RunningStack], Awaitable[None]],
    hub: Hub,
    running_hub: "asyncio.Task[None]",
    agent: Agent,
) -> None:
    agent_stopping = asyncio.Event()
    welcomed = asyncio.Event()
    running_agent = asyncio.create_task(agent.run(agent_stopping, ready=welcomed.set), name="stack/agent")
    stop = asyncio.create_task(stopping.wait(), name="stack/stopping")
    try:
        is_complete = await _first(welcomed, stop, running_agent)
        if stop.done():
            return
        web = WebSettings(listen=f"127.0.0.1:{settings.web_port}", demo_people=settings.demo_people)
        async with open_channel(hub.address) as channel:
            gateway = Gateway(web, hub.feed, identity=GrpcIdentity(channel), calls=GrpcCalls(channel))
            await gateway.start()
            hub.public_url = gateway.url
            try:
                running = RunningStack(gateway.url, hub, hub.address, len(agent.hot_state), is_complete=is_complete)
                await on_running(running)
                await asyncio.wait((stop, running_agent, running_hub), return_when=asyncio.FIRST_COMPLETED)
            finally:
                await gateway.close()
    finally:
        stop.cancel()
        agent_stopping.set()
        await asyncio.wait({running_agent, stop})
    running_agent.result()


async def _first(welcomed: asyncio.Event, stop: "asyncio.Task[bool]", agent: "asyncio.Task[None]") -> bool:
    """Waits for the first complete state. False when it is late; raises what ended the agent, if it ended."""
    wait = asyncio.create_task(welcomed.wait(), name="stack/welcomed")
    try:
        await asyncio.wait((wait, stop, agent), timeout=FIRST_STATE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        wait.cancel()
    if agent.done():
        agent.result()
        if not stop.done():
            raise UserError("the agent ended by itself; its log above says why", exit_code=1)
    return welcomed.is_set()
