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
    """The longest time for which the event loop came to nothing else, by the clock and by the CPU time it used.

    The second is what the program itself is to blame for: the first also grows when others have the machine's cores.
    """

    def __init__(self) -> None:
        self.longest_seconds = 0.0
        self.longest_busy_seconds = 0.0

    async def run(self) -> None:
        """Sleeps four milliseconds at a time, and notes how much longer it took."""
        while True:
            began, cpu_seconds = time.perf_counter(), time.thread_time()
            await asyncio.sleep(PROBE_SECONDS)
            late_seconds = time.perf_counter() - began - PROBE_SECONDS
            busy_seconds = min(late_seconds, time.thread_time() - cpu_seconds)
            self.longest_seconds = max(self.longest_seconds, late_seconds)
            self.longest_busy_seconds = max(self.longest_busy_seconds, busy_seconds)

    async def take(self) -> float:
        """The longest since the last call, in seconds."""
        longest, self.longest_seconds = self.longest_seconds, 0.0
        return longest

    async def take_busy(self) -> float:
        """The longest since the last call, in seconds of CPU time."""
        longest, self.longest_busy_seconds = self.longest_busy_seconds, 0.0
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

    async def sizes() -> dict[str, int]:
        values = [stored.value for replica in hub.registry for stored in replica.store.all()]
        return {
            "objects": len(values),
            "body_bytes": sum(len(value.body) for value in values),
            "all_bytes": sum(len(value.head) + len(value.row) + len(value.body) for value in values),
        }

    return {
        "where": where, "lag": probe.take, "busy": probe.take_busy, "sizes": sizes,
        "profile": start_profile, "unprofile": stop_profile, "objects": objects,
    }  # fmt: skip


if __name__ == "__main__":
    with short_collections():
        serve(begin)
