"""Holds a cluster's pods as a Python program does without Octokube: in the official client's informer, or as JSON."""

import asyncio
import gc
import json
import os
import ssl
import urllib.request
from typing import Any

import urllib3
from kubernetes import client
from kubernetes.informer import SharedInformer

from benchmarks.load.serving import Commands, serve
from benchmarks.support.measuring import rss_bytes

FILL_SECONDS = 100.0


async def begin(*, url: str, token: str, namespace: str, is_informer: bool, count: int) -> Commands:
    """The command "hold" fetches the pods; how many are held, and by how much the process grew."""
    configuration = client.Configuration()
    configuration.host = url
    configuration.verify_ssl = False
    configuration.api_key = {"authorization": f"Bearer {token}"}
    api = client.CoreV1Api(client.ApiClient(configuration))
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    urllib3.disable_warnings()  # the server's certificate is its own
    kept: list[Any] = []

    def parsed() -> int:
        request = urllib.request.Request(  # noqa: S310 - the address of a server that the benchmark started
            f"{url}/api/v1/namespaces/{namespace}/pods", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(request, context=context) as answer:  # noqa: S310
            items = json.loads(answer.read())["items"]
        kept.append({item["metadata"]["name"]: item for item in items})
        return len(items)

    async def informed() -> int:
        informer = SharedInformer(api.list_namespaced_pod, namespace=namespace)
        kept.append(informer)
        informer.start()
        async with asyncio.timeout(FILL_SECONDS):
            while len(informer.cache.list()) < count:  # noqa: ASYNC110 - it fills on a thread of its own
                await asyncio.sleep(0.2)
        return count

    async def hold() -> dict[str, int]:
        before = rss_bytes(os.getpid())
        held = await informed() if is_informer else parsed()
        gc.collect()
        return {"objects": held, "bytes": rss_bytes(os.getpid()) - before}

    return {"hold": hold}


if __name__ == "__main__":
    serve(begin)
