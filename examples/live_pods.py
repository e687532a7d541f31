"""Prints the pods of a namespace as they change, by way of a hub and no kubeconfig.

    OCTOKUBE_TOKEN=demo:alice python examples/live_pods.py [NAMESPACE]

Works with a running `octokube demo`; with a hub of your own, set OCTOKUBE_HUB and, for a private CA,
OCTOKUBE_HUB_CA_FILE.
"""

import asyncio
import os
import sys

from octokube.client import ClusterView, FeedError, connect


def describe(view: ClusterView) -> str:
    """How many pods are in which phase, and how fresh that is."""
    phases: dict[str, int] = {}
    for pod in view.list():
        phase = pod.content.get("status", {}).get("phase", "Unknown")
        phases[phase] = phases.get(phase, 0) + 1
    counts = ", ".join(f"{count} {phase}" for phase, count in sorted(phases.items())) or "no pods"
    return f"{counts} (as of {view.as_of:%H:%M:%S} UTC)" if view.as_of else counts


async def main(namespace: str) -> None:
    """Follows until it is interrupted."""
    hub = os.environ.get("OCTOKUBE_HUB", "127.0.0.1:7443")
    token = os.environ.get("OCTOKUBE_TOKEN", "demo:alice")
    async with connect(hub, token, ca_file=os.environ.get("OCTOKUBE_HUB_CA_FILE")) as client:
        view = await client.view("pods", namespace=namespace).synced(timeout_seconds=30)
        print(f"{namespace}: {describe(view)}", flush=True)
        async for change in view.changes():
            print(f"{change.kind.value:10}{change.object.key.name:50}{describe(view)}", flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "payments"))
    except (FeedError, TimeoutError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        pass
