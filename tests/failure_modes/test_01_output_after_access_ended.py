"""Failure mode 1: permission, token, team or window ends, and watch, logs or exec output goes on."""

import asyncio
import time

import pytest

from tests.failure_modes.causes import CAUSES, Cause, Scene
from tests.failure_modes.policies import HIDDEN
from tests.failure_modes.streams import KINDS, Doors
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key

PROMISED_SECONDS = 1.0
LISTENING_SECONDS = 0.3
"""How much longer everything is read, while the object goes on to change."""


async def keep_changing(agent: FakeAgent) -> None:
    """An object of each namespace changes all the time, and namespaces come into use, so that there is news to leak."""
    link = await agent.connect()
    for count in range(1_000_000):
        for where in ("kept", "vault"):
            agent.put(key("pods", where, "web"), status=f"S{count}")
            if count % 5 == 0:
                agent.put(key("pods", f"{where}-{count}", "web"))
        await link.delta()
        await asyncio.sleep(0.02)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES.keys())
async def test_a_second_after_access_ends_no_stream_says_a_byte_about_it(
    cause: Cause, scene: Scene, doors: Doors, agent: FakeAgent
) -> None:
    token = await scene.begin(cause)
    changing = asyncio.create_task(keep_changing(agent))
    taps = [await doors.open(kind, token) for kind in KINDS]
    for tap in taps:
        await tap.until(lambda tap: HIDDEN in tap.since(0))
    ended_at = time.monotonic()
    await cause.act(scene)
    await asyncio.sleep(ended_at + PROMISED_SECONDS + LISTENING_SECONDS - time.monotonic())
    assert not changing.done(), "there was something to leak all the time"
    late = [tap.kind for tap in taps if HIDDEN in tap.since(ended_at + PROMISED_SECONDS)]
    assert late == []
    if cause.ends_streams:
        assert [tap.kind for tap in taps if tap.ended_at is None or tap.ended_at > ended_at + PROMISED_SECONDS] == []
    else:
        assert [tap.kind for tap in taps if tap.ended_at is not None] == []
        for tap in taps:  # they go on with what is still theirs
            await tap.until(lambda tap: b"kept" in tap.since(ended_at + PROMISED_SECONDS))
    changing.cancel()
    await asyncio.gather(changing, return_exceptions=True)
