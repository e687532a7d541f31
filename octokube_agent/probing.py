"""Asks the API server every few seconds whether it still answers."""

import asyncio
import random

import structlog

from octokube.runtime.clock import Clock
from octokube_agent.health import Health
from octokube_agent.kube import errors
from octokube_agent.kube.client import KubeClient
from octokube_agent.kube.discovery import read_version

log = structlog.get_logger(__name__)

PROBE_SECONDS = 3.0
"""Bookmarks are due every 5 s and carry the time of the last probe: so that each can carry a newer one."""
ANSWER_SECONDS = 5.0


async def probe_forever(
    client: KubeClient, health: Health, *, clock: Clock, interval_seconds: float = PROBE_SECONDS
) -> None:
    """Reports each answer, or its absence, to ``health``. One small request (/version) at a time."""
    while True:
        asked_at = clock.now()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await read_version(client)
        except TimeoutError:
            _failed(health, f"the API server does not answer within {ANSWER_SECONDS:g} s")
        except errors.KubeError as error:
            _failed(health, str(error))
        else:
            if not health.is_path_ok:
                log.info("apiserver.reached", host=client.host)
            health.path_ok(asked_at)
        await asyncio.sleep(interval_seconds * random.uniform(0.8, 1.2))  # noqa: S311 - jitter is no secret


def _failed(health: Health, reason: str) -> None:
    if health.is_path_ok:
        log.warning("apiserver.lost", reason=reason)
    health.path_failed(reason)
