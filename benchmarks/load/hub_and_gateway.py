"""Runs hub and gateway in one process, as `octokube up` and `demo` do; the agent is a process of its own beside it."""

import asyncio
import cProfile
import pathlib
import pstats
import time
from typing import Any

from benchmarks.load.serving import Commands, serve
from octokube.runtime.garbage import short_collections
from octokube.runtime.logging import configure_logging
from octokube_hub.app import Hub
from octokube_hub.settings import HubSettings
from octokube_web.app import Gateway
from octokube_web.settings import WebSettings

PROBE_SECONDS = 0.004


class LagProbe:
    """The longest time for which the event loop did nothing else than one thing."""

    def __init__(self) -> None:
        self.longest_seconds = 0.0

    async def run(self) -> None:
        """Sleeps four milliseconds at a time, and notes how much longer it took."""
        while True:
            began = time.perf_counter()
            await asyncio.sleep(PROBE_SECONDS)
            self.longest_seconds = max(self.longest_seconds, time.perf_counter() - began - PROBE_SECONDS)

    async def take(self) -> float:
        """The longest since the last call, in seconds."""
        longest, self.longest_seconds = self.longest_seconds, 0.0
        return longest


async def begin(*, directory: str, tokens: int, listen: str = "127.0.0.1:0", has_gateway: bool = True) -> Commands:
    """Starts both. The command "where" says where they are and gives tokens."""
    configure_logging(level="warning")
    root = pathlib.Path(directory)
    hub = Hub(HubSettings(listen=listen, data=root / "data", policies=root / "policies"))
    await hub.start()
    gateway = Gateway(WebSettings(listen="127.0.0.1:0"), hub.feed) if has_gateway else None
    if gateway is not None:
        await gateway.start()
    probe = LagProbe()
    probing = asyncio.create_task(probe.run())
    profile = cProfile.Profile()

    async def where() -> dict[str, Any]:
        assert not probing.done()
        return {
            "hub": hub.address,
            "url": gateway.url if gateway is not None else "",
            "credential": await hub.create_agent_credential("prod"),
            "tokens": [await hub.create_token(f"user:engineer-{index}") for index in range(tokens)],
        }

    async def start_profile() -> str:
        profile.enable()
        return "profiling"

    async def stop_profile() -> str:
        profile.disable()
        path = root / "profile.txt"
        with path.open("w") as file:
            pstats.Stats(profile, stream=file).sort_stats("tottime").print_stats(40)
        return str(path)

    async def objects() -> int:
        return sum(len(replica.store) for replica in hub.registry)

    return {"where": where, "lag": probe.take, "profile": start_profile, "unprofile": stop_profile, "objects": objects}


if __name__ == "__main__":
    with short_collections():
        serve(begin)
