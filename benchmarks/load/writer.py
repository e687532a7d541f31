"""Changes pods' status at a steady rate, and remembers when the apiserver had committed each change."""

import asyncio
import base64
import ssl
import time
from typing import Any

import aiohttp
import orjson

from benchmarks.load.serving import Commands, serve
from benchmarks.support.pods import running_status

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
        # No writer repeats what a former one has written: a patch that changes nothing is no change.
        self._count = int(time.time() * 1000) % 1_000_000_000
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
        try:
            version = await self._commit(name, running_status(self._count))
            self.committed.append((name, version, time.monotonic()))
        finally:
            slots.release()

    async def _commit(self, name: str, status: dict[str, Any]) -> str:
        """Writes a status; the resource version that it got."""
        async with self._session.patch(f"{self._path}/{name}/status", data=orjson.dumps({"status": status})) as answer:
            body = await answer.read()
        if answer.status != 200:
            raise RuntimeError(f"the apiserver answered {answer.status} to a change of {name}: {body[:300]!r}")
        version: str = orjson.loads(body)["metadata"]["resourceVersion"]
        return version

    async def close(self) -> None:
        """Closes the connections."""
        await self._session.close()

    async def ready(self) -> None:
        """Nothing has to be fetched before."""


class EtcdWriter(Writer):
    """The same changes written to etcd, which takes many more of them: as another apiserver of the cluster would."""

    def __init__(self, url: str, token: str, path: str, pods: int, etcd: str) -> None:
        super().__init__(url, token, path, pods)
        self._etcd = aiohttp.ClientSession(etcd)
        self._objects: dict[str, dict[str, Any]] = {}

    async def ready(self) -> None:
        """Fetches what is to be changed."""
        async with self._session.get(self._path) as answer:
            for item in orjson.loads(await answer.read())["items"]:
                del item["metadata"]["resourceVersion"]
                self._objects[item["metadata"]["name"]] = {"apiVersion": "v1", "kind": "Pod", **item}

    async def close(self) -> None:
        """Closes the connections."""
        await self._etcd.close()
        await super().close()

    async def _commit(self, name: str, status: dict[str, Any]) -> str:
        namespace = self._path.split("/")[-2]
        key = f"/registry/pods/{namespace}/{name}".encode()
        value = orjson.dumps(self._objects[name] | {"status": status})
        request = {"key": base64.b64encode(key).decode(), "value": base64.b64encode(value).decode()}
        async with self._etcd.post("/v3/kv/put", data=orjson.dumps(request)) as answer:
            body = await answer.read()
        if answer.status != 200:
            raise RuntimeError(f"etcd answered {answer.status} to a change of {name}: {body[:300]!r}")
        version: str = orjson.loads(body)["header"]["revision"]
        return version


async def begin(*, url: str, token: str, path: str, pods: int, rate: float, seconds: float, etcd: str = "") -> Commands:
    """Readies a writer; the command "write" writes once over."""
    writer = EtcdWriter(url, token, path, pods, etcd) if etcd else Writer(url, token, path, pods)
    await writer.ready()

    async def close() -> str:
        await writer.close()
        return "closed"

    return {"write": lambda: writer.write(rate, seconds), "close": close}


if __name__ == "__main__":
    serve(begin)
