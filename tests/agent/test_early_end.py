"""A watch that the server ends at once."""

import asyncio
import contextlib
import datetime
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from octokube_agent.health import Health
from octokube_agent.hot_state import HotState
from octokube_agent.kube.client import KubeClient
from octokube_agent.kube.discovery import ApiType
from octokube_agent.projection.encoding import Projector
from octokube_agent.reflector import reflector as reflector_module
from octokube_agent.reflector.features import Features
from octokube_agent.reflector.reflector import Reflector, Surroundings
from octokube_agent.served_type import ServedType


@contextlib.asynccontextmanager
async def ends_at_once(*_: Any, **__: Any) -> AsyncIterator[AsyncIterator[list[Any]]]:
    async def nothing() -> AsyncIterator[list[Any]]:
        none: list[list[Any]] = []
        for batch in none:
            yield batch

    yield nothing()


async def test_the_time_stands_still_between_watches_that_end_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses between them grow to half a minute, in which a change stays unknown while the probe of the API server
    succeeds: the copy claimed to be current all the while.
    """
    monkeypatch.setattr(reflector_module, "open_watch", ends_at_once)
    hot_state, health = HotState(), Health()
    hot_state.declare(ServedType("pods", "", "v1", "Pod", namespaced=True))
    surroundings = Surroundings(cast(KubeClient, None), hot_state, health, Features(), asyncio.Semaphore())
    pods = ApiType("pods", "", "v1", "Pod", True, frozenset(("list", "watch")))
    reflector = Reflector(pods, cast(Projector, None), surroundings)
    reflector._version = "5"
    health.announced()
    before = health.freshness.as_of
    assert await reflector._once() > 0
    health.path_ok(before + datetime.timedelta(seconds=3))
    assert health.freshness.as_of == before
