"""Serves a simulated cluster with any number of pods: more than a kube-apiserver can be given in a minute."""

import asyncio
import contextlib
import pathlib
from typing import Any

from benchmarks.load.serving import Commands, serve
from benchmarks.support.pods import pod, running_status
from octokube_demo import DEFAULT_TOKEN, DemoCluster, DemoSettings


async def begin(*, directory: str, pods: int) -> Commands:
    """The command "where" says where it is, and "fill" makes the pods."""
    demo = DemoCluster(DemoSettings(seed=7, workload=False, churn_per_second=0.0))
    stack = contextlib.AsyncExitStack()
    server = await stack.enter_async_context(demo.serving())
    kubeconfig = server.kubeconfig(pathlib.Path(directory) / "simulated-kubeconfig")

    async def where() -> dict[str, Any]:
        return {"kubeconfig": str(kubeconfig), "url": server.url, "token": DEFAULT_TOKEN}

    async def fill() -> int:
        demo.store.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "bench"}})
        for index in range(pods):
            made = pod(f"pod-{index}")
            made["metadata"]["namespace"] = "bench"
            demo.store.insert("pods", made | {"status": running_status(index)})
            if index % 1000 == 0:
                await asyncio.sleep(0)
        return pods

    async def close() -> str:
        await stack.aclose()
        return "closed"

    return {"where": where, "fill": fill, "close": close}


if __name__ == "__main__":
    serve(begin)
