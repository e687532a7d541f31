"""Changes pods' status at a steady rate, and remembers when the apiserver had committed each change."""

import asyncio
import json
import ssl
import time
from typing import Any

import aiohttp

from benchmarks.load.serving import Commands, serve

PARALLEL = 32


class Writer:
    """Each change is what a kubelet writes when a container has restarted: it alters a column of the table."""

    def __init__(self, url: str, token: str, path: str, pods: int) -> None:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._session = aiohttp.ClientSession(
            url,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/merge-patch+json"},
            connector=aiohttp.TCPConnector(ssl=context, limit=PARALLEL),
        )
        self._path = path
        self._pods = pods
        self._count = 0
        self.committed: list[tuple[str, str, float]] = []
        """(name, resource version, monotonic seconds of the answer) of each change."""

    async def write(self, rate: float, seconds: float) -> dict[str, Any]:
        """Writes for a while; what was committed, and the rate that was reached."""
        self.committed = []
        slots = asyncio.Semaphore(PARALLEL)
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for index in range(int(rate * seconds)):
                wait_seconds = began + index / rate - time.monotonic()
                if wait_seconds > 0:
                    await asyncio.sleep(wait_seconds)
                if time.monotonic() - began > 2 * seconds:
                    break  # the apiserver can't take this rate; what it took is reported
                await slots.acquire()
                tasks.create_task(self._change(slots))
        return {"seconds": time.monotonic() - began, "committed": self.committed}

    async def _change(self, slots: asyncio.Semaphore) -> None:
        self._count += 1
        name = f"pod-{self._count % self._pods}"
        status = {
            "phase": "Running",
            "containerStatuses": [
                {
                    "name": "app",
                    "image": "registry.example.com/team/app:1.2.3",
                    "imageID": "registry.example.com/team/app@sha256:" + "0" * 64,
                    "ready": True,
                    "started": True,
                    "restartCount": self._count,
                    "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
                }
            ],
        }
        try:
            async with self._session.patch(
                f"{self._path}/{name}/status", data=json.dumps({"status": status})
            ) as answer:
                text = await answer.text()
                now = time.monotonic()
                if answer.status != 200:
                    raise RuntimeError(f"the apiserver answered {answer.status} to a change of {name}: {text[:300]}")
                self.committed.append((name, json.loads(text)["metadata"]["resourceVersion"], now))
        finally:
            slots.release()


async def begin(*, url: str, token: str, path: str, pods: int, rate: float, seconds: float) -> Commands:
    """Readies a writer; the command "write" writes once over."""
    writer = Writer(url, token, path, pods)
    return {"write": lambda: writer.write(rate, seconds)}


if __name__ == "__main__":
    serve(begin)
