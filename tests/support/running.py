"""Runs an agent beside a test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from octokube_agent.app import Agent
from octokube_agent.settings import AgentSettings


@contextlib.asynccontextmanager
async def running_agent(settings: AgentSettings) -> AsyncIterator[Agent]:
    """An agent that has settled; stopped, and its failure raised, on leaving."""
    agent = Agent(settings)
    stopping = asyncio.Event()
    task = asyncio.create_task(agent.run(stopping))
    settled = asyncio.create_task(agent.health.settled())
    try:
        await asyncio.wait((task, settled), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield agent
    finally:
        settled.cancel()
        stopping.set()
        await asyncio.gather(task, settled, return_exceptions=True)
    task.result()
